"""What people do with spaces: let them, book them, decide, use them, and count the minutes."""

from __future__ import annotations

from ledger.bookings.rules import MESSAGES
from ledger.bookings.service.decide import (
    cancel_booking,
    cancel_occurrence,
    confirm,
    decline,
    withdraw,
)
from ledger.bookings.service.holds import claim_hold, expire_holds, readd
from ledger.bookings.service.months import close_month, open_month
from ledger.bookings.service.paying import receive_payment
from ledger.bookings.service.series import Booked, Request, book, plan
from ledger.bookings.service.spaces import add_space, close_building, set_hours, set_rate
from ledger.bookings.service.use import confirm_use, mark_no_show
from ledger.messages.rules import add_template

__all__ = [
    "Booked", "Request", "add_space", "book", "cancel_booking", "cancel_occurrence",
    "claim_hold", "close_building", "close_month", "confirm", "confirm_use", "decline",
    "expire_holds", "mark_no_show", "open_month", "plan", "readd", "receive_payment", "set_hours", "set_rate",
    "withdraw",
]  # fmt: skip

for _name, (_subject, _body) in MESSAGES.items():
    add_template(_name, subject=_subject, body=_body)
