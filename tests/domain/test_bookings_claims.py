"""Nobody has one part of a building twice: by the service, by raw SQL, and all at once (K1-K3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.bookings import queries, rules, service
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import RefusedByDatabase
from tests.cast import Place
from tests.hall import TUESDAY, open_hall

INSERT = text(
    "INSERT INTO space_claim (id, atom, starts, ends, kind, active, expires, occurrence, reason)"
    " VALUES (:id, :atom, :starts, :ends, 'closure', :active, NULL, NULL, '')"
)


def atom_of(place: Place, clock: FixedClock) -> str:
    hall = open_hall(place, now=clock.now())
    with transaction(read_only=True) as s:
        return queries.atoms_of(s, hall.room_a)[0]


def insert(atom: str, *claims: tuple[str, int, int, int]) -> None:
    with transaction() as s:
        for name, starts, ends, active in claims:
            s.execute(
                INSERT,
                {"id": name, "atom": atom, "starts": starts, "ends": ends, "active": active},
            )


@pytest.mark.parametrize(
    ("starts", "ends"),
    [(100, 200), (150, 160), (50, 101), (199, 300), (50, 300), (100, 101)],
)
def test_raw_sql_cannot_insert_a_claim_that_overlaps(
    app: Flask, place: Place, clock: FixedClock, starts: int, ends: int
) -> None:
    atom = atom_of(place, clock)
    insert(atom, ("far", 10, 20, 1), ("one", 100, 200, 1), ("later", 400, 500, 1))
    with pytest.raises(RefusedByDatabase):
        insert(atom, ("two", starts, ends, 1))


def test_raw_sql_cannot_slip_a_long_claim_round_short_ones(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    atom = atom_of(place, clock)
    insert(atom, ("long", 0, 1000, 1))
    for starts, ends in ((1, 2), (500, 501), (998, 999), (999, 2000)):
        with pytest.raises(RefusedByDatabase):
            insert(atom, (f"short{starts}", starts, ends, 1))


def test_claims_that_only_touch_and_ended_ones_are_no_clash(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    atom = atom_of(place, clock)
    insert(atom, ("one", 100, 200, 1), ("two", 200, 300, 1), ("ended", 100, 300, 0))
    insert(atom, ("before", 50, 100, 1))


@pytest.mark.parametrize(
    "change",
    ["UPDATE space_claim SET active = 1 WHERE id = 'ended'",
     "UPDATE space_claim SET ends = 201 WHERE id = 'one'",
     "UPDATE space_claim SET starts = 199 WHERE id = 'two'",
     "DELETE FROM space_claim WHERE id = 'one'"],
)  # fmt: skip
def test_raw_sql_cannot_update_a_claim_into_an_overlap_nor_delete_one(
    app: Flask, place: Place, clock: FixedClock, change: str
) -> None:
    atom = atom_of(place, clock)
    insert(atom, ("one", 100, 200, 1), ("two", 200, 300, 1), ("ended", 150, 160, 0))
    with pytest.raises(RefusedByDatabase), transaction() as s:
        s.execute(text(change))


def test_replacing_a_claim_is_refused_too(app: Flask, place: Place, clock: FixedClock) -> None:
    atom = atom_of(place, clock)
    insert(atom, ("one", 100, 200, 1))
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        with pytest.raises(RefusedByDatabase, match="never deleted"), transaction() as s:
            s.execute(text(str(INSERT).replace("INSERT", "INSERT OR REPLACE", 1)),
                      {"id": "one", "atom": atom, "starts": 1, "ends": 2, "active": 1})  # fmt: skip


def test_the_hall_blocks_its_rooms_and_a_room_blocks_only_the_hall(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    hall.book(hall.room_a, now=clock.now())
    hall.book(hall.room_b, now=clock.now())
    with pytest.raises(rules.SlotTaken) as refused:
        hall.book(hall.hall, now=clock.now())
    assert refused.value.dates == (TUESDAY.isoformat(),)
    hall.book(hall.hall, now=clock.now(), starts_on=TUESDAY + timedelta(days=1))
    with pytest.raises(rules.SlotTaken) as second:
        hall.book(hall.room_a, now=clock.now(), starts_on=TUESDAY + timedelta(days=1))
    assert [other.name for other in second.value.alternatives]


def test_a_clash_names_the_free_room_at_the_same_time(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    hall.book(hall.room_a, now=clock.now())
    with pytest.raises(rules.SlotTaken, match="Room B") as refused:
        hall.book(hall.room_a, now=clock.now())
    first = refused.value.alternatives[0]
    assert (first.space, first.starts_at.hour) == (hall.room_b, 19)


def test_set_up_and_clean_down_keep_bookings_forty_five_minutes_apart(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now(), setup_minutes=30, cleandown_minutes=15)
    hall.book(now=clock.now(), start_minute=600, end_minute=660)
    with pytest.raises(rules.SlotTaken):
        hall.book(now=clock.now(), start_minute=660 + 44, end_minute=760)
    hall.book(now=clock.now(), start_minute=660 + 45, end_minute=760)


def test_a_hold_that_ran_out_gives_way_although_no_job_ran(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    held = hall.book(now=clock.now(), hold=True)
    with pytest.raises(rules.SlotTaken):
        hall.book(now=clock.now(), by="treasurer")
    clock.move(timedelta(minutes=15))
    hall.book(now=clock.now(), by="treasurer")
    with pytest.raises(rules.HoldLapsed, match="Room B"):
        transact(
            lambda s: service.claim_hold(
                s, booking=held, actor=place.actor("organiser"), now=clock.now()
            )
        )
    with transaction(read_only=True) as s:
        assert queries.booking(s, held).state == "expired"


def test_a_hold_that_ran_out_still_works_while_nobody_took_the_time(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    held = hall.book(now=clock.now(), hold=True)
    clock.move(timedelta(minutes=20))
    transact(lambda s: service.expire_holds(s, booking=held, now=clock.now()))
    transact(
        lambda s: service.claim_hold(
            s, booking=held, actor=place.actor("organiser"), now=clock.now()
        )
    )
    with transaction(read_only=True) as s:
        assert queries.booking(s, held).state == "requested"
    with pytest.raises(rules.SlotTaken):
        hall.book(now=clock.now(), by="treasurer")


def test_ones_own_hold_is_not_in_the_way(app: Flask, place: Place, clock: FixedClock) -> None:
    hall = open_hall(place, now=clock.now())
    first = hall.book(now=clock.now(), hold=True)
    again = hall.book(now=clock.now(), hold=True)
    with transaction(read_only=True) as s:
        states = [queries.booking(s, booking).state for booking in (first, again)]
    assert states == ["withdrawn", "held"]


@pytest.mark.owner_only("it bends what only an owner can")
def test_without_its_guard_the_database_would_take_an_overlap(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    """The negative control: the refusals above come from the guards, not from the tests."""
    atom = atom_of(place, clock)
    sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    with transaction() as s:
        s.execute(
            text(
                "DROP TRIGGER space_claim_no_overlap_insert" if sqlite
                else "ALTER TABLE space_claim DROP CONSTRAINT space_claim_no_overlap"
            )
        )  # fmt: skip
    insert(atom, ("one", 100, 200, 1), ("two", 150, 160, 1))
