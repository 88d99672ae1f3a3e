"""Questions about periods: how one stands, what was signed for it, and what two reports differ by."""

from ledger.closing.queries.periods import PeriodView, period, subject_of
from ledger.closing.queries.restating import (
    Explained,
    Report,
    Restatement,
    Window,
    closes,
    restatement,
)

__all__ = [
    "Explained",
    "PeriodView",
    "Report",
    "Restatement",
    "Window",
    "closes",
    "period",
    "restatement",
    "subject_of",
]
