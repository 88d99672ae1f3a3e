"""The table of what was looked at; the database reads it before each journal (N3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards


class SafetyCheck(Base):
    """The last look at one part of a book's safety net."""

    __tablename__ = "safety_check"
    __table_args__ = (
        CheckConstraint("name IN ('books', 'guards', 'checkpoint', 'backup')", name="name"),
        CheckConstraint("stops IN (0, 1)", name="stops"),
        CheckConstraint("length(said) <= 2000", name="said"),
    )
    book: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), ForeignKey("book.id"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    looked_at: Mapped[datetime]
    good_at: Mapped[datetime | None]
    stops: Mapped[int]
    good_until_us: Mapped[int | None]
    said: Mapped[str]


declare_guards(["journal_stopped"])
