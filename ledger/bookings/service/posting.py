"""Posting a booking's events: accounts opened as needed, every journal once (K9, K11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.bookings.rules import postings
from ledger.books import service as books
from ledger.books.rules import JournalSpec, Leg


@dataclass(frozen=True, slots=True)
class Event:
    """One thing to post. ``id`` makes it happen once; ``group`` ties a booking together."""

    id: str
    kind: str
    effective_on: date
    legs: tuple[Leg, ...]
    group: str
    reason: str


def post_events(
    session: Session, *, book: int, events: Sequence[Event], maker: str, now: datetime
) -> None:
    """Post events that move anything; one that moves nothing posts nothing."""
    moving = [event for event in events if event.legs]
    if not moving:
        return
    session.flush()
    paths = sorted({leg.path for event in moving for leg in event.legs})
    books.open_accounts(session, book=book, specs=[postings.spec(path) for path in paths])
    books.post_many(
        session,
        book=book,
        specs=[
            JournalSpec(
                id=event.id, kind=event.kind, effective_on=event.effective_on, legs=event.legs,
                maker=maker, group=event.group, reason=event.reason,
            )
            for event in moving
        ],
        now=now,
    )  # fmt: skip
