"""Running what is due: the lease first, then every slot in order, each recorded.

1. ``Leader.beat`` takes or keeps the lease, every third of its life.
2. ``tick`` looks at what was left unfinished or asked for, then at every slot whose time has
   come since the last one recorded, oldest first, job by job.
3. Each slot is begun in a transaction of its own, run, and finished in another; a scheduler
   killed anywhere leaves a slot that the next one runs again, item by item, by key.
4. Every transaction locks the lease row and compares its fence, so that one who was thought
   dead and comes back can finish nothing.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ledger.jobs.job import LOG, Job, JobContext, Stopped
from ledger.kernel.db import check_ready, db, transact, transaction
from ledger.kernel.errors import Busy, LedgerError, NotReady
from ledger.kernel.limits import JOB_SLOTS_PER_TICK_MAX
from ledger.schedule import queries, rules, service
from ledger.schedule.rules import FencedOff, Slot, State

LEASE_MS: Final = 15_000
MARGIN_MS: Final = 500


@dataclass(slots=True)
class Leader:
    """One process that would run the jobs: its name, its lease, and whether it is to stop."""

    lease_ms: int = LEASE_MS
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{_chance()}")
    fence: int | None = None
    good_until_s: float = 0.0
    stopping: bool = False

    def beat(self) -> bool:
        """S5: take or keep the lease; whether this process holds it now."""
        began_s = time.monotonic()
        fence = transact(
            lambda session: service.beat(session, holder=self.name, ttl_ms=self.lease_ms)
        )
        if fence is not None and fence != self.fence:
            LOG.info("%s runs the jobs from now on (fence %d)", self.name, fence)
        self.fence = fence
        self.good_until_s = began_s + (self.lease_ms - MARGIN_MS) / 1000 if fence else 0.0
        return fence is not None

    def holds(self) -> bool:
        """Whether the lease is still good, by this machine's monotonic clock."""
        return self.fence is not None and time.monotonic() < self.good_until_s

    def leave(self) -> None:
        """Give the lease up at once."""
        if self.fence is not None:
            transact(lambda session: service.give_up(session, holder=self.name))
            self.fence = None


def _chance() -> str:
    return secrets.token_hex(4)


def database_now() -> datetime:
    """The present instant by the database's clock: all schedulers share it."""
    with transaction(read_only=True) as session:
        return queries.database_now(session)


def tick(
    leader: Leader, jobs: Sequence[Job], *, now: datetime | None = None, book_code: str = "MAIN"
) -> int:
    """Run every slot that is due; returns how many were finished.

    Level-triggered: it looks at what is recorded, not at when it was called, so a missed or
    doubled call changes nothing.
    """
    finished = 0
    for job in _allowed(jobs):
        try:
            finished += _catch_up(leader, job, now or database_now(), book_code)
        except (FencedOff, Stopped):
            break
        except Busy as busy:
            LOG.warning("%s: %s It is tried again at the next look.", job.name, busy)
    return finished


def _allowed(jobs: Sequence[Job]) -> list[Job]:
    """N1: without the database's guards only those jobs run that look and copy."""
    try:
        check_ready(db.engine)
    except NotReady as refusal:
        LOG.error("%s", refusal)
        return [job for job in jobs if job.only_looks]
    return list(jobs)


def _catch_up(leader: Leader, job: Job, now: datetime, book_code: str) -> int:
    finished = 0
    for slot in _due(job, now):
        if leader.stopping or not leader.holds():
            break
        state = _run_slot(leader, job, slot, now, book_code)
        if state is State.RETRY:
            break
        finished += state is State.DONE
    return finished


def _due(job: Job, now: datetime) -> list[Slot]:
    timetable = job.timetable
    with transaction(read_only=True) as session:
        waiting = [run for run in queries.unfinished(session) if run.job == job.name]
        last = queries.last_slot(session, job=job.name)
    slots = [rules.slot_named(timetable, run.slot) for run in waiting]
    if any(run.retry_at is not None and run.retry_at > now for run in waiting):
        return [slot for slot, run in zip(slots, waiting, strict=True) if run.state is State.ASKED]
    return slots + rules.due(timetable, last=last, now=now, most=JOB_SLOTS_PER_TICK_MAX)


def _run_slot(leader: Leader, job: Job, slot: Slot, now: datetime, book_code: str) -> State | None:
    """Begin, run and finish one slot; None when there was nothing to do in it."""
    fence = leader.fence
    if fence is None:
        raise Stopped
    attempt = transact(
        lambda session: service.begin(
            session, job=job.name, slot=slot, holder=leader.name, fence=fence, now=now
        )
    )
    if attempt is None:
        return None
    context = JobContext(
        job=job.name, slot=slot, now=now, book_code=book_code, fence=fence,
        holds=leader.holds, stopping=lambda: leader.stopping,
    )  # fmt: skip
    try:
        said = job.run(context)
    except (FencedOff, Stopped):
        LOG.info("%s %s left unfinished; it will be run again", job.name, slot.key)
        raise
    except Exception as error:  # noqa: BLE001 - whatever a job raises is recorded and tried again
        return _failed(leader, context, attempt, error)
    transact(
        lambda session: service.finish(
            session, job=job.name, slot=slot, holder=leader.name, fence=fence, said=said,
            now=queries.database_now(session),
        )
    )  # fmt: skip
    LOG.info("%s %s: %s", job.name, slot.key, said)
    return State.DONE


def _failed(leader: Leader, context: JobContext, attempt: int, error: Exception) -> State:
    LOG.exception("%s %s failed (attempt %d)", context.job, context.slot.key, attempt)
    words = str(error) if isinstance(error, LedgerError) else f"{type(error).__name__}: {error}"
    fence = context.fence
    assert fence is not None
    return transact(
        lambda session: service.fail(
            session, job=context.job, slot=context.slot, holder=leader.name, fence=fence,
            attempts=attempt, said=words, now=context.now,
        )
    )  # fmt: skip


def run_now(
    job: Job, slot: Slot, *, asked_by: str, now: datetime, book_code: str = "MAIN",
    wait: Callable[[], bool] | None = None,
) -> queries.Run:  # fmt: skip
    """Run one slot because a person asked. A slot that is done stays done.

    When a scheduler is at work it does the work, at its next look: ``wait`` is called between
    looks and says whether to go on waiting. Otherwise this process takes the lease meanwhile.

    Raises:
        BadSlot: the slot's time has not come.
    """
    transact(
        lambda session: service.ask(session, job=job.name, slot=slot, asked_by=asked_by, now=now)
    )
    leader = Leader()
    while not leader.beat():
        if wait is None or not wait() or _recorded(job, slot).state is not State.ASKED:
            return _recorded(job, slot)
    try:
        _run_slot(leader, job, slot, now, book_code)
    finally:
        leader.leave()
    return _recorded(job, slot)


def _recorded(job: Job, slot: Slot) -> queries.Run:
    with transaction(read_only=True) as session:
        found = queries.run(session, job=job.name, slot=slot.key)
    assert found is not None, "it was asked for above"
    return found
