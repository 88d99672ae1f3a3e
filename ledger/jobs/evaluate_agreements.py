"""The night of agreements: what is due is frozen, tested and proposed. It decides nothing.

Each period is done in its own transaction; a period that lacks readings waits and is said so.
"""

from __future__ import annotations

from ledger.dividends import service as dividends
from ledger.jobs.job import Job, JobContext
from ledger.kernel.errors import Busy, LedgerError
from ledger.schedule.rules import FencedOff


def evaluate(context: JobContext) -> str:
    """D7: propose a determination for every period that is past its run-out, once each."""
    now = context.now
    due = context.transact(lambda session: dividends.evaluate_due(session, now=now))
    proposed = waiting = refused = 0
    for one in due:
        if not one.ready:
            waiting += 1
            context.log.info("%s waits for readings that are missing or not final", one.due.owner)
            continue
        try:
            made = context.transact(
                lambda session, one=one: dividends.propose(  # type: ignore[misc]
                    session, evaluation=one, now=now, maker=context.actor
                )
            )
        except (Busy, FencedOff):
            raise
        except LedgerError as refusal:
            refused += 1
            context.log.warning("%s was not proposed: %s", one.due.owner, refusal)
            continue
        proposed += made is not None
    words = f"{proposed} proposed, {waiting} waiting for readings"
    return words + (f", {refused} refused" if refused else "")


JOB = Job(
    name="evaluate-agreements",
    says="Freezes the readings of each period that is due, tests them, and proposes the result.",
    run=evaluate,
    daily_at="04:00",
)
"""Every night, after the suppliers' files of the evening."""
