"""Answers to requests, and cancellations, with what each does to the books (K7, K8)."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.bookings import queries, rules
from ledger.bookings.models import Booking, Occurrence
from ledger.bookings.rules import postings
from ledger.bookings.service.claims import move_all, move_one
from ledger.bookings.service.posting import Event, post_events
from ledger.books import queries as books
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Forbidden, Invalid
from ledger.kernel.limits import REASON_CHARS_MIN
from ledger.kernel.texts import clean_text
from ledger.messages import service as messages
from ledger.parties.rules import Actor, require, system


def confirm(session: Session, *, booking: str, actor: Actor, now: datetime) -> None:
    """Confirm a request: every date that is still to come is the hirer's, and is charged.

    Raises:
        OwnDecision: the person asked for it.
        MoveRefused: it is not waiting for an answer.
    """
    require(actor, "booking.decide")
    _not_own(session, booking, actor)
    _confirm(session, booking=booking, actor=actor, now=now)


def confirm_at_once(session: Session, *, booking: str, now: datetime) -> None:
    """Confirm what needs no answer, because the space is let with instant approval."""
    _confirm(session, booking=booking, actor=system("instant-approval"), now=now)


def _confirm(session: Session, *, booking: str, actor: Actor, now: datetime) -> None:
    _move(session, booking=booking, was="requested", to="confirmed", actor=actor, now=now)
    late = session.scalars(
        select(Occurrence.id).where(
            Occurrence.booking == booking, Occurrence.state == "requested",
            Occurrence.starts_at <= now,
        )
    ).all()  # fmt: skip
    for occurrence in late:
        move_one(
            session, occurrence=occurrence, was="requested", to="declined", actor=actor, now=now
        )
    moved = set(move_all(session, booking=booking, was="requested", to="confirmed"))
    view = queries.booking(session, booking)
    events = [
        Event(
            id=f"{date.id}:confirm", kind="booking.confirm", effective_on=london_day(now),
            legs=postings.confirmed(queries.hire(view, date)), group=booking,
            reason="booking confirmed",
        )
        for date in queries.occurrences(session, booking)
        if date.id in moved
    ]  # fmt: skip
    post_events(session, book=view.book, events=events, maker=actor.person, now=now)
    audit.record(
        session, at=now, actor=actor.person, action="booking.confirm", subject=booking,
        facts={"dates": len(moved), "too_late": len(late)},
    )  # fmt: skip
    _tell(session, view, "booking.confirmed", now=now)


def decline(session: Session, *, booking: str, reason: str, actor: Actor, now: datetime) -> None:
    """Decline a request, with a reason that the group is told."""
    require(actor, "booking.decide")
    reason = _reason(reason)
    _not_own(session, booking, actor)
    _move(
        session, booking=booking, was="requested", to="declined", actor=actor, now=now,
        reason=reason,
    )  # fmt: skip
    move_all(session, booking=booking, was="requested", to="declined")
    audit.record(
        session, at=now, actor=actor.person, action="booking.decline", subject=booking,
        reason=reason,
    )  # fmt: skip
    _tell(session, queries.booking(session, booking), "booking.declined", now=now)


def withdraw(session: Session, *, booking: str, actor: Actor, now: datetime) -> None:
    """Take back one's own request or hold before it is answered."""
    require(actor, "booking.cancel")
    view = queries.booking(session, booking)
    _own(view, actor)
    was = "held" if view.state == "held" else "requested"
    _move(session, booking=booking, was=was, to="withdrawn", actor=actor, now=now)
    move_all(session, booking=booking, was=was, to="withdrawn")
    audit.record(session, at=now, actor=actor.person, action="booking.withdraw", subject=booking)


