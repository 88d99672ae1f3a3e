"""Accounting periods: opened, closed by two people, and what moved within them."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from sqlalchemy import Table, insert, select, text, update
from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.books.models import Account, Entry, Journal, Period, PeriodBalance
from ledger.kernel.errors import Conflict


def _table(model: Any) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def open_period(session: Session, *, book: int, starts_on: date, ends_on: date) -> int:
    """Open an accounting period that overlaps no other; returns its number."""
    queries.head(session, book, lock=True)
    period = Period(book=book, starts_on=starts_on, ends_on=ends_on, status="OPEN", reason="")
    session.add(period)
    session.flush()
    return period.id


def begin_closing(session: Session, *, period: int) -> None:
    """OPEN to ADJUSTING: from now on only entries that a second person checked."""
    _move_period(session, period, "OPEN", {"status": "ADJUSTING"})


def close_period(session: Session, *, period: int, signed_by: str, countersigned_by: str) -> str:
    """ADJUSTING to CLOSED, signed by two people; returns the trial balance's hash (hex)."""
    row = session.get_one(Period, period)
    head = queries.head(session, row.book, lock=True)
    sums = _movements(session, row)
    facts = [[path, dr, cr] for _, path, dr, cr in sums]
    digest = hashlib.sha256(rules.canonical(facts)).digest()
    session.execute(text("DELETE FROM period_balance WHERE period = :period"), {"period": period})
    if sums:
        session.execute(
            insert(_table(PeriodBalance)),
            [{"period": period, "account": account, "dr": dr, "cr": cr}
             for account, _, dr, cr in sums],
        )  # fmt: skip
    _move_period(
        session, period, "ADJUSTING",
        {"status": "CLOSED", "signed_by": signed_by, "countersigned_by": countersigned_by,
         "seq_at_close": head.next_seq - 1, "trial_balance_hash": digest},
    )  # fmt: skip
    return digest.hex()


def reopen_period(
    session: Session, *, period: int, signed_by: str, countersigned_by: str, reason: str
) -> None:
    """CLOSED back to ADJUSTING: two people and a reason."""
    _move_period(
        session, period, "CLOSED",
        {"status": "ADJUSTING", "signed_by": signed_by, "countersigned_by": countersigned_by,
         "reason": reason},
    )  # fmt: skip


def _movements(session: Session, period: Period) -> list[tuple[int, str, int, int]]:
    rows = session.execute(
        select(
            Account.id, Account.path,
            text("SUM(CASE WHEN entry.side='D' THEN entry.amount ELSE 0 END)"),
            text("SUM(CASE WHEN entry.side='C' THEN entry.amount ELSE 0 END)"),
        )
        .join(Entry, Entry.account == Account.id)
        .join(Journal, (Journal.book == Entry.book) & (Journal.seq == Entry.seq))
        .where(
            Account.book == period.book,
            Entry.layer == "P",
            Journal.effective_on.between(period.starts_on, period.ends_on),
        )
        .group_by(Account.id, Account.path)
        .order_by(Account.path)
    )  # fmt: skip
    return [(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


def _move_period(session: Session, period: int, was: str, values: dict[str, Any]) -> None:
    done = session.execute(
        update(Period).where(Period.id == period, Period.status == was).values(**values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(
            f"The period is not {was.lower()}.",
            remedy="Look at the period again: somebody may have moved it.",
            place=f"period {period}",
        )
