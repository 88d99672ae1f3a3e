"""Taking and freeing parts of a building. The database has the last word (K1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.bookings import queries, rules
from ledger.bookings.models import Booking, Occurrence, SpaceAtom, SpaceClaim
from ledger.bookings.rules import Slot, SlotTaken, epoch
from ledger.kernel.ids import new_id
from ledger.parties.rules import Actor

ClaimSpec = tuple[str, Slot, str | None]
"""A part, a stretch of time and the date that it is for."""


def lock_atoms(session: Session, *, atoms: Iterable[str], now: datetime) -> None:
    """Lock parts in one order (PostgreSQL; SQLite has one writer), and let go of lapsed holds.

    Correctness never waits for the nightly jobs: whoever wants a part ends its lapsed holds.
    """
    wanted = sorted(set(atoms))
    session.execute(
        select(SpaceAtom.id)
        .where(SpaceAtom.id.in_(wanted))
        .order_by(SpaceAtom.id)
        .with_for_update(key_share=True)
    ).all()
    lapsed = (
        select(SpaceClaim.occurrence)
        .where(
            SpaceClaim.atom.in_(wanted), SpaceClaim.active == 1, SpaceClaim.expires.is_not(None),
            SpaceClaim.expires <= epoch(now),
        )
        .distinct()
    )  # fmt: skip
    dates = list(session.scalars(lapsed))
    if dates:
        bookings = session.scalars(
            select(Occurrence.booking).where(Occurrence.id.in_(dates)).distinct()
        ).all()
        for booking in bookings:
            expire(session, booking=booking, now=now)


def expire(session: Session, *, booking: str, now: datetime) -> bool:
    """K3: a lapsed hold ends: its claims are freed and the booking says that it ran out."""
    done = session.execute(
        update(Booking)
        .where(Booking.id == booking, Booking.state == "held", Booking.hold_until <= now)
        .values(state="expired", version=Booking.version + 1)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return False
    move_all(session, booking=booking, was="held", to="expired")
    audit.record(session, at=now, actor="system", action="booking.expire", subject=booking)
    return True


def write_claims(
    session: Session, specs: Sequence[ClaimSpec], *, kind: str, reason: str = "",
    expires_at: datetime | None = None,
) -> None:  # fmt: skip
    """Take every part for its time, in one order.

    Raises:
        SlotTaken: somebody else has one of them; nothing of this call stays.
    """
    rows = [
        {
            "id": new_id("CLM", length=12), "atom": atom, "starts": epoch(slot.starts_at),
            "ends": epoch(slot.ends_at), "kind": kind, "active": 1,
            "expires": epoch(expires_at) if expires_at else None, "occurrence": occurrence,
            "reason": reason,
        }
        for atom, slot, occurrence in sorted(
            specs, key=lambda spec: (spec[0], spec[1].starts_at)
        )
    ]  # fmt: skip
    try:
        with session.begin_nested():
            session.execute(insert(SpaceClaim), rows)
    except IntegrityError as error:
        raise SlotTaken(
            "Somebody else took that time a moment ago.",
            remedy="Look at the preview again: it shows what is free now.",
        ) from error


def free(session: Session, occurrences: Sequence[str]) -> None:
    """End the claims of some dates; the rows stay."""
    session.execute(
        update(SpaceClaim)
        .where(SpaceClaim.occurrence.in_(list(occurrences)), SpaceClaim.active == 1)
        .values(active=0)
    )


def move_all(session: Session, *, booking: str, was: str, to: str) -> list[str]:
    """Move every date of a booking that is in one state, and free what no longer claims."""
    assert (was, to) in rules.OCCURRENCE_MOVES, (was, to)
    moved = list(
        session.scalars(
            select(Occurrence.id).where(Occurrence.booking == booking, Occurrence.state == was)
        )
    )
    if moved:
        session.execute(
            update(Occurrence)
            .where(Occurrence.id.in_(moved), Occurrence.state == was)
            .values(state=to, sequence=Occurrence.sequence + 1)
        )
        if to not in rules.CLAIMING:
            free(session, moved)
    return moved


def move_one(
    session: Session, *, occurrence: str, was: str, to: str, actor: Actor, now: datetime
) -> None:
    """Move one date by compare-and-swap (K7).

    Raises:
        MoveRefused: it is not in the state that it was thought to be in.
    """
    allowed = (was, to) in rules.OCCURRENCE_MOVES
    done = session.execute(
        update(Occurrence)
        .where(Occurrence.id == occurrence, Occurrence.state == was)
        .values(state=to, sequence=Occurrence.sequence + 1, settled_by=actor.person, settled_at=now)
    )
    if not allowed or done.rowcount != 1:  # type: ignore[attr-defined]
        words = rules.OCCURRENCE_STATES
        raise rules.MoveRefused(
            f"The date is not “{words.get(was, was).lower()}”, so it cannot become"
            f" “{words.get(to, to).lower()}”.",
            remedy="Look at the booking again: somebody may have changed it.",
            place=occurrence,
        )
    if to not in rules.CLAIMING and to not in ("used", "no_show"):
        free(session, [occurrence])


def displace(
    session: Session, *, asset: str, slot: Slot, actor: Actor, reason: str, now: datetime,
    allowed: bool,
) -> list[str]:  # fmt: skip
    """Move what is booked out of the way of a closure, or refuse naming the dates."""
    from ledger.bookings.service.decide import give_back

    atoms = list(queries.atoms_of_asset(session, asset))
    in_the_way = list(
        session.scalars(
            select(SpaceClaim.occurrence)
            .where(
                SpaceClaim.atom.in_(atoms), SpaceClaim.active == 1,
                SpaceClaim.occurrence.is_not(None), SpaceClaim.starts < epoch(slot.ends_at),
                SpaceClaim.ends > epoch(slot.starts_at),
            )
            .distinct()
        )
    )  # fmt: skip
    dates = [queries.occurrence(session, occurrence) for occurrence in in_the_way if occurrence]
    if dates and not allowed:
        raise SlotTaken(
            f"{len(dates)} booked dates are in the way.",
            remedy="Say that they give way, or choose another time.",
            dates=sorted({date.on_day.isoformat() for date in dates}),
        )
    for date in dates:
        if date.state == "held":
            continue
        move_one(session, occurrence=date.id, was=date.state, to="displaced", actor=actor, now=now)
        if date.state == "confirmed":
            give_back(session, occurrence=date.id, kept_percent=0, actor=actor, now=now)
        audit.record(
            session, at=now, actor=actor.person, action="booking.displace", subject=date.id,
            reason=reason,
        )  # fmt: skip
    return [date.id for date in dates]
