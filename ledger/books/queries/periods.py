"""Accounting periods: where each stands, and what every account moved within it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books.queries.posted import as_date
from ledger.books.rules import Movement
from ledger.kernel.db import is_sqlite
from ledger.kernel.errors import Missing

_PERIODS: Final = (
    "SELECT id, book, starts_on, ends_on, status, signed_by, countersigned_by, reason,"
    " seq_at_close, trial_balance_hash FROM period"
)
_FROM_ENTRIES: Final = text(
    "SELECT a.id, a.path, a.unit, f.code,"
    " SUM(CASE WHEN e.side = 'D' THEN e.amount ELSE 0 END),"
    " SUM(CASE WHEN e.side = 'C' THEN e.amount ELSE 0 END)"
    " FROM journal j JOIN entry e ON e.book = j.book AND e.seq = j.seq AND e.layer = 'P'"
    " JOIN account a ON a.id = e.account JOIN fund f ON f.id = a.fund"
    " WHERE j.book = :book AND j.effective_on BETWEEN :starts_on AND :ends_on"
    " GROUP BY a.id, a.path, a.unit, f.code ORDER BY a.path"
)
_KEPT: Final = text(
    "SELECT a.id, a.path, a.unit, f.code, b.dr, b.cr FROM period_balance b"
    " JOIN account a ON a.id = b.account JOIN fund f ON f.id = a.fund"
    " WHERE b.period = :period ORDER BY a.path"
)


def periods(session: Session, book: int) -> list[dict[str, Any]]:
    """The book's periods in order of time."""
    rows = session.execute(
        text(_PERIODS + " WHERE book = :book ORDER BY starts_on"), {"book": book}
    ).mappings()
    return [_shown(row) for row in rows]


def period(session: Session, book: int, number: int) -> dict[str, Any]:
    """One period of the book.

    Raises:
        Missing: there is none with this number.
    """
    row = (
        session.execute(
            text(_PERIODS + " WHERE book = :book AND id = :id"), {"book": book, "id": number}
        )
        .mappings()
        .first()
    )
    if row is None:
        raise Missing(
            f"There is no period {number}.",
            remedy="Look at the list: flask ledger periods list.",
            place=str(number),
        )
    return _shown(row)


def _shown(row: Any) -> dict[str, Any]:
    digest = row["trial_balance_hash"]
    return dict(row) | {
        "starts_on": as_date(row["starts_on"]), "ends_on": as_date(row["ends_on"]),
        "trial_balance_sha256": bytes(digest).hex() if digest is not None else None,
    }  # fmt: skip


def movements(session: Session, found: dict[str, Any]) -> list[Movement]:
    """What every account moved within a period, by path.

    Of a closed period these are the sums that were kept at its close, so that the same
    report is the same for ever; of another, what its entries say now.
    """
    if found["status"] == "CLOSED":
        rows = session.execute(_KEPT, {"period": found["id"]})
        return [Movement(*row) for row in rows]
    return movements_between(session, found["book"], found["starts_on"], found["ends_on"])


def movements_between(
    session: Session, book: int, starts_on: date, ends_on: date
) -> list[Movement]:
    """What every account moved by entries that took effect on these days, summed now."""
    days = {"starts_on": starts_on, "ends_on": ends_on}
    rows = session.execute(
        _FROM_ENTRIES,
        {"book": book} | {name: day_for(session, day) for name, day in days.items()},
    )
    return [Movement(row[0], row[1], row[2], row[3], int(row[4]), int(row[5])) for row in rows]


def day_for(session: Session, day: date) -> Any:
    """A day as a plain query must be given it: SQLite keeps days as text."""
    return day.isoformat() if is_sqlite(session) else day
