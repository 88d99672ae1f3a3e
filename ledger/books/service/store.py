"""What posting says to the database, in as few words as possible.

This is the hot path, so it speaks at driver level through the session's own connection.
SQLite lives in this process: a few short statements. PostgreSQL lives behind a socket: one call
that locks the head and looks, one that writes (the functions of migrations 0011 and 0012).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from ledger.books import queries
from ledger.books.rules import JournalSpec, Line, Standing
from ledger.kernel.errors import Missing
from ledger.kernel.wire import run, run_many

_HEAD: Final = (
    "SELECT h.next_seq, h.chain, h.last_us, b.code FROM head h JOIN book b ON b.id = h.book"
    " WHERE h.book = ?"
)
_POSTED: Final = "SELECT id, seq, req_hash FROM journal WHERE book = ? AND id = ?"
_POSTED_MANY: Final = (
    "SELECT j.id, j.seq, j.req_hash FROM json_each(?) k"
    " CROSS JOIN journal j ON j.book = ? AND j.id = k.value"
)
_STANDINGS: Final = (
    "SELECT a.id, a.path, a.unit, f.code, b.guard, b.dr, b.cr, b.held_dr, b.held_cr, b.version,"
    " a.fund FROM json_each(?) k CROSS JOIN account a ON a.book = ? AND a.path = k.value"
    " JOIN balance b ON b.account = a.id JOIN fund f ON f.id = a.fund"
)
_INSERT_JOURNAL: Final = (
    "INSERT INTO journal (book, seq, id, kind, effective_on, recorded_us, deadline_us, group_id,"
    " reason, purpose, maker, checker, resolves, reverses, req_hash, leaf, leaf_hash, chain)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_ENTRY: Final = (
    "INSERT INTO entry (book, seq, line, account, side, amount, layer, unit, fund, acct_version,"
    " balance_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_SEAL: Final = "INSERT INTO seal (book, seq, lines) VALUES (?, ?, ?)"
_INSERT_NOTE: Final = "INSERT INTO journal_note (book, seq, salt, note) VALUES (?, ?, ?, ?)"
_LOOK: Final = "SELECT * FROM books_look(?::bigint, ?::text[], ?::text[])"
_WRITE: Final = "SELECT books_write(?::bigint, ?::json)"


@dataclass(frozen=True, slots=True)
class Seen:
    """A book with its head locked, the ids that are posted already, and the accounts asked for."""

    next_seq: int
    chain: bytes
    last_us: int
    code: str
    posted: dict[str, tuple[int, bytes]]
    standings: dict[str, Standing]


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A journal ready to be written: each of its lines with the number of its fund."""

    seq: int
    spec: JournalSpec
    recorded_us: int
    deadline_us: int | None
    req_hash: bytes
    leaf: bytes
    leaf_hash: bytes
    chain: bytes
    salt: bytes
    entries: list[tuple[Line, int]]


def look(session: Session, book: int, *, ids: Sequence[str], paths: Sequence[str]) -> Seen:
    """Lock the head of a book and see how it and these accounts stand.

    Raises:
        Missing: there is no such book.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return _look_sqlite(connection, book, ids, paths)
    rows = run(connection, _LOOK, (book, list(ids), list(paths))).fetchall()
    if not rows:
        raise _no_book(book)
    next_seq, chain, last_us, code, known = rows[0][:5]
    posted = queries.posted(session, book, ids) if known else {}
    standings = {row[6]: Standing(*row[5:]) for row in rows if row[5] is not None}
    return Seen(next_seq, bytes(chain), last_us, code, posted, standings)


def _look_sqlite(
    connection: Connection, book: int, ids: Sequence[str], paths: Sequence[str]
) -> Seen:
    head = run(connection, _HEAD, (book,)).fetchone()
    if head is None:
        raise _no_book(book)
    asked = (_POSTED, (book, ids[0])) if len(ids) == 1 else (_POSTED_MANY, (json.dumps(ids), book))
    posted = run(connection, *asked).fetchall()
    standings = run(connection, _STANDINGS, (json.dumps(paths), book)).fetchall()
    next_seq, chain, last_us, code = head
    return Seen(
        next_seq, chain, last_us, code,
        {row[0]: (row[1], row[2]) for row in posted},
        {row[1]: Standing(*row) for row in standings},
    )  # fmt: skip


def _no_book(book: int) -> Missing:
    return Missing(f"There is no book {book}.", remedy="Check the number.", place=str(book))


def write(session: Session, book: int, rows: Sequence[JournalRow]) -> None:
    """Write journals with their lines, seals and notes. The triggers see to the rest."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        _write_sqlite(connection, book, rows)
    else:
        run(connection, _WRITE, (book, json.dumps(_as_json(rows)))).fetchall()
    notes = [(book, row.seq, row.salt, row.spec.note) for row in rows if row.spec.note]
    if notes:
        run_many(connection, _INSERT_NOTE, notes)


def _write_sqlite(connection: Connection, book: int, rows: Sequence[JournalRow]) -> None:
    run_many(
        connection,
        _INSERT_JOURNAL,
        [
            (
                book, row.seq, row.spec.id, row.spec.kind, row.spec.effective_on.isoformat(),
                row.recorded_us, row.deadline_us, row.spec.group, row.spec.reason,
                row.spec.purpose, row.spec.maker, row.spec.checker, row.spec.resolves,
                row.spec.reverses, row.req_hash, row.leaf, row.leaf_hash, row.chain,
            )
            for row in rows
        ],
    )  # fmt: skip
    run_many(
        connection,
        _INSERT_ENTRY,
        [
            (
                book, row.seq, line.line, line.account, line.side, line.quantity, line.layer,
                line.unit, fund, line.version, line.balance_after,
            )
            for row in rows
            for line, fund in row.entries
        ],
    )  # fmt: skip
    run_many(connection, _INSERT_SEAL, [(book, row.seq, len(row.entries)) for row in rows])


def _as_json(rows: Sequence[JournalRow]) -> dict[str, Any]:
    journals = [
        {
            "seq": row.seq, "id": row.spec.id, "kind": row.spec.kind,
            "effective_on": row.spec.effective_on.isoformat(), "recorded_us": row.recorded_us,
            "deadline_us": row.deadline_us, "group_id": row.spec.group, "reason": row.spec.reason,
            "purpose": row.spec.purpose, "maker": row.spec.maker, "checker": row.spec.checker,
            "resolves": row.spec.resolves, "reverses": row.spec.reverses,
            "req_hash": row.req_hash.hex(), "leaf": row.leaf.decode("ascii"),
            "leaf_hash": row.leaf_hash.hex(), "chain": row.chain.hex(), "lines": len(row.entries),
        }
        for row in rows
    ]  # fmt: skip
    entries = [
        {
            "seq": row.seq, "line": line.line, "account": line.account, "side": line.side,
            "amount": line.quantity, "layer": line.layer, "unit": line.unit, "fund": fund,
            "acct_version": line.version, "balance_after": line.balance_after,
        }
        for row in rows
        for line, fund in row.entries
    ]  # fmt: skip
    return {"journals": journals, "entries": entries}
