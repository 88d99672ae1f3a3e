"""Stories of buildings and of those who book them: every command of the register and of bookings."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from ledger.assets import service as assets
from ledger.bookings import queries
from ledger.bookings import service as bookings
from ledger.bookings.rules import Opening
from ledger.kernel.clock import LONDON
from tests import hall
from tests.hall import Hall
from tests.reliability.failing import Told

REGISTER = (
    b"Asset Ref,Asset Name,Street,Post Code,Tenure\n"
    b"A1,Weir House,Weir Street,TW1 1AB,Freehold\nA2,Lock Cottage,Lock Lane,TW1 1AC,Freehold\n"
)
MARCH = date(2026, 3, 1)


def registered_and_let(told: Told) -> None:
    """A register is read in; a building is added, listed, taken back, and its room let."""
    broker = told.actor("broker")
    read = assets.prepare(io.BytesIO(REGISTER), file_name="register.csv", register="Testwick")
    told.do(assets.import_register, prepared=read, actor=broker)
    asset = told.do(assets.add_building, name="Mill Barn", council="Testwick Council",
                    street="Mill Lane", actor=broker)  # fmt: skip
    listing = told.do(
        assets.list_asset, asset=asset, book=told.place.book, organisation=told.place.council,
        summary="One room by the mill.", actor=broker,
    )  # fmt: skip
    told.do(assets.move_listing, listing=listing, was="offered", to="withdrawn", reason="Repairs",
            actor=broker)  # fmt: skip
    space = told.do(bookings.add_space, asset=asset, name="Barn", parts=("B",), capacity=30,
                    actor=broker)  # fmt: skip
    told.do(bookings.set_hours, asset=asset, openings=[Opening(1, 480, 1_320)], from_on=MARCH,
            actor=broker)  # fmt: skip
    told.do(bookings.set_rate, space=space, user_class="standard", pence_per_hour=900,
            from_on=MARCH, actor=broker)  # fmt: skip


def booked(told: Told) -> None:
    """A hall is let: held, claimed, taken back, declined, confirmed, cancelled, used, paid."""
    with told.proof.rest():
        let = hall.open_hall(told.place, now=told.now)
    broker, organiser = told.actor("broker"), told.actor("organiser")
    held = let.book(now=told.now, hold=True)
    told.do(bookings.claim_hold, booking=held, actor=organiser)
    told.do(bookings.withdraw, booking=held, actor=organiser)
    with told.proof.rest():
        kept = let.book(now=told.now, hold=True)
    told.do(bookings.expire_holds, booking=kept, now=told.now + timedelta(minutes=16))
    with told.proof.rest():
        asked = let.book(now=told.now)
    told.do(bookings.decline, booking=asked, reason="The boiler is out", actor=broker)
    added_again(told, let)
    cancelled(told, let)
    used_and_paid(told, let)


def added_again(told: Told, let: Hall) -> None:
    """A date that was taken is asked for again once it is free."""
    with told.proof.rest():
        other = let.book(now=told.now, by="treasurer")
        series = let.book(now=told.now, every_weeks=1, count=2, mode="skip")
        told.do(bookings.withdraw, booking=other, actor=told.actor("treasurer"))
    (skipped, _) = dates(told, series)
    told.do(bookings.readd, occurrence=skipped, actor=told.actor("organiser"))
    let.confirm(series, now=told.now)
    told.do(
        bookings.close_building, asset=let.asset, starts_at=datetime(2026, 3, 10, 8, tzinfo=LONDON),
        ends_at=datetime(2026, 3, 10, 22, tzinfo=LONDON), reason="burst pipe",
        actor=told.actor("broker"), displacing=True,
    )  # fmt: skip


def cancelled(told: Told, let: Hall) -> None:
    """One date by its hirer, then all that are left by the provider."""
    with told.proof.rest():
        series = let.book(
            let.room_b, now=told.now, starts_on=date(2026, 3, 11), every_weeks=1, count=3
        )
        let.confirm(series, now=told.now)
    told.do(bookings.cancel_occurrence, occurrence=dates(told, series)[0], side="hirer",
            reason="Half of us are ill", actor=told.actor("organiser"))  # fmt: skip
    told.do(bookings.cancel_booking, booking=series, side="provider", reason="Water in the hall",
            actor=told.actor("broker"))  # fmt: skip


def used_and_paid(told: Told, let: Hall) -> None:
    """One date was used and one not; the hire is paid, and the months' minutes are counted."""
    broker = told.actor("broker")
    with told.proof.rest():
        series = let.book(now=told.now, starts_on=date(2026, 3, 12), every_weeks=1, count=2)
        let.confirm(series, now=told.now)
    told.do(bookings.open_month, asset=let.asset, month_on=MARCH, maker="job:months")
    told.clock.move(timedelta(days=21))
    first, second = dates(told, series)
    told.do(bookings.confirm_use, occurrence=first, actor=broker)
    told.do(bookings.mark_no_show, occurrence=second, actor=broker)
    told.do(bookings.receive_payment, booking=series, reference="BANK 77", quantity_pence=2_500,
            received_on=told.now.date(), actor=told.actor("officer"))  # fmt: skip
    told.clock.move(timedelta(days=10))
    told.do(bookings.close_month, asset=let.asset, month_on=MARCH, maker="job:months")
    told.ask(
        lambda s: bookings.plan(s, request=let.request(starts_on=date(2026, 4, 21)), now=told.now)
    )


def dates(told: Told, booking: str) -> Sequence[str]:
    """The dates of a booking."""
    return [one.id for one in told.ask(lambda s: queries.occurrences(s, booking))]


STORIES = (registered_and_let, booked)
