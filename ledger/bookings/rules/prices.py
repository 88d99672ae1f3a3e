"""What a booking costs, by whom it is made and on which dated rate (K10).

Prices are whole pence. Each date is rounded by itself, half up, and a series is their sum.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from ledger.bookings.rules.refusals import RateRefused
from ledger.kernel.money import format_pence, half_up

LIST_CLASS: Final = "standard"
USER_CLASSES: Final = {
    "standard": "Anyone, at the list price",
    "community": "Community group",
    "council": "The council itself",
}
"""Who a booking is for; the class belongs to the booking, not to the person."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A price in pence an hour for one class, from a day on, with the policy that allows it."""

    id: str
    user_class: str
    pence_per_hour: int
    from_on: date
    policy: str


@dataclass(frozen=True, slots=True)
class Quote:
    """One date's price: list, what is charged, tax, and what they were worked out from."""

    minutes: int
    list_pence: int
    net_pence: int
    vat_pence: int
    list_rate: str
    rate: str
    policy: str

    @property
    def subsidy_pence(self) -> int:
        """What the public forgoes: list less charged, never below zero."""
        return self.list_pence - self.net_pence

    @property
    def digest(self) -> str:
        """A SHA-256 (hex) of the price and all its inputs."""
        facts = [
            self.minutes, self.list_pence, self.net_pence, self.vat_pence, self.list_rate,
            self.rate, self.policy,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def rate_on(rates: Sequence[Rate], user_class: str, on: date) -> Rate | None:
    """The rate of a class in force on a day: the latest that began by then."""
    known = [rate for rate in rates if rate.user_class == user_class and rate.from_on <= on]
    return max(known, key=lambda rate: (rate.from_on, rate.id), default=None)


def price(minutes: int, pence_per_hour: int) -> int:
    """Minutes at pence an hour, in whole pence, half up."""
    return half_up(Fraction(minutes * pence_per_hour, 60))


def quote(
    rates: Sequence[Rate], *, user_class: str, on: date, minutes: int, vat_percent: int
) -> Quote | None:
    """The price of one date, or nothing where no list price is in force.

    A class without a rate of its own pays the list price. Tax is off unless configured.
    """
    listed = rate_on(rates, LIST_CLASS, on)
    if listed is None:
        return None
    own = rate_on(rates, user_class, on) or listed
    list_pence = price(minutes, listed.pence_per_hour)
    net_pence = min(list_pence, price(minutes, own.pence_per_hour))
    return Quote(
        minutes=minutes, list_pence=list_pence, net_pence=net_pence,
        vat_pence=half_up(Fraction(net_pence * vat_percent, 100)),
        list_rate=listed.id, rate=own.id, policy=own.policy,
    )  # fmt: skip


def check_rate(
    rates: Sequence[Rate], *, user_class: str, pence_per_hour: int, from_on: date
) -> None:
    """K10: a class pays at most the list price, and the list price comes first.

    Raises:
        RateRefused: naming the list price.
    """
    listed = rate_on(rates, LIST_CLASS, from_on)
    if user_class == LIST_CLASS:
        return
    if listed is None:
        raise RateRefused(
            "There is no list price on that day.",
            remedy="Set the list price first: what anyone would pay.",
            place="rate",
        )
    if pence_per_hour > listed.pence_per_hour:
        raise RateRefused(
            f"{format_pence(pence_per_hour)} an hour is more than the list price"
            f" ({format_pence(listed.pence_per_hour)}).",
            remedy="Nobody pays more than the list price: raise that first.",
            place="rate",
        )


def refund_split(*, net_pence: int, vat_pence: int, retention_percent: int) -> tuple[int, int, int]:
    """What is kept of a cancelled date, the tax on it, and what goes back: pence.

    The kept share of the price and of the tax are each rounded half up; the rest goes back,
    so that the three always add up to what was charged.
    """
    kept = half_up(Fraction(net_pence * retention_percent, 100))
    kept_vat = half_up(Fraction(vat_pence * retention_percent, 100))
    return kept, kept_vat, net_pence - kept + vat_pence - kept_vat
