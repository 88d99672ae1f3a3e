"""Booking by hand: a building's page, the preview, the booking, the keyholder's word."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from ledger.bookings import queries, service
from ledger.kernel.clock import LONDON, FixedClock
from ledger.kernel.db import transact, transaction
from tests.cast import Place
from tests.hall import Hall, open_hall
from tests.stage import Browser

SignIn = Callable[[Browser, str], Browser]


@pytest.fixture
def hall(place: Place, clock: FixedClock) -> Hall:
    return open_hall(place, now=clock.now())


def typed(**changes: str) -> dict[str, str]:
    return {
        "day-day": "10", "day-month": "3", "day-year": "2026", "start": "19:00", "end": "21:00",
        "repeat": "weekly", "count": "4", "activity": "Choir practice", "headcount": "12",
        "user_class": "community",
    } | changes  # fmt: skip


def expected(page: str) -> str:
    found = re.search(r'name="expected" value="([0-9a-f]{64})"', page)
    assert found is not None, page
    return found[1]


def test_anybody_sees_a_buildings_spaces_prices_and_week(
    client: Browser, hall: Hall, clock: FixedClock
) -> None:
    hall.book(now=clock.now())
    page = client.get(f"/buildings/{hall.asset}?week=2026-03-09").text
    assert page.count("<h1") == 1
    assert "£20 an hour" in page
    assert "Booked" in page
    assert "Choir practice" not in page


def test_the_group_sees_its_own_booking_in_the_calendar(
    client: Browser, hall: Hall, clock: FixedClock, sign_in: SignIn
) -> None:
    hall.book(now=clock.now())
    page = sign_in(client, "treasurer").get(f"/buildings/{hall.asset}?week=2026-03-09").text
    assert "Choir practice" in page


def test_a_group_books_weekly_and_sees_every_date(
    client: Browser, hall: Hall, clock: FixedClock, sign_in: SignIn
) -> None:
    group = sign_in(client, "organiser")
    form = group.get(f"/spaces/{hall.room_a}/book?day=2026-03-10")
    assert 'value="10"' in form.text
    shown = group.get(f"/spaces/{hall.room_a}/preview", query_string=typed())
    assert (shown.status_code, shown.text.count("Can be booked")) == (200, 4)
    assert "£40" in shown.text
    made = group.submit(
        f"/spaces/{hall.room_a}/book", fields=typed(expected=expected(shown.text)),
        follow_redirects=True,
    )  # fmt: skip
    assert made.status_code == 200
    assert "Your request was sent" in made.text
    assert made.text.count("Waiting for an answer") >= 4
    assert "Choir practice" in group.get("/bookings").text


def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(
    client: Browser, hall: Hall, sign_in: SignIn
) -> None:
    group = sign_in(client, "organiser")
    page = group.get(
        f"/spaces/{hall.room_a}/preview",
        query_string=typed(start="7", headcount="many", activity="Very special evening"),
    )
    assert page.status_code == 422
    assert "not a time of day" in page.text
    assert "Very special evening" in page.text
    assert 'href="#headcount"' in page.text
    full = group.get(f"/spaces/{hall.room_a}/preview", query_string=typed(headcount="600"))
    assert full.status_code == 422
    assert "holds from 1 to 60" in full.text


def test_a_clash_is_shown_with_what_is_free_and_the_rest_can_be_booked(
    client: Browser, hall: Hall, clock: FixedClock, sign_in: SignIn
) -> None:
    hall.book(now=clock.now(), by="treasurer")
    group = sign_in(client, "organiser")
    shown = group.get(f"/spaces/{hall.room_a}/preview", query_string=typed())
    assert "Somebody else has the space" in shown.text
    assert "Free instead" in shown.text
    assert "Room B" in shown.text
    made = group.submit(
        f"/spaces/{hall.room_a}/book",
        fields=typed(expected=expected(shown.text), mode="skip"), follow_redirects=True,
    )  # fmt: skip
    assert "Left out" in made.text


def test_a_preview_gone_stale_books_nothing_and_shows_the_dates_as_they_are(
    client: Browser, hall: Hall, clock: FixedClock, sign_in: SignIn
) -> None:
    group = sign_in(client, "organiser")
    shown = group.get(f"/spaces/{hall.room_a}/preview", query_string=typed())
    hall.book(now=clock.now(), by="treasurer")
    late = group.submit(f"/spaces/{hall.room_a}/book", fields=typed(expected=expected(shown.text)))
    assert late.status_code == 409
    assert "Something changed since you looked" in late.text
    assert "Nothing was booked" in late.text


def test_the_broker_confirms_and_later_says_that_people_came(
    client: Browser, hall: Hall, clock: FixedClock, sign_in: SignIn
) -> None:
    booking = hall.book(now=clock.now())
    broker = sign_in(client, "broker")
    assert "Choir practice" in broker.get("/brokers/").text
    said = broker.submit(f"/bookings/{booking}/confirm", follow_redirects=True)
    assert "The booking is confirmed" in said.text
    clock.at = datetime(2026, 3, 10, 22, tzinfo=LONDON)
    broker = sign_in(client, "broker")
    with transaction(read_only=True) as s:
        occurrence = queries.occurrences(s, booking)[0].id
    assert "Was the space used?" in broker.get("/brokers/").text
    date = f"/bookings/{booking}/dates/{occurrence}"
    assert broker.submit(f"{date}/use", fields={}).status_code == 422
    done = broker.submit(f"{date}/use", fields={"used": "yes"}, follow_redirects=True)
    assert "The use is in the books" in done.text
    assert "Paid by the public so far" in done.text
    shown = client.application.test_client().get(f"/buildings/{hall.asset}").text
    assert "Given in discounts by the public" in shown
    again = broker.submit(f"{date}/use", fields={"used": "no"})
    assert again.status_code == 422


def test_declining_asks_why(
    client: Browser, hall: Hall, clock: FixedClock, sign_in: SignIn
) -> None:
    booking = hall.book(now=clock.now())
    broker = sign_in(client, "broker")
    assert broker.submit(f"/bookings/{booking}/decline", fields={"reason": ""}).status_code == 422
    said = broker.submit(
        f"/bookings/{booking}/decline", fields={"reason": "The floor is wet"}, follow_redirects=True
    )
    assert "The floor is wet" in said.text


def test_the_group_cancels_a_date_with_a_reason(
    client: Browser, hall: Hall, clock: FixedClock, sign_in: SignIn
) -> None:
    booking = hall.book(now=clock.now())
    hall.confirm(booking, now=clock.now())
    with transaction(read_only=True) as s:
        occurrence = queries.occurrences(s, booking)[0].id
    group = sign_in(client, "organiser")
    date = f"/bookings/{booking}/dates/{occurrence}"
    assert "Cancel this date" in group.get(date).text
    done = group.submit(
        f"{date}/cancel", fields={"side": "hirer", "reason": "Half term"}, follow_redirects=True
    )
    assert "Cancelled by the group" in done.text


def test_a_strangers_booking_is_not_there(
    client: Browser, hall: Hall, clock: FixedClock, sign_in: SignIn
) -> None:
    booking = hall.book(now=clock.now())
    assert sign_in(client, "resident").get(f"/bookings/{booking}").status_code == 404


def test_the_keyholder_finds_the_dates_to_vouch_for(
    client: Browser, place: Place, clock: FixedClock, sign_in: SignIn
) -> None:
    hall = open_hall(place, now=clock.now(), keyholder=place.people["resident"])
    booking = hall.book(now=clock.now())
    hall.confirm(booking, now=clock.now())
    clock.at = datetime(2026, 3, 10, 22, tzinfo=LONDON)
    keyholder = sign_in(client, "resident")
    assert "You hold the key" in keyholder.get("/bookings").text


def test_the_feed_says_busy_in_london_time_and_marks_what_is_cancelled(
    client: Browser, hall: Hall, clock: FixedClock, place: Place
) -> None:
    booking = hall.book(now=clock.now(), every_weeks=1, count=4)
    hall.confirm(booking, now=clock.now())
    with transaction(read_only=True) as s:
        first = queries.occurrences(s, booking)[0].id
    transact(
        lambda s: service.cancel_occurrence(
            s, occurrence=first, side="hirer", reason="away",
            actor=place.actor("organiser"), now=clock.now(),
        )
    )  # fmt: skip
    answer = client.get(f"/buildings/{hall.asset}/calendar.ics")
    assert answer.mimetype == "text/calendar"
    lines = answer.text.split("\r\n")
    assert [line for line in lines if line.startswith("DTSTART;TZID")] == [
        f"DTSTART;TZID=Europe/London:202603{day}T190000" for day in (10, 17, 24, 31)
    ]
    assert lines.count("STATUS:CANCELLED") == 1
    assert lines.count("SEQUENCE:2") == 1
    assert "Choir" not in answer.text
    assert all(len(line.encode()) <= 75 for line in lines)


def test_the_clocks_second_hour_is_asked_for(
    client: Browser, place: Place, clock: FixedClock, sign_in: SignIn, app: Flask
) -> None:
    hall = open_hall(place, now=clock.now())
    clock.move(timedelta(days=200))
    group = sign_in(client, "organiser")
    night = typed(**{"day-day": "25", "day-month": "10", "start": "1:30", "end": "3:00",
                     "repeat": "once", "count": ""})  # fmt: skip
    page = group.get(f"/spaces/{hall.room_a}/preview", query_string=night)
    assert "show that time twice" in page.text
