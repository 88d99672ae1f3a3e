"""Questions about spaces, who has them when, bookings and minutes."""

from __future__ import annotations

from ledger.bookings.queries.bookings import (
    BookingView,
    OccurrenceView,
    awaiting_use,
    booking,
    bookings_of,
    feed,
    hire,
    lapsed_holds,
    occurrence,
    occurrences,
    upcoming,
    waiting,
)
from ledger.bookings.queries.claims import (
    Busy,
    alternatives,
    clashes,
    taken,
    week_busy,
)
from ledger.bookings.queries.months import (
    IdleRow,
    MonthView,
    bookable_minutes,
    closed_minutes,
    idle,
    month,
    open_months,
)
from ledger.bookings.queries.spaces import (
    SpaceView,
    atoms_of,
    atoms_of_asset,
    bookable_assets,
    hours_on,
    opening_hours,
    rates,
    space,
    spaces_of,
)

__all__ = [
    "BookingView", "Busy", "IdleRow", "MonthView", "OccurrenceView", "SpaceView", "alternatives",
    "atoms_of", "atoms_of_asset", "awaiting_use", "bookable_assets", "bookable_minutes", "booking", "bookings_of", "clashes",
    "closed_minutes", "feed", "hire", "hours_on", "idle", "lapsed_holds", "month", "occurrence",
    "occurrences", "open_months", "opening_hours", "rates", "space", "spaces_of", "taken",
    "upcoming", "waiting", "week_busy",
]  # fmt: skip
