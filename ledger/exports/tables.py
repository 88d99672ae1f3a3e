"""The database of a pack: its tables by sqlite-utils, its rows copied from the books in bulk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite
import sqlite_utils
from sqlalchemy.orm import Session

from ledger.kernel.db import is_sqlite
from ledger.kernel.errors import Invalid

FIRST_DAY: Final = date(1, 1, 1)
LAST_DAY: Final = date(9999, 12, 31)
_NAMED: Final = re.compile(r"(?<!:):([a-z]+)")
"""A value's name in a statement, as SQLite writes it and PostgreSQL's driver does not."""
CACHE_KIBIBYTES: Final = 8_192


@dataclass(frozen=True, slots=True)
class Scope:
    """What a pack is about: the journals 1 to ``size`` whose day lies in the period."""

    book: int
    code: str
    size: int
    starts_on: date = FIRST_DAY
    ends_on: date = LAST_DAY

    @property
    def whole(self) -> bool:
        """Whether the pack holds every journal from the first."""
        return (self.starts_on, self.ends_on) == (FIRST_DAY, LAST_DAY)

    @property
    def words(self) -> str:
        """The period in a file's name."""
        return "all" if self.whole else f"{self.starts_on}-to-{self.ends_on}"

    def bound(self, session: Session) -> dict[str, Any]:
        """What a statement about these journals binds; SQLite keeps days as text."""
        days: dict[str, Any] = {"starts": self.starts_on, "ends": self.ends_on}
        if is_sqlite(session):
            days = {name: day.isoformat() for name, day in days.items()}
        return {"book": self.book, "size": self.size, **days}


def check_days(starts_on: date | None, ends_on: date | None) -> None:
    """Refuse half a period, or one that ends before it begins.

    Raises:
        Invalid: only one day is given, or they are in the wrong order.
    """
    if (starts_on is None) != (ends_on is None) or (starts_on and ends_on and starts_on > ends_on):
        raise Invalid(
            "A period has a first and a last day, in this order.",
            remedy="Give both days, or neither for everything.",
            place="starts_on",
        )


TABLES: Final[dict[str, dict[str, type]]] = {
    "about": {"name": str, "value": str},
    "unit": {"code": str, "scale": int, "name": str},
    "fund": {"id": int, "code": str, "class": str, "purpose": str, "name": str},
    "account": {"id": int, "path": str, "type": str, "unit": str, "fund": int, "owner": str},
    "journal": {
        "seq": int, "id": str, "kind": str, "effective_on": str, "recorded_us": int,
        "deadline_us": int, "group_id": str, "reason": str, "purpose": str, "maker": str,
        "checker": str, "resolves": int, "reverses": int,
    },
    "entry": {
        "seq": int, "line": int, "account": int, "side": str, "amount": int, "layer": str,
        "acct_version": int, "balance_after": int,
    },
    "trial_balance": {
        "account": int, "opening": int, "debits": int, "credits": int, "closing": int,
        "held_opening": int, "held_closing": int,
    },
    "period": {
        "starts_on": str, "ends_on": str, "status": str, "signed_by": str,
        "countersigned_by": str, "reason": str, "seq_at_close": int, "trial_balance_hash": str,
    },
}  # fmt: skip
KEYS: Final[dict[str, Any]] = {
    "about": "name", "unit": "code", "fund": "id", "account": "id", "journal": "seq",
    "entry": ("seq", "line"), "trial_balance": "account", "period": "starts_on",
}  # fmt: skip
LINKS: Final[dict[str, list[tuple[str, str, str]]]] = {
    "account": [("unit", "unit", "code"), ("fund", "fund", "id")],
    "entry": [("seq", "journal", "seq"), ("account", "account", "id")],
    "trial_balance": [("account", "account", "id")],
}
LONG: Final = ("journal", "entry")
ABSENT: Final = {"deadline_us": "-1", "checker": "''", "resolves": "-1", "reverses": "-1"}
"""What stands for nothing in a long table's rows on their way: none of these is ever a value."""
INDEXES: Final = {"entry": ["account"], "journal": ["effective_on", "group_id"]}
VIEWS: Final = {
    "lines": "SELECT j.seq, e.line, j.effective_on, j.kind, j.id, j.group_id, j.reason, j.purpose,"
    " j.maker, j.checker, a.path, f.code AS fund, a.unit, e.layer, e.side, e.amount,"
    " CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END AS signed, e.balance_after"
    " FROM journal j JOIN entry e ON e.seq = j.seq JOIN account a ON a.id = e.account"
    " JOIN fund f ON f.id = a.fund",
    "trial_balance_by_fund": "SELECT f.code AS fund, a.unit, a.path, t.opening, t.debits,"
    " t.credits, t.closing FROM trial_balance t JOIN account a ON a.id = t.account"
    " JOIN fund f ON f.id = a.fund ORDER BY f.code, a.unit, a.path",
}

