"""What is held while something is awaited, and which holds have run out (B7)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.kernel.clock import microseconds

_RUN_OUT: Final = text(
    "SELECT h.seq FROM journal h WHERE h.book = :book AND h.deadline_us < :now_us"
    " AND EXISTS (SELECT 1 FROM entry e WHERE e.book = h.book AND e.seq = h.seq AND e.layer = 'H')"
    " AND h.resolves IS NULL AND NOT EXISTS (SELECT 1 FROM journal r WHERE r.book = h.book"
    " AND r.resolves = h.seq AND r.resolves IS NOT NULL) ORDER BY h.seq"
)


def run_out_holds(session: Session, book: int, now: datetime) -> list[int]:
    """The numbers of the holds past their deadline that nothing has resolved yet."""
    rows = session.execute(_RUN_OUT, {"book": book, "now_us": microseconds(now)})
    return [row[0] for row in rows]
