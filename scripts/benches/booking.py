"""Booking: one claim, a year of Tuesdays, and the week on the wall, beside the bare driver."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger.bookings import queries
from ledger.bookings import service as bookings
from ledger.bookings.rules import Series, Slot, epoch
from ledger.bookings.service import Request
from ledger.bookings.service.claims import lock_atoms, write_claims
from ledger.kernel.clock import london_midnight
from ledger.kernel.db import transact, transaction
from ledger.pages import buildings
from ledger.pages.weeks import monday_of
from ledger.parties.rules import VISITOR
from scripts.benches import town
from scripts.benches.deals import fill
from scripts.benches.measure import Row, in_turn, progress, rate_row, time_row
from scripts.benches.stage import Stage, now

PARTS: Final = 100
_CLAIM: Final = "id, atom, starts, ends, kind, active, expires, occurrence, reason"
_EPOCH: Final = datetime.fromisoformat("2026-01-05T00:00:00+00:00")


class BareClaims:
    """Claims by the bare driver into the same table, under the same trigger or constraint."""

    def __init__(self, stage: Stage) -> None:
        self.wire, self.numbers = stage.driver(), itertools.count()
        self.begin = "BEGIN IMMEDIATE" if stage.engine == "sqlite" else "BEGIN"
        mark = "?" if stage.engine == "sqlite" else "%s"
        self.insert = f"INSERT INTO space_claim ({_CLAIM}) VALUES ({', '.join([mark] * 9)})"

    def take(self, slots: Iterator[tuple[str, Slot]], count: int) -> None:
        """So many claims in one commit."""
        self.wire.execute(self.begin)
        for atom, slot in itertools.islice(slots, count):
            number = next(self.numbers)
            self.wire.execute(
                self.insert,
                (f"BARE-{number}", atom, epoch(slot.starts_at), epoch(slot.ends_at), "closure", 1,
                 None, None, "works"),
            )  # fmt: skip
        self.wire.execute("COMMIT")


def claim(stage: Stage) -> list[Row]:
    """One part of a building taken for an hour, among all that is taken already."""
    held, things = stage.size(100_000, 5_000), stage.size(200, 40)
    with stage.app.app_context():
        hall = town.hall(town.settled(stage))
        atoms = _taken(stage, hall.asset, held)
        ours, theirs = _free(atoms[: PARTS // 2]), _free(atoms[PARTS // 2 :])
        bare = BareClaims(stage)

        def one(session: Session) -> None:
            atom, slot = next(ours)
            lock_atoms(session, atoms=[atom], now=now())
            write_claims(session, [(atom, slot, None)], kind="closure", reason="works")

        turns = in_turn(
            town.times(things, lambda: transact(one)),
            town.times(things, lambda: bare.take(theirs, 1)),
            things=things, rounds=stage.size(11, 5),
        )  # fmt: skip
    bare.wire.close()
    yardstick = "bare driver: one insert under the same guard"
    return [
        rate_row("claim", stage.engine, turns, unit="claims/s", yardstick=yardstick, claims=held)
    ]


def _taken(stage: Stage, asset: str, count: int) -> list[str]:
    """A hundred parts, each taken every other hour; the guards look at every claim."""
    progress(f"taking {count:,} hours")
    wire = stage.driver()
    atoms = [f"ATM-{number:04d}" for number in range(PARTS)]
    wire.execute("BEGIN")
    fill(stage, wire, "space_atom", "id, asset, name",
         ((atom, asset, f"Part {atom}") for atom in atoms))  # fmt: skip
    rows = (
        (f"OLD-{number}", atoms[number % PARTS], epoch(slot.starts_at), epoch(slot.ends_at),
         "closure", 1, None, None, "works")
        for number in range(count)
        for slot in [_hour(2 * (number // PARTS))]
    )  # fmt: skip
    fill(stage, wire, "space_claim", _CLAIM, rows)
    wire.execute("COMMIT")
    wire.execute("ANALYZE")
    wire.close()
    return atoms


def _hour(number: int) -> Slot:
    starts = _EPOCH + timedelta(hours=number)
    return Slot(starts, starts + timedelta(hours=1))


def _free(atoms: list[str]) -> Iterator[tuple[str, Slot]]:
    """The hours between, part by part."""
    for number in itertools.count():
        yield atoms[number % len(atoms)], _hour(1 + 2 * (number // len(atoms)))


def series(stage: Stage) -> list[Row]:
    """A year of one weekday asked for at once: planned, priced, claimed and told."""
    with stage.app.app_context():
        people = town.settled(stage)
        hall = town.hall(people)
        atoms = _taken(stage, hall.asset, PARTS)
        asked = _series(hall)
        organiser, theirs, bare = people.actor("organiser"), _free(atoms), BareClaims(stage)
        group = people.organisations["group"]

        def ours() -> None:
            space, times = next(asked)
            request = Request(space, times, "Choir practice", 12, "community", group)
            made = transact(
                lambda session: bookings.book(session, request=request, actor=organiser, now=now())
            )
            assert len(made.plan.bookable) == 52, made.plan

        turns = in_turn(ours, lambda: bare.take(theirs, 52), things=1, rounds=stage.size(21, 5))
    bare.wire.close()
    yardstick = "bare driver: 52 inserts under the same guard, one commit"
    return [time_row("series", stage.engine, turns, yardstick=yardstick, dates=52)]


def _series(hall: town.Hall) -> Iterator[tuple[str, Series]]:
    """Every free weekly hour of both rooms, for a year from a week's time."""
    first = now().date() + timedelta(days=7)
    for hour, weekday, room in itertools.product(range(7, 22), range(7), hall.spaces[1:]):
        yield room, Series(
            starts_on=first + timedelta(days=weekday), start_minute=60 * hour,
            end_minute=60 * hour + 60, every_weeks=1, count=52,
        )  # fmt: skip


