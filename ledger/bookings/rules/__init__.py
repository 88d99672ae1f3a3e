"""How public spaces are shared: who has one when, at what price, and what its use is worth.

K1  Two active claims on one part of a building never overlap; the database refuses them.
K2  A booking claims every part of its space, from set-up to clean-down; touching is allowed.
K3  A hold lasts some minutes; after that anyone may book over it, with or without the jobs.
K4  A series names every date as bookable or left out with the reason; none is moved silently.
K5  What is booked is what the preview showed, or nothing is booked.
K6  Times are London's wall clock; lengths, prices and minutes are counted in UTC.
K7  States move by table; what is over stays as it was.
K8  Nobody decides on their own booking, nor vouches for its use.
K9  Use is proved after it began; subsidy is recognised on use, never on booking.
K10 A class pays at most the list price; a confirmed date is never priced again.
K11 List price = hire income + hire forgone, for every used date, to the penny.
K12 Minutes endowed = community + council + commercial + no-show + closed + unused.
"""

from __future__ import annotations

from ledger.bookings.rules.postings import Hire
from ledger.bookings.rules.prices import (
    LIST_CLASS,
    USER_CLASSES,
    Quote,
    Rate,
    check_rate,
    price,
    quote,
    rate_on,
    refund_split,
)
from ledger.bookings.rules.refusals import (
    Alternative,
    DatesRefused,
    HoldLapsed,
    MoveRefused,
    NothingToBook,
    NotSet,
    OwnDecision,
    PlanChanged,
    RateRefused,
    SeriesRefused,
    SlotTaken,
    TooEarly,
)
from ledger.bookings.rules.series import (
    FIRST_DAY,
    LAST_DAY,
    SKIP_REASONS,
    Plan,
    PlannedDay,
    Series,
    Terms,
    claimed,
    dates,
    judge,
)
from ledger.bookings.rules.states import (
    BOOKING_MOVES,
    BOOKING_STATES,
    CLAIMING,
    FINAL,
    OCCURRENCE_MOVES,
    OCCURRENCE_STATES,
    SEES_ALL,
)
from ledger.bookings.rules.times import (
    DAY_MINUTES,
    Fold,
    Opening,
    Slot,
    epoch,
    from_epoch,
    instants,
    is_open,
    month_days,
    month_of,
    next_month,
    nominal_before,
    opening_slot,
    parse_minute,
    real_minutes,
    show_minute,
    slot_on,
)
from ledger.bookings.rules.words import MESSAGES

__all__ = [
    "BOOKING_MOVES",
    "BOOKING_STATES",
    "CLAIMING",
    "DAY_MINUTES",
    "FINAL",
    "FIRST_DAY",
    "LAST_DAY",
    "LIST_CLASS",
    "MESSAGES",
    "OCCURRENCE_MOVES",
    "OCCURRENCE_STATES",
    "SEES_ALL",
    "SKIP_REASONS",
    "USER_CLASSES",
    "Alternative",
    "DatesRefused",
    "Fold",
    "Hire",
    "HoldLapsed",
    "MoveRefused",
    "NotSet",
    "NothingToBook",
    "Opening",
    "OwnDecision",
    "Plan",
    "PlanChanged",
    "PlannedDay",
    "Quote",
    "Rate",
    "RateRefused",
    "Series",
    "SeriesRefused",
    "Slot",
    "SlotTaken",
    "Terms",
    "TooEarly",
    "check_rate",
    "claimed",
    "dates",
    "epoch",
    "from_epoch",
    "instants",
    "is_open",
    "judge",
    "month_days",
    "month_of",
    "next_month",
    "nominal_before",
    "opening_slot",
    "parse_minute",
    "price",
    "quote",
    "rate_on",
    "real_minutes",
    "refund_split",
    "show_minute",
    "slot_on",
]  # fmt: skip
