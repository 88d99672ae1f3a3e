"""The nights of pledges: deadlines, cooling-off, what is late, and the end of collection.

Each pledge or promise is done in its own transaction and looks at its state under lock, so
that a second run, or a run cut short, does nothing twice. One that is refused is written to
the log and does not keep the others waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy.orm import Session

from ledger.jobs.job import Job, JobContext
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Busy, LedgerError
from ledger.parties.rules import Actor, system
from ledger.pledges import queries, service
from ledger.schedule.rules import FencedOff

Step = Callable[[Session, str, Actor], str]


def close_and_settle(context: JobContext) -> str:
    """PL6, PL7: pledges past their deadline lapse; those past their cooling-off fall due."""
    now = context.now
    closed = _each(
        context,
        context.transact(lambda session: queries.past_deadline(session, now)),
        lambda session, one, actor: service.close_at_deadline(
            session, pledge=one, actor=actor, now=now
        ),
    )
    settled = _each(
        context,
        context.transact(lambda session: queries.cooled_off(session, now)),
        lambda session, one, actor: service.settle(session, pledge=one, actor=actor, now=now),
    )
    return f"{_said(closed, 'past its deadline')}; {_said(settled, 'past its cooling-off')}"


def chase_and_end(context: JobContext) -> str:
    """PL15: late promises are reminded of, then in default; collections that are over end."""
    now, today = context.now, london_day(context.now)
    late = _each(
        context,
        context.transact(lambda session: queries.to_chase(session, today)),
        lambda session, one, actor: service.chase(session, commitment=one, actor=actor, now=now),
    )
    ended = _each(
        context,
        context.transact(queries.collecting),
        lambda session, one, actor: service.end_collection(
            session, pledge=one, actor=actor, now=now
        ),
    )
    return f"{_said(late, 'late', noun='promise')}; {_said(ended, 'being collected')}"


def _each(context: JobContext, items: Iterable[str], step: Step) -> dict[str, int]:
    """Do one step for each item, each in its own transaction; how many ended in which state."""
    actor = system(context.job)
    ends: dict[str, int] = {}
    for item in items:
        try:
            end = context.transact(lambda session, one=item: step(session, one, actor))  # type: ignore[misc]
        except (FencedOff, Busy):
            raise
        except LedgerError as refusal:
            context.log.error("%s was refused: %s (%s)", item, refusal, refusal.code)
            end = "refused"
        ends[end] = ends.get(end, 0) + 1
    return ends


def _said(ends: dict[str, int], what: str, *, noun: str = "pledge") -> str:
    count = sum(ends.values())
    if not count:
        return f"no {noun} {what}"
    states = ", ".join(f"{number} {state.lower()}" for state, number in sorted(ends.items()))
    return f"{count} {noun}{'' if count == 1 else 's'} {what}: {states}"


DEADLINES = Job(
    name="pledge-deadlines",
    says="Ends pledges whose deadline has passed, and lets promises fall due after cooling-off.",
    run=close_and_settle,
    every_minutes=10,
)
CHASE = Job(
    name="pledge-collection",
    says="Reminds of late promises, marks defaults, and ends collections that are over.",
    run=chase_and_end,
    daily_at="06:00",
)
