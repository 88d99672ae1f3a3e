"""Holds on value that ran out: what they kept is given back, each by a journal of its own.

Nothing depends on the job being in time: a hold past its deadline cannot be posted, whoever asks.
"""

from __future__ import annotations

from ledger.books import queries, service
from ledger.books.rules import AlreadyResolved
from ledger.jobs.job import Job, JobContext


def give_back(context: JobContext) -> str:
    """B7: every hold past its deadline runs out once, whoever sweeps and however often."""
    now, done = context.now, 0
    book = context.transact(lambda session: queries.book_id(session, context.book_code))
    for hold in context.transact(lambda session: queries.run_out_holds(session, book, now)):
        try:
            posted = context.transact(
                lambda session, one=hold: service.expire_hold(  # type: ignore[misc]
                    session, book=book, hold=one, maker=context.actor, now=now
                )
            )
        except AlreadyResolved:
            continue  # somebody gave it up between the look and the lock
        done += not posted.replayed
    return f"{done} hold{'' if done == 1 else 's'} ran out" if done else "no hold has run out"


JOB = Job(
    name="hold-expiry",
    says="Gives back what was held for something that did not come in time.",
    run=give_back,
    every_minutes=5,
)
