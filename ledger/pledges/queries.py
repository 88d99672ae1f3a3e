"""Questions to pledges. Quantities are whole pence (GBP) or whole minutes (HOUR)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.kernel.ids import secret_hash
from ledger.parties import queries as parties
from ledger.pledges import rules
from ledger.pledges.models import (
    Commitment,
    HoursEntry,
    Pledge,
    PledgeWording,
    Receipt,
    Refund,
    RefundRun,
    Release,
)
from ledger.pledges.rules import Deal, Tally

View = TypeVar("View")


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


def _view(kind: type[View], row: object, **more: Any) -> View:
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
    return _view(Deal, wording)


def pledge_view(session: Session, row: Pledge) -> PledgeView:
    """A pledge with the wording of today."""
    wording = session.get_one(PledgeWording, (row.id, row.wording))
    return _view(PledgeView, row, deal=deal_of(wording))


def pledge(session: Session, reference: str) -> PledgeView:
    """One pledge.

    Raises:
        Missing: there is none with this reference.
    """
    row = session.get(Pledge, reference)
    if row is None:
        raise missing("pledge", reference)
    return pledge_view(session, row)


def missing(noun: str, reference: str) -> Missing:
    """The refusal for a reference that nothing has."""
    return Missing(
        f"There is no {noun} with this reference.",
        remedy="Check the reference.",
        place=reference[:60],
    )


def pledges(
    session: Session, *, states: Collection[str] = rules.PUBLIC, group: str = "",
    neighbourhood: str = "", after: str = "", rows_max: int = limits.PAGE_ROWS_DEFAULT,
) -> list[PledgeView]:  # fmt: skip
    """Pledges in these states, in order of reference after one (keyset paging)."""
    question = (
        select(Pledge, PledgeWording)
        .join(
            PledgeWording,
            (PledgeWording.pledge == Pledge.id) & (PledgeWording.version == Pledge.wording),
        )
        .where(Pledge.state.in_(states), Pledge.id > after)
        .order_by(Pledge.id)
        .limit(rows_max)
    )
    if group:
        question = question.where(Pledge.group_id == group)
    if neighbourhood:
        question = question.where(Pledge.neighbourhood == neighbourhood)
    return [
        _view(PledgeView, row, deal=deal_of(wording)) for row, wording in session.execute(question)
    ]


def listed(
    session: Session, *, states: Collection[str], neighbourhood: str = "",
    after: tuple[datetime, str] | None = None, rows_max: int = limits.PAGE_ROWS_DEFAULT,
) -> list[PledgeView]:  # fmt: skip
    """Pledges for the public list, those whose deadline comes first, first (keyset paging)."""
    question = (
        select(Pledge, PledgeWording)
        .join(
            PledgeWording,
            (PledgeWording.pledge == Pledge.id) & (PledgeWording.version == Pledge.wording),
        )
        .where(Pledge.state.in_(states))
        .order_by(Pledge.deadline_at, Pledge.id)
        .limit(rows_max)
    )
    if neighbourhood:
        question = question.where(Pledge.neighbourhood == neighbourhood)
    if after:
        question = question.where(tuple_(Pledge.deadline_at, Pledge.id) > after)
    return [
        _view(PledgeView, row, deal=deal_of(wording)) for row, wording in session.execute(question)
    ]


def wordings(session: Session, reference: str) -> list[tuple[int, Deal, datetime, str]]:
    """Every version of the deal: number, deal, when it was made and why."""
    rows = session.scalars(
        select(PledgeWording)
        .where(PledgeWording.pledge == reference)
        .order_by(PledgeWording.version)
    )
    return [(row.version, deal_of(row), row.made_at, row.reason) for row in rows]


def _one(session: Session, model: Any, kind: type[View], noun: str, reference: str) -> View:
    row = session.get(model, reference)
    if row is None:
        raise missing(noun, reference)
    return _view(kind, row)


def _many(session: Session, kind: type[View], question: Select[Any]) -> list[View]:
    return [_view(kind, row) for row in session.scalars(question)]


def commitment(session: Session, reference: str) -> CommitmentView:
    """One commitment, or `Missing`."""
    return _one(session, Commitment, CommitmentView, "promise", reference)


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
    return _view(CommitmentView, row)


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
    return _many(session, CommitmentView, question)


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
    return _many(session, ReceiptView, question)


def receipt(session: Session, reference: str) -> ReceiptView:
    """One receipt, or `Missing`."""
    return _one(session, Receipt, ReceiptView, "receipt", reference)


def release(session: Session, reference: str) -> ReleaseView:
    """One release, or `Missing`."""
    return _one(session, Release, ReleaseView, "release", reference)


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
    return _many(session, ReleaseView, question)


def refunds(session: Session, *, pledge: str, rows_max: int = 1000) -> list[RefundView]:
    """What a pledge owes back, in order of reference."""
    question = select(Refund).where(Refund.pledge == pledge).order_by(Refund.id).limit(rows_max)
    return _many(session, RefundView, question)


def refund_run(session: Session, reference: str) -> RefundRunView:
    """One refund run, or `Missing`."""
    return _one(session, RefundRun, RefundRunView, "refund run", reference)


def refund_runs(session: Session, *, pledge: str) -> list[RefundRunView]:
    """The refund runs of a pledge, oldest first."""
    question = select(RefundRun).where(RefundRun.pledge == pledge).order_by(RefundRun.proposed_at)
    return _many(session, RefundRunView, question)


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
    return _many(session, HoursView, question)


def hours_entry(session: Session, reference: str) -> HoursView:
    """One entry of hours, or `Missing`."""
    return _one(session, HoursEntry, HoursView, "entry of hours", reference)


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


def _ids(session: Session, *where: Any) -> list[str]:
    return list(session.scalars(select(Pledge.id).where(*where).order_by(Pledge.id)))


def past_deadline(session: Session, now: datetime) -> list[str]:
    """PL6: open pledges whose deadline is over."""
    return _ids(session, Pledge.state == "OPEN", Pledge.deadline_at <= now)


def cooled_off(session: Session, now: datetime) -> list[str]:
    """PL7: reached pledges whose cooling-off is over."""
    return _ids(session, Pledge.state == "REACHED", Pledge.settles_at <= now)


def collecting(session: Session) -> list[str]:
    """PL15: pledges being collected whose shortfall, if any, nobody has yet found."""
    return _ids(session, Pledge.state == "SETTLING", Pledge.fell_short.is_(False))


def to_chase(session: Session, today: date) -> list[str]:
    """PL15: commitments that are late."""
    return list(
        session.scalars(
            select(Commitment.id)
            .where(Commitment.state.in_(("DUE", "PART_MET", "OVERDUE")), Commitment.due_on < today)
            .order_by(Commitment.id)
        )
    )
