"""What was posted and how it stands: heads, accounts, balances, journals, leaves and periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from ledger.books.queries.rows import (
    Answering,
    BalanceRow,
    EntryRow,
    HeadRow,
    JournalRow,
    StatementLine,
)
from ledger.books.rules import Standing
from ledger.kernel.errors import Missing

_HEAD = text("SELECT next_seq, chain, last_us FROM head WHERE book = :book")
_HEAD_LOCKED = text(
    "SELECT next_seq, chain, last_us FROM books_look(:book, CAST('{}' AS text[]), CAST('{}' AS text[]))"
)
_STANDINGS = text(
    "SELECT a.id, a.path, a.unit, f.code AS fund, b.guard, b.dr, b.cr, b.held_dr, b.held_cr,"
    " b.version, a.fund AS fund_id FROM account a JOIN balance b ON b.account = a.id"
    " JOIN fund f ON f.id = a.fund WHERE a.book = :book AND a.path IN :paths"
).bindparams(bindparam("paths", expanding=True))
_POSTED = text(
    "SELECT id, seq, req_hash FROM journal WHERE book = :book AND id IN :ids"
).bindparams(bindparam("ids", expanding=True))


def book_id(session: Session, code: str) -> int:
    """The number of the book with this code.

    Raises:
        Missing: there is none.
    """
    found = session.execute(text("SELECT id FROM book WHERE code = :code"), {"code": code}).scalar()
    if found is None:
        raise Missing(
            f"There is no book “{code}”.", remedy="Make it with: flask ledger place create."
        )
    return int(found)


def head(session: Session, book: int, *, lock: bool = False) -> HeadRow:
    """Where the book stands; with ``lock``, nobody else posts to it until this unit ends."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    row = session.execute(_HEAD_LOCKED if lock and on_postgresql else _HEAD, {"book": book}).one()
    return HeadRow(row[0], bytes(row[1]), row[2])


def standings(session: Session, book: int, paths: Sequence[str]) -> dict[str, Standing]:
    """The accounts with these paths as they stand now, by path."""
    rows = session.execute(_STANDINGS, {"book": book, "paths": list(paths)})
    return {row[1]: Standing(*row[:11]) for row in rows}


def fund_ids(session: Session, book: int) -> dict[str, int]:
    """The numbers of the book's funds, by code."""
    rows = session.execute(text("SELECT code, id FROM fund WHERE book = :book"), {"book": book})
    return {row[0]: row[1] for row in rows}


