"""Plans and series: every date is named, and what is booked is what was shown (K4, K5)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from ledger.bookings import queries, rules, service
from ledger.kernel.clock import LONDON, FixedClock
from ledger.kernel.db import transact, transaction
from tests.cast import Place
from tests.hall import TUESDAY, Hall, open_hall


def plan(hall: Hall, *, now: datetime, **changes: object) -> rules.Plan:
    with transaction(read_only=True) as s:
        return service.plan(s, request=hall.request(**changes), now=now)  # type: ignore[arg-type]


def test_a_forty_week_series_names_every_date_and_is_booked_as_shown(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    hall.book(now=clock.now(), starts_on=TUESDAY + timedelta(weeks=3), by="treasurer")
    transact(
        lambda s: service.close_building(
            s, asset=hall.asset, starts_at=datetime(2026, 4, 21, 6, tzinfo=LONDON),
            ends_at=datetime(2026, 4, 21, 23, tzinfo=LONDON), reason="boiler repair",
            actor=place.actor("broker"), now=clock.now(),
        )
    )  # fmt: skip
    shown = plan(hall, now=clock.now(), every_weeks=1, count=40)
    booking = hall.book(
        now=clock.now(), every_weeks=1, count=40, mode="skip", expected=shown.digest
    )
    with transaction(read_only=True) as s:
        dates = queries.occurrences(s, booking)
        locals_ = {date_.starts_at.astimezone(LONDON).hour for date_ in dates if date_.starts_at}
    assert {(day.on, day.reason) for day in shown.skipped} == {
        (date(2026, 3, 31), "conflict"), (date(2026, 4, 21), "closure"),
    }  # fmt: skip
    assert [(date_.on_day, date_.skip_reason) for date_ in dates] == [
        (day.on, day.reason) for day in shown.days
    ]
    assert locals_ == {19}
    assert shown.net_pence == 38 * 1000


def test_all_or_nothing_books_nothing_when_one_date_is_taken(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    hall.book(now=clock.now(), starts_on=TUESDAY + timedelta(weeks=1), by="treasurer")
    with pytest.raises(rules.SlotTaken, match="17 March 2026") as refused:
        hall.book(now=clock.now(), every_weeks=1, count=3)
    with transaction(read_only=True) as s:
        assert len(queries.bookings_of(s)) == 1
    assert refused.value.dates == ("2026-03-17",)


def test_a_preview_that_is_out_of_date_books_nothing(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    shown = plan(hall, now=clock.now(), every_weeks=1, count=3)
    hall.book(now=clock.now(), by="treasurer")
    with pytest.raises(rules.PlanChanged):
        hall.book(now=clock.now(), every_weeks=1, count=3, mode="skip", expected=shown.digest)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"starts_on": date(2026, 3, 1)}, "past"),
        ({"start_minute": 7 * 60}, "hours"),
        ({"start_minute": 21 * 60, "end_minute": 23 * 60}, "hours"),
        ({"starts_on": date(2026, 3, 3)}, "notice"),
        ({"starts_on": date(2026, 7, 1)}, "ahead"),
    ],
)
def test_each_reason_to_leave_a_date_out(
    app: Flask, place: Place, clock: FixedClock, changes: dict[str, object], reason: str
) -> None:
    hall = open_hall(place, now=clock.now(), notice_hours=48, advance_days=90)
    assert [day.reason for day in plan(hall, now=clock.now(), **changes).days] == [reason]
    with pytest.raises(rules.NothingToBook, match=rules.SKIP_REASONS[reason]):
        hall.book(now=clock.now(), **changes)


def test_a_skipped_date_can_be_added_again_once_it_is_free_and_keeps_its_id(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    other = hall.book(now=clock.now(), by="treasurer")
    booking = hall.book(now=clock.now(), every_weeks=1, count=3, mode="skip")
    with transaction(read_only=True) as s:
        skipped = queries.occurrences(s, booking)[0]
    organiser = place.actor("organiser")
    again = lambda s: service.readd(s, occurrence=skipped.id, actor=organiser, now=clock.now())  # noqa: E731
    with pytest.raises(rules.SlotTaken):
        transact(again)
    transact(
        lambda s: service.withdraw(
            s, booking=other, actor=place.actor("treasurer"), now=clock.now()
        )
    )
    transact(again)
    with transaction(read_only=True) as s:
        added = queries.occurrences(s, booking)[0]
    assert (added.id, added.state, added.recurrence_at) == (
        skipped.id, "requested", skipped.starts_at,
    )  # fmt: skip


def test_a_closure_is_refused_over_bookings_unless_they_give_way(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    booking = hall.book(now=clock.now(), every_weeks=1, count=2)
    hall.confirm(booking, now=clock.now())

    def close(*, displacing: bool) -> list[str]:
        return transact(
            lambda s: service.close_building(
                s, asset=hall.asset, starts_at=datetime(2026, 3, 10, 8, tzinfo=LONDON),
                ends_at=datetime(2026, 3, 10, 22, tzinfo=LONDON), reason="burst pipe",
                actor=place.actor("broker"), now=clock.now(), displacing=displacing,
            )
        )  # fmt: skip

    with pytest.raises(rules.SlotTaken) as refused:
        close(displacing=False)
    moved = close(displacing=True)
    with transaction(read_only=True) as s:
        states = [date_.state for date_ in queries.occurrences(s, booking)]
    assert refused.value.dates == ("2026-03-10",)
    assert (len(moved), states) == (1, ["displaced", "confirmed"])