_OPENING_COLUMNS: Final = ("account", "posted", "held")

_JOURNALS: Final = (
    "SELECT j.seq, j.id, j.kind, CAST(j.effective_on AS TEXT), j.recorded_us, j.deadline_us,"
    " j.group_id, j.reason, j.purpose, j.maker, j.checker, j.resolves, j.reverses"
    " FROM {p}journal j WHERE j.book = :book AND j.seq BETWEEN {numbers}{dated} ORDER BY j.seq"
)
_ENTRIES: Final = (
    "SELECT e.seq, e.line, e.account, e.side, e.amount, e.layer, e.acct_version, e.balance_after"
    " FROM {p}entry e{joined} WHERE e.book = :book AND e.seq BETWEEN {numbers}{dated}"
    " ORDER BY e.seq, e.line"
)
_ACCOUNTS: Final = (
    "SELECT a.id, a.path, a.type, a.unit, a.fund, a.owner FROM {p}account a WHERE a.book = :book"
    " AND EXISTS (SELECT 1 FROM {p}entry e WHERE e.account = a.id AND e.acct_version = 1"
    " AND e.seq <= :size) ORDER BY a.id"
)
_FUNDS: Final = (
    "SELECT f.id, f.code, f.class, f.purpose, f.name FROM {p}fund f WHERE f.book = :book"
    " AND EXISTS (SELECT 1 FROM {p}account a JOIN {p}entry e ON e.account = a.id"
    " AND e.acct_version = 1 AND e.seq <= :size WHERE a.fund = f.id) ORDER BY f.id"
)
_UNITS: Final = (
    "SELECT u.code, u.scale, u.name FROM {p}unit u WHERE EXISTS (SELECT 1 FROM {p}account a"
    " JOIN {p}entry e ON e.account = a.id AND e.acct_version = 1 AND e.seq <= :size"
    " WHERE a.unit = u.code AND a.book = :book) ORDER BY u.code"
)
_PERIODS: Final = (
    "SELECT CAST(p.starts_on AS TEXT), CAST(p.ends_on AS TEXT), p.status, p.signed_by,"
    " p.countersigned_by, p.reason, p.seq_at_close, {tb_hash} FROM {p}period p"
    " WHERE p.book = :book AND p.status = 'CLOSED' AND p.seq_at_close <= :size"
    " AND p.starts_on <= :ends AND :starts <= p.ends_on ORDER BY p.starts_on"
)
_MOVED: Final = (
    "SELECT a.id, {sum_debits}, {sum_credits}, {sum_held} FROM {p}account a"
    " JOIN {p}entry e ON e.account = a.id{joined} WHERE a.book = :book AND e.seq <= :size{dated}"
    " GROUP BY a.id"
)
"""Read from the index over accounts alone, where the pack holds every day."""
_SUMS: Final = {
    "sum_debits": "CASE WHEN e.layer = 'P' AND e.side = 'D' THEN e.amount ELSE 0 END",
    "sum_credits": "CASE WHEN e.layer = 'P' AND e.side = 'C' THEN e.amount ELSE 0 END",
    "sum_held": "CASE e.layer || e.side WHEN 'HD' THEN e.amount WHEN 'HC' THEN -e.amount ELSE 0 END",
}
_MOVED_COLUMNS: Final = ("account", "debits", "credits", "held")
_TRIAL_BALANCE: Final = (
    "INSERT INTO trial_balance SELECT a.id, COALESCE(o.debits - o.credits, 0),"
    " COALESCE(m.debits, 0), COALESCE(m.credits, 0), COALESCE(o.debits - o.credits, 0)"
    " + COALESCE(m.debits - m.credits, 0), COALESCE(o.held, 0),"
    " COALESCE(o.held, 0) + COALESCE(m.held, 0) FROM account a"
    " LEFT JOIN opening o ON o.account = a.id LEFT JOIN moved m ON m.account = a.id ORDER BY a.id"
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A pack's database while it is made; nothing reads it before it is whole."""

    connection: Any
    store: sqlite_utils.Database
    scope: Scope

    def put(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows; what is absent is passed as in ``ABSENT``.

        The driver binds a number or a text in a third of the time that None takes it.
        """
        columns = TABLES.get(table) or dict.fromkeys(_MOVED_COLUMNS, int)
        marks = ", ".join(f"NULLIF(?, {ABSENT[c]})" if c in ABSENT else "?" for c in columns)
        self.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


@contextmanager
def making(
    path: Path, scope: Scope, about: dict[str, str], *, live: str | None = None
) -> Iterator[Copy]:
    """Make a pack's database: its tables first, and its sums and indexes after its rows (X1).

    ``live`` is the file of the books where they are in SQLite, to be attached.
    """
    connection = sqlite.connect(str(path), isolation_level=None, uri=True)
    try:
        for pragma in (
            "page_size=4096",
            "journal_mode=OFF",
            "synchronous=OFF",
            f"cache_size=-{CACHE_KIBIBYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        store = sqlite_utils.Database(connection)
        _make_tables(store)
        for table in ("moved", "opening"):
            connection.execute(f"CREATE TEMP TABLE {table} ({', '.join(_MOVED_COLUMNS)})")
        if live is not None:
            connection.execute("ATTACH ? AS live", (f"file:{live}?mode=ro",))
        connection.execute("BEGIN")
        yield Copy(connection, store, scope)
        connection.execute(_TRIAL_BALANCE)
        connection.executemany("INSERT INTO about VALUES (?, ?)", sorted(about.items()))
        connection.execute("COMMIT")
        _finish(store)
    finally:
        connection.close()


def copy_attached(copy: Copy) -> None:
    """All rows from the attached file of the books: one statement a table, and nothing through Python."""
    scope = copy.scope
    values = {
        "book": scope.book, "size": scope.size, "starts": scope.starts_on.isoformat(),
        "ends": scope.ends_on.isoformat(),
    }  # fmt: skip
    for table, statement in statements(scope, sqlite_live=True).items():
        copy.connection.execute(f"INSERT INTO {table} {statement}", values)


def copy_short_tables(copy: Copy, session: Session) -> None:
    """The rows of all tables but journals and entries, from PostgreSQL."""
    scope = copy.scope
    values = {
        "book": scope.book, "size": scope.size, "starts": scope.starts_on, "ends": scope.ends_on,
    }  # fmt: skip
    driver: Any = session.connection().connection.dbapi_connection
    for table, statement in statements(scope, sqlite_live=False).items():
        if table not in LONG:
            copy.put(table, driver.execute(for_postgresql(statement), values).fetchall())


def for_postgresql(statement: str) -> str:
    """A statement with its values named as PostgreSQL's driver has it."""
    return _NAMED.sub(r"%(\1)s", statement)


def _make_tables(store: sqlite_utils.Database) -> None:
    for name, columns in TABLES.items():
        store.table(name).create(columns, pk=KEYS[name], foreign_keys=LINKS.get(name, []))


def _finish(store: sqlite_utils.Database) -> None:
    """Indexes and views after the rows, where they cost least."""
    for table, columns in INDEXES.items():
        for column in columns:
            store.table(table).create_index([column])
    for name, statement in VIEWS.items():
        store.create_view(name, statement)


def statements(scope: Scope, *, sqlite_live: bool) -> dict[str, str]:
    """What gives the rows of each table: all at once from SQLite, or those of a run's piece."""
    hexed = "lower(hex({}))" if sqlite_live else "encode({}, 'hex')"
    join = " JOIN {p}journal j ON j.book = e.book AND j.seq = e.seq"
    parts = {
        "p": "live." if sqlite_live else "",
        "tb_hash": hexed.format("p.trial_balance_hash"),
        "numbers": "1 AND :size" if sqlite_live else "piece.first AND piece.last",
    }
    parts |= {name: f"CAST(SUM({one}) AS BIGINT)" for name, one in _SUMS.items()}
    made = {"unit": _UNITS, "fund": _FUNDS, "account": _ACCOUNTS, "moved": _MOVED,
            "journal": _JOURNALS, "entry": _ENTRIES, "period": _PERIODS}  # fmt: skip
    every = {**parts, "dated": "", "joined": ""}
    joined = join.format(**parts)
    within = {**parts, "dated": " AND j.effective_on BETWEEN :starts AND :ends", "joined": joined}
    before = {**parts, "dated": " AND j.effective_on < :starts", "joined": joined}
    found = {
        table: statement.format(**(every if scope.whole else within))
        for table, statement in made.items()
    }
    return found if scope.whole else found | {"opening": _MOVED.format(**before)}


def about(scope: Scope, facts: dict[str, object]) -> dict[str, str]:
    """The facts about a pack as texts, for its table ``about`` and for pack.json."""
    dates = {} if scope.whole else {
        "starts_on": scope.starts_on.isoformat(), "ends_on": scope.ends_on.isoformat(),
    }  # fmt: skip
    plain = {"book": scope.code, "size": scope.size, "format": "2", **dates, **facts}
    return {name: value if isinstance(value, str) else json.dumps(value)
            for name, value in plain.items()}  # fmt: skip
