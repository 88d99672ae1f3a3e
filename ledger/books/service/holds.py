"""Holds that run out: each is answered by a journal of its own, once (B7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ledger.books.rules import JournalSpec
from ledger.books.service.posting import Posted, resolve_hold
from ledger.kernel.clock import london_day


def expire_hold(session: Session, *, book: int, hold: int, maker: str, now: datetime) -> Posted:
    """B7: give back what a hold kept, in a journal that says so; twice is once.

    ``hold`` is the journal that holds.

    Raises:
        AlreadyResolved: somebody posted it or gave it up before.
    """
    spec = JournalSpec(
        id=f"hold-{hold}-ran-out", kind="hold.expire", effective_on=london_day(now), legs=(),
        maker=maker, reason="the deadline of the hold has passed",
    )  # fmt: skip
    return resolve_hold(session, book=book, hold=hold, spec=spec, now=now)
