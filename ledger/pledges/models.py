"""Tables of pledges. Quantities are whole pence (GBP) or whole minutes (HOUR)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards

_ENDED = "state NOT IN ('WITHDRAWN', 'LAPSED', 'REFUND_DUE', 'REFUNDED')"
_RANGE = "BETWEEN 1 AND 9000000000000"


class Pledge(Base):
    """A collective promise, its figures as they are now, and its running tally."""

    __tablename__ = "pledge"
    __table_args__ = (
        CheckConstraint(
            "state IN ('DRAFT', 'SUBMITTED', 'REJECTED', 'OPEN', 'REACHED', 'SETTLING',"
            " 'DELIVERING', 'SUSPENDED', 'DISSOLVING', 'COMPLETED', 'LAPSED', 'CANCELLED',"
            " 'DISSOLVED')",
            name="state",
        ),
        CheckConstraint("unit IN ('GBP', 'HOUR')", name="unit"),
        CheckConstraint(
            f"minimum {_RANGE} AND optimum >= minimum AND maximum {_RANGE} AND maximum >= optimum",
            name="figures",
        ),
        CheckConstraint("collect_days BETWEEN 1 AND 366", name="collect_days"),
        CheckConstraint(
            "confirmed >= 0 AND confirmed_count >= 0 AND match_expected >= 0"
            " AND match_reserved >= 0",
            name="tally",
        ),
        CheckConstraint("confirmed <= maximum", name="within_maximum"),
        CheckConstraint("moderated_by IS NULL OR moderated_by <> organiser", name="two_people"),
        CheckConstraint(
            "state IN ('DRAFT', 'SUBMITTED', 'CANCELLED') OR moderated_by IS NOT NULL",
            name="moderated",
        ),
        CheckConstraint(
            "state NOT IN ('REACHED', 'SETTLING', 'DELIVERING', 'COMPLETED', 'DISSOLVING',"
            " 'DISSOLVED') OR reached_at < deadline_at",
            name="reached_in_time",
        ),
        Index("ix_pledge_state", "state", "deadline_at"),
        Index("ix_pledge_group", "group_id"),
        Index("ix_pledge_organiser", "organiser"),
        Index("ix_pledge_broker", "broker"),
        Index("ix_pledge_neighbourhood", "neighbourhood"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    group_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    organiser: Mapped[str] = mapped_column(ForeignKey("person.id"))
    broker: Mapped[str] = mapped_column(ForeignKey("person.id"))
    neighbourhood: Mapped[str] = mapped_column(ForeignKey("neighbourhood.id"))
    unit: Mapped[str] = mapped_column(ForeignKey("unit.code"))
    minimum: Mapped[int]
    optimum: Mapped[int]
    maximum: Mapped[int]
    deadline_on: Mapped[date]
    deadline_at: Mapped[datetime]
    collect_days: Mapped[int]
    match_counts: Mapped[bool]
    wording: Mapped[int]
    state: Mapped[str]
    state_before: Mapped[str | None]
    confirmed: Mapped[int]
    confirmed_count: Mapped[int]
    match_expected: Mapped[int]
    match_reserved: Mapped[int]
    moderated_by: Mapped[str | None]
    moderation_reason: Mapped[str]
    answer_due_on: Mapped[date | None]
    made_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    reached_at: Mapped[datetime | None]
    settles_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    collect_until_on: Mapped[date | None]
    extended: Mapped[bool]
    fell_short: Mapped[bool]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str]
    version: Mapped[int]


class PledgeWording(Base):
    """One version of the deal that people sign; once signed it never changes."""

    __tablename__ = "pledge_wording"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("length(sentence) <= 300 AND length(place) <= 5000", name="lengths"),
        CheckConstraint(
            "length(description) <= 5000 AND length(too_little) <= 5000"
            " AND length(too_much) <= 5000 AND length(undeliverable) <= 5000",
            name="texts",
        ),
    )
    pledge: Mapped[str] = mapped_column(ForeignKey("pledge.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sentence: Mapped[str]
    description: Mapped[str]
    place: Mapped[str]
    minimum: Mapped[int]
    optimum: Mapped[int]
    maximum: Mapped[int]
    deadline_on: Mapped[date]
    too_little: Mapped[str]
    too_much: Mapped[str]
    undeliverable: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    reason: Mapped[str]


class Commitment(Base):
    """One person's part in a pledge."""

    __tablename__ = "commitment"
    __table_args__ = (
        CheckConstraint(
            "state IN ('UNCONFIRMED', 'CONFIRMED', 'DUE', 'PART_MET', 'MET', 'OVERDUE',"
            " 'DEFAULTED', 'EXCUSED', 'WRITTEN_OFF', 'WITHDRAWN', 'LAPSED', 'REFUND_DUE',"
            " 'REFUNDED')",
            name="state",
        ),
        CheckConstraint(f"quantity {_RANGE}", name="quantity"),
        CheckConstraint(
            "received >= 0 AND extra >= 0 AND earned_match >= 0 AND match_expected >= 0",
            name="sums",
        ),
        CheckConstraint("received <= quantity", name="received"),
        CheckConstraint("state <> 'CONFIRMED' OR confirmed_at IS NOT NULL", name="proved"),
        CheckConstraint("via IN ('web', 'paper')", name="via"),
        CheckConstraint("via <> 'paper' OR length(form_number) > 0", name="paper"),
        CheckConstraint("reminders BETWEEN 0 AND 3", name="reminders"),
        CheckConstraint("length(private_reason) <= 5000", name="private_reason"),
        ForeignKeyConstraint(
            ["pledge", "wording"], ["pledge_wording.pledge", "pledge_wording.version"]
        ),
        Index(
            "uq_commitment_person", "pledge", "person", unique=True,
            sqlite_where=text(_ENDED), postgresql_where=text(_ENDED),
        ),
        Index("ix_commitment_person", "person"),
        Index("ix_commitment_state", "pledge", "state", "id"),
        Index("ix_commitment_due", "state", "due_on"),
    )  # fmt: skip
    id: Mapped[str] = mapped_column(primary_key=True)
    pledge: Mapped[str] = mapped_column(ForeignKey("pledge.id"))
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    quantity: Mapped[int]
    wording: Mapped[int]
    state: Mapped[str]
    show_name: Mapped[bool]
    via: Mapped[str]
    form_number: Mapped[str]
    proof_hash: Mapped[str | None] = mapped_column(unique=True)
    joined_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    match_expected: Mapped[int]
    due_on: Mapped[date | None]
    received: Mapped[int]
    extra: Mapped[int]
    earned_match: Mapped[int]
    reminders: Mapped[int]
    private_reason: Mapped[str]
    write_off: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class Receipt(Base):
    """Money that came in for a commitment; never edited. Quantities are pence."""

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("book", "reference"),
        CheckConstraint("due_pence >= 0 AND extra_pence >= 0", name="parts"),
        CheckConstraint(f"due_pence + extra_pence {_RANGE}", name="quantity"),
        CheckConstraint("match_pence >= 0", name="match"),
        CheckConstraint("length(reference) BETWEEN 1 AND 300", name="reference"),
        Index("ix_receipt_commitment", "commitment"),
        Index("ix_receipt_pledge", "pledge", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    pledge: Mapped[str] = mapped_column(ForeignKey("pledge.id"))
    commitment: Mapped[str] = mapped_column(ForeignKey("commitment.id"))
    reference: Mapped[str]
    due_pence: Mapped[int]
    extra_pence: Mapped[int]
    match_pence: Mapped[int]
    ahead: Mapped[bool]
    received_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]


