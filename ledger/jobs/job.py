"""What a job is, and what it is given when it runs.

A job file makes one `Job` named ``JOB``; ``ledger/jobs/registry.py`` lists it. Its ``run``
takes a `JobContext`, finds what is due, and does each item with ``context.transact(unit)``: in
a transaction of its own, refused when another scheduler has taken over. Each item must carry a
key made of the slot or of what it is about, so that a second run does nothing twice. It returns
one sentence that says what it did, also when that is nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from ledger.kernel.db import transact
from ledger.schedule import service
from ledger.schedule.rules import FencedOff, Slot, Timetable

Result = TypeVar("Result")
LOG: Final = logging.getLogger("ledger.jobs")


class Stopped(Exception):
    """The scheduler was asked to stop: the slot stays unfinished and is run again."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """One run of one job.

    ``now`` is the instant at which the run began (UTC). ``slot_at`` is the instant for which it
    was due, ``on`` the London day of that: earlier than today when missed slots are caught up.
    """

    job: str
    slot: Slot
    now: datetime
    book_code: str = "MAIN"
    fence: int | None = None
    holds: Callable[[], bool] = field(default=lambda: True)
    stopping: Callable[[], bool] = field(default=lambda: False)

    @property
    def slot_at(self) -> datetime:
        """The UTC instant for which this run was due."""
        return self.slot.at

    @property
    def on(self) -> date:
        """The London day for which this run was due."""
        return self.slot.on

    @property
    def actor(self) -> str:
        """How the job signs what it does: ``job:NAME``."""
        return f"job:{self.job}"

    @property
    def log(self) -> logging.Logger:
        """Where the job says what people should see in the log."""
        return LOG.getChild(self.job)

    def key(self, item: str) -> str:
        """The key of one item of this slot, for effects that must happen once a slot."""
        return f"{self.job}:{self.slot.key}:{item}"

    def transact(self, unit: Callable[[Session], Result]) -> Result:
        """Do one item in its own transaction, under the lease.

        Raises:
            FencedOff: another scheduler has taken over; nothing of this item was done.
            Stopped: the scheduler is stopping; the slot will be run again.
        """
        if self.stopping():
            raise Stopped
        if not self.holds():
            raise FencedOff(
                "The lease ran out while the job was at work.",
                remedy="Nothing of this item was done. The next scheduler goes on with the job.",
            )

        def fenced(session: Session) -> Result:
            if self.fence is not None:
                service.hold_fence(session, fence=self.fence)
            return unit(session)

        return transact(fenced)


@dataclass(frozen=True, slots=True)
class Job:
    """Work the ledger does by itself: daily at a London time (``"03:30"``, never before 03:00)
    or every so many minutes. ``says`` tells people in one sentence what it is for. One that
    ``only_looks`` runs also when guards of the database are missing.
    """

    name: str
    says: str
    run: Callable[[JobContext], str]
    daily_at: str | None = None
    every_minutes: int | None = None
    only_looks: bool = False

    @property
    def timetable(self) -> Timetable:
        """When it is due."""
        at = time.fromisoformat(self.daily_at) if self.daily_at else None
        return Timetable(self.name, self.says, daily_at=at, every_minutes=self.every_minutes)
