"""When a job is due, and what becomes of a slot.

S1  A daily job has exactly one slot a London day, at a London time from 03:00 on: the change of
    clocks (at 01:00 UTC) neither skips nor repeats it. The slot is named by the day.
S2  A job every N minutes has slots N minutes apart from midnight UTC; N divides a day.
S3  Every slot after the last recorded one is due, oldest first, however late: nothing is skipped.
    A job that was never recorded begins with its latest slot.
S4  A slot is done once. One that was begun and not finished is run again by whoever holds the
    lease then; a failed one waits 1, 5, 15 and 60 minutes, and is given up at the fifth attempt.
S5  Only the holder of the lease runs jobs. Each take-over raises the fence, and a unit of work
    that carries an older fence is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from ledger.kernel.clock import LONDON, london_day
from ledger.kernel.errors import Conflict, Invalid, Missing

EARLIEST: Final = time(3, 0)
RETRY_MINUTES: Final = (1, 5, 15, 60)
SAID_CHARS_MAX: Final = 2_000
_DAY_MINUTES: Final = 24 * 60


class UnknownJob(Missing):
    """No job has this name."""

    code = "jobs.unknown"
    title = "There is no such job"


class BadSlot(Invalid):
    """The day or minute is not one on which this job runs, or it has not come yet."""

    code = "jobs.bad_slot"
    title = "The job does not run then"


class FencedOff(Conflict):
    """Another scheduler holds the lease: this one must do nothing more."""

    code = "jobs.fenced_off"
    title = "Another scheduler has taken over"


class State(StrEnum):
    """What became of a slot."""

    ASKED = "ASKED"
    RUNNING = "RUNNING"
    RETRY = "RETRY"
    DONE = "DONE"
    FAILED = "FAILED"


MOVES: Final[dict[State, frozenset[State]]] = {
    State.ASKED: frozenset({State.RUNNING}),
    State.RUNNING: frozenset({State.RUNNING, State.RETRY, State.DONE, State.FAILED}),
    State.RETRY: frozenset({State.RUNNING, State.ASKED}),
    State.FAILED: frozenset({State.ASKED}),
    State.DONE: frozenset(),
}
"""S4: from which state a run may move to which. A person may ask again for a failed one."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One time a job is due: its name (a London day, or a UTC minute) and its UTC instant."""

    key: str
    at: datetime

    @property
    def on(self) -> date:
        """The London business day it belongs to."""
        return london_day(self.at)


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a job is due: daily at a London time, or every so many minutes."""

    job: str
    says: str
    daily_at: time | None = None
    every_minutes: int | None = None

    def __post_init__(self) -> None:
        """S1 and S2: a timetable that could skip or repeat a slot is a fault of the code."""
        assert (self.daily_at is None) != (self.every_minutes is None), self.job
        assert self.daily_at is None or self.daily_at >= EARLIEST, f"{self.job}: before 03:00"
        assert self.every_minutes is None or _DAY_MINUTES % self.every_minutes == 0, self.job

    @property
    def words(self) -> str:
        """The timetable as a person says it."""
        if self.daily_at is not None:
            return f"every day at {self.daily_at:%H:%M}"
        assert self.every_minutes is not None
        return "every minute" if self.every_minutes == 1 else f"every {self.every_minutes} minutes"


def slot_on(timetable: Timetable, day: date) -> Slot:
    """S1: the slot of a London day; for a job every N minutes, its first one of that UTC day."""
    if timetable.daily_at is not None:
        local = datetime.combine(day, timetable.daily_at, tzinfo=LONDON)
        return Slot(day.isoformat(), local.astimezone(UTC))
    return _minute_slot(datetime.combine(day, time(0), tzinfo=UTC))


def slot_named(timetable: Timetable, key: str) -> Slot:
    """The slot that was recorded under this name."""
    if timetable.daily_at is not None:
        return slot_on(timetable, date.fromisoformat(key[:10]))
    return _minute_slot(datetime.strptime(key[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=UTC))


def latest(timetable: Timetable, now: datetime) -> Slot:
    """The newest slot whose time has come."""
    if timetable.every_minutes is not None:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = (now - midnight) // timedelta(minutes=timetable.every_minutes)
        return _minute_slot(midnight + timedelta(minutes=timetable.every_minutes) * passed)
    today = slot_on(timetable, london_day(now))
    return today if today.at <= now else slot_on(timetable, today.on - timedelta(days=1))


def due(timetable: Timetable, *, last: str | None, now: datetime, most: int) -> list[Slot]:
    """S3: the slots to run now, oldest first, at most ``most``; ``last`` names the last recorded."""
    newest = latest(timetable, now)
    if last is None:
        return [newest]
    found: list[Slot] = []
    slot = following(timetable, slot_named(timetable, last))
    while slot.at <= now and len(found) < most:
        found.append(slot)
        slot = following(timetable, slot)
    return found


def following(timetable: Timetable, slot: Slot) -> Slot:
    """The slot after this one."""
    if timetable.daily_at is not None:
        return slot_on(timetable, date.fromisoformat(slot.key) + timedelta(days=1))
    assert timetable.every_minutes is not None
    return _minute_slot(slot.at + timedelta(minutes=timetable.every_minutes))


def _minute_slot(at: datetime) -> Slot:
    return Slot(f"{at:%Y-%m-%dT%H:%MZ}", at)


def retry_at(attempts: int, now: datetime) -> datetime | None:
    """S4: when a slot that failed for the ``attempts``-th time is tried again; None: given up."""
    if attempts > len(RETRY_MINUTES):
        return None
    return now + timedelta(minutes=RETRY_MINUTES[attempts - 1])
