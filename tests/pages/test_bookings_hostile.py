"""What people mistype, and what nobody should send: a clear answer each, and never a fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.kernel.clock import FixedClock
from tests.cast import Place
from tests.hall import open_hall
from tests.stage import Browser

SignIn = Callable[[Browser, str], Browser]
GOOD = {
    "day-day": "10", "day-month": "3", "day-year": "2026", "start": "19:00", "end": "21:00",
    "repeat": "weekly", "count": "4", "activity": "Choir", "headcount": "12",
    "user_class": "community",
}  # fmt: skip
BAD = (
    {"day-year": "9999", "day-month": "12", "day-day": "31"}, {"day-year": "0001"},
    {"day-day": "31", "day-month": "2"}, {"day-day": "１０"}, {"start": "25:00"},
    {"start": "19:00:00"}, {"count": "1_000"}, {"count": "-4"}, {"count": "401"},
    {"count": "9999999999999"}, {"headcount": "1.5"}, {"headcount": "NaN"},
    {"headcount": "9999999999999"}, {"activity": "a\x00b"}, {"activity": "a\u202eb"},
    {"activity": "a" * 301}, {"activity": " "}, {"repeat": "daily"}, {"user_class": "council"},
    {"end": "19:00", "repeat": "once"},
)  # fmt: skip


@pytest.mark.parametrize("wrong", BAD, ids=str)
def test_a_booking_form_filled_in_badly_is_shown_again(
    client: Browser, place: Place, clock: FixedClock, sign_in: SignIn, wrong: dict[str, str]
) -> None:
    hall = open_hall(place, now=clock.now())
    group = sign_in(client, "organiser")
    shown = group.get(f"/spaces/{hall.room_a}/preview", query_string=GOOD | wrong)
    sent = group.submit(f"/spaces/{hall.room_a}/book", GOOD | wrong)
    if wrong.get("end") == "19:00":  # the same time on the next day: outside the opening hours
        assert (shown.status_code, sent.status_code) == (200, 409)
        return
    assert (shown.status_code, sent.status_code) == (422, 422)


@pytest.mark.parametrize(
    "path",
    ["/buildings/%00", "/buildings/AST-NONE", "/bookings/%00", "/spaces/%00/book",
     "/buildings/{asset}?week=9999-12-31", "/buildings/{asset}?week=0001-01-01",
     "/buildings/{asset}?space=%00", "/buildings/%00/calendar.ics",
     "/spaces/{space}/book?day=9999-12-31", "/buildings?q=%00",
     "/api/v1/spaces/{space}/week?from_on=9999-12-31",
     "/api/v1/assets?search=%00", "/api/v1/assets/%00", "/api/v1/bookings/%00"],
)  # fmt: skip
def test_an_address_typed_badly_never_faults(
    client: Browser, place: Place, clock: FixedClock, sign_in: SignIn, path: str
) -> None:
    hall = open_hall(place, now=clock.now())
    answer = sign_in(client, "organiser").get(path.format(asset=hall.asset, space=hall.room_a))
    assert answer.status_code < 500, answer.text[-800:]
