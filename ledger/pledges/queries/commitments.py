"""Questions about commitments, the people behind them, and the hours they gave."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.kernel.ids import secret_hash
from ledger.parties import queries as parties
from ledger.pledges import rules
from ledger.pledges.models import Commitment, HoursEntry
from ledger.pledges.queries.views import CommitmentView, HoursView, copied, many_rows, one_row

__all__ = [
    "commitment",
    "commitment_by_secret",
    "commitments",
    "hours",
    "hours_entry",
    "private_reason",
    "recount",
    "supporters",
    "to_chase",
]


def commitment(session: Session, reference: str) -> CommitmentView:
    """One commitment, or `Missing`."""
    return one_row(session, Commitment, CommitmentView, "promise", reference)


def commitment_by_secret(session: Session, secret: str) -> CommitmentView:
    """PL3: the commitment that a link in a message belongs to.

    Raises:
        WrongLink: there is none.
    """
    row = session.scalars(
        select(Commitment).where(Commitment.proof_hash == secret_hash(secret))
    ).first()
    if row is None:
        raise rules.WrongLink(
            "No promise belongs to this link, or it was replaced by a newer one.",
            remedy="Use the link in the latest message, or join the pledge again.",
        )
    return copied(CommitmentView, row)


def commitments(
    session: Session, *, pledge: str = "", person: str = "",
    states: Collection[str] = rules.COMMITMENT_STATES, after: str = "",
    rows_max: int = limits.PAGE_ROWS_MAX,
) -> list[CommitmentView]:  # fmt: skip
    """Commitments of a pledge or of a person, in order of reference (keyset paging)."""
    question = (
        select(Commitment)
        .where(Commitment.state.in_(states), Commitment.id > after)
        .order_by(Commitment.id)
        .limit(rows_max)
    )
    if pledge:
        question = question.where(Commitment.pledge == pledge)
    if person:
        question = question.where(Commitment.person == person)
    return many_rows(session, CommitmentView, question)


def private_reason(session: Session, reference: str) -> str:
    """PL15: why somebody was excused: for the council, never for the group or the public."""
    return session.get_one(Commitment, reference).private_reason


def supporters(session: Session, reference: str, *, rows_max: int = 200) -> list[str]:
    """The names of people who chose to be shown, among those who count."""
    people = session.scalars(
        select(Commitment.person)
        .where(
            Commitment.pledge == reference,
            Commitment.state.in_(rules.COUNTED),
            Commitment.show_name.is_(True),
        )
        .order_by(Commitment.confirmed_at)
        .limit(rows_max)
    ).all()
    names = parties.names(session, people)
    return [names[person] for person in people if person in names]


def recount(session: Session, reference: str) -> tuple[int, int, int]:
    """PL6: quantity, people and expected match of those who count, summed again."""
    row = session.execute(
        select(
            func.coalesce(func.sum(Commitment.quantity), 0),
            func.count(),
            func.coalesce(func.sum(Commitment.match_expected), 0),
        ).where(Commitment.pledge == reference, Commitment.state.in_(rules.COUNTED))
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def hours(
    session: Session, *, pledge: str = "", commitment: str = "",
    states: Collection[str] = rules.HOURS_STATES, after: str = "",
    rows_max: int = limits.PAGE_ROWS_MAX,
) -> list[HoursView]:  # fmt: skip
    """Hours that were logged, in order of reference (keyset paging)."""
    question = (
        select(HoursEntry)
        .where(HoursEntry.state.in_(states), HoursEntry.id > after)
        .order_by(HoursEntry.id)
        .limit(rows_max)
    )
    if pledge:
        question = question.where(HoursEntry.pledge == pledge)
    if commitment:
        question = question.where(HoursEntry.commitment == commitment)
    return many_rows(session, HoursView, question)


def hours_entry(session: Session, reference: str) -> HoursView:
    """One entry of hours, or `Missing`."""
    return one_row(session, HoursEntry, HoursView, "entry of hours", reference)


def to_chase(session: Session, today: date) -> list[str]:
    """PL15: commitments that are late."""
    return list(
        session.scalars(
            select(Commitment.id)
            .where(Commitment.state.in_(("DUE", "PART_MET", "OVERDUE")), Commitment.due_on < today)
            .order_by(Commitment.id)
        )
    )
