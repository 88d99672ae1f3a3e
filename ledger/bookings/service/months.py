"""The public minutes of a building, month by month: endowed, spent, and what was left (K12)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from ledger.assets import queries as assets
from ledger.bookings import queries, rules
from ledger.bookings.models import AssetMonth
from ledger.bookings.rules import postings
from ledger.bookings.service.posting import Event, post_events
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Missing


def open_month(session: Session, *, asset: str, month_on: date, maker: str, now: datetime) -> bool:
    """Endow the public with a month's bookable minutes of a building; once only.

    Says whether it was done now. Minutes are real ones: the night of a clock change counts
    as long as it is.
    """
    assert month_on.day == 1, month_on
    if session.get(AssetMonth, (asset, month_on)) is not None:
        return False
    minutes = queries.bookable_minutes(session, asset=asset, month_on=month_on)
    session.add(
        AssetMonth(
            asset=asset, month_on=month_on, endowed_minutes=minutes, spent_minutes=0,
            opened_at=now, closed_at=None,
        )
    )  # fmt: skip
    session.flush()
    event = Event(
        id=f"{asset}:{month_on:%Y-%m}:open", kind="booking.month", effective_on=month_on,
        legs=postings.month_opens(asset, minutes), group=asset, reason="month opens",
    )  # fmt: skip
    post_events(session, book=_book(session, asset), events=[event], maker=maker, now=now)
    return True


def close_month(session: Session, *, asset: str, month_on: date, maker: str, now: datetime) -> bool:
    """Move what is left of a month's minutes to Closed and Unused; once only.

    Use that is proved later comes out of Unused.

    Raises:
        TooEarly: the month is not over.
    """
    if london_day(now) < rules.next_month(month_on):
        raise rules.TooEarly(
            f"The month of {month_on:%B %Y} is not over.",
            remedy="Close it when the next month has begun.",
            place=asset,
        )
    open_month(session, asset=asset, month_on=month_on, maker=maker, now=now)
    done = session.execute(
        update(AssetMonth)
        .where(
            AssetMonth.asset == asset, AssetMonth.month_on == month_on,
            AssetMonth.closed_at.is_(None),
        )
        .values(closed_at=now)
    )  # fmt: skip
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return False
    row = session.get_one(AssetMonth, (asset, month_on), populate_existing=True)
    shut = queries.closed_minutes(session, asset=asset, month_on=month_on)
    event = Event(
        id=f"{asset}:{month_on:%Y-%m}:close", kind="booking.month",
        effective_on=rules.month_days(month_on)[-1],
        legs=postings.month_closes(
            asset, left=row.endowed_minutes - row.spent_minutes, closed_minutes=shut
        ),
        group=asset, reason="month closes",
    )  # fmt: skip
    post_events(session, book=_book(session, asset), events=[event], maker=maker, now=now)
    return True


def spend(
    session: Session, *, asset: str, on: date, space_minutes: int, maker: str,
    now: datetime,
) -> tuple[str, date]:  # fmt: skip
    """Take minutes out of the month of a day: from which account, and the day to post on.

    An open month gives them from Available, dated as they were used; a closed one from
    Unused, dated today.
    """
    month_on = rules.month_of(on)
    open_month(session, asset=asset, month_on=month_on, maker=maker, now=now)
    done = session.execute(
        update(AssetMonth)
        .where(
            AssetMonth.asset == asset, AssetMonth.month_on == month_on,
            AssetMonth.closed_at.is_(None),
        )
        .values(spent_minutes=AssetMonth.spent_minutes + space_minutes)
    )  # fmt: skip
    if done.rowcount == 1:  # type: ignore[attr-defined]
        return postings.available(asset), on
    return postings.unused(asset), london_day(now)


def _book(session: Session, asset: str) -> int:
    listing = assets.listing_of(session, asset)
    if listing is None:
        raise Missing("The building is not listed.", remedy="List it first.", place=asset)
    return listing.book
