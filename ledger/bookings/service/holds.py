"""Holds: kept for some minutes, asked for in time or run out; and dates that are added again."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.bookings import queries, rules
from ledger.bookings.models import Booking, Occurrence, SpaceClaim
from ledger.bookings.rules import Slot
from ledger.bookings.service.claims import expire, lock_atoms, write_claims
from ledger.parties.rules import Actor, require


def expire_holds(session: Session, *, booking: str, now: datetime) -> bool:
    """Tidy up one hold that ran out; says whether there was anything to do."""
    return expire(session, booking=booking, now=now)


def claim_hold(session: Session, *, booking: str, actor: Actor, now: datetime) -> None:
    """Turn a hold into a request. One that ran out still works while nobody took the time.

    Raises:
        HoldLapsed: somebody took it; with what is free instead.
        MoveRefused: it is no hold, or somebody else's.
    """
    require(actor, "booking.request")
    view = queries.booking(session, booking)
    space = queries.space(session, view.space)
    lock_atoms(session, atoms=space.atoms, now=now)
    row = session.get_one(Booking, booking, populate_existing=True)
    was = row.state
    if was not in ("held", "expired") or row.booker != actor.person:
        raise rules.MoveRefused(
            "That is not a time that is kept for you.",
            remedy="Choose a time again.",
            place=booking,
        )
    dates = select(Occurrence.id).where(Occurrence.booking == booking, Occurrence.state == was)
    try:
        with session.begin_nested():
            session.execute(
                update(SpaceClaim)
                .where(SpaceClaim.occurrence.in_(dates))
                .values(active=1, kind="booking", expires=None)
            )
    except IntegrityError as error:
        raise _lapsed(session, view, now) from error
    session.execute(
        update(Occurrence)
        .where(Occurrence.booking == booking, Occurrence.state == was)
        .values(state="requested", sequence=Occurrence.sequence + 1)
    )
    row.state, row.version, row.hold_until = "requested", row.version + 1, None
    session.flush()
    audit.record(
        session, at=now, actor=actor.person, action="booking.requested", subject=booking,
        facts={"from": was},
    )  # fmt: skip


def _lapsed(session: Session, view: queries.BookingView, now: datetime) -> rules.HoldLapsed:
    first = next(date for date in queries.occurrences(session, view.id) if date.starts_at)
    slot = Slot(cast(datetime, first.starts_at), cast(datetime, first.ends_at))
    free = queries.alternatives(
        session, space=queries.space(session, view.space), slot=slot,
        headcount=view.headcount, now=now,
    )  # fmt: skip
    names = ", ".join(sorted({other.name for other in free}))
    return rules.HoldLapsed(
        "The time that we kept for you ran out, and somebody else took it.",
        remedy=(f"Free around that time: {names}. " if free else "") + "Choose again.",
        place=view.id,
    )


def readd(session: Session, *, occurrence: str, actor: Actor, now: datetime) -> None:
    """Ask again for a date that was left out because it was taken; it keeps its id.

    Raises:
        MoveRefused: it was not left out for a clash, has passed, or the booking is over.
        SlotTaken: it is still taken.
    """
    require(actor, "booking.request")
    row = session.get(Occurrence, occurrence)
    view = queries.booking(session, row.booking) if row else None
    if row is None or view is None or not _may_readd(row, view, actor, now):
        raise rules.MoveRefused(
            "That date cannot be added again.",
            remedy="Only a coming date of your own live booking that was left out can be.",
            place=occurrence,
        )
    space = queries.space(session, view.space)
    lock_atoms(session, atoms=space.atoms, now=now)
    slot = Slot(cast(datetime, row.starts_at), cast(datetime, row.ends_at))
    taken = rules.claimed(slot, space.terms)
    write_claims(session, [(atom, taken, occurrence) for atom in space.atoms], kind="booking")
    row.state, row.sequence, row.skip_reason = "requested", row.sequence + 1, ""
    session.flush()
    if view.state == "confirmed":
        session.execute(
            update(Booking).where(Booking.id == view.id).values(version=Booking.version + 1)
        )
    audit.record(session, at=now, actor=actor.person, action="booking.readd", subject=occurrence)


def _may_readd(row: Occurrence, view: queries.BookingView, actor: Actor, now: datetime) -> bool:
    mine = actor.person == view.booker or (
        bool(view.organisation) and actor.organisation == view.organisation
    )
    live = view.state in ("requested", "confirmed")
    coming = row.starts_at is not None and row.starts_at > now
    return mine and live and coming and row.state == "skipped" and row.skip_reason == "conflict"
