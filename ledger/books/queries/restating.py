"""Two answers to the same question: what each said, and what was recorded between them.

An answer hangs on two things: the days on which entries take effect, and the number of the last
journal that was known. Two answers about the same days can therefore differ by nothing but the
journals between their two numbers, and those are asked for here, summed and one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from ledger.books.queries.periods import day_for
from ledger.books.queries.posted import JOURNAL_COLUMNS, SUMS, journal_row
from ledger.books.queries.proving import LEAVES_AT_ONCE
from ledger.books.queries.rows import EntryRow, JournalRow
from ledger.books.rules import Movement, period_group

_WITHIN: Final = (
    " WHERE j.book = :book AND j.seq > :after AND j.seq <= :until"
    " AND j.effective_on BETWEEN :starts_on AND :ends_on"
)
_SUMMED: Final = text(
    f"SELECT a.path, a.unit, f.code, {SUMS}, COUNT(DISTINCT j.seq)"
    " FROM journal j JOIN entry e ON e.book = j.book AND e.seq = j.seq"
    " JOIN account a ON a.id = e.account JOIN fund f ON f.id = a.fund"
    + _WITHIN
    + " GROUP BY a.path, a.unit, f.code ORDER BY a.path"
)
_COUNTED: Final = text("SELECT COUNT(*) FROM journal j" + _WITHIN)
_JOURNALS: Final = f"SELECT {JOURNAL_COLUMNS} FROM journal j" + _WITHIN
_TOUCHES: Final = (
    " AND EXISTS (SELECT 1 FROM entry e JOIN account a ON a.id = e.account"
    " WHERE e.book = j.book AND e.seq = j.seq AND a.path = :path)"
)
_ENTRIES: Final = text(
    "SELECT e.seq, e.line, a.path, e.side, e.amount, e.layer, e.unit, f.code, e.acct_version,"
    " e.balance_after FROM entry e JOIN account a ON a.id = e.account JOIN fund f ON f.id = e.fund"
    " WHERE e.book = :book AND e.seq IN :numbers ORDER BY e.seq, e.line"
).bindparams(bindparam("numbers", expanding=True))
_POSTED: Final = text(
    "SELECT a.id, a.path, a.unit, f.code,"
    " SUM(CASE WHEN e.side = 'D' THEN e.amount ELSE 0 END),"
    " SUM(CASE WHEN e.side = 'C' THEN e.amount ELSE 0 END)"
    " FROM journal j JOIN entry e ON e.book = j.book AND e.seq = j.seq AND e.layer = 'P'"
    " JOIN account a ON a.id = e.account JOIN fund f ON f.id = a.fund"
    + _WITHIN
    + " GROUP BY a.id, a.path, a.unit, f.code ORDER BY a.path"
)
_LEAVES: Final = text(
    "SELECT j.seq, j.leaf, j.leaf_hash FROM journal j" + _WITHIN + " ORDER BY j.seq"
)
_STEPS: Final = (
    f"SELECT {JOURNAL_COLUMNS} FROM journal j WHERE book = :book AND group_id = :grp"
    " AND kind IN ('period.close', 'period.reopen') ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class Between:
    """Which journals: recorded after one number and up to another, taking effect on these days."""

    book: int
    after: int
    until: int
    starts_on: date = date.min
    ends_on: date = date.max

    def bound(self, session: Session) -> dict[str, Any]:
        """What a statement about these journals binds."""
        return {
            "book": self.book, "after": self.after, "until": self.until,
            "starts_on": day_for(session, self.starts_on),
            "ends_on": day_for(session, self.ends_on),
        }  # fmt: skip


class SumRow(NamedTuple):
    """What some journals together did to one account, and how many of them there are."""

    path: str
    unit: str
    fund: str
    dr: int
    cr: int
    held_dr: int
    held_cr: int
    journals: int


def summed_between(session: Session, between: Between) -> list[SumRow]:
    """What all of these journals did to each account, summed entry by entry."""
    rows = session.execute(_SUMMED, between.bound(session))
    return [SumRow(*row[:3], *(int(cell) for cell in row[3:])) for row in rows]


def counted_between(session: Session, between: Between) -> int:
    """How many journals these are."""
    return int(session.execute(_COUNTED, between.bound(session)).scalar_one())


def journals_between(
    session: Session, between: Between, *, path: str = "", limit: int
) -> list[tuple[JournalRow, list[EntryRow]]]:
    """The first of these journals with their entries; with ``path``, those that touch it."""
    touches = {"path": path} if path else {}
    rows = session.execute(
        text(_JOURNALS + (_TOUCHES if path else "") + " ORDER BY j.seq LIMIT :limit"),
        between.bound(session) | touches | {"limit": limit},
    )
    journals = [journal_row(row) for row in rows]
    entries = _entries(session, between.book, [row.seq for row in journals])
    return [(row, entries.get(row.seq, [])) for row in journals]


def _entries(session: Session, book: int, numbers: Sequence[int]) -> dict[int, list[EntryRow]]:
    found: dict[int, list[EntryRow]] = {}
    if numbers:
        for row in session.execute(_ENTRIES, {"book": book, "numbers": list(numbers)}):
            found.setdefault(row[0], []).append(EntryRow(*row[1:]))
    return found


def leaves_between(session: Session, between: Between) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, stored bytes and hash of each of these journals in order, streamed."""
    streamed = {"yield_per": LEAVES_AT_ONCE}
    with session.execute(_LEAVES, between.bound(session), execution_options=streamed) as rows:
        for row in rows:
            yield row[0], bytes(row[1]), bytes(row[2])


def movements_known(session: Session, between: Between) -> list[Movement]:
    """What every account moved by posted entries of these journals, summed from the entries."""
    rows = session.execute(_POSTED, between.bound(session))
    return [Movement(row[0], row[1], row[2], row[3], int(row[4]), int(row[5])) for row in rows]


def period_steps(session: Session, book: int, starts_on: date) -> list[JournalRow]:
    """The journals that closed a period and opened it again, in order."""
    rows = session.execute(text(_STEPS), {"book": book, "grp": period_group(starts_on)})
    return [journal_row(row) for row in rows]
