"""Spaces, their parts, opening hours and rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.bookings.models import HireRate, OpeningHours, Space, SpaceAtom, SpacePart
from ledger.bookings.rules import Opening, Rate, Terms
from ledger.kernel.errors import Missing


@dataclass(frozen=True, slots=True)
class SpaceView:
    """A space and its terms. Buffers are minutes, notice hours, "ahead" days."""

    id: str
    asset: str
    name: str
    capacity: int
    approval: str
    setup_minutes: int
    cleandown_minutes: int
    notice_hours: int
    advance_days: int
    hold_minutes: int
    free_cancel_hours: int
    retention_percent: int
    vat_percent: int
    keyholder: str
    state: str
    atoms: tuple[str, ...]

    @property
    def terms(self) -> Terms:
        """What a plan needs to know."""
        return Terms(
            self.setup_minutes, self.cleandown_minutes, self.notice_hours, self.advance_days
        )


def _view(row: Space, atoms: Sequence[str]) -> SpaceView:
    return SpaceView(
        row.id, row.asset, row.name, row.capacity, row.approval, row.setup_minutes,
        row.cleandown_minutes, row.notice_hours, row.advance_days, row.hold_minutes,
        row.free_cancel_hours, row.retention_percent, row.vat_percent, row.keyholder, row.state,
        tuple(atoms),
    )  # fmt: skip


def space(session: Session, space_id: str) -> SpaceView:
    """One space with its parts.

    Raises:
        Missing: there is none.
    """
    row = session.get(Space, space_id)
    if row is None:
        raise Missing(
            "There is no such space.", remedy="Look at the building's page.", place=space_id
        )
    return _view(row, atoms_of(session, space_id))


def atoms_of(session: Session, space_id: str) -> list[str]:
    """The parts that a space takes, in order."""
    return list(
        session.scalars(
            select(SpacePart.atom).where(SpacePart.space == space_id).order_by(SpacePart.atom)
        )
    )


def spaces_of(session: Session, asset: str) -> list[SpaceView]:
    """The spaces of a building, the largest first."""
    rows = session.scalars(select(Space).where(Space.asset == asset)).all()
    views = [_view(row, atoms_of(session, row.id)) for row in rows]
    return sorted(views, key=lambda view: (-len(view.atoms), view.name))


def atoms_of_asset(session: Session, asset: str) -> dict[str, str]:
    """The parts of a building: reference and name."""
    rows = session.execute(
        select(SpaceAtom.id, SpaceAtom.name)
        .where(SpaceAtom.asset == asset)
        .order_by(SpaceAtom.name)
    )
    return {row.id: row.name for row in rows}


def opening_hours(session: Session, asset: str) -> dict[date, list[Opening]]:
    """Every set of opening hours that a building ever had, by the day it began."""
    rows = session.execute(
        select(
            OpeningHours.from_on, OpeningHours.weekday, OpeningHours.opens_minute,
            OpeningHours.closes_minute,
        )
        .where(OpeningHours.asset == asset)
        .order_by(OpeningHours.from_on, OpeningHours.weekday, OpeningHours.opens_minute)
    )  # fmt: skip
    found: dict[date, list[Opening]] = {}
    for row in rows:
        found.setdefault(row.from_on, []).append(Opening(row[1], row[2], row[3]))
    return found


def hours_on(sets: dict[date, list[Opening]], day: date) -> list[Opening]:
    """The openings of a day by the latest set that had begun."""
    begun = [from_on for from_on in sets if from_on <= day]
    if not begun:
        return []
    return [opening for opening in sets[max(begun)] if opening.weekday == day.weekday()]


def rates(session: Session, space_id: str) -> list[Rate]:
    """Every rate that a space ever had."""
    rows = session.scalars(
        select(HireRate)
        .where(HireRate.space == space_id)
        .order_by(HireRate.user_class, HireRate.from_on, HireRate.id)
    )
    return [
        Rate(row.id, row.user_class, row.pence_per_hour, row.from_on, row.policy) for row in rows
    ]


def bookable_assets(session: Session) -> list[str]:
    """The buildings that have a space."""
    return list(
        session.scalars(select(Space.asset).group_by(Space.asset).order_by(func.min(Space.id)))
    )
