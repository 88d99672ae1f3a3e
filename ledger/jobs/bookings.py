"""The nights of bookings: holds that ran out, months of public minutes opened and closed.

Each hold and each month of a building is done in its own transaction and looks at its state
first, so that a second run does nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ledger.bookings import queries, rules, service
from ledger.jobs.job import Job, JobContext
from ledger.kernel.errors import Busy, LedgerError
from ledger.schedule.rules import FencedOff

_Item = TypeVar("_Item")


def expire_holds(context: JobContext) -> str:
    """K3: bookings whose hold ran out say so, and their time is free on the calendar."""
    lapsed = context.transact(lambda session: queries.lapsed_holds(session, now=context.now))
    ended = _each(
        context,
        lapsed,
        lambda booking: context.transact(
            lambda session: service.expire_holds(session, booking=booking, now=context.now)
        ),
    )
    return f"{ended} of {len(lapsed)} holds ended"


def turn_months(context: JobContext) -> str:
    """K12: this month's public minutes are endowed, and months that are over are closed."""
    this_month = rules.month_of(context.on)
    assets = context.transact(queries.bookable_assets)
    opened = _each(
        context,
        assets,
        lambda asset: context.transact(
            lambda session: service.open_month(
                session, asset=asset, month_on=this_month, maker=context.actor, now=context.now
            )
        ),
    )
    over = context.transact(lambda session: queries.open_months(session, before=this_month))
    closed = _each(
        context,
        over,
        lambda month: context.transact(
            lambda session: service.close_month(
                session, asset=month.asset, month_on=month.month_on, maker=context.actor,
                now=context.now,
            )
        ),
    )  # fmt: skip
    return f"{opened} months opened, {closed} closed"


def _each(context: JobContext, items: Iterable[_Item], step: Callable[[_Item], bool]) -> int:
    """Do one step for each item; one that is refused is written down and keeps nobody waiting."""
    done = 0
    for item in items:
        try:
            done += step(item)
        except (FencedOff, Busy):
            raise
        except LedgerError as refusal:
            context.log.warning("%s: %s", item, refusal)
    return done


HOLDS = Job(
    name="booking-holds",
    says="Ends the holds on rooms that ran out.",
    run=expire_holds,
    every_minutes=15,
)
MONTHS = Job(
    name="booking-months",
    says="Gives the public each month's minutes of the buildings, and counts what was left.",
    run=turn_months,
    daily_at="04:30",
)
