"""The tables of jobs: who may run them, and what became of every slot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards


class JobLease(Base):
    """The one row that says which scheduler may run jobs, until when by the database's clock."""

    __tablename__ = "job_lease"
    __table_args__ = (CheckConstraint("fence >= 0", name="fence"),)
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    fence: Mapped[int]
    expires_ms: Mapped[int]


class JobRun(Base):
    """One slot of one job and what became of it; 'nothing was due' is a row too."""

    __tablename__ = "job_run"
    __table_args__ = (
        CheckConstraint("state IN ('ASKED', 'RUNNING', 'RETRY', 'DONE', 'FAILED')", name="state"),
        CheckConstraint("length(said) <= 2000", name="said"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_job_run_slot_at", "slot_at"),
        Index("ix_job_run_state", "state"),
    )
    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(primary_key=True)
    slot_at: Mapped[datetime]
    state: Mapped[str]
    attempts: Mapped[int]
    holder: Mapped[str]
    fence: Mapped[int]
    asked_by: Mapped[str]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    said: Mapped[str]
    tzdata: Mapped[str]


declare_guards(
    ["job_lease_moves", "job_lease_no_delete", "job_run_begins", "job_run_moves",
     "job_run_no_delete", "postgresql:job_run_no_truncate"]
)  # fmt: skip
