"""Closing a period and opening it again: what is signed, and when it can be (C1 to C5)."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.kernel import limits
from ledger.kernel.errors import Conflict, Invalid

CLOSE: Final = "period.close"
REOPEN: Final = "period.reopen"
BUCKET: Final = "periods"
KINDS: Final = {"ADJUSTING": CLOSE, "CLOSED": REOPEN}
"""What can be signed for a period, by its state."""

STATE_WORDS: Final = {"OPEN": "open", "ADJUSTING": "being closed", "CLOSED": "closed"}


class PeriodNotOver(Conflict):
    """C1: the last day of the period has not passed."""

    code = "closing.not_over"
    title = "The period is not over yet"


class NothingToSign(Conflict):
    """The period is not in a state in which this can be signed, or it is signed already."""

    code = "closing.nothing_to_sign"
    title = "There is nothing to sign"


def check_over(*, ends_on: date, today: date) -> None:
    """C1: refuse to close a period whose last day is today or later.

    Raises:
        PeriodNotOver: with the first day on which it can begin.
    """
    if today <= ends_on:
        raise PeriodNotOver(
            f"The period lasts until {ends_on.isoformat()}.",
            remedy="Begin to close it on a later day.",
            place="period",
        )


def check_signable(*, kind: str, status: str, signed_already: bool) -> None:
    """C2, C4: refuse to sign what does not stand there to be signed.

    Raises:
        NothingToSign: the period is in another state, or waits to be countersigned.
    """
    if KINDS.get(status) != kind:
        raise NothingToSign(
            f"The period is {STATE_WORDS[status]}.",
            remedy="Begin to close it first."
            if status == "OPEN"
            else "Look at the period again: somebody may have moved it.",
            place="period",
        )
    if signed_already:
        raise NothingToSign(
            "It is signed already, and waits for a second person.",
            remedy="Countersign it, or withdraw what was signed and sign anew.",
            place="period",
        )


def check_reason(reason: str) -> str:
    """C2, C4: why, in one line that the leaf can keep.

    Raises:
        Invalid: nothing, or too much, or more than one line.
    """
    words = reason.strip()
    fits = limits.REASON_CHARS_MIN <= len(words) <= limits.LINE_CHARS_MAX
    if not fits or not words.isprintable():
        raise Invalid(
            "Say why, in one line.",
            remedy=f"Write {limits.REASON_CHARS_MIN} to {limits.LINE_CHARS_MAX} characters.",
            place="reason",
        )
    return words


def facts(
    *, kind: str, starts_on: date, ends_on: date, trial_balance_sha256: str, reason: str
) -> dict[str, object]:
    """C2, C4: exactly what is signed and countersigned."""
    return {
        "what": "close the period" if kind == CLOSE else "open the period again",
        "starts_on": starts_on.isoformat(),
        "ends_on": ends_on.isoformat(),
        "trial_balance_sha256": trial_balance_sha256,
        "reason": reason,
    }
