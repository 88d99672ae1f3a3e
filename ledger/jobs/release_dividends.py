"""The night of dividends: what two people approved is posted, and old holdbacks are confirmed.

The books are checked before and after: a fault stops everything, and nothing is released.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.dividends import queries
from ledger.dividends import service as dividends
from ledger.jobs.job import Job, JobContext
from ledger.kernel.errors import Busy, LedgerError, NotReady
from ledger.parties.rules import system
from ledger.schedule.rules import FencedOff

_BATCH = 200


def release(context: JobContext) -> str:
    """D12: release what is approved, once each; then confirm holdbacks whose window is over.

    Raises:
        NotReady: the books do not hold together; nothing was released.
    """
    now, actor = context.now, system(context.job)
    approved = _waiting(context, "APPROVED")
    released = _waiting(context, "RELEASED")
    if not approved and not released:
        return "nothing to release"
    _check_books(context)
    done = _each(
        context, approved,
        lambda session, one: dividends.release(session, determination=one, actor=actor, now=now),
    )  # fmt: skip
    confirmed = _each(
        context, [*released, *approved],
        lambda session, one: dividends.confirm(
            session, determination=one, now=now, maker=context.actor
        ),
    )  # fmt: skip
    if done or confirmed:
        _check_books(context)
    return f"{done} released, {confirmed} confirmed"


def _waiting(context: JobContext, state: str) -> list[str]:
    found: list[str] = []
    while True:
        after = found[-1] if found else ""
        page = context.transact(
            lambda session, after=after: queries.determinations(  # type: ignore[misc]
                session, states_in=[state], after=after, limit=_BATCH
            )
        )
        found += [view.id for view in page]
        if len(page) < _BATCH:
            return found


def _each(context: JobContext, items: list[str], step: Callable[[Session, str], bool]) -> int:
    done = 0
    for item in items:
        try:
            done += context.transact(lambda session, item=item: step(session, item))  # type: ignore[misc]
        except (Busy, FencedOff):
            raise
        except LedgerError as refusal:
            context.log.warning("%s was not released: %s", item, refusal)
    return done


def _check_books(context: JobContext) -> None:
    def unit(session: Session) -> list[str]:
        book = books_queries.book_id(session, context.book_code)
        return books.self_check(session, book=book)

    faults = context.transact(unit)
    if faults:
        raise NotReady(
            f"The books do not hold together: {faults[0]}.",
            remedy="Release nothing. Ask the auditor to run: flask ledger verify.",
        )


JOB = Job(
    name="release-dividends",
    says="Posts the dividends that two people approved, and confirms holdbacks whose time is up.",
    run=release,
    daily_at="05:00",
)
"""Every night, after the tests."""
