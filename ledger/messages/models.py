"""The outbox: every message to a person and call to a machine, kept once under its key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base


class Message(Base):
    """A message to a person: template and facts; the words are made when it is sent."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(
            "state IN ('WAITING', 'SENDING', 'SENT', 'FAILED', 'DROPPED')", name="state"
        ),
        CheckConstraint("length(facts) <= 20000", name="facts"),
        Index("ix_message_due", "state", "due_at"),
        Index("ix_message_recipient", "recipient"),
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    recipient: Mapped[str] = mapped_column(ForeignKey("person.id"))
    template: Mapped[str]
    facts: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    enqueued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str]


class Call(Base):
    """A call to the machine that the settings name: what it is told, without a secret (M4)."""

    __tablename__ = "webhook_call"
    __table_args__ = (
        CheckConstraint(
            "state IN ('WAITING', 'SENDING', 'SENT', 'FAILED', 'DROPPED')", name="state"
        ),
        CheckConstraint("length(body) <= 20000", name="body"),
        Index("ix_webhook_call_due", "state", "due_at"),
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    enqueued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str]
