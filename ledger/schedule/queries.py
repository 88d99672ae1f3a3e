"""Questions about jobs: who holds the lease, what ran, and what is waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ledger.kernel.clock import from_microseconds
from ledger.kernel.db import is_sqlite
from ledger.schedule.models import JobLease, JobRun
from ledger.schedule.rules import State

NOW_MS = {
    True: "CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)",
    False: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
}
"""The database's own clock in whole milliseconds, by whether it is SQLite."""


@dataclass(frozen=True, slots=True)
class Run:
    """One slot of a job as recorded."""

    job: str
    slot: str
    slot_at: datetime
    state: State
    attempts: int
    holder: str
    fence: int
    asked_by: str
    started_at: datetime | None
    finished_at: datetime | None
    retry_at: datetime | None
    said: str


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Who may run jobs, and for how many more milliseconds (below zero: it has lapsed)."""

    holder: str
    fence: int
    left_ms: int


def database_now(session: Session) -> datetime:
    """The present instant by the database's clock."""
    return from_microseconds(1000 * _now_ms(session))


def _now_ms(session: Session) -> int:
    return int(session.scalar(text(f"SELECT {NOW_MS[is_sqlite(session)]}")) or 0)


def lease(session: Session) -> LeaseRow:
    """The lease as it stands."""
    row = session.execute(
        select(JobLease.holder, JobLease.fence, JobLease.expires_ms).where(JobLease.name == "main")
    ).one()
    return LeaseRow(row[0], row[1], row[2] - _now_ms(session))


_COLUMNS = (
    JobRun.job, JobRun.slot, JobRun.slot_at, JobRun.state, JobRun.attempts, JobRun.holder,
    JobRun.fence, JobRun.asked_by, JobRun.started_at, JobRun.finished_at, JobRun.retry_at,
    JobRun.said,
)  # fmt: skip


def run(session: Session, *, job: str, slot: str) -> Run | None:
    """What became of one slot, if it was ever begun or asked for."""
    row = session.execute(
        select(*_COLUMNS).where(JobRun.job == job, JobRun.slot == slot)
    ).one_or_none()
    return _run(tuple(row)) if row else None


def last_slot(session: Session, *, job: str) -> str | None:
    """The name of the newest slot that came by the timetable (not by asking) for a job."""
    return session.scalar(
        select(func.max(JobRun.slot)).where(JobRun.job == job, JobRun.asked_by == "")
    )


def unfinished(session: Session) -> list[Run]:
    """Slots that were asked for, begun or failed for now, oldest first."""
    rows = session.execute(
        select(*_COLUMNS)
        .where(JobRun.state.in_([State.ASKED, State.RUNNING, State.RETRY]))
        .order_by(JobRun.slot_at, JobRun.job)
    )
    return [_run(tuple(row)) for row in rows]


def runs(
    session: Session, *, job: str = "", before: tuple[datetime, str] | None = None, limit: int = 50
) -> list[Run]:
    """Runs, newest slot first; ``before`` is the last row of the page before (keyset paging)."""
    query = select(*_COLUMNS).order_by(JobRun.slot_at.desc(), JobRun.job.desc()).limit(limit)
    if job:
        query = query.where(JobRun.job == job)
    if before:
        at, name = before
        query = query.where((JobRun.slot_at < at) | ((JobRun.slot_at == at) & (JobRun.job < name)))
    return [_run(tuple(row)) for row in session.execute(query)]


def newest(session: Session, jobs: Sequence[str]) -> dict[str, Run]:
    """The newest run of each job, by its name."""
    found = {}
    for job in jobs:
        rows = runs(session, job=job, limit=1)
        if rows:
            found[job] = rows[0]
    return found


def _run(row: tuple) -> Run:  # type: ignore[type-arg]
    return Run(row[0], row[1], row[2], State(row[3]), *row[4:])
