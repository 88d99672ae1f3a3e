"""The tables of two-person decisions. Triggers refuse what no service should ever ask."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards


class Proposal(Base):
    """What somebody proposes to do, in exact facts; only its state ever moves."""

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint(
            "state IN ('PROPOSED', 'VERIFIED', 'APPROVED', 'USED', 'REFUSED', 'VOID')",
            name="state",
        ),
        CheckConstraint("quantity_pence BETWEEN 0 AND 9000000000000", name="quantity_pence"),
        CheckConstraint("length(digest) = 64", name="digest"),
        CheckConstraint("length(facts) <= 20000", name="facts"),
        Index("ix_proposal_subject", "subject"),
        Index("ix_proposal_bucket", "bucket"),
        Index("ix_proposal_state", "state", "proposed_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[str]
    digest: Mapped[str]
    quantity_pence: Mapped[int]
    bucket: Mapped[str]
    maker: Mapped[str]
    stages: Mapped[str]
    state: Mapped[str]
    proposed_at: Mapped[datetime]


class Barred(Base):
    """A person who gains from a proposal and so may decide nothing about it."""

    __tablename__ = "proposal_barred"
    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)


class Decision(Base):
    """One person's verdict at one stage, on the digest of exactly what was shown."""

    __tablename__ = "proposal_decision"
    __table_args__ = (
        UniqueConstraint("proposal", "person"),
        CheckConstraint("verdict IN ('yes', 'no')", name="verdict"),
        CheckConstraint("stage IN ('verify', 'approve')", name="stage"),
        CheckConstraint("length(reason) BETWEEN 3 AND 5000", name="reason"),
        Index("ix_proposal_decision_year", "financial_year", "stage", "verdict"),
    )
    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    verdict: Mapped[str]
    reason: Mapped[str]
    digest: Mapped[str]
    decided_at: Mapped[datetime]
    financial_year: Mapped[int]
    authority: Mapped[str | None] = mapped_column(ForeignKey("delegated_limit.id"))


class Bucket(Base):
    """A row to lock, so that two approvals within one bucket count each other."""

    __tablename__ = "approval_bucket"
    bucket: Mapped[str] = mapped_column(primary_key=True)


declare_guards(
    ["proposal_starts", "proposal_moves", "proposal_no_delete", "proposal_barred_checks",
     "proposal_barred_no_update", "proposal_barred_no_delete", "proposal_decision_checks",
     "proposal_decision_no_update", "proposal_decision_no_delete",
     "postgresql:proposal_no_truncate", "postgresql:proposal_decision_no_truncate"]
)  # fmt: skip
