"""Why a booking is refused: each a class with its code, the facts and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.kernel.errors import Conflict, Kind, LedgerError


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something free instead: a space (or the same one) at a time, in UTC."""

    space: str
    name: str
    starts_at: datetime
    ends_at: datetime


class SlotTaken(Conflict):
    """K1: somebody else has the space for some of the time; names the dates and what is free."""

    code = "bookings.slot_taken"
    title = "That time is taken"

    def __init__(
        self, facts: str, *, remedy: str, place: str = "", dates: Sequence[str] = (),
        alternatives: Sequence[Alternative] = (),
    ) -> None:  # fmt: skip
        self.dates = tuple(dates)
        self.alternatives = tuple(alternatives)
        self.errors = {f"dates.{day}": "taken" for day in self.dates} | {
            f"alternatives.{number}": f"{free.space} ({free.name}) from"
            f" {free.starts_at:%Y-%m-%dT%H:%MZ} to {free.ends_at:%Y-%m-%dT%H:%MZ}"
            for number, free in enumerate(self.alternatives)
        }
        super().__init__(facts, remedy=remedy, place=place)


class DatesRefused(LedgerError):
    """K4: some dates cannot be booked (closed, past, too soon, a time that does not exist)."""

    code = "bookings.dates_refused"
    title = "Some of those dates cannot be booked"


class NothingToBook(LedgerError):
    """K4: no date is left."""

    code = "bookings.nothing_to_book"
    title = "There is no date to book"


class SeriesRefused(LedgerError):
    """K4: the series is too long, backwards or otherwise not a series."""

    code = "bookings.series_refused"
    title = "That series cannot be booked"


class PlanChanged(Conflict):
    """K5: what was shown in the preview is no longer so."""

    code = "bookings.plan_changed"
    title = "Something changed since you looked"


class HoldLapsed(Conflict):
    """K3: the hold ran out and somebody else took the time."""

    code = "bookings.hold_lapsed"
    title = "The time we kept for you ran out"


class MoveRefused(Conflict):
    """K7: the booking is not in a state from which it can go there."""

    code = "bookings.move_refused"
    title = "The booking cannot change in that way"


class OwnDecision(LedgerError):
    """K8: nobody decides on, or vouches for the use of, their own booking."""

    code = "bookings.own_decision"
    kind = Kind.FORBIDDEN
    title = "Somebody else must decide this"


class TooEarly(LedgerError):
    """K9: use is proved after it began, not before."""

    code = "bookings.too_early"
    title = "It is too early for that"


class RateRefused(LedgerError):
    """K10: a class price above the list price, or no list price at all."""

    code = "bookings.rate_refused"
    title = "That price cannot be used"


class NotSet(LedgerError):
    """The space cannot be booked yet: it lacks opening hours or a list price."""

    code = "bookings.not_set"
    kind = Kind.CONFLICT
    title = "This space is not ready to be booked"
