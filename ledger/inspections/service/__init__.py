"""Opening books for inspection, asking and answering about them, and withholding by hand."""

from __future__ import annotations

from ledger.inspections.service.opening import (
    ASK,
    OPEN,
    Sealed,
    answer,
    ask,
    open_books,
    sealed,
    withdraw,
)
from ledger.inspections.service.withholding import WITHHOLD, show_again, withhold

__all__ = [
    "ASK",
    "OPEN",
    "WITHHOLD",
    "Sealed",
    "answer",
    "ask",
    "open_books",
    "sealed",
    "show_again",
    "withdraw",
    "withhold",
]