def posted(session: Session, book: int, ids: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Which of these journal ids are posted already: number and request hash, by id."""
    rows = session.execute(_POSTED, {"book": book, "ids": list(ids)})
    return {row[0]: (row[1], bytes(row[2])) for row in rows}


_BALANCES: Final = (
    "SELECT a.path, a.type, a.unit, f.code, b.dr, b.cr, b.held_dr, b.held_cr FROM account a"
    " JOIN balance b ON b.account = a.id JOIN fund f ON f.id = a.fund WHERE a.book = :book"
)
_ONE_BALANCE: Final = text(_BALANCES + " AND a.path = :path")
_TRIAL_BALANCE: Final = text(_BALANCES + " ORDER BY a.path")
_TRIAL_BALANCE_UNDER: Final = text(
    _BALANCES + " AND (a.path = :under OR a.path LIKE :pattern) ORDER BY a.path"
)
_SOME_BALANCES: Final = text(_BALANCES + " AND a.path IN :paths").bindparams(
    bindparam("paths", expanding=True)
)


def balance(session: Session, book: int, path: str) -> BalanceRow:
    """One account's balance, read from its running row.

    Raises:
        Missing: there is no such account.
    """
    row = session.connection().execute(_ONE_BALANCE, {"book": book, "path": path}).first()
    if row is None:
        raise Missing(f"There is no account “{path}”.", remedy="Check the path.", place=path)
    return BalanceRow(*row)


def balances(session: Session, book: int, paths: Sequence[str]) -> dict[str, BalanceRow]:
    """The balances of several accounts by path; accounts that do not exist are left out."""
    rows = session.connection().execute(_SOME_BALANCES, {"book": book, "paths": list(paths)})
    return {row[0]: BalanceRow(*row) for row in rows}


def owed(session: Session, book: int, path: str) -> int:
    """Credits less debits of an account, or 0 where the account does not exist yet."""
    row = balances(session, book, [path]).get(path)
    return row.owed if row else 0


def net(session: Session, book: int, path: str) -> int:
    """Debits less credits of an account, or 0 where the account does not exist yet."""
    return -owed(session, book, path)


def trial_balance(session: Session, book: int, *, under: str = "") -> list[BalanceRow]:
    """Every account's running balance in path order, or those under one path."""
    facts = {"book": book, "under": under, "pattern": under + ":%"} if under else {"book": book}
    rows = session.connection().execute(_TRIAL_BALANCE_UNDER if under else _TRIAL_BALANCE, facts)
    return list(map(BalanceRow._make, rows))


SUMS: Final = ", ".join(
    f"SUM(CASE WHEN e.layer = '{layer}' AND e.side = '{side}' THEN e.amount ELSE 0 END) AS {name}"
    for name, layer, side in (
        ("dr", "P", "D"), ("cr", "P", "C"), ("held_dr", "H", "D"), ("held_cr", "H", "C"),
    )
)  # fmt: skip


_RECOMPUTED: Final = text(
    "SELECT a.path, a.type, a.unit, f.code, COALESCE(s.dr, 0), COALESCE(s.cr, 0),"
    " COALESCE(s.held_dr, 0), COALESCE(s.held_cr, 0)"
    " FROM account a JOIN fund f ON f.id = a.fund"
    f" LEFT JOIN (SELECT e.account, {SUMS} FROM entry e GROUP BY e.account) s"
    " ON s.account = a.id WHERE a.book = :book ORDER BY a.path"
)


def recomputed_balances(session: Session, book: int) -> list[BalanceRow]:
    """Every account's balance summed again from all of its entries."""
    rows = session.connection().execute(_RECOMPUTED, {"book": book})
    return [BalanceRow(*row[:4], *map(int, row[4:])) for row in rows]


_STATEMENT = (
    "SELECT e.seq, e.line, j.effective_on, j.recorded_us, j.id, j.kind, j.reason, j.maker,"
    " j.checker, e.side, e.amount, e.layer, e.unit, e.balance_after FROM entry e"
    " JOIN journal j ON j.book = e.book AND j.seq = e.seq JOIN account a ON a.id = e.account"
    " WHERE a.book = :book AND a.path = :path AND e.acct_version > :after"
    " ORDER BY e.acct_version LIMIT :limit"
)


def statement(
    session: Session, book: int, path: str, *, after: int = 0, limit: int = 200
) -> list[StatementLine]:
    """An account's entries in order, beginning after the ``after``-th (keyset paging)."""
    rows = session.execute(
        text(_STATEMENT), {"book": book, "path": path, "after": after, "limit": limit}
    )
    return [StatementLine(row[0], row[1], as_date(row[2]), *row[3:]) for row in rows]


def as_date(value: Any) -> date:
    """A day as either engine gives it to a plain query."""
    return value if isinstance(value, date) else date.fromisoformat(value)


JOURNAL_COLUMNS: Final = (
    "j.seq, j.id, j.kind, j.effective_on, j.recorded_us, j.group_id, j.reason, j.purpose,"
    " j.maker, j.checker, j.resolves, j.reverses"
)
_JOURNAL = f"SELECT {JOURNAL_COLUMNS} FROM journal j WHERE book = :book"


def journal_row(row: Any) -> JournalRow:
    """A journal as its columns come, in the order of `JournalRow`."""
    return JournalRow(row[0], row[1], row[2], as_date(row[3]), *row[4:])


def journals(
    session: Session, book: int, *, group: str = "", kind: str = "", after: int = 0,
    limit: int = 200,
) -> list[JournalRow]:  # fmt: skip
    """Journals in order, beginning after number ``after``; of one group or kind if it is named."""
    rows = session.execute(
        text(_JOURNAL + " AND seq > :after AND (:grp = '' OR group_id = :grp)"
             " AND (:kind = '' OR kind = :kind) ORDER BY seq LIMIT :limit"),
        {"book": book, "grp": group, "kind": kind, "after": after, "limit": limit},
    )  # fmt: skip
    return [journal_row(row) for row in rows]


def journal(session: Session, book: int, seq: int) -> tuple[JournalRow, list[EntryRow]]:
    """One journal and its entries.

    Raises:
        Missing: there is no such journal.
    """
    row = session.execute(text(_JOURNAL + " AND seq = :seq"), {"book": book, "seq": seq}).first()
    if row is None:
        raise Missing(f"There is no journal {seq}.", remedy="Check the number.", place=str(seq))
    entries = session.execute(
        text(
            "SELECT e.line, a.path, e.side, e.amount, e.layer, e.unit, f.code, e.acct_version,"
            " e.balance_after FROM entry e JOIN account a ON a.id = e.account"
            " JOIN fund f ON f.id = e.fund WHERE e.book = :book AND e.seq = :seq ORDER BY e.line"
        ),
        {"book": book, "seq": seq},
    )
    return journal_row(row), [EntryRow(*entry) for entry in entries]


def answered_by(
    session: Session, book: int, *, resolves: int | None = None, reverses: int | None = None
) -> str | None:
    """The id of the journal that resolved this hold, or reversed this journal, if one has."""
    found = session.execute(
        text(
            "SELECT id FROM journal WHERE book = :book AND "
            + ("resolves = :seq" if resolves is not None else "reverses = :seq")
        ),
        {"book": book, "seq": resolves if resolves is not None else reverses},
    ).scalar()
    return None if found is None else str(found)


_ANSWERING: Final = text(
    "SELECT (SELECT seq FROM journal WHERE book = :book AND reverses = :seq),"
    " (SELECT seq FROM journal WHERE book = :book AND resolves = :seq)"
)


def answering(session: Session, book: int, seq: int) -> Answering:
    """The numbers of the journals that reversed this one, and that resolved this hold."""
    return Answering(*session.execute(_ANSWERING, {"book": book, "seq": seq}).one())


def journals_begun(session: Session, book: int, reference: str, *, limit: int) -> list[JournalRow]:
    """The journals whose ids begin with a reference, such as those of one determination."""
    pattern = reference.replace("!", "!!").replace("%", "!%").replace("_", "!_") + ":%"
    rows = session.execute(
        text(_JOURNAL + " AND id LIKE :pattern ESCAPE '!' ORDER BY seq LIMIT :limit"),
        {"book": book, "pattern": pattern, "limit": limit},
    )
    return [journal_row(row) for row in rows]


def journals_named(
    session: Session, book: int, *, group: str, beginnings: Sequence[str], limit: int
) -> list[int]:
    """The numbers of a group's journals whose ids begin with one of these, the newest ``limit``.

    In order; a beginning is a reference with what joins it to the rest, such as ``CMT-7K2M:``.
    """
    assert all("%" not in one and "_" not in one for one in beginnings)
    if not beginnings:
        return []
    names = {f"name{number}": f"{one}%" for number, one in enumerate(beginnings)}
    either = " OR ".join(f"id LIKE :{name}" for name in names)
    rows = session.execute(
        text(
            f"SELECT seq FROM journal WHERE book = :book AND group_id = :grp AND ({either})"
            " ORDER BY seq DESC LIMIT :limit"
        ),
        {"book": book, "grp": group, "limit": limit} | names,
    )
    return sorted(row[0] for row in rows)
