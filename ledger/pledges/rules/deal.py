"""PL1 and PL8: the deal, which is everything that a signer was told, in one version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ledger.kernel import limits
from ledger.kernel.clock import day_in_words, end_of_london_day, london_day
from ledger.kernel.money import format_quantity
from ledger.pledges.rules.refusals import DealIncomplete

__all__ = ["ANSWER_DAYS", "SENTENCE_CHARS_MIN", "UNITS", "Deal", "Plan", "answer_due", "check_deal",
           "faults_of"]  # fmt: skip

UNITS: Final = ("GBP", "HOUR")
SENTENCE_CHARS_MIN: Final = 10
ANSWER_DAYS: Final = 3
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Deal:
    """One version of what people sign. Quantities are pence or minutes; the day is London's."""

    sentence: str
    description: str
    place: str
    minimum: int
    optimum: int
    maximum: int
    deadline_on: date
    too_little: str
    too_much: str
    undeliverable: str

    @property
    def deadline_at(self) -> datetime:
        """PL6: the first instant at which it is too late."""
        return end_of_london_day(self.deadline_on)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pledge is beside its deal: whose it is, in which unit, and how it is collected.

    ``match_counts`` says whether promised match counts towards the minimum; ``collect_days`` is
    how many days people have to pay once it falls due.
    """

    group: str
    organiser: str
    broker: str
    neighbourhood: str
    unit: str = "GBP"
    match_counts: bool = False
    collect_days: int = 28


def faults_of(deal: Deal, *, unit: str, broker: str, now: datetime) -> dict[str, str]:
    """PL1: every field that is missing or does not fit, with what to do about it."""
    faults: dict[str, str] = {}
    if not SENTENCE_CHARS_MIN <= len(deal.sentence.strip()) <= limits.LINE_CHARS_MAX:
        faults["sentence"] = (
            f"Say in one sentence of {SENTENCE_CHARS_MIN} to {limits.LINE_CHARS_MAX} letters"
            " what will happen"
        )
    for field, question in _QUESTIONS.items():
        text = getattr(deal, field).strip()
        if not limits.REASON_CHARS_MIN <= len(text) <= limits.TEXT_CHARS_MAX:
            faults[field] = question
    if len(deal.description) > limits.TEXT_CHARS_MAX:
        faults["description"] = f"Use at most {limits.TEXT_CHARS_MAX:,} letters"
    if unit not in UNITS:
        faults["unit"] = "Choose pounds or hours"
    if not broker:
        faults["broker"] = "Name the broker who answers for this pledge"
    return faults | _figure_faults(deal, unit, now)


_QUESTIONS: Final = {
    "place": "Say where it will happen",
    "too_little": "Say what happens if too little is promised",
    "too_much": "Say what happens if more comes than is needed",
    "undeliverable": "Say what happens if it cannot be delivered",
}


def _figure_faults(deal: Deal, unit: str, now: datetime) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not 0 < deal.minimum <= limits.QUANTITY_MAX:
        faults["minimum"] = "Enter a minimum above zero"
    if deal.optimum < deal.minimum:
        faults["optimum"] = f"Enter {format_quantity(deal.minimum, unit)} or more"
    if not deal.optimum <= deal.maximum <= limits.QUANTITY_MAX:
        faults["maximum"] = f"Enter {format_quantity(deal.optimum, unit)} or more"
    last = london_day(now) + timedelta(days=limits.PLEDGE_DAYS_MAX)
    if not london_day(now) <= deal.deadline_on <= last:
        faults["deadline_on"] = f"Choose a day from today to {day_in_words(last)}"
    return faults


def check_deal(deal: Deal, *, unit: str, broker: str, now: datetime) -> None:
    """PL1: refuse a deal with anything missing.

    Raises:
        DealIncomplete: naming everything at once; its place is the first field.
    """
    faults = faults_of(deal, unit=unit, broker=broker, now=now)
    if faults:
        raise DealIncomplete(
            "; ".join(faults.values()) + ".",
            remedy="Complete the pledge and send it again.",
            place=next(iter(faults)),
            errors=faults,
        )


def answer_due(submitted_at: datetime) -> date:
    """PL2: the London day by which a moderator answers: three working days after."""
    day, left = london_day(submitted_at), ANSWER_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < _SATURDAY
    return day
