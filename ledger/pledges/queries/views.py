"""What a question to pledges gives back. Quantities are whole pence or whole minutes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from ledger.kernel.errors import Missing
from ledger.pledges.models import Pledge, PledgeWording
from ledger.pledges.rules import Deal, Tally

View = TypeVar("View")


__all__ = [
    "CommitmentView",
    "HoursView",
    "Money",
    "PledgeView",
    "ReceiptView",
    "RefundRunView",
    "RefundView",
    "ReleaseView",
    "deal_of",
    "missing",
    "tally_of",
]


@dataclass(frozen=True, slots=True)
class PledgeView:
    """A pledge as it stands; ``deal`` is the wording that people sign today."""

    id: str
    book: int
    group_id: str
    organiser: str
    broker: str
    neighbourhood: str
    unit: str
    minimum: int
    optimum: int
    maximum: int
    deadline_on: date
    deadline_at: datetime
    collect_days: int
    match_counts: bool
    wording: int
    state: str
    confirmed: int
    confirmed_count: int
    match_expected: int
    match_reserved: int
    moderated_by: str | None
    moderation_reason: str
    answer_due_on: date | None
    made_at: datetime
    submitted_at: datetime | None
    opened_at: datetime | None
    reached_at: datetime | None
    settles_at: datetime | None
    settled_at: datetime | None
    collect_until_on: date | None
    extended: bool
    fell_short: bool
    ended_at: datetime | None
    ended_reason: str
    version: int
    deal: Deal

    @property
    def tally(self) -> Tally:
        """What has been promised, as the rules count it."""
        return tally_of(self)

    @property
    def counted(self) -> int:
        """What is compared with the minimum."""
        return self.tally.counted


@dataclass(frozen=True, slots=True)
class CommitmentView:
    """One person's part in a pledge."""

    id: str
    pledge: str
    person: str
    quantity: int
    wording: int
    state: str
    show_name: bool
    via: str
    form_number: str
    joined_at: datetime
    confirmed_at: datetime | None
    due_on: date | None
    received: int
    extra: int
    earned_match: int
    reminders: int
    write_off: str | None
    ended_at: datetime | None

    @property
    def owed(self) -> int:
        """What is promised and not yet received."""
        return self.quantity - self.received


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Money that came in for a commitment, in pence."""

    id: str
    pledge: str
    commitment: str
    reference: str
    due_pence: int
    extra_pence: int
    match_pence: int
    ahead: bool
    received_on: date
    recorded_at: datetime
    recorded_by: str

    @property
    def pence(self) -> int:
        """The whole receipt."""
        return self.due_pence + self.extra_pence


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A milestone for which the group asks money."""

    id: str
    pledge: str
    payee: str
    milestone: str
    evidence: str
    pence: int
    state: str
    requested_by: str
    requested_at: datetime
    proposal: str | None
    released_at: datetime | None
    paid_at: datetime | None
    payment_reference: str | None
    refused_reason: str


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money owed back to one person, in pence."""

    id: str
    pledge: str
    commitment: str
    pence: int
    state: str
    run: str | None
    decided_at: datetime
    payment_reference: str
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundRunView:
    """A list of refunds that two people agree to pay."""

    id: str
    pledge: str
    proposal: str
    pence: int
    state: str
    proposed_at: datetime
    paid_at: datetime | None
    payment_reference: str


@dataclass(frozen=True, slots=True)
class HoursView:
    """Time that somebody gave, in minutes."""

    id: str
    pledge: str
    commitment: str
    minutes: int
    worked_on: date
    work: str
    state: str
    logged_by: str
    logged_at: datetime
    giver_at: datetime | None
    organiser_at: datetime | None
    refused_reason: str


@dataclass(frozen=True, slots=True)
class Money:
    """Where a pledge's money stands, in pence, as the books have it."""

    escrow: int
    ahead: int
    owed: int
    payable: int
    released: int
    collected: int


def copied(kind: type[View], row: object, **more: Any) -> View:
    copied = {field.name: getattr(row, field.name) for field in fields(kind)  # type: ignore[arg-type]
              if field.name not in more}  # fmt: skip
    return kind(**copied, **more)


def tally_of(row: Pledge | PledgeView) -> Tally:
    """What a pledge has been promised, as the rules count it."""
    return Tally(
        confirmed=row.confirmed, people=row.confirmed_count, match_expected=row.match_expected,
        match_reserved=row.match_reserved, match_counts=row.match_counts,
    )  # fmt: skip


def deal_of(wording: PledgeWording) -> Deal:
    """One version of what people sign."""
    return copied(Deal, wording)


def missing(noun: str, reference: str) -> Missing:
    """The refusal for a reference that nothing has."""
    return Missing(
        f"There is no {noun} with this reference.",
        remedy="Check the reference.",
        place=reference[:60],
    )


def one_row(session: Session, model: Any, kind: type[View], noun: str, reference: str) -> View:
    row = session.get(model, reference) if reference.isprintable() else None
    if row is None:
        raise missing(noun, reference)
    return copied(kind, row)


def many_rows(session: Session, kind: type[View], question: Select[Any]) -> list[View]:
    return [copied(kind, row) for row in session.scalars(question)]
