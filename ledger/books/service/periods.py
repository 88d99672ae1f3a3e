"""Accounting periods: opened, closed and opened again by two people, each step a leaf (B8, B11)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, text, update
from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.books.models import Period, PeriodBalance
from ledger.books.rules import JournalSpec, Leg
from ledger.books.service.accounts import open_accounts, open_unit
from ledger.books.service.posting import Posted, post
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Conflict


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


def close_period(
    session: Session, *, period: int, signed_by: str, countersigned_by: str, reason: str,
    now: datetime,
) -> str:  # fmt: skip
    """B11: ADJUSTING to CLOSED, signed by two people; returns the trial balance's hash (hex).

    The sums of the period are kept, and a journal whose leaf carries their hash is posted.

    Raises:
        Conflict: the period is not being closed.
    """
    row = _standing(session, period, "ADJUSTING")
    sums = queries.movements_between(session, row.book, row.starts_on, row.ends_on)
    digest = rules.trial_balance_hash(sums)
    session.execute(text("DELETE FROM period_balance WHERE period = :period"), {"period": period})
    if sums:
        table = PeriodBalance.__table__
        assert isinstance(table, Table)
        session.execute(
            insert(table),
            [{"period": period, "account": one.account, "dr": one.dr, "cr": one.cr}
             for one in sums],
        )  # fmt: skip
    leaf = _leaf(
        session, row, kind="period.close", legs=rules.closing_legs(), maker=signed_by,
        checker=countersigned_by, reason=reason, purpose=digest.hex(), now=now,
    )  # fmt: skip
    _move_period(
        session, period, "ADJUSTING",
        {"status": "CLOSED", "signed_by": signed_by, "countersigned_by": countersigned_by,
         "reason": reason, "seq_at_close": leaf.seq, "trial_balance_hash": digest},
    )  # fmt: skip
    return digest.hex()


def reopen_period(
    session: Session, *, period: int, signed_by: str, countersigned_by: str, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    """B11: CLOSED back to ADJUSTING: two people, a reason, and a leaf that keeps all three.

    Raises:
        Conflict: the period is not closed.
    """
    row = _standing(session, period, "CLOSED")
    assert row.trial_balance_hash is not None, "a closed period has its hash"
    _leaf(
        session, row, kind="period.reopen", legs=rules.reopening_legs(), maker=signed_by,
        checker=countersigned_by, reason=reason, purpose=row.trial_balance_hash.hex(), now=now,
    )  # fmt: skip
    _move_period(
        session, period, "CLOSED",
        {"status": "ADJUSTING", "signed_by": signed_by, "countersigned_by": countersigned_by,
         "reason": reason},
    )  # fmt: skip


def _standing(session: Session, period: int, status: str) -> Period:
    """The period, with its book locked, if it stands where it must."""
    row = session.get_one(Period, period)
    queries.head(session, row.book, lock=True)
    session.refresh(row)
    if row.status != status:
        raise _moved(period, status)
    return row


def _leaf(
    session: Session, row: Period, *, kind: str, legs: tuple[Leg, ...], maker: str, checker: str,
    reason: str, purpose: str, now: datetime,
) -> Posted:  # fmt: skip
    open_unit(session, code=rules.PERIOD_UNIT, name="accounting periods")
    open_accounts(session, book=row.book, specs=[rules.STILL_OPEN, rules.CLOSED])
    group, number = rules.period_group(row.starts_on), queries.head(session, row.book).next_seq
    # Never within the period itself: its sums are what the leaf signs.
    effective_on = max(london_day(now), row.ends_on + timedelta(days=1))
    spec = JournalSpec(
        id=f"{group}:{kind.removeprefix('period.')}:{number}", kind=kind,
        effective_on=effective_on, legs=legs, maker=maker, checker=checker, group=group,
        reason=reason, purpose=purpose,
    )  # fmt: skip
    return post(session, book=row.book, spec=spec, now=now)


def _move_period(session: Session, period: int, was: str, values: dict[str, Any]) -> None:
    done = session.execute(
        update(Period).where(Period.id == period, Period.status == was).values(**values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise _moved(period, was)


def _moved(period: int, was: str) -> Conflict:
    return Conflict(
        f"The period is not {was.lower()}.",
        remedy="Look at the period again: somebody may have moved it.",
        place=f"period {period}",
    )
