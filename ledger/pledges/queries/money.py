"""Questions about receipts, releases and refunds, and where the money stands, in pence."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.kernel import limits
from ledger.pledges import rules
from ledger.pledges.models import Commitment, Receipt, Refund, RefundRun, Release
from ledger.pledges.queries.views import (
    Money,
    PledgeView,
    ReceiptView,
    RefundRunView,
    RefundView,
    ReleaseView,
    many_rows,
    one_row,
)

__all__ = [
    "money",
    "receipt",
    "receipts",
    "refund_run",
    "refund_runs",
    "refunds",
    "release",
    "releases",
    "sums",
]


def receipts(
    session: Session, *, pledge: str = "", commitment: str = "", after: str = "",
    rows_max: int = limits.PAGE_ROWS_MAX,
) -> list[ReceiptView]:  # fmt: skip
    """Receipts of a pledge or a commitment, in order of reference (keyset paging)."""
    question = select(Receipt).where(Receipt.id > after).order_by(Receipt.id).limit(rows_max)
    if pledge:
        question = question.where(Receipt.pledge == pledge)
    if commitment:
        question = question.where(Receipt.commitment == commitment)
    return many_rows(session, ReceiptView, question)


def receipt(session: Session, reference: str) -> ReceiptView:
    """One receipt, or `Missing`."""
    return one_row(session, Receipt, ReceiptView, "receipt", reference)


def release(session: Session, reference: str) -> ReleaseView:
    """One release, or `Missing`."""
    return one_row(session, Release, ReleaseView, "release", reference)


def releases(
    session: Session, *, pledge: str = "", states: Collection[str] = tuple(rules.RELEASE_MOVES),
    after: str = "", rows_max: int = limits.PAGE_ROWS_MAX,
) -> list[ReleaseView]:  # fmt: skip
    """Releases of a pledge, or of all, in order of reference (keyset paging)."""
    question = (
        select(Release)
        .where(Release.state.in_(states), Release.id > after)
        .order_by(Release.id)
        .limit(rows_max)
    )
    if pledge:
        question = question.where(Release.pledge == pledge)
    return many_rows(session, ReleaseView, question)


def refunds(session: Session, *, pledge: str, rows_max: int = 1000) -> list[RefundView]:
    """What a pledge owes back, in order of reference."""
    question = select(Refund).where(Refund.pledge == pledge).order_by(Refund.id).limit(rows_max)
    return many_rows(session, RefundView, question)


def refund_run(session: Session, reference: str) -> RefundRunView:
    """One refund run, or `Missing`."""
    return one_row(session, RefundRun, RefundRunView, "refund run", reference)


def refund_runs(session: Session, *, pledge: str) -> list[RefundRunView]:
    """The refund runs of a pledge, oldest first."""
    question = select(RefundRun).where(RefundRun.pledge == pledge).order_by(RefundRun.proposed_at)
    return many_rows(session, RefundRunView, question)


def sums(session: Session, reference: str) -> dict[str, int]:
    """What was received, extra, matched and is owed by those who count, as the rows say."""
    row = session.execute(
        select(
            func.coalesce(func.sum(Commitment.received), 0),
            func.coalesce(func.sum(Commitment.extra), 0),
            func.coalesce(func.sum(Commitment.earned_match), 0),
        ).where(Commitment.pledge == reference)
    ).one()
    return {"received": int(row[0]), "extra": int(row[1]), "matched": int(row[2])}


def money(session: Session, view: PledgeView) -> Money:
    """Where a pledge's money stands, in pence, as the books have it."""
    paths = {
        "escrow": rules.escrow(view.id), "ahead": rules.escrow_conditional(view.id),
        "owed": rules.uncollected(view.id), "payable": rules.payable(view.id),
    }  # fmt: skip
    rows = books.balances(session, view.book, list(paths.values()))
    owed = {name: rows[path].owed if path in rows else 0 for name, path in paths.items()}
    payable = rows.get(paths["payable"])
    total = sums(session, view.id)
    return Money(
        released=payable.cr if payable else 0,
        collected=total["received"] + total["extra"],
        **owed,
    )
