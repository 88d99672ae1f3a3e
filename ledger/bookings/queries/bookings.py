"""Bookings and their dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ledger.bookings.models import Booking, Occurrence, Space
from ledger.bookings.rules import SEES_ALL, Hire
from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.parties.rules import Actor


@dataclass(frozen=True, slots=True)
class OccurrenceView:
    """One date of a booking. Money is pence, lengths are minutes."""

    id: str
    booking: str
    number: int
    on_day: date
    starts_at: datetime | None
    ends_at: datetime | None
    recurrence_at: datetime | None
    state: str
    skip_reason: str
    sequence: int
    minutes: int
    space_minutes: int
    list_pence: int
    net_pence: int
    vat_pence: int
    list_rate: str
    rate: str
    policy: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking without its dates, with their sums and the next and first of them."""

    id: str
    book: int
    asset: str
    space: str
    organisation: str
    booker: str
    user_class: str
    activity: str
    headcount: int
    every_weeks: int
    start_minute: int
    end_minute: int
    state: str
    version: int
    requested_at: datetime
    hold_until: datetime | None
    decided_by: str
    decided_at: datetime | None
    reason: str
    dates: int
    skipped: int
    first_on: date | None
    last_on: date | None
    net_pence: int
    list_pence: int
    minutes: int

    @property
    def hirer(self) -> str:
        """Who owes the hire: the group, or the person where there is none."""
        return self.organisation or self.booker


_LIVE = Occurrence.state.not_in(("skipped", "declined", "withdrawn", "expired"))


def _views(session: Session, rows: Sequence[Booking]) -> list[BookingView]:
    sums: dict[str, Any] = {
        row[0]: row
        for row in session.execute(
            select(
                Occurrence.booking,
                func.count(),
                func.count().filter(Occurrence.state == "skipped"),
                func.min(Occurrence.on_day),
                func.max(Occurrence.on_day),
                func.coalesce(func.sum(Occurrence.net_pence).filter(_LIVE), 0),
                func.coalesce(func.sum(Occurrence.list_pence).filter(_LIVE), 0),
                func.coalesce(func.sum(Occurrence.minutes).filter(_LIVE), 0),
            )
            .where(Occurrence.booking.in_([row.id for row in rows]))
            .group_by(Occurrence.booking)
        )
    }
    return [_view(row, sums.get(row.id)) for row in rows]


def _view(row: Booking, sums: Any) -> BookingView:
    facts = tuple(sums[1:]) if sums else (0, 0, None, None, 0, 0, 0)
    return BookingView(
        row.id, row.book, row.asset, row.space, row.organisation, row.booker, row.user_class,
        row.activity, row.headcount, row.every_weeks, row.start_minute, row.end_minute,
        row.state, row.version, row.requested_at, row.hold_until, row.decided_by,
        row.decided_at, row.reason, facts[0], facts[1], facts[2], facts[3],
        *(int(value) for value in facts[4:]),
    )  # fmt: skip


def booking(session: Session, booking_id: str) -> BookingView:
    """One booking.

    Raises:
        Missing: there is none.
    """
    row = session.get(Booking, booking_id)
    if row is None:
        raise Missing("There is no such booking.", remedy="Check the reference.", place=booking_id)
    return _views(session, [row])[0]


def booking_for(session: Session, booking_id: str, actor: Actor) -> BookingView:
    """One booking, for those who may see it: who made it, its group, the keyholder and staff.

    Raises:
        Missing: there is none, or not for this person.
    """
    view = booking(session, booking_id)
    ours = bool(view.organisation) and actor.organisation == view.organisation
    keyholder = session.scalars(select(Space.keyholder).where(Space.id == view.space)).one()
    if actor.person in (view.booker, keyholder) or ours or actor.roles & SEES_ALL:
        return view
    raise Missing("There is no such booking.", remedy="Check the reference.", place=booking_id)


def bookings_of(
    session: Session, *, organisation: str = "", booker: str = "", asset: str = "",
    state: str = "", after: str = "", limit: int = 50,
) -> list[BookingView]:  # fmt: skip
    """Bookings by what is given, the latest first, after the booking ``after``."""
    query = select(Booking).order_by(Booking.requested_at.desc(), Booking.id.desc())
    mine = [
        column == value
        for column, value in (
            (Booking.organisation, organisation), (Booking.booker, booker),
        )
        if value
    ]  # fmt: skip
    if mine:
        query = query.where(or_(*mine))
    if asset:
        query = query.where(Booking.asset == asset)
    if state:
        query = query.where(Booking.state == state)
    here = session.get(Booking, after) if after else None
    if here is not None:
        query = query.where(
            or_(
                Booking.requested_at < here.requested_at,
                and_(Booking.requested_at == here.requested_at, Booking.id < here.id),
            )
        )
    rows = session.scalars(query.limit(min(limit, limits.PAGE_ROWS_MAX + 1))).all()
    return _views(session, rows)


