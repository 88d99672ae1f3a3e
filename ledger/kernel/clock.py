"""Time: instants are UTC, days are London's, and only the edge reads the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Anything that can say what time it is, in UTC."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True, eq=False)
class FixedClock:
    """A clock that stands still until it is moved: for tests and for writing a place's past."""

    at: datetime

    def now(self) -> datetime:
        """The instant it was set to."""
        return self.at

    def move(self, step: timedelta) -> None:
        """Move the clock by ``step`` (either way)."""
        self.at += step


_current: list[Clock] = [SystemClock()]


def day_in_words(day: date) -> str:
    """``2 March 2026``: a day as people read it."""
    return f"{day.day} {day:%B %Y}"


def now() -> datetime:
    """The present instant in UTC. Only the edges (pages, api, jobs, cli) may call it."""
    return _current[-1].now()


@contextmanager
def using(clock: Clock) -> Iterator[Clock]:
    """Make ``clock`` the one that ``now()`` reads, until the block ends."""
    _current.append(clock)
    try:
        yield clock
    finally:
        _current.remove(clock)


def london_day(at: datetime) -> date:
    """The London calendar day of a UTC instant."""
    return at.astimezone(LONDON).date()


def london_midnight(day: date) -> datetime:
    """The UTC instant at which a London day begins."""
    return datetime.combine(day, time(0), tzinfo=LONDON).astimezone(UTC)


def end_of_london_day(day: date) -> datetime:
    """The UTC instant at which a London day is over: the first instant of the next day."""
    return london_midnight(day + timedelta(days=1))


def microseconds(at: datetime) -> int:
    """Whole microseconds from the Unix epoch to a UTC instant, without a float."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(count_us: int) -> datetime:
    """The UTC instant that many microseconds after the Unix epoch."""
    return _EPOCH + timedelta(microseconds=count_us)
