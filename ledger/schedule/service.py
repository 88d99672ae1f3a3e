"""Taking the lease, and recording what becomes of each slot, inside the caller's unit of work."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import metadata
from typing import Any

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.orm import Session

from ledger.kernel.db import is_sqlite
from ledger.schedule import queries, rules
from ledger.schedule.models import JobLease, JobRun
from ledger.schedule.rules import FencedOff, Slot, State

_BEAT = (
    "UPDATE job_lease SET fence = fence + (CASE WHEN holder = :me AND expires_ms > {now}"
    " THEN 0 ELSE 1 END), holder = :me, expires_ms = {now} + :ttl"
    " WHERE name = 'main' AND (expires_ms < {now} OR holder = :me) RETURNING fence"
)


def beat(session: Session, *, holder: str, ttl_ms: int) -> int | None:
    """S5: take the lease or keep it for ``ttl_ms`` more milliseconds of the database's clock.

    Returns the fence to work under, or None while somebody else holds it.
    """
    statement = _BEAT.replace("{now}", queries.NOW_MS[is_sqlite(session)])
    fence = session.execute(text(statement), {"me": holder, "ttl": ttl_ms}).scalar_one_or_none()
    return None if fence is None else int(fence)


def give_up(session: Session, *, holder: str) -> None:
    """Let the lease lapse at once, so that the next scheduler need not wait."""
    session.execute(
        update(JobLease).where(JobLease.name == "main", JobLease.holder == holder)
        .values(expires_ms=0)
    )  # fmt: skip


def hold_fence(session: Session, *, fence: int) -> None:
    """S5: lock the lease against a take-over until this unit of work ends.

    Raises:
        FencedOff: the fence has moved on, so somebody else runs the jobs now.
    """
    found = session.execute(
        select(JobLease.fence).where(JobLease.name == "main").with_for_update(read=True)
    ).scalar_one()
    if found != fence:
        raise FencedOff(
            f"The lease has fence {found}, and this scheduler works under {fence}.",
            remedy="Nothing was changed. The scheduler that took over goes on with the job.",
        )


def begin(
    session: Session, *, job: str, slot: Slot, holder: str, fence: int, now: datetime
) -> int | None:
    """S4: begin a slot, or go on with one that was left unfinished; returns which attempt it is.

    None when the slot is done, was given up, or waits for its next attempt.
    """
    hold_fence(session, fence=fence)
    found = _state(session, job=job, slot=slot.key)
    if found is None:
        session.execute(
            insert(JobRun).values(
                job=job, slot=slot.key, slot_at=slot.at, state=State.RUNNING, attempts=1,
                holder=holder, fence=fence, asked_by="", started_at=now, said="", tzdata=_tzdata(),
            )
        )  # fmt: skip
        return 1
    state, attempts, retry_at = State(found[0]), int(found[1]), found[2]
    if State.RUNNING not in rules.MOVES[state] or (retry_at is not None and retry_at > now):
        return None
    _move(
        session, job, slot.key, state, State.RUNNING,
        attempts=attempts + 1, holder=holder, fence=fence, started_at=now, retry_at=None,
    )  # fmt: skip
    return attempts + 1


def finish(
    session: Session, *, job: str, slot: Slot, holder: str, fence: int, said: str, now: datetime
) -> None:
    """Record that a slot is done, and what the job said it did."""
    hold_fence(session, fence=fence)
    _move(
        session, job, slot.key, State.RUNNING, State.DONE,
        holder=holder, fence=fence, finished_at=now, said=said[: rules.SAID_CHARS_MAX],
    )  # fmt: skip


def fail(
    session: Session, *, job: str, slot: Slot, holder: str, fence: int, attempts: int,
    said: str, now: datetime,
) -> State:  # fmt: skip
    """S4: record that a slot failed; it is tried again later, or given up at the fifth attempt."""
    hold_fence(session, fence=fence)
    again = rules.retry_at(attempts, now)
    state = State.RETRY if again else State.FAILED
    _move(
        session, job, slot.key, State.RUNNING, state,
        holder=holder, fence=fence, finished_at=now, retry_at=again,
        said=said[: rules.SAID_CHARS_MAX],
    )  # fmt: skip
    return state


def ask(session: Session, *, job: str, slot: Slot, asked_by: str, now: datetime) -> State:
    """Ask the scheduler to run a slot at its next look; returns what has become of it so far.

    A slot that is done stays done. One that was given up is tried once more.

    Raises:
        BadSlot: its time has not come.
    """
    if slot.at > now:
        raise rules.BadSlot(
            f"{slot.key} has not come yet.", remedy="Name a day that has come.", place=job
        )
    found = _state(session, job=job, slot=slot.key)
    if found is None:
        session.execute(
            insert(JobRun).values(
                job=job, slot=slot.key, slot_at=slot.at, state=State.ASKED, attempts=0, holder="",
                fence=0, asked_by=asked_by, said="", tzdata=_tzdata(),
            )
        )  # fmt: skip
        return State.ASKED
    state = State(found[0])
    if State.ASKED not in rules.MOVES[state]:
        return state
    _move(session, job, slot.key, state, State.ASKED, asked_by=asked_by, retry_at=None)
    return State.ASKED


def _state(session: Session, *, job: str, slot: str) -> Row[str, int, datetime | None] | None:
    return session.execute(
        select(JobRun.state, JobRun.attempts, JobRun.retry_at)
        .where(JobRun.job == job, JobRun.slot == slot)
        .with_for_update()
    ).one_or_none()


def _move(session: Session, job: str, slot: str, was: State, to: State, **values: Any) -> None:
    assert to in rules.MOVES[was], f"{was} to {to}"
    done = session.execute(
        update(JobRun)
        .where(JobRun.job == job, JobRun.slot == slot, JobRun.state == was)
        .values(state=to, **values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise FencedOff(
            f"{job} {slot} is no longer {was.lower()}.",
            remedy="Nothing was changed. Another scheduler goes on with it.",
        )


@cache
def _tzdata() -> str:
    try:
        return metadata.version("tzdata")
    except metadata.PackageNotFoundError:
        return "system"
