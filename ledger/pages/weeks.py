"""Which box of a week's calendar each booking fills: London days, quarter-hour rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ledger.kernel.clock import LONDON, london_midnight

QUARTER_MINUTES = 15
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking or closure to draw: UTC instants, a title, a state code and its words."""

    starts_at: datetime
    ends_at: datetime
    title: str
    state: str = "confirmed"
    state_words: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """One entry on one day: first row, rows long, and its times as people read them."""

    row: int
    rows: int
    starts: str
    ends: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Day:
    """One column of the grid."""

    day: date
    boxes: list[Box]


@dataclass(frozen=True, slots=True)
class Week:
    """Seven columns and the hours down the side."""

    days: list[Day]
    hours: list[tuple[int, str]]
    rows: int
    summer_change_on: date | None


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def week_grid(
    first_on: date, entries: Sequence[Entry], *, opens_hour: int = 8, closes_hour: int = 22
) -> Week:
    """Lay out entries over the seven London days from ``first_on``.

    The hours shown widen by themselves to hold every entry. An entry that passes midnight
    appears on each of its days. On a clock-change day the wall clock is what is drawn.
    """
    days = [first_on + timedelta(days=n) for n in range(7)]
    edges = [(day, london_midnight(day), london_midnight(day + timedelta(days=1))) for day in days]
    spans = [
        (day, entry, *span)
        for entry in entries
        for day, begins, over in edges
        if (span := _between(entry, begins, over))
    ]
    opens = min([opens_hour * 60, *(start // 60 * 60 for _, _, start, _ in spans)])
    closes = max([closes_hour * 60, *(-(-end // 60) * 60 for _, _, _, end in spans)])
    return Week(
        days=[
            Day(day, sorted((_box(*span, opens) for span in spans if span[0] == day), key=_first))
            for day in days
        ],
        hours=[(_row(minute, opens), _clock(minute)) for minute in range(opens, closes, 60)],
        rows=(closes - opens) // QUARTER_MINUTES,
        summer_change_on=next((day for day in days if _changes(day)), None),
    )


def _between(entry: Entry, begins: datetime, over: datetime) -> tuple[int, int] | None:
    """The wall-clock minutes that an entry covers of the day from ``begins``, or None."""
    if entry.starts_at >= over or entry.ends_at <= begins:
        return None
    start = 0 if entry.starts_at <= begins else _wall_minute(entry.starts_at)
    end = DAY_MINUTES if entry.ends_at >= over else _wall_minute(entry.ends_at)
    return start, max(end, start + QUARTER_MINUTES)


def _wall_minute(at: datetime) -> int:
    local = at.astimezone(LONDON)
    return local.hour * 60 + local.minute


def _box(day: date, entry: Entry, start: int, end: int, opens: int) -> Box:
    del day
    row = _row(start, opens)
    return Box(
        row, max(1, _row(end + QUARTER_MINUTES - 1, opens) - row), _clock(start), _clock(end), entry
    )


def _first(box: Box) -> int:
    return box.row


def _row(minute: int, opens: int) -> int:
    return (minute - opens) // QUARTER_MINUTES + 1


def _clock(minute: int) -> str:
    if minute in (0, DAY_MINUTES):
        return "midnight"
    if minute == DAY_MINUTES // 2:
        return "midday"
    hour, rest = divmod(minute, 60)
    half = "am" if hour < 12 else "pm"
    shown = hour % 12 or 12
    return f"{shown}:{rest:02d}{half}" if rest else f"{shown}{half}"


def _changes(day: date) -> bool:
    length = london_midnight(day + timedelta(days=1)) - london_midnight(day)
    return length != timedelta(days=1)
