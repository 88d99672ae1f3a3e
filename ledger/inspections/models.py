"""The tables of inspections: what was opened and sealed, and what people asked. Guards hold both."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards

_Key = BigInteger().with_variant(Integer, "sqlite")


class Inspection(Base):
    """The books of one closed period, opened to the public from one London day to another.

    ``root`` is over the commitments of its journals, ``seal`` the signed words that say so, and
    ``secret`` what the salts of all but people's fields come from.
    """

    __tablename__ = "inspection"
    __table_args__ = (
        UniqueConstraint("period"),
        CheckConstraint("opens_on <= closes_on AND starts_on <= ends_on", name="days"),
        CheckConstraint("length(root) = 32 AND length(secret) = 32", name="bytes"),
        CheckConstraint("length(seal) BETWEEN 1 AND 5000", name="seal"),
        CheckConstraint("journals >= 0 AND size >= 1", name="numbers"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    book: Mapped[int] = mapped_column(_Key, ForeignKey("book.id"))
    period: Mapped[int] = mapped_column(_Key, ForeignKey("period.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    size: Mapped[int]
    journals: Mapped[int]
    root: Mapped[bytes]
    secret: Mapped[bytes]
    seal: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]


class InspectionLeaf(Base):
    """The commitments of one journal's fields that name people, kept because their salts may go."""

    __tablename__ = "inspection_leaf"
    inspection: Mapped[str] = mapped_column(ForeignKey("inspection.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    people: Mapped[str]


class InspectionMatter(Base):
    """A question or an objection about a journal or one of its entries; only its state moves."""

    __tablename__ = "inspection_matter"
    __table_args__ = (
        CheckConstraint("kind IN ('question', 'objection')", name="kind"),
        CheckConstraint(
            "state IN ('ASKED', 'ANSWERED', 'REPLIED', 'DECIDED', 'WITHDRAWN')", name="state"
        ),
        CheckConstraint("length(words) BETWEEN 3 AND 5000", name="words"),
        CheckConstraint("line IS NULL OR line >= 1", name="line"),
        Index("ix_inspection_matter_inspection", "inspection", "id"),
        Index("ix_inspection_matter_asked_by", "asked_by"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    inspection: Mapped[str] = mapped_column(ForeignKey("inspection.id"))
    kind: Mapped[str]
    seq: Mapped[int]
    line: Mapped[int | None]
    words: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[str]
    asked_on: Mapped[date]
    asked_at: Mapped[datetime]


class InspectionAnswer(Base):
    """What was said to a question or objection, and the state that it gave it; never edited."""

    __tablename__ = "inspection_answer"
    __table_args__ = (
        CheckConstraint("gives IN ('ANSWERED', 'REPLIED', 'DECIDED')", name="gives"),
        CheckConstraint("length(words) BETWEEN 3 AND 5000", name="words"),
    )
    matter: Mapped[str] = mapped_column(ForeignKey("inspection_matter.id"), primary_key=True)
    gives: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str]
    said_by: Mapped[str]
    said_at: Mapped[datetime]


class InspectionWithholding(Base):
    """One word about a part of a journal: withheld from the public by hand, or shown again.

    The first word about a part withholds it, the second shows it again, and so on; never edited.
    """

    __tablename__ = "inspection_withholding"
    __table_args__ = (
        ForeignKeyConstraint(["book", "seq"], ["journal.book", "journal.seq"]),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("length(reason) BETWEEN 3 AND 5000", name="reason"),
    )
    book: Mapped[int] = mapped_column(_Key, ForeignKey("book.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str]
    said_by: Mapped[str]
    said_on: Mapped[date]
    said_at: Mapped[datetime]


declare_guards(
    [
        "inspection_begins", "inspection_no_update", "inspection_no_delete",
        "inspection_leaf_no_update", "inspection_leaf_no_delete",
        "inspection_matter_begins", "inspection_matter_moves", "inspection_matter_no_delete",
        "inspection_answer_begins", "inspection_answer_no_update", "inspection_answer_no_delete",
        "inspection_withholding_begins", "inspection_withholding_no_update",
        "inspection_withholding_no_delete", "postgresql:inspection_withholding_no_truncate",
        "postgresql:inspection_no_truncate", "postgresql:inspection_leaf_no_truncate",
        "postgresql:inspection_matter_no_truncate", "postgresql:inspection_answer_no_truncate",
    ]
)  # fmt: skip
