"""Questions about the safety net."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.kernel.clock import from_microseconds
from ledger.safety import rules
from ledger.safety.models import SafetyCheck
from ledger.safety.rules import Check, Stop


def checks(session: Session, *, book: int) -> list[Check]:
    """What the last look at each part found, by name."""
    rows = session.scalars(
        select(SafetyCheck).where(SafetyCheck.book == book).order_by(SafetyCheck.name),
        execution_options={"populate_existing": True},
    )
    return [
        Check(
            row.name, row.looked_at, row.good_at, row.stops == 1,
            None if row.good_until_us is None else from_microseconds(row.good_until_us), row.said,
        )
        for row in rows
    ]  # fmt: skip


def stops(session: Session, *, book: int, now: datetime) -> list[Stop]:
    """Why value stands still now; empty when it moves."""
    return rules.stops(checks(session, book=book), now=now)
