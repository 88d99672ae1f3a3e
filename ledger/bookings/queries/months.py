"""Public minutes of a building by month: endowed, used, lost and idle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.bookings.models import AssetMonth, SpaceClaim
from ledger.bookings.queries.spaces import atoms_of_asset, bookable_assets, hours_on, opening_hours
from ledger.bookings.rules import (
    Slot,
    epoch,
    month_days,
    next_month,
    opening_slot,
    postings,
    real_minutes,
)
from ledger.books import queries as books
from ledger.kernel.clock import london_midnight


@dataclass(frozen=True, slots=True)
class MonthView:
    """One month of a building. Minutes are space minutes (one part for one minute)."""

    asset: str
    month_on: date
    endowed_minutes: int
    spent_minutes: int
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class IdleRow:
    """How much of a building's time since the books began was used, and how much was not; and
    what hirers were not charged of the list price, which is what the public paid.
    """

    asset: str
    endowed_minutes: int
    used_minutes: int
    available_minutes: int
    unused_minutes: int
    forgone_pence: int

    @property
    def used_percent(self) -> int:
        """Whole percent of the endowed minutes that were used."""
        return 100 * self.used_minutes // self.endowed_minutes if self.endowed_minutes else 0


def month(session: Session, *, asset: str, month_on: date) -> MonthView | None:
    """The month's record, if it was opened."""
    row = session.get(AssetMonth, (asset, month_on))
    if row is None:
        return None
    return _month(row)


def _month(row: AssetMonth) -> MonthView:
    return MonthView(
        row.asset, row.month_on, row.endowed_minutes, row.spent_minutes, row.opened_at,
        row.closed_at,
    )  # fmt: skip


def open_months(session: Session, *, before: date) -> list[MonthView]:
    """Months that began before a day and are not closed, in order."""
    rows = session.scalars(
        select(AssetMonth)
        .where(AssetMonth.closed_at.is_(None), AssetMonth.month_on < before)
        .order_by(AssetMonth.month_on, AssetMonth.asset)
    )
    return [_month(row) for row in rows]


def bookable_minutes(session: Session, *, asset: str, month_on: date) -> int:
    """K12: space minutes that the opening hours of a month offer, counted in real minutes."""
    sets = opening_hours(session, asset)
    parts = len(atoms_of_asset(session, asset))
    return parts * sum(
        real_minutes(day, opening)
        for day in month_days(month_on)
        for opening in hours_on(sets, day)
    )


def closed_minutes(session: Session, *, asset: str, month_on: date) -> int:
    """Space minutes of the month's opening hours that closures took."""
    sets = opening_hours(session, asset)
    window = Slot(london_midnight(month_on), london_midnight(next_month(month_on)))
    rows = session.execute(
        select(SpaceClaim.starts, SpaceClaim.ends).where(
            SpaceClaim.atom.in_(list(atoms_of_asset(session, asset))),
            SpaceClaim.kind == "closure", SpaceClaim.active == 1,
            SpaceClaim.starts < epoch(window.ends_at), SpaceClaim.ends > epoch(window.starts_at),
        )
    ).all()  # fmt: skip
    stretches = [
        opening_slot(day, opening)
        for day in month_days(month_on)
        for opening in hours_on(sets, day)
    ]
    seconds = sum(
        max(0, min(row.ends, epoch(slot.ends_at)) - max(row.starts, epoch(slot.starts_at)))
        for row in rows
        for slot in stretches
    )
    return int(seconds) // 60


def idle(session: Session, *, book: int) -> list[IdleRow]:
    """The buildings that can be booked, the idlest first."""
    rows = [usage(session, book=book, asset=asset) for asset in bookable_assets(session)]
    return sorted(rows, key=lambda row: (row.used_percent, -row.endowed_minutes))


def usage(session: Session, *, book: int, asset: str) -> IdleRow:
    """What became of one building's public time. Every endowed minute ends as used, missed,
    closed or unused, or is still to come, so what was used is what the others leave.
    """
    endowed = books.owed(session, book, postings.endowment(asset))
    available, unused, missed, closed = (
        books.net(session, book, path)
        for path in (
            postings.available(asset), postings.unused(asset), postings.no_show(asset),
            postings.closed(asset),
        )
    )  # fmt: skip
    return IdleRow(
        asset=asset, endowed_minutes=endowed, available_minutes=available, unused_minutes=unused,
        used_minutes=endowed - available - unused - missed - closed,
        forgone_pence=books.owed(session, book, postings.hire_forgone(asset)),
    )  # fmt: skip