class Release(Base):
    """A milestone for which the group asks money out of escrow."""

    __tablename__ = "release"
    __table_args__ = (
        CheckConstraint(
            "state IN ('REQUESTED', 'PROPOSED', 'RELEASED', 'PAID', 'REFUSED')", name="state"
        ),
        CheckConstraint(f"pence {_RANGE}", name="pence"),
        CheckConstraint("state <> 'RELEASED' OR released_at IS NOT NULL", name="released"),
        CheckConstraint("state <> 'PAID' OR paid_at IS NOT NULL", name="paid"),
        CheckConstraint("length(milestone) BETWEEN 3 AND 300", name="milestone"),
        CheckConstraint("length(evidence) <= 5000", name="evidence"),
        UniqueConstraint("book", "payment_reference"),
        Index("ix_release_pledge", "pledge", "id"),
        Index("ix_release_state", "state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    pledge: Mapped[str] = mapped_column(ForeignKey("pledge.id"))
    payee: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    milestone: Mapped[str]
    evidence: Mapped[str]
    pence: Mapped[int]
    state: Mapped[str]
    requested_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime]
    proposal: Mapped[str | None]
    released_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    payment_reference: Mapped[str | None]
    refused_reason: Mapped[str]


class Refund(Base):
    """Money owed back to one person, once for each commitment."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("commitment"),
        CheckConstraint("state IN ('DUE', 'PAID', 'UNCLAIMED')", name="state"),
        CheckConstraint(f"pence {_RANGE}", name="pence"),
        Index("ix_refund_pledge", "pledge", "state"),
        Index("ix_refund_run", "run"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    pledge: Mapped[str] = mapped_column(ForeignKey("pledge.id"))
    commitment: Mapped[str] = mapped_column(ForeignKey("commitment.id"))
    pence: Mapped[int]
    match_pence: Mapped[int]
    state: Mapped[str]
    run: Mapped[str | None] = mapped_column(ForeignKey("refund_run.id"))
    decided_at: Mapped[datetime]
    payment_reference: Mapped[str]
    paid_at: Mapped[datetime | None]


class RefundRun(Base):
    """A list of refunds that two people agree to pay."""

    __tablename__ = "refund_run"
    __table_args__ = (
        CheckConstraint("state IN ('PROPOSED', 'PAID', 'VOID')", name="state"),
        Index("ix_refund_run_pledge", "pledge"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    pledge: Mapped[str] = mapped_column(ForeignKey("pledge.id"))
    proposal: Mapped[str]
    pence: Mapped[int]
    state: Mapped[str]
    proposed_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    payment_reference: Mapped[str]


class HoursEntry(Base):
    """Time that somebody gave: counted when giver and organiser have both confirmed it."""

    __tablename__ = "hours_entry"
    __table_args__ = (
        CheckConstraint("state IN ('LOGGED', 'CONFIRMED', 'REFUSED')", name="state"),
        CheckConstraint("minutes BETWEEN 1 AND 1440", name="minutes"),
        CheckConstraint(
            "state <> 'CONFIRMED' OR (giver_at IS NOT NULL AND organiser_at IS NOT NULL)",
            name="both_sides",
        ),
        CheckConstraint("length(work) <= 300", name="work"),
        Index("ix_hours_entry_commitment", "commitment"),
        Index("ix_hours_entry_pledge", "pledge", "state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    pledge: Mapped[str] = mapped_column(ForeignKey("pledge.id"))
    commitment: Mapped[str] = mapped_column(ForeignKey("commitment.id"))
    minutes: Mapped[int]
    worked_on: Mapped[date]
    work: Mapped[str]
    state: Mapped[str]
    logged_by: Mapped[str]
    logged_at: Mapped[datetime]
    giver_at: Mapped[datetime | None]
    organiser_at: Mapped[datetime | None]
    organiser_by: Mapped[str | None]
    refused_reason: Mapped[str]


declare_guards(
    [
        "commitment_checks", "commitment_keeps", "pledge_wording_keeps", "pledge_wording_stays",
        "receipt_no_update", "receipt_no_delete", "pledge_keeps",
    ]
)  # fmt: skip
