"""What the storyteller knows: the clock, who everybody is, and what happened so far."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from ledger.approvals import queries as approval_queries
from ledger.approvals import service as approvals
from ledger.kernel.clock import LONDON, FixedClock, london_day
from ledger.kernel.db import transact
from ledger.parties.rules import Actor, system

Result = TypeVar("Result")
YEARS = 3


@dataclass(slots=True)
class Story:
    """A town's life being told. Days are London's; ``today_at`` is the visitor's present (UTC)."""

    code: str
    today_at: datetime
    clock: FixedClock
    say: Callable[[str], None]
    book: int = 0
    people: dict[str, str] = field(default_factory=dict)
    organisations: dict[str, str] = field(default_factory=dict)
    neighbourhoods: dict[str, str] = field(default_factory=dict)
    neighbours: list[str] = field(default_factory=list)
    actors: dict[str, Actor] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    _agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _planned: int = 0

    @property
    def now(self) -> datetime:
        """The instant that the story has come to (UTC)."""
        return self.clock.now()

    @property
    def today(self) -> date:
        """The visitor's present day."""
        return london_day(self.today_at)

    @property
    def begins_on(self) -> date:
        """The first day of the story: the first of a month, three years and two months ago."""
        months = (self.today.year - YEARS) * 12 + self.today.month - 1 - 2
        return date(months // 12, months % 12 + 1, 1)

    def go_to(self, day: date, *, at: time = time(10)) -> None:
        """Move the clock to an hour of a London day, never back and never past the present."""
        moment = datetime.combine(day, at, tzinfo=LONDON).astimezone(UTC)
        self.clock.at = max(self.clock.at, min(moment, self.today_at))

    def days_ago(self, days: int) -> date:
        """The London day that many days before the visitor's present."""
        return self.today - timedelta(days=days)

    def do(self, unit: Callable[[Session], Result]) -> Result:
        """One step of the story: one unit of work."""
        return transact(unit)

    def actor(self, key: str) -> Actor:
        """A townsperson with a role, as the services know them."""
        return self.actors[key]

    def job(self, name: str) -> Actor:
        """A job as an actor."""
        return system(name)

    def plan(self, day: date, step: Callable[[], None], *, at: time = time(10)) -> None:
        """Put a step of the story into the agenda; what lies past the present never happens."""
        moment = datetime.combine(day, at, tzinfo=LONDON).astimezone(UTC)
        self._planned += 1
        if moment <= self.today_at:
            heapq.heappush(self._agenda, (moment, self._planned, step))

    def live(self) -> None:
        """Live through the agenda in order of time; a step may plan further steps."""
        while self._agenda:
            moment, _, step = heapq.heappop(self._agenda)
            self.clock.at = max(self.clock.at, moment)
            step()
        self.clock.at = max(self.clock.at, self.today_at)

    def digest(self, session: Session, proposal: str) -> str:
        """What somebody who decides is shown, as a digest."""
        return approval_queries.get(session, proposal).digest

    def decide(self, proposal: str, stage: str, who: str, reason: str) -> None:
        """One of the council's people says yes to exactly what they were shown."""
        self.do(
            lambda session: approvals.decide(
                session, proposal=proposal, stage=stage, actor=self.actor(who), verdict="yes",
                reason=reason, digest=self.digest(session, proposal), now=self.now,
            )
        )  # fmt: skip
