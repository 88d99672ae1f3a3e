"""The night of agreements: what is due is frozen, tested and proposed. It decides nothing.

Periods are done a hundred at a time, each hundred in one transaction. When one of them is refused
the hundred is done again one by one, each in its own transaction, so that a bad agreement keeps
no other waiting. A period that lacks readings waits and is said so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session

from ledger.dividends import service as dividends
from ledger.dividends.queries import DuePeriod
from ledger.dividends.service import Night
from ledger.jobs.job import Job, JobContext, Stopped
from ledger.kernel.errors import Busy, LedgerError
from ledger.schedule.rules import FencedOff

TOGETHER: Final = 100
"""Enough to share what is read; few enough that nobody waits long for the database to be free."""


@dataclass(slots=True)
class _Count:
    proposed: int = 0
    refused: int = 0
    waiting: list[DuePeriod] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def add(self, night: Night) -> None:
        self.proposed += len(night.proposed)
        self.waiting += night.waiting


def evaluate(context: JobContext) -> str:
    """D7: propose a determination for every period that is past its run-out, once each."""
    due = context.transact(lambda session: dividends.due(session, now=context.now))
    count = _Count()
    for start in range(0, len(due), TOGETHER):
        part = due[start : start + TOGETHER]
        if not _together(context, part, count):
            for one in part:
                _alone(context, one, count)
    for one in count.waiting:
        context.log.info("%s waits for readings that are missing or not final", one.owner)
    if count.faults:
        raise count.faults[0]
    words = f"{count.proposed} proposed, {len(count.waiting)} waiting for readings"
    return words + (f", {count.refused} refused" if count.refused else "")


def _together(context: JobContext, due: Sequence[DuePeriod], count: _Count) -> bool:
    """Propose several in one transaction; False when they have to be done one by one."""
    if len(due) == 1:
        return False
    try:
        night = context.transact(
            lambda session: dividends.propose_many(
                session, due=due, now=context.now, maker=context.actor
            )
        )
    except (Busy, FencedOff, Stopped):
        raise
    except Exception as error:  # noqa: BLE001 - whatever one of them raises comes up again alone
        context.log.warning("%d periods are done one by one: %s", len(due), error)
        return False
    count.add(night)
    return True


def _alone(context: JobContext, due: DuePeriod, count: _Count) -> None:
    """Propose one in its own transaction. What it raises is kept, and the others go on."""

    def unit(session: Session) -> Night:
        for one in dividends.evaluate_due(session, now=context.now, agreement=due.agreement):
            if one.due.owner != due.owner:
                continue
            if not one.ready:
                return Night(proposed=[], waiting=[due])
            made = dividends.propose(session, evaluation=one, now=context.now, maker=context.actor)
            return Night(proposed=[made] if made else [], waiting=[])
        return Night(proposed=[], waiting=[])

    try:
        count.add(context.transact(unit))
    except (Busy, FencedOff, Stopped):
        raise
    except LedgerError as refusal:
        count.refused += 1
        context.log.warning("%s was not proposed: %s", due.owner, refusal)
    except Exception as error:
        # One that fails unexpectedly stops no other either; the job ends with it.
        count.faults.append(error)
        context.log.exception("%s could not be tested", due.owner)


JOB = Job(
    name="evaluate-agreements",
    says="Freezes the readings of each period that is due, tests them, and proposes the result.",
    run=evaluate,
    daily_at="04:00",
)
"""Every night, after the suppliers' files of the evening."""
