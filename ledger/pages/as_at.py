"""Which history a page is asked for: as at the end of a day, as known at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ledger.books.queries import AsAt
from ledger.kernel.clock import LONDON, end_of_london_day
from ledger.pages.forms import PARTS, Form

FIELDS: Final = (*(f"on-{part}" for part in PARTS), *(f"known-{part}" for part in PARTS), "at")


def as_at(form: Form) -> AsAt:
    """What the form asks for; without a time, what was known by the end of the day."""
    day = form.day("on", what="the day", required=False)
    known_on = form.day("known", what="the day by which it was known", required=False)
    at = form.clock("at", what="the time", required=False)
    if known_on is None:
        if at is not None:
            form.wrong("known", "Enter the day by which it was known")
        return AsAt(day)
    if at is None:
        return AsAt(day, end_of_london_day(known_on) - timedelta(microseconds=1))
    return AsAt(day, datetime.combine(known_on, at, tzinfo=LONDON).astimezone(UTC))


def asked(form: Form) -> dict[str, Any]:
    """What was asked for, to be carried along by links."""
    return {name: form.value(name) for name in FIELDS if form.value(name)}
