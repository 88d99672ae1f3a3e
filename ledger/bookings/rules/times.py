"""Wall-clock times of London and the real instants that they mean (K6).

A minute of the day counts from midnight: 19:00 is 1140, 24:00 is 1440, and up to 2880 for
what ends on the next day. Lengths are always counted in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from ledger.kernel.clock import LONDON

DAY_MINUTES: Final = 1440
Fold = Literal[0, 1]


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of time from one UTC instant to another, the end not included."""

    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> int:
        """Whole minutes that really pass."""
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Opening:
    """One stretch of a weekday (0 is Monday) in which the building is open, in wall minutes."""

    weekday: int
    opens_minute: int
    closes_minute: int


def wall(day: date, minute: int) -> datetime:
    """The wall clock's reading, without a zone."""
    return datetime.combine(day, time(0)) + timedelta(minutes=minute)


def instants(reading: datetime) -> list[datetime]:
    """The UTC instants at which London's clocks show this: none, one or two, in order."""
    found = []
    for fold in (0, 1):
        instant = reading.replace(tzinfo=LONDON, fold=fold).astimezone(UTC)
        shows = instant.astimezone(LONDON).replace(tzinfo=None)
        if shows == reading and instant not in found:
            found.append(instant)
    return sorted(found)


def slot_on(
    day: date, start_minute: int, end_minute: int, *, start_fold: Fold | None = None,
    end_fold: Fold | None = None,
) -> Slot | str:  # fmt: skip
    """The slot that these wall times mean on that day, or the reason why they mean none.

    ``clock_change``: the clocks skip that time. ``clock_twice``: they show it twice and
    nobody said which. Times are never moved silently.
    """
    starts, ends = instants(wall(day, start_minute)), instants(wall(day, end_minute))
    if not starts or not ends:
        return "clock_change"
    if (len(starts) > 1 and start_fold is None) or (len(ends) > 1 and end_fold is None):
        return "clock_twice"
    slot = Slot(starts[_pick(starts, start_fold)], ends[_pick(ends, end_fold)])
    return slot if slot.ends_at > slot.starts_at else "clock_change"


def _pick(found: Sequence[datetime], fold: Fold | None) -> int:
    return (fold or 0) if len(found) > 1 else 0


def is_open(
    today: Sequence[Opening], tomorrow: Sequence[Opening], start_minute: int, end_minute: int
) -> bool:
    """Whether the building is open from start to end without a gap, over midnight too."""
    stretches = sorted(
        [(opening.opens_minute, opening.closes_minute) for opening in today]
        + [(opening.opens_minute + DAY_MINUTES, opening.closes_minute + DAY_MINUTES)
           for opening in tomorrow]
    )  # fmt: skip
    reached = start_minute
    for opens, closes in stretches:
        if opens <= reached < closes:
            reached = closes
    return reached >= end_minute


def real_minutes(day: date, opening: Opening) -> int:
    """How many minutes really pass between opening and closing on that day."""
    opens = wall(day, opening.opens_minute).replace(tzinfo=LONDON).astimezone(UTC)
    closes = wall(day, opening.closes_minute).replace(tzinfo=LONDON).astimezone(UTC)
    return max(0, (closes - opens) // timedelta(minutes=1))


def opening_slot(day: date, opening: Opening) -> Slot:
    """The opening on that day as instants."""
    return Slot(
        wall(day, opening.opens_minute).replace(tzinfo=LONDON).astimezone(UTC),
        wall(day, opening.closes_minute).replace(tzinfo=LONDON).astimezone(UTC),
    )


def nominal_before(at: datetime, *, hours: int = 0, days: int = 0) -> datetime:
    """The instant so many hours or days before by the wall clock: "48 hours' notice" is the
    same time two days earlier, whatever the clocks did in between.
    """
    reading = at.astimezone(LONDON).replace(tzinfo=None) - timedelta(hours=hours, days=days)
    return reading.replace(tzinfo=LONDON).astimezone(UTC)


def epoch(at: datetime) -> int:
    """Whole seconds from 1970 in UTC, as claims keep them."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def from_epoch(seconds: int) -> datetime:
    """The UTC instant so many seconds after 1970 began."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def month_days(month_on: date) -> list[date]:
    """Every day of the month that begins on ``month_on``."""
    days = [month_on]
    while (day := days[-1] + timedelta(days=1)).month == month_on.month:
        days.append(day)
    return days


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def next_month(month_on: date) -> date:
    """The first day of the month after."""
    return (month_on + timedelta(days=32)).replace(day=1)


def parse_minute(text: str) -> int | None:
    """``19:30`` as 1170; 24:00 is the end of the day; anything else is ``None``."""
    hours, colon, minutes = text.strip().partition(":")
    digits = hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()
    if not colon or not digits or len(hours) > 2 or len(minutes) != 2:
        return None
    value = int(hours) * 60 + int(minutes)
    return value if value <= DAY_MINUTES and int(minutes) < 60 else None


def show_minute(minute: int) -> str:
    """1170 as ``19:30``; the next day's are shown as that day's own."""
    return f"{minute // 60 % 24 if minute != DAY_MINUTES else 24:02d}:{minute % 60:02d}"
