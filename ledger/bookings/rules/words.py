"""What people are told about their bookings."""

from __future__ import annotations

from typing import Final

MESSAGES: Final = {
    "booking.confirmed": (
        "Your booking is confirmed",
        "Hello $name,\n\nYour booking $booking ($activity) is confirmed. Its dates and what to"
        " pay are on its page.",
    ),
    "booking.declined": (
        "Your booking could not be confirmed",
        "Hello $name,\n\nYour request $booking ($activity) was declined. The reason given: $reason",
    ),
}
"""Subject and text by template; ``$`` words are filled in when the message is sent."""