def waiting(session: Session, *, assets: Sequence[str] = (), limit: int = 50) -> list[BookingView]:
    """Requests that wait for an answer, the oldest first (of some buildings if named)."""
    query = select(Booking).where(Booking.state == "requested")
    if assets:
        query = query.where(Booking.asset.in_(list(assets)))
    rows = session.scalars(query.order_by(Booking.requested_at, Booking.id).limit(limit)).all()
    return _views(session, rows)


def _occurrence_view(row: Occurrence) -> OccurrenceView:
    return OccurrenceView(
        row.id, row.booking, row.number, row.on_day, row.starts_at, row.ends_at,
        row.recurrence_at, row.state, row.skip_reason, row.sequence, row.minutes,
        row.space_minutes, row.list_pence, row.net_pence, row.vat_pence, row.list_rate,
        row.rate, row.policy, row.settled_at,
    )  # fmt: skip


def occurrences(session: Session, booking_id: str) -> list[OccurrenceView]:
    """All dates of a booking in order."""
    rows = session.scalars(
        select(Occurrence).where(Occurrence.booking == booking_id).order_by(Occurrence.number)
    )
    return [_occurrence_view(row) for row in rows]


def occurrence(session: Session, occurrence_id: str) -> OccurrenceView:
    """One date.

    Raises:
        Missing: there is none.
    """
    row = session.get(Occurrence, occurrence_id)
    if row is None:
        raise Missing("There is no such date.", remedy="Check the reference.", place=occurrence_id)
    return _occurrence_view(row)


def hire(of: BookingView, at: OccurrenceView) -> Hire:
    """A date as the books see it."""
    return Hire(
        occurrence=at.id, asset=of.asset, hirer=of.hirer, policy=at.policy or "LIST",
        user_class=of.user_class, net_pence=at.net_pence, list_pence=at.list_pence,
        vat_pence=at.vat_pence, space_minutes=at.space_minutes,
    )  # fmt: skip


def _dated(
    session: Session, *conditions: Any, limit: int
) -> list[tuple[BookingView, OccurrenceView]]:
    rows = session.execute(
        select(Occurrence, Booking)
        .join(Booking, Booking.id == Occurrence.booking)
        .where(*conditions)
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(limit)
    ).all()
    return [(_view(row[1], None), _occurrence_view(row[0])) for row in rows]


def awaiting_use(
    session: Session, *, now: datetime, asset: str = "", keyholder: str = "", limit: int = 100
) -> list[tuple[BookingView, OccurrenceView]]:
    """Confirmed dates that have begun and that nobody has vouched for, the oldest first."""
    conditions = [Occurrence.state == "confirmed", Occurrence.starts_at <= now]
    if keyholder:
        held = select(Space.id).where(Space.keyholder == keyholder)
        conditions.append(Booking.space.in_(held))
    if asset:
        conditions.append(Booking.asset == asset)
    return _dated(session, *conditions, limit=limit)


def upcoming(
    session: Session, *, now: datetime, days: int = 14, asset: str = "", organisation: str = "",
    limit: int = 100,
) -> list[tuple[BookingView, OccurrenceView]]:  # fmt: skip
    """Dates that are coming, confirmed or asked for."""
    conditions = [
        Occurrence.state.in_(("confirmed", "requested")), Occurrence.starts_at > now,
        Occurrence.starts_at <= now + timedelta(days=days),
    ]  # fmt: skip
    if asset:
        conditions.append(Booking.asset == asset)
    if organisation:
        conditions.append(Booking.organisation == organisation)
    return _dated(session, *conditions, limit=limit)


def feed(
    session: Session, *, asset: str, since: datetime, limit: int = 2000
) -> list[tuple[BookingView, OccurrenceView]]:
    """The dates of a building's calendar, cancelled ones too, from an instant on."""
    return _dated(
        session,
        Booking.asset == asset,
        Occurrence.starts_at >= since,
        Occurrence.state.in_(
            ("confirmed", "requested", "used", "no_show", "cancelled_by_hirer",
             "cancelled_by_provider", "displaced")
        ),
        limit=limit,
    )  # fmt: skip


def lapsed_holds(session: Session, *, now: datetime, limit: int = 200) -> list[str]:
    """Bookings whose hold ran out and that nobody has tidied up yet."""
    return list(
        session.scalars(
            select(Booking.id)
            .where(Booking.state == "held", Booking.hold_until <= now)
            .order_by(Booking.hold_until)
            .limit(limit)
        )
    )
