"""Writing down what a look at the safety net found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.kernel.clock import microseconds
from ledger.safety.models import SafetyCheck

_SAID_CHARS_MAX = 2_000


def note(
    session: Session, *, book: int, check: str, stops: bool, said: str,
    good_at: datetime | None, good_until: datetime | None, by: str, now: datetime,
) -> None:  # fmt: skip
    """N1, N2: keep what was found. Value stands still while ``stops``, and after ``good_until``.

    ``good_at`` is when it was last whole; None leaves what was known. An event is written when
    value stops or goes on by this.
    """
    row = session.get(SafetyCheck, (book, check), with_for_update=True, populate_existing=True)
    was = row is not None and row.stops == 1
    if row is None:
        row = SafetyCheck(book=book, name=check, good_at=None)
        session.add(row)
    row.looked_at, row.stops, row.said = now, int(stops), said[:_SAID_CHARS_MAX]
    row.good_at = good_at or row.good_at
    row.good_until_us = None if good_until is None else microseconds(good_until)
    session.flush()
    if stops != was:
        action = "value.stop" if stops else "value.go"
        facts = {"check": check, "said": said[:500]}
        audit.record(session, at=now, actor=by, action=action, subject=str(book), facts=facts)
