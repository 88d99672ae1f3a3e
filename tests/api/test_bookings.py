"""Bookings by the API: preview, ask, answer, prove; a clash is a 409 with what is free."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from ledger.kernel.clock import FixedClock
from tests.cast import Place
from tests.hall import Hall, open_hall

Api = Callable[[str], FlaskClient]


def wanted(hall: Hall, **more: Any) -> dict[str, Any]:
    series = {"starts_on": "2026-03-10", "start_minute": 1140, "end_minute": 1260}
    series |= more.pop("series", {})
    return {
        "space": hall.room_a, "series": series, "activity": "Choir practice", "headcount": 12,
        "user_class": "community",
    } | more  # fmt: skip


def test_a_group_books_weekly_and_the_keyholder_proves_the_use(
    api: Api, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    group, broker = api("organiser"), api("broker")
    weekly = wanted(hall, series={"every_weeks": 1, "count": 4})
    shown = group.post("/api/v1/bookings/previews", json=weekly)
    assert shown.status_code == 200, shown.json
    assert [day["ok"] for day in shown.json["days"]] == [True] * 4
    assert (shown.json["list_pence"], shown.json["net_pence"]) == (16000, 4000)
    made = group.post("/api/v1/bookings", json=weekly | {"expected": shown.json["digest"]})
    assert made.status_code == 201, made.json
    booking = made.headers["Location"]
    assert group.post(f"{booking}/confirmation").status_code == 403
    yes = broker.post(f"{booking}/confirmation")
    assert yes.json["state"] == "confirmed"
    date = f"{booking}/dates/{yes.json['occurrences'][0]['id']}"
    assert broker.post(f"{date}/use", json={"used": True}).status_code == 422
    clock.move(timedelta(days=9))
    assert group.post(f"{date}/use", json={"used": True}).status_code == 403
    assert broker.post(f"{date}/use", json={"used": True}).json["state"] == "used"
    assert broker.post(f"{date}/use", json={"used": False}).status_code == 409


def test_a_clash_is_409_and_names_the_dates_and_what_is_free(
    api: Api, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    hall.book(now=clock.now())
    refused = api("treasurer").post("/api/v1/bookings", json=wanted(hall))
    assert (refused.status_code, refused.json["code"]) == (409, "bookings.slot_taken")
    assert refused.json["errors"]["dates.2026-03-10"] == "taken"
    assert hall.room_b in refused.json["errors"]["alternatives.0"]


def test_the_same_key_books_once(api: Api, place: Place, clock: FixedClock) -> None:
    hall = open_hall(place, now=clock.now())
    group = api("organiser")
    key = {"Idempotency-Key": "book-the-hall-once-only"}
    first = group.post("/api/v1/bookings", json=wanted(hall), headers=key)
    again = group.post("/api/v1/bookings", json=wanted(hall), headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_stranger_sees_that_a_time_is_taken_but_not_by_whom(
    api: Api, place: Place, clock: FixedClock, client: FlaskClient
) -> None:
    hall = open_hall(place, now=clock.now())
    booking = hall.book(now=clock.now())
    assert api("resident").get(f"/api/v1/bookings/{booking}").status_code == 404
    week = client.get(f"/api/v1/spaces/{hall.hall}/week?from_on=2026-03-09")
    assert week.status_code == 200, week.json
    assert [set(row) for row in week.json["items"]] == [{"atom", "starts_at", "ends_at", "kind"}]


def test_what_is_no_booking_is_refused_in_words(api: Api, place: Place, clock: FixedClock) -> None:
    hall = open_hall(place, now=clock.now())
    group = api("organiser")
    for bad in (
        wanted(hall, headcount=1.5), wanted(hall, headcount="12"), wanted(hall, headcount=-1),
        wanted(hall, user_class="friends"), wanted(hall, surprise=1),
        wanted(hall, series={"starts_on": "2026-02-30"}),
        wanted(hall, series={"end_minute": 1000}),
        wanted(hall, series={"every_weeks": 1}),
        wanted(hall, space="SPC-AAAAAAAA"),
    ):  # fmt: skip
        answer = group.post("/api/v1/bookings", json=bad)
        assert answer.status_code in (404, 422), answer.json


def test_a_resident_pays_the_list_price_and_no_group_can_be_borrowed(
    api: Api, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    resident = api("resident")
    assert resident.post("/api/v1/bookings", json=wanted(hall)).status_code == 422
    made = resident.post("/api/v1/bookings", json=wanted(hall, user_class="standard"))
    assert made.json["net_pence"] == made.json["list_pence"] == 4000
