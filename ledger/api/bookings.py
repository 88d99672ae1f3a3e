"""Bookings: preview, ask, answer, cancel, and say whether a space was used."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.schemas.base import page_of
from ledger.api.schemas.bookings import (
    BookingCancellation,
    BookingPlan,
    BookingQuery,
    BookingReason,
    BookingSchema,
    BookingUse,
    FullBookingSchema,
    HirePaymentSchema,
    NewBooking,
    NewBookingPreview,
    NewHirePayment,
    OccurrenceSchema,
)
from ledger.bookings import queries, rules, service
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.pagination import Page, decode, page
from ledger.kernel.clock import now
from ledger.parties.rules import Actor

blp = resource("bookings", "Who has which space when, at what price, and whether it was used")
_GROUP = frozenset({"organiser", "treasurer"})


def _request(body: dict[str, Any], actor: Actor) -> service.Request:
    series = dict(body["series"])
    series["without"] = tuple(series["without"])
    return service.Request(
        space=body["space"], series=rules.Series(**series), activity=body["activity"],
        headcount=body["headcount"], user_class=body["user_class"],
        organisation=(actor.organisation or "") if actor.roles & _GROUP else "",
    )  # fmt: skip


def _plan(plan: rules.Plan) -> dict[str, Any]:
    return {
        "digest": plan.digest, "list_pence": plan.list_pence, "net_pence": plan.net_pence,
        "minutes": plan.minutes, "days": [_day(day) for day in plan.days],
    }  # fmt: skip


def _day(day: rules.PlannedDay) -> dict[str, Any]:
    quote = day.quote
    return {
        "on": day.on, "ok": day.ok, "reason": day.reason,
        "starts_at": day.slot.starts_at if day.slot else None,
        "ends_at": day.slot.ends_at if day.slot else None,
        "list_pence": quote.list_pence if quote else 0,
        "net_pence": quote.net_pence if quote else 0, "rate": quote.rate if quote else "",
    }  # fmt: skip


def _full(session: Session, booking: str) -> dict[str, Any]:
    view = queries.booking_for(session, booking, current_actor())
    return asdict(view) | {"occurrences": queries.occurrences(session, booking)}


@blp.route("/previews")
class Previews(MethodView):
    """What would become of a request."""

    @guarded("booking.request")
    @idempotent
    @blp.arguments(NewBookingPreview)
    @blp.response(200, BookingPlan)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Show every date of a request as it would be booked now. Books nothing."""
        request = _request(body, current_actor())
        with reading() as session:
            return _plan(service.plan(session, request=request, now=now()))


@blp.route("/")
class Bookings(MethodView):
    """Bookings."""

    @guarded("booking.read")
    @blp.arguments(BookingQuery, location="query")
    @blp.response(200, page_of(BookingSchema))
    def get(self, query: dict[str, Any]) -> Page[queries.BookingView]:
        """List your own and your group's bookings; staff see everybody's. The latest first."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        actor = current_actor()
        mine: dict[str, str] = {}
        if not actor.roles & rules.SEES_ALL:
            mine = {"booker": actor.person, "organisation": actor.organisation or ""}
        with reading() as session:
            rows = queries.bookings_of(
                session, **mine, asset=query["asset"], state=query["state"], after=after,
                limit=query["limit"] + 1,
            )  # fmt: skip
        return page(rows, size=query["limit"], key=lambda row: [row.id])

    @guarded("booking.request")
    @idempotent
    @blp.arguments(NewBooking)
    @blp.response(201, FullBookingSchema)
    def post(self, body: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Ask for a space; all dates or, with ``mode`` skip, those that can be booked."""
        actor = current_actor()

        def unit(session: Session) -> dict[str, Any]:
            made = service.book(
                session, request=_request(body, actor), actor=actor, now=now(),
                mode=body["mode"], expected=body["expected"], hold=body["hold"],
            )  # fmt: skip
            return _full(session, made.id)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/bookings/{made['id']}"}


@blp.route("/<booking>")
class Booking(MethodView):
    """One booking."""

    @guarded("booking.read")
    @blp.response(200, FullBookingSchema)
    def get(self, booking: str) -> dict[str, Any]:
        """Show one booking with its dates."""
        with reading() as session:
            return _full(session, booking)


@blp.route("/<booking>/request")
class ClaimHold(MethodView):
    """From hold to request."""

    @guarded("booking.request")
    @idempotent
    @blp.response(200, FullBookingSchema)
    def post(self, booking: str) -> dict[str, Any]:
        """Ask for the time that was kept for you."""

        def unit(session: Session) -> dict[str, Any]:
            service.claim_hold(session, booking=booking, actor=current_actor(), now=now())
            return _full(session, booking)

        return run_unit(unit)


