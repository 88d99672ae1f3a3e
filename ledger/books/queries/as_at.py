"""The books as they stood: by what took effect by a day, as far as it was known at an instant.

A journal carries two times: the day on which it takes effect, which may lie back, and the
instant at which it was recorded, which only rises. So every old answer can be given again.
An answer begins from the sums that closed periods keep and adds the entries of the days that
no closed period covers: one open period, as a rule, however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books.queries.periods import day_for
from ledger.books.queries.posted import SUMS, as_date, head
from ledger.books.queries.rows import BalanceRow, StatementLine
from ledger.kernel.clock import microseconds

_RECORDED: Final = text("SELECT recorded_us FROM journal WHERE book = :book AND seq = :seq")
_CLOSED: Final = text(
    "SELECT id, starts_on, ends_on FROM period WHERE book = :book AND status = 'CLOSED'"
    " AND ends_on <= :day AND seq_at_close <= :seq ORDER BY starts_on"
)
_OF_DAYS: Final = (
    f"SELECT e.account, {SUMS} FROM journal j JOIN entry e ON e.book = j.book AND e.seq = j.seq"
    " WHERE j.book = :book AND j.seq <= :seq AND j.effective_on BETWEEN :from_{0} AND :to_{0}"
    " GROUP BY e.account"
)
_OF_CLOSED: Final = (
    "SELECT b.account, b.dr, b.cr, 0 AS held_dr, 0 AS held_cr FROM period_balance b"
    " WHERE b.period IN ({0})"
)
_HELD_IN_CLOSED: Final = (
    f"SELECT e.account, {SUMS} FROM account h JOIN entry e ON e.account = h.id AND e.layer = 'H'"
    " JOIN journal j ON j.book = e.book AND j.seq = e.seq JOIN period p ON p.id IN ({0})"
    " AND j.effective_on BETWEEN p.starts_on AND p.ends_on"
    " WHERE h.book = :book AND j.seq <= :seq GROUP BY e.account"
)
"""What is held is kept by no period; it is little, and found account by account."""
_STATEMENT: Final = text(
    "SELECT t.* FROM (SELECT e.seq, e.line, j.effective_on, j.recorded_us, j.id, j.kind, j.reason,"
    " j.maker, j.checker, e.side, e.amount, e.layer, e.unit,"
    " SUM(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END)"
    " OVER (PARTITION BY e.layer ORDER BY j.effective_on, e.acct_version) AS balance_after,"
    " ROW_NUMBER() OVER (ORDER BY j.effective_on, e.acct_version) AS place"
    " FROM account a JOIN entry e ON e.account = a.id"
    " JOIN journal j ON j.book = e.book AND j.seq = e.seq"
    " WHERE a.book = :book AND a.path = :path AND e.seq <= :seq AND j.effective_on <= :day) t"
    " WHERE t.place > :after ORDER BY t.place LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class AsAt:
    """Which history is asked for; what is left out does not narrow it.

    ``effective_on``: the last London day on which an entry may take effect. ``known_at``: the
    instant by which it must have been recorded.
    """

    effective_on: date | None = None
    known_at: datetime | None = None

    @property
    def is_now(self) -> bool:
        """Whether the running balances answer it."""
        return self.effective_on is None and self.known_at is None


def last_known(session: Session, book: int, at: datetime | None) -> int:
    """The number of the last journal that was recorded by an instant (0: none yet).

    Recorded times rise with the numbers, so that a handful of looks finds it.
    """
    low, high = 0, head(session, book).next_seq - 1
    if at is None:
        return high
    wanted = microseconds(at)
    while low < high:
        middle = (low + high + 1) // 2
        recorded = session.execute(_RECORDED, {"book": book, "seq": middle}).scalar_one()
        low, high = (middle, high) if recorded <= wanted else (low, middle - 1)
    return low


def balances_as_at(session: Session, book: int, at: AsAt) -> list[BalanceRow]:
    """Every account's balance in path order, as at a day and as known at an instant."""
    day, seq = at.effective_on or date.max, last_known(session, book, at.known_at)
    bound: dict[str, Any] = {"book": book, "seq": seq}
    closed = [
        (row[0], as_date(row[1]), as_date(row[2]))
        for row in session.execute(_CLOSED, bound | {"day": day_for(session, day)})
    ]
    parts = []
    for number, (first, last) in enumerate(_uncovered(closed, day)):
        parts.append(_OF_DAYS.format(number))
        bound[f"from_{number}"] = day_for(session, first)
        bound[f"to_{number}"] = day_for(session, last)
    if closed:
        ids = ", ".join(str(int(number)) for number, _, _ in closed)
        parts += [_OF_CLOSED.format(ids), _HELD_IN_CLOSED.format(ids)]
    rows = session.execute(text(_summed(parts)), bound)
    return [
        BalanceRow(row[0], row[1], row[2], row[3], *(int(cell) for cell in row[4:])) for row in rows
    ]


def _summed(parts: Iterable[str]) -> str:
    return (
        "SELECT a.path, a.type, a.unit, f.code, COALESCE(SUM(s.dr), 0), COALESCE(SUM(s.cr), 0),"
        " COALESCE(SUM(s.held_dr), 0), COALESCE(SUM(s.held_cr), 0)"
        " FROM account a JOIN fund f ON f.id = a.fund"
        f" LEFT JOIN ({' UNION ALL '.join(parts)}) s ON s.account = a.id"
        " WHERE a.book = :book GROUP BY a.path, a.type, a.unit, f.code ORDER BY a.path"
    )


def _uncovered(closed: Iterable[tuple[int, date, date]], day: date) -> list[tuple[date, date]]:
    """The stretches of days up to ``day`` that no closed period covers."""
    stretches, first = [], date.min
    for _, starts_on, ends_on in closed:
        if first < starts_on:
            stretches.append((first, starts_on - timedelta(days=1)))
        first = min(ends_on, date.max - timedelta(days=1)) + timedelta(days=1)
    if first <= day:
        stretches.append((first, day))
    return stretches


def statement_as_at(
    session: Session, book: int, path: str, at: AsAt, *, after: int = 0, limit: int = 200
) -> list[StatementLine]:
    """An account's entries in the order of their days, with the balance after each on that order.

    Begins after the ``after``-th. Later recorded entries and those of later days are left out.
    """
    rows = session.execute(
        _STATEMENT,
        {"book": book, "path": path, "after": after, "limit": limit,
         "seq": last_known(session, book, at.known_at),
         "day": day_for(session, at.effective_on or date.max)},
    )  # fmt: skip
    return [
        StatementLine(row[0], row[1], as_date(row[2]), *(*row[3:13], int(row[13]))) for row in rows
    ]
