"""Who has which part of a building when, and what is free instead."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ledger.bookings.models import Booking, Occurrence, SpaceClaim
from ledger.bookings.queries.spaces import SpaceView, hours_on, opening_hours, spaces_of
from ledger.bookings.rules import (
    DAY_MINUTES,
    Alternative,
    Opening,
    Slot,
    claimed,
    epoch,
    from_epoch,
    is_open,
)
from ledger.kernel.clock import LONDON

_STEPS_MINUTES: Final = (30, -30, 60, -60, 120, -120, 180, -180)


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch in which a part is taken. The booking is for those who may know it."""

    atom: str
    starts_at: datetime
    ends_at: datetime
    kind: str
    state: str
    booking: str
    organisation: str
    occurrence: str


Taken = dict[str, list[tuple[int, int, str]]]
"""Active claims by part: starts, ends (UTC seconds), kind; in order."""


def taken(
    session: Session, *, atoms: Iterable[str], starts: int, ends: int, now: datetime,
    but_for: str = "",
) -> Taken:  # fmt: skip
    """Active claims on the parts within UTC seconds; lapsed holds and one booking left out."""
    query = (
        select(SpaceClaim.atom, SpaceClaim.starts, SpaceClaim.ends, SpaceClaim.kind)
        .where(
            SpaceClaim.atom.in_(list(atoms)), SpaceClaim.active == 1, SpaceClaim.starts < ends,
            SpaceClaim.ends > starts,
            or_(SpaceClaim.expires.is_(None), SpaceClaim.expires > epoch(now)),
        )
        .order_by(SpaceClaim.atom, SpaceClaim.starts)
    )  # fmt: skip
    if but_for:
        mine = select(Occurrence.id).where(Occurrence.booking == but_for)
        query = query.where(
            or_(SpaceClaim.occurrence.is_(None), SpaceClaim.occurrence.not_in(mine))
        )
    found: Taken = defaultdict(list)
    for row in session.execute(query):
        found[row[0]].append((row[1], row[2], row[3]))
    return found


def clashes(found: Taken, *, atoms: Sequence[str], slot: Slot) -> str:
    """The kind of the first active claim that overlaps the slot on any part; empty if none.

    Claims on a part never overlap each other, so only the last that begins before the slot
    ends can reach into it.
    """
    starts, ends = epoch(slot.starts_at), epoch(slot.ends_at)
    for atom in atoms:
        claims = found.get(atom, [])
        last = bisect_left(claims, (ends,)) - 1
        if last >= 0 and claims[last][1] > starts:
            return claims[last][2]
    return ""


def week_busy(
    session: Session, *, asset_atoms: Iterable[str], slot: Slot, now: datetime
) -> list[Busy]:
    """Everything that takes a part of the building in a stretch of time, in order."""
    starts, ends = epoch(slot.starts_at), epoch(slot.ends_at)
    rows = session.execute(
        select(
            SpaceClaim.atom, SpaceClaim.starts, SpaceClaim.ends, SpaceClaim.kind,
            Occurrence.state, Occurrence.booking, Booking.organisation, Occurrence.id,
            Occurrence.starts_at, Occurrence.ends_at,
        )
        .outerjoin(Occurrence, Occurrence.id == SpaceClaim.occurrence)
        .outerjoin(Booking, Booking.id == Occurrence.booking)
        .where(
            SpaceClaim.atom.in_(list(asset_atoms)), SpaceClaim.starts < ends,
            SpaceClaim.ends > starts,
            or_(
                and_(SpaceClaim.active == 1, or_(SpaceClaim.expires.is_(None),
                                                 SpaceClaim.expires > epoch(now))),
                Occurrence.state.in_(("used", "no_show")),
            ),
        )
        .order_by(SpaceClaim.starts, SpaceClaim.atom)
    )  # fmt: skip
    return [
        Busy(
            row[0], row[8] or from_epoch(row[1]), row[9] or from_epoch(row[2]), row[3], row[4] or "", row[5] or "",
            row[6] or "", row[7] or "",
        )
        for row in rows
    ]  # fmt: skip


def alternatives(
    session: Session, *, space: SpaceView, slot: Slot, headcount: int, now: datetime, most: int = 3
) -> list[Alternative]:
    """What is free instead of a slot: another space of the building at that time, or the same
    space up to three hours earlier or later, while the building is open.
    """
    window = Slot(slot.starts_at - timedelta(hours=6), slot.ends_at + timedelta(hours=6))
    others = [
        other
        for other in spaces_of(session, space.asset)
        if other.state == "open" and other.capacity >= headcount
    ]
    found = taken(
        session, atoms={atom for other in [*others, space] for atom in other.atoms},
        starts=epoch(window.starts_at), ends=epoch(window.ends_at), now=now,
    )  # fmt: skip
    wanted = [(other, slot) for other in others if other.id != space.id]
    wanted += [(space, _moved(slot, step)) for step in _STEPS_MINUTES]
    hours = opening_hours(session, space.asset)
    free = [
        Alternative(other.id, other.name, at.starts_at, at.ends_at)
        for other, at in wanted
        if at.starts_at > now
        and _is_open(hours, at)
        and not clashes(found, atoms=other.atoms, slot=claimed(at, other.terms))
    ]
    return free[:most]


def _is_open(hours: dict[date, list[Opening]], slot: Slot) -> bool:
    """Whether the building is open all through a slot, by London's wall clock."""
    starts, ends = (at.astimezone(LONDON) for at in (slot.starts_at, slot.ends_at))
    day = starts.date()
    start_minute = starts.hour * 60 + starts.minute
    end_minute = (ends.date() - day).days * DAY_MINUTES + ends.hour * 60 + ends.minute
    return is_open(
        hours_on(hours, day), hours_on(hours, day + timedelta(days=1)), start_minute, end_minute
    )


def _moved(slot: Slot, minutes: int) -> Slot:
    step = timedelta(minutes=minutes)
    return Slot(slot.starts_at + step, slot.ends_at + step)
