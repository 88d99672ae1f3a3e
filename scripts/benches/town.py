"""A small town for measuring: its people, a hall of two rooms, and pledges, all by the services."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from ledger.assets import service as assets
from ledger.bookings import service as bookings
from ledger.bookings.rules import Opening
from ledger.jobs.job import Job, JobContext
from ledger.jobs.runner import Leader
from ledger.kernel.db import transact
from ledger.parties import service as parties
from ledger.parties.rules import Actor
from ledger.pledges import service as pledges
from ledger.pledges.rules import Deal, Plan
from ledger.schedule.rules import Slot
from scripts.benches.stage import Stage, now

_ROLES = {
    "broker": "council", "officer": "council", "officer2": "council", "innovation_broker": "council",
    "organiser": "group", "resident": "",
}  # fmt: skip
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Town:
    """Who lives there. ``people`` are by part, ``organisations`` by kind."""

    book: int
    organisations: dict[str, str]
    people: dict[str, str]
    neighbourhood: str

    def actor(self, part: str) -> Actor:
        """Somebody with their one role, acting for their organisation."""
        role = part.rstrip("0123456789")
        return Actor(
            self.people[part], frozenset({role}), self.organisations.get(_ROLES[part]), part
        )


def settled(stage: Stage) -> Town:
    """The town's people."""
    return transact(lambda session: _settle(session, stage.book))


def _settle(session: Session, book: int) -> Town:
    at = now()
    organisations = {
        "council": parties.add_organisation(session, name="Council", kind="council", now=at),
        "group": parties.add_organisation(session, name="Friends", kind="group", now=at),
    }
    people = {
        part: parties.add_person(
            session, name=part, email=f"{part}@example.test", roles=(part.rstrip("0123456789"),),
            organisation=organisations.get(home), now=at,
        )
        for part, home in _ROLES.items()
    }  # fmt: skip
    neighbourhood = parties.add_neighbourhood(session, name="Canal Side", now=at)
    return Town(book, organisations, people, neighbourhood)


@dataclass(frozen=True, slots=True)
class Hall:
    """A building, and its three spaces: the hall takes the parts of both rooms."""

    asset: str
    spaces: tuple[str, str, str]


def hall(town: Town) -> Hall:
    """A listed hall with hours and prices, open every day from six to midnight."""
    return transact(lambda session: _hall(session, town))


def _hall(session: Session, town: Town) -> Hall:
    broker, at = town.actor("broker"), now()
    asset = assets.add_building(
        session, name="Wharf Hall", council="Council", street="Wharf Street", town="Testwick",
        postcode="TW1 1AA", lat_microdegrees=53_387_958, lon_microdegrees=-2_352_092,
        actor=broker, now=at,
    )  # fmt: skip
    assets.list_asset(
        session, asset=asset, book=town.book, organisation=town.organisations["council"],
        summary="A hall of two rooms by the canal.", actor=broker, now=at,
    )  # fmt: skip
    hall, room_a, room_b = (
        bookings.add_space(
            session, asset=asset, name=name, parts=parts, capacity=60, advance_days=1_000,
            actor=broker, now=at,
        )
        for name, parts in (("Whole hall", ("A", "B")), ("Room A", ("A",)), ("Room B", ("B",)))
    )  # fmt: skip
    bookings.set_hours(
        session, asset=asset, from_on=date(2025, 1, 1), actor=broker, now=at,
        openings=[Opening(weekday, 6 * 60, 24 * 60) for weekday in range(7)],
    )  # fmt: skip
    for space, kind in itertools.product((hall, room_a, room_b), ("standard", "community")):
        policy = "LIST" if kind == "standard" else "COMMUNITY-2026"
        bookings.set_rate(
            session, space=space, user_class=kind, pence_per_hour=500, policy=policy,
            from_on=date(2025, 1, 1), actor=broker, now=at,
        )  # fmt: skip
    return Hall(asset, (hall, room_a, room_b))


def pledge(town: Town, *, minimum: int, at: datetime) -> str:
    """A pledge in pounds that was opened at an instant and runs for two months."""
    deal = Deal(
        minimum=minimum, optimum=minimum, maximum=1_000_000_000,
        deadline_on=(at + timedelta(days=60)).date(),
        sentence="We will plant forty trees along the canal",
        description="Forty oaks and birches, planted by those who live beside them.",
        place="Canal Side towpath", too_little="Nobody pays anything",
        too_much="More trees are planted", undeliverable="Everybody is paid back",
    )  # fmt: skip
    plan = Plan(
        group=town.organisations["group"], organiser=town.people["organiser"],
        broker=town.people["broker"], neighbourhood=town.neighbourhood, unit="GBP",
        match_counts=False,
    )  # fmt: skip
    organiser = town.actor("organiser")

    def unit(session: Session) -> str:
        made = pledges.draft(session, book=town.book, plan=plan, deal=deal, actor=organiser, now=at)
        pledges.submit(session, pledge=made, actor=organiser, now=at)
        pledges.moderate(session, pledge=made, verdict="open", actor=town.actor("officer"), now=at)
        return made

    return transact(unit)


def neighbours(count: int) -> list[str]:
    """So many more residents."""

    def unit(session: Session) -> list[str]:
        return [
            parties.add_person(
                session, name=f"Neighbour {number}", email=f"n{number}@example.test",
                roles=("resident",), now=now(),
            )
            for number in itertools.islice(_numbers, count)
        ]  # fmt: skip

    return transact(unit)


def promised(chosen: str, person: str, pence: int, *, at: datetime) -> None:
    """One person's promise, proved and counted."""

    def unit(session: Session) -> None:
        joined = pledges.join(session, pledge=chosen, person=person, quantity=pence, now=at)
        pledges.confirm(session, secret=joined.secret, now=at)

    transact(unit)


def night(job: Job, number: int) -> str:
    """A job as the scheduler runs it: under a lease, each transaction under its fence."""
    leader = Leader(lease_ms=3_600_000)
    leader.beat()
    slot = Slot(key=f"bench-{number}", at=datetime(2026, 3, 2, 4, 0, tzinfo=UTC))
    context = JobContext(job=job.name, slot=slot, now=now(), fence=leader.fence, holds=leader.holds)
    try:
        return job.run(context)
    finally:
        leader.leave()


def times(count: int, act: Callable[[], object]) -> Callable[[], None]:
    """An act done so many times."""

    def again() -> None:
        for _ in range(count):
            act()

    return again


def row_count(stage: Stage) -> int:
    """All rows of all tables: what something wrote is the difference."""
    wire = stage.driver()
    names = wire.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        if stage.engine == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    ).fetchall()
    total = sum(wire.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for (name,) in names)
    wire.close()
    return int(total)


class BareRows:
    """The yardstick for whatever writes rows: so many plain ones by the bare driver, one commit."""

    def __init__(self, stage: Stage) -> None:
        self.wire, self.numbers = stage.driver(apart=True), itertools.count()
        self.wire.execute("CREATE TABLE IF NOT EXISTS bare_row (id BIGINT PRIMARY KEY, words TEXT)")
        self.begin = "BEGIN IMMEDIATE" if stage.engine == "sqlite" else "BEGIN"
        mark = "?" if stage.engine == "sqlite" else "%s"
        self.insert = f"INSERT INTO bare_row VALUES ({mark}, {mark})"

    def write(self, rows: int) -> None:
        """So many rows of some two hundred letters."""
        self.wire.execute(self.begin)
        for number in itertools.islice(self.numbers, rows):
            self.wire.execute(self.insert, (number, "x" * 200))
        self.wire.execute("COMMIT")