def week_grid(stage: Stage) -> list[Row]:
    """A full week of a hall, drawn for a visitor: what is taken, laid out on seven days."""
    with stage.app.app_context(), stage.app.test_request_context():
        people = town.settled(stage)
        hall = town.hall(people)
        booked = _full(people, hall)
        monday = monday_of(now().date() + timedelta(days=21))
        with transaction(read_only=True) as session:
            space = queries.space(session, hall.spaces[0])
            grid = partial(buildings._week, session, space, monday, VISITOR, now())
            shown = sum(len(day.boxes) for day in grid().days)
            bare = _bare_week(stage, space.atoms, monday)
            assert len(bare()) >= shown > 0, (len(bare()), shown)
            turns = in_turn(grid, bare, things=1, rounds=stage.size(101, 15))
    yardstick = "bare driver: the same rows"
    return [time_row("week-grid", stage.engine, turns, yardstick=yardstick, booked=booked,
                     shown=shown)]  # fmt: skip


def _full(people: town.Town, hall: town.Hall) -> int:
    """Eight weeks of both rooms, ten hours a day."""
    organiser, group = people.actor("organiser"), people.organisations["group"]
    first = now().date() + timedelta(days=7)
    progress("filling eight weeks")
    booked = 0
    for hour, weekday, room in itertools.product(range(8, 18), range(7), hall.spaces[1:]):
        times = Series(
            starts_on=first + timedelta(days=weekday), start_minute=60 * hour,
            end_minute=60 * hour + 60, every_weeks=1, count=8,
        )  # fmt: skip
        request = Request(room, times, "Choir practice", 12, "community", group)
        unit = partial(bookings.book, request=request, actor=organiser, now=now())
        booked += len(transact(unit).plan.bookable)
    return booked


def _bare_week(stage: Stage, atoms: tuple[str, ...], monday: date) -> Any:
    wire = stage.driver()
    mark = "?" if stage.engine == "sqlite" else "%s"
    slot = Slot(london_midnight(monday), london_midnight(monday + timedelta(days=7)))
    statement = (
        "SELECT c.atom, c.starts, c.ends, c.kind, o.state, o.booking, b.organisation, o.id,"
        " o.starts_at, o.ends_at FROM space_claim c LEFT JOIN occurrence o ON o.id = c.occurrence"
        f" LEFT JOIN booking b ON b.id = o.booking WHERE c.atom IN ({mark}, {mark})"
        f" AND c.starts < {mark} AND c.ends > {mark} AND (c.active = 1"
        " OR o.state IN ('used', 'no_show')) ORDER BY c.starts, c.atom"
    )
    values = (*atoms, epoch(slot.ends_at), epoch(slot.starts_at))
    return lambda: wire.execute(statement, values).fetchall()
