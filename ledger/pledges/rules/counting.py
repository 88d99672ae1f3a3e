"""PL3 to PL9: who may join, when, and what brings a pledge to its minimum."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ledger.kernel import limits
from ledger.kernel.clock import LONDON, london_day
from ledger.kernel.money import format_quantity
from ledger.pledges.rules.moves import JOINABLE, WITHDRAWABLE, check_state
from ledger.pledges.rules.refusals import DealIncomplete, Full, OwnPledge, TooLate

__all__ = [
    "COOLING_OFF", "DEFAULT_AFTER_DAYS", "EXTEND_DAYS_MAX", "REMINDERS_MAX", "Tally", "check_can_join",
    "check_can_withdraw", "check_quantity", "check_room", "day_and_hour", "due_on", "in_default",
    "is_overdue", "is_reached", "reminders_due", "settles_at", "withdraw_until",
]  # fmt: skip

COOLING_OFF: Final = timedelta(hours=48)
REMINDERS_MAX: Final = 3
_REMINDER_DAYS: Final = (1, 8, 14)
DEFAULT_AFTER_DAYS: Final = 14
EXTEND_DAYS_MAX: Final = 92


@dataclass(frozen=True, slots=True)
class Tally:
    """What a pledge has been promised: confirmed (pence or minutes), by how many people, what
    match their gifts would earn, and how much match is set aside.
    """

    confirmed: int
    people: int
    match_expected: int = 0
    match_reserved: int = 0
    match_counts: bool = False

    @property
    def match_counted(self) -> int:
        """PL5: the promised match that counts towards the minimum, in pence."""
        return min(self.match_expected, self.match_reserved) if self.match_counts else 0

    @property
    def counted(self) -> int:
        """PL5: what is compared with the minimum and the maximum."""
        return self.confirmed + self.match_counted


def is_reached(tally: Tally, minimum: int) -> bool:
    """PL5: whether the counted total meets the minimum."""
    return tally.counted >= minimum


def check_quantity(quantity: int, unit: str) -> None:
    """A promise is a whole number above zero, within what a ledger can hold.

    Raises:
        DealIncomplete: it is not.
    """
    if type(quantity) is not int or not 0 < quantity <= limits.QUANTITY_MAX:
        raise DealIncomplete(
            f"{quantity!r} is not something that can be promised.",
            remedy="Enter an amount above zero, like 20 or 20.50."
            if unit == "GBP"
            else "Enter a time above zero, like 3 hours.",
            place="quantity",
        )


def check_can_join(
    *, state: str, deadline_at: datetime, person: str, organiser: str, now: datetime
) -> None:
    """PL4 and PL6: it takes sign-ups, the deadline is ahead, and it is not the organiser.

    Raises:
        NotReady, TooLate, OwnPledge.
    """
    if person == organiser:
        raise OwnPledge(
            "You are the organiser of this pledge.",
            remedy="Ask your neighbours to join; your own help does not count towards it.",
        )
    check_state(state, JOINABLE | ({"LAPSED"} if now >= deadline_at else set()), place="pledge")
    if now >= deadline_at:
        last = deadline_at - timedelta(seconds=1)
        raise TooLate(
            f"This pledge could be joined until {day_and_hour(last)}.",
            remedy="Look for another pledge near you, or ask the group what it plans next.",
        )


def check_room(before: Tally, after: Tally, *, maximum: int, unit: str) -> None:
    """PL9: the maximum is not passed.

    Raises:
        Full: saying how much room is left.
    """
    if after.counted <= maximum:
        return
    room = max(0, maximum - before.counted)
    raise Full(
        f"There is room for {format_quantity(room, unit)} more"
        f" of {format_quantity(maximum, unit)}.",
        remedy="Promise less." if room else "Ask the group whether it plans another pledge.",
        place="quantity",
    )


def settles_at(reached_at: datetime) -> datetime:
    """PL7: when cooling-off ends and promises fall due."""
    return reached_at + COOLING_OFF


def withdraw_until(
    *, reached_at: datetime | None, confirmed_at: datetime | None
) -> datetime | None:
    """PL7: the first instant at which a person can no longer withdraw; None: no end yet."""
    if reached_at is None:
        return None
    ends = settles_at(reached_at)
    return max(ends, confirmed_at + COOLING_OFF) if confirmed_at else ends


def check_can_withdraw(*, state: str, until: datetime | None, now: datetime) -> None:
    """PL7: the commitment has not been paid and the cooling-off is not over.

    Raises:
        NotReady, TooLate.
    """
    check_state(state, WITHDRAWABLE, place="commitment")
    if until is not None and now >= until:
        raise TooLate(
            f"You could withdraw until {day_and_hour(until)}.",
            remedy="If you can no longer keep your promise, tell the group or the council:"
            " they can excuse you.",
        )


def due_on(settled_at: datetime, collect_days: int) -> date:
    """PL15: the London day by which a promise is to be paid."""
    return london_day(settled_at) + timedelta(days=collect_days)


def is_overdue(due: date, today: date) -> bool:
    """PL15: whether its due day is over."""
    return today > due


def reminders_due(due: date, today: date) -> int:
    """PL15: how many of the three reminders should have been sent by today."""
    return sum(1 for days in _REMINDER_DAYS if today >= due + timedelta(days=days))


def in_default(due: date, today: date) -> bool:
    """PL15: whether fourteen days have passed since the due day, all reminders sent."""
    return today > due + timedelta(days=DEFAULT_AFTER_DAYS)


def day_and_hour(at: datetime) -> str:
    """An instant as people in London read it: day, hour and zone."""
    local = at.astimezone(LONDON)
    return f"{local:%A} {local.day} {local:%B %Y} at {local:%H:%M:%S} ({local:%Z})"
