"""Which states there are and which moves between them (K7)."""

from __future__ import annotations

from typing import Final

BOOKING_STATES: Final = {
    "held": "Kept for a few minutes",
    "requested": "Waiting for an answer",
    "confirmed": "Confirmed",
    "closed": "Over",
    "expired": "Ran out",
    "declined": "Declined",
    "withdrawn": "Withdrawn",
    "cancelled": "Cancelled",
}
BOOKING_MOVES: Final = {
    ("held", "requested"), ("held", "expired"), ("held", "withdrawn"),
    ("expired", "requested"), ("requested", "confirmed"), ("requested", "declined"),
    ("requested", "withdrawn"), ("confirmed", "closed"), ("confirmed", "cancelled"),
}  # fmt: skip
OCCURRENCE_STATES: Final = {
    "skipped": "Left out",
    "held": "Kept for a few minutes",
    "requested": "Waiting for an answer",
    "confirmed": "Confirmed",
    "used": "Used",
    "no_show": "Nobody came",
    "cancelled_by_hirer": "Cancelled by the group",
    "cancelled_by_provider": "Cancelled by the council",
    "displaced": "Displaced by a closure",
    "expired": "Ran out",
    "declined": "Declined",
    "withdrawn": "Withdrawn",
}
OCCURRENCE_MOVES: Final = {
    ("held", "requested"), ("held", "expired"), ("held", "withdrawn"),
    ("expired", "requested"), ("skipped", "requested"), ("requested", "confirmed"),
    ("requested", "declined"), ("requested", "withdrawn"), ("requested", "displaced"),
    ("confirmed", "used"), ("confirmed", "no_show"), ("confirmed", "cancelled_by_hirer"),
    ("confirmed", "cancelled_by_provider"), ("confirmed", "displaced"),
}  # fmt: skip
CLAIMING: Final = frozenset({"held", "requested", "confirmed"})
"""While an occurrence is in one of these, its claims are active."""
FINAL: Final = frozenset(
    {"used", "no_show", "cancelled_by_hirer", "cancelled_by_provider", "displaced", "skipped"}
)


SEES_ALL: Final = frozenset({"broker", "officer", "head", "s151", "auditor"})
"""Roles that see every booking; others see their own, their group's, and busy times."""
