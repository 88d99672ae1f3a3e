"""What the storyteller knows: the clock, who everybody is, and what happened so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

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
        """The first day of the story: the first of a month, three years ago."""
        return date(self.today.year - YEARS, self.today.month, 1)

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
