"""Wharf Hall: one hall of two rooms, let for every test about bookings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from ledger.assets import service as assets
from ledger.bookings import service as bookings
from ledger.bookings.rules import Opening, Series
from ledger.bookings.service import Request
from ledger.kernel.db import transact
from tests.cast import Place

TUESDAY = date(2026, 3, 10)
SEVEN, NINE = 19 * 60, 21 * 60


@dataclass(frozen=True, slots=True)
class Hall:
    """A building whose hall takes both of its rooms' parts. List price £20 an hour."""

    place: Place
    asset: str
    hall: str
    room_a: str
    room_b: str

    def request(self, space: str = "", **changes: Any) -> Request:
        """The group asks for Tuesday 10 March 2026, 19:00 to 21:00, unless told otherwise."""
        series = Series(starts_on=TUESDAY, start_minute=SEVEN, end_minute=NINE)
        of_series = {key: changes.pop(key) for key in list(changes) if hasattr(series, key)}
        request = Request(
            space=space or self.room_a, series=replace(series, **of_series),
            activity="Choir practice", headcount=12, user_class="community",
            organisation=self.place.group,
        )  # fmt: skip
        return replace(request, **changes)

    def book(self, space: str = "", *, now: datetime, by: str = "organiser", **changes: Any) -> str:
        """Ask for a booking and return it."""
        options = {key: changes.pop(key) for key in ("mode", "expected", "hold") if key in changes}
        request = self.request(space, **changes)
        return transact(
            lambda s: bookings.book(
                s, request=request, actor=self.place.actor(by), now=now, **options
            )
        ).id

    def confirm(self, booking: str, *, now: datetime) -> None:
        """The broker says yes."""
        transact(
            lambda s: bookings.confirm(
                s, booking=booking, actor=self.place.actor("broker"), now=now
            )
        )


def open_hall(place: Place, *, now: datetime, **terms: Any) -> Hall:
    """List the hall with its rooms, hours 08:00 to 22:00 every day, and three rates."""

    def unit(session: Session) -> Hall:
        broker = place.actor("broker")
        asset = assets.add_building(
            session, name="Wharf Hall", council="Testwick Council", street="Wharf Street",
            town="Testwick", postcode="TW1 1AA", lat_microdegrees=53_387_958,
            lon_microdegrees=-2_352_092, actor=broker, now=now,
        )  # fmt: skip
        assets.list_asset(
            session, asset=asset, book=place.book, organisation=place.council,
            summary="A hall of two rooms by the canal.", actor=broker, now=now,
        )  # fmt: skip
        spaces = [
            bookings.add_space(
                session, asset=asset, name=name, parts=parts, capacity=capacity, actor=broker,
                now=now, **terms,
            )
            for name, parts, capacity in (
                ("Whole hall", ("A", "B"), 120), ("Room A", ("A",), 60), ("Room B", ("B",), 40),
            )
        ]  # fmt: skip
        bookings.set_hours(
            session, asset=asset, from_on=date(2025, 1, 1), actor=broker, now=now,
            openings=[Opening(weekday, 8 * 60, 22 * 60) for weekday in range(7)],
        )  # fmt: skip
        for space in spaces:
            for user_class, pence, policy in (
                ("standard", 2_000, "LIST"), ("community", 500, "COMMUNITY-2026"),
            ):  # fmt: skip
                bookings.set_rate(
                    session, space=space, user_class=user_class, pence_per_hour=pence,
                    from_on=date(2025, 1, 1), policy=policy, actor=broker, now=now,
                )  # fmt: skip
        return Hall(place, asset, *spaces)

    return transact(unit)
