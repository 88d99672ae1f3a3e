"""Any two reports of the same days, and every journal that stands between them (C6, C7).

The two reports are asked for as anybody asks for them: from running balances, from the sums that
closed periods keep, from entries. What moved between them is summed from the journals alone. So
the explanation is a proof: a figure that was bent by hand is found here as what nobody explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.books import rules as books_rules
from ledger.books.queries import AsAt, Between, EntryRow, JournalRow
from ledger.books.rules import Movement
from ledger.closing import rules
from ledger.closing.rules import Change, Figures, Key, Moment
from ledger.kernel import limits
from ledger.kernel.clock import from_microseconds
from ledger.kernel.errors import Missing
from ledger.parties import queries as parties

CLOSING = "period.close"


@dataclass(frozen=True, slots=True)
class Window:
    """Which days the reports are about: those of a period, or all up to the end of a day."""

    period: int | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One of the two reports: up to which journal it knew, and who signed it if it was a close.

    ``agrees`` says whether the figures are those whose hash was signed; None where none was.
    """

    seq: int
    known_at: datetime | None
    close: JournalRow | None
    figures: Figures
    agrees: bool | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """One journal between the reports: in words, and what it did to each line."""

    journal: JournalRow
    words: str
    effects: dict[Key, int]


@dataclass(frozen=True, slots=True)
class Restatement:
    """Two reports of the same days compared; ``first`` is the one that knew less.

    ``changes`` are summed over all ``count`` journals; ``journals`` are some of them, ``next``
    the number after which the rest begins (None at the end). ``steps`` are the closes and
    openings again of the period.
    """

    starts_on: date
    ends_on: date
    first: Report
    second: Report
    changes: tuple[Change, ...]
    count: int
    journals: tuple[Explained, ...]
    next: int | None
    steps: tuple[JournalRow, ...]
    names: dict[str, str]

    @property
    def unexplained(self) -> list[Change]:
        """C7: what no journal explains; anything here is a fault."""
        return rules.unexplained(self.changes)


def closes(session: Session, book: int, period: int) -> list[JournalRow]:
    """The signed closes of a period, in order: each of them is a report.

    Raises:
        Missing: there is no such period.
    """
    row = books.period(session, book, period)
    steps = books.period_steps(session, book, row["starts_on"])
    return [step for step in steps if step.kind == CLOSING]


def restatement(
    session: Session, *, book: int, window: Window, first: Moment, second: Moment,
    path: str = "", after: int = 0, limit: int = limits.PAGE_ROWS_DEFAULT,
) -> Restatement:  # fmt: skip
    """C6: compare two reports of the same days, and explain the difference journal by journal.

    ``path`` narrows the journals to those that touch one account, ``after`` and ``limit`` give a
    part of them; the changes are always of all of them. The reports may be named in either order.

    Raises:
        Missing: there is no such period, or the journal named did not close it.
    """
    read = _of_period if window.period is not None else _of_all
    one, other, days = read(session, book, window, first, second)
    if rules.is_before(other.seq, one.seq):
        one, other = other, one
    between = Between(book, one.seq, other.seq, *days)
    sums = books.summed_between(session, between)
    held = window.period is None
    moved = {key: net for row in sums for key, net in _nets(row, held=held).items()}
    counts = {
        Key(row.path, row.unit, row.fund): row.journals for row in sums if row.dr or row.cr
    }  # fmt: skip
    rows = books.journals_between(
        session, Between(book, max(one.seq, after), other.seq, *days), path=path, limit=limit + 1
    )
    steps = _steps(session, book, window, days[0])
    names = _names(session, [row for row, _ in rows], steps)
    return Restatement(
        starts_on=days[0], ends_on=days[1], first=one, second=other,
        changes=tuple(rules.changes_of(one.figures, other.figures, moved, counts)),
        count=books.counted_between(session, between),
        journals=tuple(
            _explained(row, entries, names, held=held) for row, entries in rows[:limit]
        ),
        next=rows[limit - 1][0].seq if len(rows) > limit else None,
        steps=tuple(step for step in steps if one.seq < step.seq <= other.seq),
        names=names,
    )  # fmt: skip