@blp.route("/<booking>/confirmation")
class Confirmation(MethodView):
    """Yes."""

    @guarded("booking.decide")
    @idempotent
    @blp.response(200, FullBookingSchema)
    def post(self, booking: str) -> dict[str, Any]:
        """Confirm a request: its dates are charged, and income only when they are used."""

        def unit(session: Session) -> dict[str, Any]:
            service.confirm(session, booking=booking, actor=current_actor(), now=now())
            return _full(session, booking)

        return run_unit(unit)


@blp.route("/<booking>/decline")
class Decline(MethodView):
    """No."""

    @guarded("booking.decide")
    @idempotent
    @blp.arguments(BookingReason)
    @blp.response(200, FullBookingSchema)
    def post(self, body: dict[str, Any], booking: str) -> dict[str, Any]:
        """Decline a request, with a reason."""

        def unit(session: Session) -> dict[str, Any]:
            service.decline(session, booking=booking, **body, actor=current_actor(), now=now())
            return _full(session, booking)

        return run_unit(unit)


@blp.route("/<booking>/withdrawal")
class Withdrawal(MethodView):
    """Taking a request back."""

    @guarded("booking.cancel")
    @idempotent
    @blp.response(200, FullBookingSchema)
    def post(self, booking: str) -> dict[str, Any]:
        """Take back your own request or hold before it is answered."""

        def unit(session: Session) -> dict[str, Any]:
            service.withdraw(session, booking=booking, actor=current_actor(), now=now())
            return _full(session, booking)

        return run_unit(unit)


@blp.route("/<booking>/dates/<occurrence>/cancellation")
class Cancellation(MethodView):
    """Cancelling one date."""

    @guarded("booking.cancel")
    @idempotent
    @blp.arguments(BookingCancellation)
    @blp.response(200, OccurrenceSchema)
    def post(self, body: dict[str, Any], booking: str, occurrence: str) -> queries.OccurrenceView:
        """Cancel one confirmed date before it begins."""

        def unit(session: Session) -> queries.OccurrenceView:
            _belongs(session, booking, occurrence)
            service.cancel_occurrence(
                session, occurrence=occurrence, **body, actor=current_actor(), now=now()
            )
            return queries.occurrence(session, occurrence)

        return run_unit(unit)


@blp.route("/<booking>/dates/<occurrence>/use")
class Use(MethodView):
    """Proof of use."""

    @guarded("booking.confirm_use")
    @idempotent
    @blp.arguments(BookingUse)
    @blp.response(200, OccurrenceSchema)
    def post(self, body: dict[str, Any], booking: str, occurrence: str) -> queries.OccurrenceView:
        """Say that the space was used, or that nobody came."""
        settle = service.confirm_use if body["used"] else service.mark_no_show

        def unit(session: Session) -> queries.OccurrenceView:
            _belongs(session, booking, occurrence)
            settle(session, occurrence=occurrence, actor=current_actor(), now=now())
            return queries.occurrence(session, occurrence)

        return run_unit(unit)


@blp.route("/<booking>/dates/<occurrence>/return")
class Return(MethodView):
    """Adding a date again."""

    @guarded("booking.request")
    @idempotent
    @blp.response(200, OccurrenceSchema)
    def post(self, booking: str, occurrence: str) -> queries.OccurrenceView:
        """Ask again for a date that was left out because it was taken."""

        def unit(session: Session) -> queries.OccurrenceView:
            _belongs(session, booking, occurrence)
            service.readd(session, occurrence=occurrence, actor=current_actor(), now=now())
            return queries.occurrence(session, occurrence)

        return run_unit(unit)


@blp.route("/<booking>/payments")
class Payments(MethodView):
    """What the hirer paid."""

    @guarded("fund.receive")
    @idempotent
    @blp.arguments(NewHirePayment)
    @blp.response(201, HirePaymentSchema)
    def post(self, body: dict[str, Any], booking: str) -> dict[str, str]:
        """Write down a payment, once for each reference of the bank."""
        made = run_unit(
            lambda session: service.receive_payment(
                session, booking=booking, **body, actor=current_actor(), now=now()
            )
        )
        return {"journal": made}


def _belongs(session: Session, booking: str, occurrence: str) -> None:
    queries.booking_for(session, booking, current_actor())
    if queries.occurrence(session, occurrence).booking != booking:
        queries.occurrence(session, f"{booking}/{occurrence}")  # refuses