def cancel_occurrence(
    session: Session, *, occurrence: str, side: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Cancel one confirmed date before it begins; ``side`` is "hirer" or "provider".

    A hirer who cancels late loses the share that the space's terms say; a provider's
    cancellation gives everything back. The minutes stay available to the public.

    Raises:
        MoveRefused: it has begun, or is not confirmed.
    """
    require(actor, "booking.cancel")
    reason = _reason(reason)
    date = queries.occurrence(session, occurrence)
    view = queries.booking(session, date.booking)
    if side == "provider":
        require(actor, "booking.decide")
    else:
        _own(view, actor)
    if date.starts_at is None or date.starts_at <= now:
        raise rules.MoveRefused(
            "It has begun already.",
            remedy="Say whether the space was used.",
            place=occurrence,
        )
    to = "cancelled_by_provider" if side == "provider" else "cancelled_by_hirer"
    move_one(session, occurrence=occurrence, was="confirmed", to=to, actor=actor, now=now)
    percent = _retained(session, view, date.starts_at, now) if side == "hirer" else 0
    give_back(session, occurrence=occurrence, kept_percent=percent, actor=actor, now=now)
    audit.record(
        session, at=now, actor=actor.person, action="booking.cancel", subject=occurrence,
        facts={"side": side, "kept_percent": percent}, reason=reason,
    )  # fmt: skip
    close_if_over(session, booking=view.id)


def cancel_booking(
    session: Session, *, booking: str, side: str, reason: str, actor: Actor, now: datetime
) -> int:
    """Cancel every coming date of a confirmed booking; returns how many."""
    coming = [
        date
        for date in queries.occurrences(session, booking)
        if date.state == "confirmed" and date.starts_at and date.starts_at > now
    ]
    if not coming:
        raise rules.MoveRefused(
            "No coming date is left to cancel.", remedy="Look at its dates.", place=booking
        )
    for date in coming:
        cancel_occurrence(
            session, occurrence=date.id, side=side, reason=reason, actor=actor, now=now
        )
    return len(coming)


def _retained(
    session: Session, view: queries.BookingView, starts_at: datetime, now: datetime
) -> int:
    space = queries.space(session, view.space)
    free_until = rules.nominal_before(starts_at, hours=space.free_cancel_hours)
    return 0 if now <= free_until else space.retention_percent


def give_back(
    session: Session, *, occurrence: str, kept_percent: int, actor: Actor, now: datetime
) -> None:
    """Post a cancelled date: what was charged is not owed any more, or owed back if paid."""
    date = queries.occurrence(session, occurrence)
    view = queries.booking(session, date.booking)
    hire = queries.hire(view, date)
    kept, kept_vat, _ = rules.refund_split(
        net_pence=hire.net_pence, vat_pence=hire.vat_pence, retention_percent=kept_percent
    )
    owed = books.net(session, view.book, postings.receivable(hire.hirer))
    event = Event(
        id=f"{occurrence}:cancel", kind="booking.cancel", effective_on=london_day(now),
        legs=postings.cancelled(hire, kept=kept, kept_vat=kept_vat, still_owed=owed),
        group=view.id, reason="booking cancelled",
    )  # fmt: skip
    post_events(session, book=view.book, events=[event], maker=actor.person, now=now)


def close_if_over(session: Session, *, booking: str) -> None:
    """A confirmed booking is closed when none of its dates is left."""
    left = session.scalars(
        select(Occurrence.id).where(
            Occurrence.booking == booking, Occurrence.state.in_(tuple(rules.CLAIMING))
        )
    ).first()
    if left is None:
        session.execute(
            update(Booking)
            .where(Booking.id == booking, Booking.state == "confirmed")
            .values(state="closed", version=Booking.version + 1)
        )


def _move(
    session: Session, *, booking: str, was: str, to: str, actor: Actor, now: datetime,
    reason: str = "",
) -> None:  # fmt: skip
    assert (was, to) in rules.BOOKING_MOVES, (was, to)
    done = session.execute(
        update(Booking)
        .where(Booking.id == booking, Booking.state == was)
        .values(
            state=to, version=Booking.version + 1, decided_by=actor.person, decided_at=now,
            reason=reason,
        )
    )  # fmt: skip
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise rules.MoveRefused(
            f"The booking is not “{rules.BOOKING_STATES[was].lower()}” any more.",
            remedy="Look at it again: somebody may have answered it.",
            place=booking,
        )


def _reason(text: str) -> str:
    if len(text.strip()) < REASON_CHARS_MIN:
        raise Invalid("There is no reason.", remedy="Say why in a few words.", place="reason")
    return clean_text(text, place="reason")


def _not_own(session: Session, booking: str, actor: Actor) -> None:
    if queries.booking(session, booking).booker == actor.person:
        raise rules.OwnDecision(
            "You asked for this booking yourself.",
            remedy="Ask another asset broker to answer it.",
            place=booking,
        )


def _own(view: queries.BookingView, actor: Actor) -> None:
    mine = actor.person == view.booker
    ours = bool(view.organisation) and actor.organisation == view.organisation
    if not (mine or ours):
        raise Forbidden(
            "This is somebody else's booking.",
            remedy="Ask the person or group that made it.",
            place=view.id,
        )


def _tell(session: Session, view: queries.BookingView, template: str, *, now: datetime) -> None:
    facts = {"booking": view.id, "activity": view.activity, "reason": view.reason}
    messages.enqueue(
        session, key=f"{view.id}:{template}:{view.version}", recipient=view.booker,
        template=template, facts=cast(dict[str, object], facts), now=now,
    )  # fmt: skip