def _nets(row: books.SumRow, *, held: bool) -> dict[Key, int]:
    nets = {Key(row.path, row.unit, row.fund): row.dr - row.cr}
    if held:
        nets[Key(row.path, row.unit, row.fund, rules.HELD)] = row.held_dr - row.held_cr
    return {key: net for key, net in nets.items() if net}


_Two = tuple[Report, Report, tuple[date, date]]


def _of_all(session: Session, book: int, window: Window, first: Moment, second: Moment) -> _Two:
    one, other = (_balances(session, book, window.on, moment) for moment in (first, second))
    return one, other, (date.min, window.on or date.max)


def _balances(session: Session, book: int, on: date | None, moment: Moment) -> Report:
    if moment.close is not None:
        raise Missing(
            f"Journal {moment.close} closed a period, and no period is named.",
            remedy="Name the period, or the instant at which something was known.",
            place="period",
        )
    at = AsAt(on, moment.known_at)
    seq = books.last_known(session, book, moment.known_at)
    rows = (
        books.trial_balance(session, book) if at.is_now else books.balances_as_at(session, book, at)
    )
    figures: dict[Key, int] = {}
    for row in rows:
        figures[Key(row.path, row.unit, row.fund)] = row.net
        figures[Key(row.path, row.unit, row.fund, rules.HELD)] = row.held_dr - row.held_cr
    return Report(seq, moment.known_at, None, figures)


def _of_period(session: Session, book: int, window: Window, first: Moment, second: Moment) -> _Two:
    assert window.period is not None, "as the caller saw"
    row = books.period(session, book, window.period)
    days = (row["starts_on"], row["ends_on"])
    signed = {step.seq: step for step in closes(session, book, window.period)}
    reports = []
    for moment in (first, second):
        close = None if moment.close is None else signed.get(moment.close)
        if moment.close is not None and close is None:
            raise Missing(
                f"Journal {moment.close} did not close this period.",
                remedy="Choose one of its closes: "
                + (", ".join(map(str, signed)) or "it has none"),
                place="close",
            )
        seq = close.seq if close else books.last_known(session, book, moment.known_at)
        kept = row["status"] == "CLOSED" and seq >= row["seq_at_close"]
        moves = (
            books.movements(session, row)
            if kept
            else books.movements_known(session, Between(book, 0, seq, *days))
        )
        reports.append(_report(seq, moment.known_at, close, moves))
    return reports[0], reports[1], days


def _report(
    seq: int, known_at: datetime | None, close: JournalRow | None, moves: Sequence[Movement]
) -> Report:
    figures = {Key(move.path, move.unit, move.fund): move.dr - move.cr for move in moves}
    digest = books_rules.trial_balance_hash(moves).hex()
    return Report(seq, known_at, close, figures, None if close is None else digest == close.purpose)


def _steps(session: Session, book: int, window: Window, starts_on: date) -> list[JournalRow]:
    return books.period_steps(session, book, starts_on) if window.period is not None else []


def _names(
    session: Session, rows: Sequence[JournalRow], steps: Sequence[JournalRow]
) -> dict[str, str]:
    """Who is named: whoever acted in an office, with a second person; others by reference."""
    official = [row for row in (*rows, *steps) if row.checker]
    people = {row.maker for row in official} | {row.checker or "" for row in official}
    return parties.names(session, people - {""})


def _explained(
    row: JournalRow, entries: Sequence[EntryRow], names: dict[str, str], *, held: bool
) -> Explained:
    said = rules.told(
        seq=row.seq, kind=row.kind, effective_on=row.effective_on,
        recorded_at=from_microseconds(row.recorded_us),
        maker=names.get(row.maker, row.maker) if row.checker else row.maker,
        checker=names.get(row.checker, row.checker) if row.checker else None,
        reason=row.reason, reverses=row.reverses, resolves=row.resolves,
    )  # fmt: skip
    effects = rules.effects_of(
        [
            (one.path, one.unit, one.fund, one.layer, one.side, one.amount)
            for one in entries
            if held or one.layer == rules.POSTED
        ]
    )
    return Explained(row, said, effects)
