"""Series of dates, and what becomes of each date (K4 to K6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ledger.bookings.rules.prices import Quote
from ledger.bookings.rules.refusals import SeriesRefused
from ledger.bookings.rules.times import Fold, Opening, Slot, is_open, nominal_before
from ledger.kernel import limits

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2100, 12, 31)
"""Days outside these are typing errors, and are refused."""

SKIP_REASONS: Final = {
    "conflict": "somebody else has the space",
    "closure": "the space is closed that day",
    "hours": "outside the opening hours",
    "past": "it has passed already",
    "notice": "too soon: the space needs more notice",
    "ahead": "too far ahead",
    "clock_change": "the clocks skip that time",
    "clock_twice": "the clocks show that time twice: say which one",
    "no_price": "no list price is set for that day",
}
"""Why a date is left out, in the words that people see."""


@dataclass(frozen=True, slots=True)
class Series:
    """The dates and wall-clock times asked for. ``every_weeks`` 0 is one date only.

    Minutes count from midnight; an end over 1440 is on the next day. ``until_on`` is
    inclusive; with ``count`` so many dates are made after leaving out ``without``.
    """

    starts_on: date
    start_minute: int
    end_minute: int
    every_weeks: int = 0
    until_on: date | None = None
    count: int | None = None
    without: tuple[date, ...] = ()
    start_fold: Fold | None = None
    end_fold: Fold | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How a space is let: buffers in minutes, notice in hours, how far ahead in days."""

    setup_minutes: int
    cleandown_minutes: int
    notice_hours: int
    advance_days: int


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """One date of a plan: what it would be, its price, or the reason why it is left out."""

    on: date
    slot: Slot | None
    reason: str = ""
    quote: Quote | None = None

    @property
    def ok(self) -> bool:
        """Whether the date can be booked."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Plan:
    """Every date of a request with what would become of it. Sums are pence and minutes."""

    space: str
    days: tuple[PlannedDay, ...]

    @property
    def bookable(self) -> tuple[PlannedDay, ...]:
        """The dates that can be booked."""
        return tuple(day for day in self.days if day.ok)

    @property
    def skipped(self) -> tuple[PlannedDay, ...]:
        """The dates that are left out, each with its reason."""
        return tuple(day for day in self.days if not day.ok)

    @property
    def net_pence(self) -> int:
        """What all the dates cost without tax: the sum of the dates' own prices."""
        return sum(day.quote.net_pence for day in self.bookable if day.quote)

    @property
    def list_pence(self) -> int:
        """What they would cost at the list price."""
        return sum(day.quote.list_pence for day in self.bookable if day.quote)

    @property
    def minutes(self) -> int:
        """How long they are together."""
        return sum(day.slot.minutes for day in self.bookable if day.slot)

    @property
    def digest(self) -> str:
        """K5: the SHA-256 (hex) of all that the preview says."""
        facts = [
            [day.on.isoformat(), day.reason,
             [day.slot.starts_at.isoformat(), day.slot.ends_at.isoformat()] if day.slot else [],
             day.quote.digest if day.quote else ""]
            for day in self.days
        ]  # fmt: skip
        return hashlib.sha256(json.dumps([self.space, facts]).encode()).hexdigest()


def dates(series: Series) -> tuple[date, ...]:
    """K4: the days of a series in order; the interval counts from its first day.

    Raises:
        SeriesRefused: no end, backwards, over 24 hours, or over the limits.
    """
    _check(series)
    if series.every_weeks == 0:
        return (series.starts_on,)
    found: list[date] = []
    day = series.starts_on
    last = series.until_on or series.starts_on + timedelta(days=limits.SERIES_DAYS_MAX)
    while day <= last and len(found) < (series.count or limits.SERIES_OCCURRENCES_MAX + 1):
        if day not in series.without:
            found.append(day)
        day += timedelta(weeks=series.every_weeks)
    too_far = series.until_on is None and len(found) < (series.count or 0)
    if not found or too_far or len(found) > limits.SERIES_OCCURRENCES_MAX:
        raise SeriesRefused(
            f"The series has {'too many' if found else 'no'} dates.",
            remedy=f"A series has from 1 to {limits.SERIES_OCCURRENCES_MAX} dates and runs for at"
            " most three years.",
            place="until",
        )
    return tuple(found)


def _check(series: Series) -> None:
    length = series.end_minute - series.start_minute
    problems = [
        (not FIRST_DAY <= series.starts_on <= LAST_DAY, "It begins in a far-off year.", "day"),
        (not 0 <= series.start_minute < 1440, "It begins outside the day.", "start"),
        (not 0 < length <= 1440, "It ends before it begins, or lasts over 24 hours.", "end"),
        (not 0 <= series.every_weeks <= 52, "It repeats every 1 to 52 weeks.", "every_weeks"),
        (bool(series.every_weeks) and series.until_on is None and series.count is None,
         "It has no end.", "until"),
        (series.count is not None and series.count < 1, "It has no dates.", "count"),
        (series.until_on is not None and series.until_on < series.starts_on,
         "It ends before it begins.", "until"),
        (series.until_on is not None
         and series.until_on > series.starts_on + timedelta(days=limits.SERIES_DAYS_MAX),
         "It runs for more than three years.", "until"),
    ]  # fmt: skip
    for wrong, facts, place in problems:
        if wrong:
            raise SeriesRefused(facts, remedy="Check the days and times.", place=place)


def judge(
    slot: Slot, *, series: Series, terms: Terms, today: Sequence[Opening],
    tomorrow: Sequence[Opening], now: datetime,
) -> str:  # fmt: skip
    """Why a date cannot be booked whatever others booked; empty when it can.

    Notice and "how far ahead" are counted by the wall clock.
    """
    if slot.starts_at <= now:
        return "past"
    if not is_open(today, tomorrow, series.start_minute, series.end_minute):
        return "hours"
    if nominal_before(slot.starts_at, hours=terms.notice_hours) < now:
        return "notice"
    if nominal_before(slot.starts_at, days=terms.advance_days) > now:
        return "ahead"
    return ""


def claimed(slot: Slot, terms: Terms) -> Slot:
    """K2: what a booking takes: its own time with set-up before and clean-down after."""
    return Slot(
        slot.starts_at - timedelta(minutes=terms.setup_minutes),
        slot.ends_at + timedelta(minutes=terms.cleandown_minutes),
    )
