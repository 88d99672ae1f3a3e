"""The tables of what was done: events, answers given, web sessions, checkpoints, witnesses."""

from __future__ import annotations

from datetime import datetime

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


class AuditEvent(Base):
    """Who did what to what, when, on what authority and why; never edited or deleted."""

    __tablename__ = "audit_event"
    __table_args__ = (
        CheckConstraint("length(facts) <= 20000", name="facts"),
        CheckConstraint("length(reason) <= 5000", name="reason"),
        Index("ix_audit_event_subject", "subject", "id"),
        Index("ix_audit_event_actor", "actor", "id"),
        Index("ix_audit_event_at", "at"),
    )
    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[str]
    reason: Mapped[str]
    authority: Mapped[str]


class Answer(Base):
    """The answer given to a request with an idempotency key, kept with its effect."""

    __tablename__ = "request_answer"
    __table_args__ = (
        CheckConstraint("length(key) BETWEEN 16 AND 255", name="key"),
        CheckConstraint("status BETWEEN 200 AND 399", name="status"),
        Index("ix_request_answer_answered_at", "answered_at"),
    )
    caller: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int]
    location: Mapped[str]
    content_type: Mapped[str]
    body: Mapped[bytes | None]
    answered_at: Mapped[datetime]


class WebSession(Base):
    """One signed-in browser; only the hash of its secret is kept."""

    __tablename__ = "web_session"
    __table_args__ = (
        CheckConstraint("how IN ('password', 'link')", name="how"),
        Index("ix_web_session_person", "person"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    person: Mapped[str]
    browser: Mapped[str]
    how: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str]


class Checkpoint(Base):
    """The signed size and root of a book's tree at one moment; never edited or deleted (T6)."""

    __tablename__ = "checkpoint"
    __table_args__ = (
        CheckConstraint("size >= 1", name="size"),
        CheckConstraint("length(root) = 32 AND length(chain) = 32", name="hashes"),
        CheckConstraint("length(public_key) = 32", name="public_key"),
        CheckConstraint("reason IN ('daily', 'close', 'asked')", name="reason"),
        CheckConstraint("length(note) BETWEEN 1 AND 5000", name="note"),
    )
    book: Mapped[int] = mapped_column(_Key, ForeignKey("book.id"), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True)
    root: Mapped[bytes]
    chain: Mapped[bytes]
    origin: Mapped[str]
    public_key: Mapped[bytes]
    note: Mapped[str]
    reason: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]


declare_guards(
    ["checkpoint_grows", "checkpoint_no_update", "checkpoint_no_delete",
     "postgresql:checkpoint_no_truncate"]
)  # fmt: skip
declare_guards(
    ["audit_event_no_update", "audit_event_no_delete", "request_answer_no_delete",
     "request_answer_moves", "postgresql:audit_event_no_truncate"]
)  # fmt: skip


class Witness(Base):
    """Somebody outside who co-signs checkpoints under a key of their own (T7); never deleted."""

    __tablename__ = "witness"
    __table_args__ = (
        CheckConstraint("length(public_key) = 32", name="public_key"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint("length(called) BETWEEN 1 AND 200", name="called"),
        CheckConstraint("(ended_at IS NULL) = (ended_by = '')", name="ended"),
        UniqueConstraint("book", "name"),
        UniqueConstraint("book", "public_key"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    book: Mapped[int] = mapped_column(_Key, ForeignKey("book.id"))
    name: Mapped[str]
    public_key: Mapped[bytes]
    called: Mapped[str]
    registered_by: Mapped[str]
    registered_at: Mapped[datetime]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str]


class Cosignature(Base):
    """One witness's line below one checkpoint; never edited or deleted (T8)."""

    __tablename__ = "cosignature"
    __table_args__ = (
        CheckConstraint("length(root) = 32", name="root"),
        CheckConstraint("length(line) BETWEEN 1 AND 500", name="line"),
        ForeignKeyConstraint(["book", "size"], ["checkpoint.book", "checkpoint.size"]),
        Index("ix_cosignature_book", "book", "size"),
    )
    witness: Mapped[str] = mapped_column(ForeignKey("witness.id"), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    book: Mapped[int] = mapped_column(_Key)
    root: Mapped[bytes]
    line: Mapped[str]
    signed_at: Mapped[datetime]
    accepted_at: Mapped[datetime]


declare_guards(
    ["witness_moves", "witness_no_delete", "postgresql:witness_no_truncate", "cosignature_grows",
     "cosignature_no_update", "cosignature_no_delete", "postgresql:cosignature_no_truncate"]
)  # fmt: skip
