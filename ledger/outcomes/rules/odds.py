"""What a deal's chances are before anybody signs it (O6).

Every share is a fraction kept to twelve decimal places; Poisson terms use ``decimal`` at sixty
digits, which gives the same digits on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import isqrt
from typing import Final

from ledger.outcomes.rules.exact import Counts, p_value
from ledger.outcomes.rules.spread import decimal_of

_MATHS: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_KEPT: Final = Decimal(1).scaleb(-12)
_BLOCKS: Final = 40
_LARGE: Final = 1_000
REFUSE_BELOW: Final = Fraction(1, 2)
WARN_BELOW: Final = Fraction(4, 5)


@dataclass(frozen=True, slots=True)
class Odds:
    """What the parties are shown before they sign.

    ``expected_events`` is what a period would hold if nothing changed; ``most_events`` the most
    that would still pay (-1: not even none would); the shares are fractions of one.
    """

    expected_events: Fraction
    most_events: int
    smallest_fall: Fraction | None
    power: Fraction
    false_pay: Fraction

    @property
    def verdict(self) -> str:
        """``refuse`` below an even chance, ``warn`` below four in five, else ``fair``."""
        if self.power < REFUSE_BELOW:
            return "refuse"
        return "warn" if self.power < WARN_BELOW else "fair"


def poisson_shares(mean: Fraction, last: int) -> list[Decimal]:
    """The chances of exactly 0, 1, … ``last`` events when ``mean`` are expected."""
    rate = decimal_of(mean)
    shares = [_MATHS.exp(-rate)]
    for events in range(1, last + 1):
        shares.append(_MATHS.divide(_MATHS.multiply(shares[-1], rate), Decimal(events)))
    return shares


def poisson_at_most(events: int, mean: Fraction) -> Fraction:
    """The chance of ``events`` or fewer when ``mean`` are expected, to twelve places."""
    return _kept(_total(poisson_shares(mean, events))) if events >= 0 else Fraction(0)


@dataclass(frozen=True, slots=True)
class Deal:
    """What decides the odds: baseline counts, whole years before and after, and the gate."""

    before: int
    other_before: int
    years_before: int
    years_after: int
    alpha: Fraction
    threshold: Fraction

    @property
    def mean(self) -> Fraction:
        """Events expected in a period if nothing changes."""
        return Fraction(self.before * self.years_after, self.years_before)

    @property
    def other_mean(self) -> Fraction:
        """The comparators' expected events."""
        return Fraction(self.other_before * self.years_after, self.years_before)

    def counts(self, after: int, other_after: int) -> Counts:
        """The table that these counts would make."""
        return Counts(
            self.before, after, self.other_before, other_after, self.years_before, self.years_after
        )

    def pays(self, after: int, other_after: int) -> bool:
        """Whether these counts would meet the threshold and prove a fall."""
        counts = self.counts(after, other_after)
        return counts.fall >= self.threshold and p_value(counts) <= self.alpha


def most_that_pays(deal: Deal, other_after: int, *, known: int = -1) -> int:
    """The most events after that still pay; -1 if none does. ``known`` pays already.

    Fewer events never pay less, so that halving finds it.
    """
    most, too_many = known, max(known, int(deal.counts(0, other_after).counterfactual)) + 1
    while too_many - most > 1:
        middle = (most + too_many) // 2
        if deal.pays(middle, other_after):
            most = middle
        else:
            too_many = middle
    return most


def odds_of(deal: Deal, *, expected_fall: Fraction) -> Odds:
    """O6: the chances of a deal, the comparators going on as they were but for chance.

    Power is taken at the fall that the parties say they expect.
    """
    most = most_that_pays(deal, round(deal.other_mean))
    power = false_pay = Decimal(0)
    limit = -1
    blocks = list(_blocks(deal.other_mean))
    widest = most_that_pays(deal, blocks[-1][0])
    improved = _running(poisson_shares(deal.mean * (1 - expected_fall), max(widest, 0)))
    unchanged = _running(poisson_shares(deal.mean, max(widest, 0)))
    for other_after, weight in blocks:
        limit = most_that_pays(deal, other_after, known=limit)
        if limit >= 0:
            power = _MATHS.add(power, _MATHS.multiply(weight, improved[limit]))
            false_pay = _MATHS.add(false_pay, _MATHS.multiply(weight, unchanged[limit]))
    return Odds(
        expected_events=deal.mean,
        most_events=most,
        smallest_fall=1 - most / deal.mean if most >= 0 and deal.mean else None,
        power=_kept(power),
        false_pay=_kept(false_pay),
    )


def _blocks(mean: Fraction) -> Iterator[tuple[int, Decimal]]:
    """Counts the comparators may show, in a few blocks: the middle of each, and its chance."""
    if mean == 0:
        yield 0, Decimal(1)
        return
    reach = 5 * (isqrt(int(mean)) + 1)
    low, high = max(0, int(mean) - reach), int(mean) + reach
    shares = poisson_shares(mean, high)
    width = (high - low) // (_BLOCKS if mean < _LARGE else _BLOCKS // 4) + 1
    whole = _total(shares[low:])
    for start in range(low, high + 1, width):
        part = shares[start : start + width]
        yield start + (len(part) - 1) // 2, _MATHS.divide(_total(part), whole)


def _running(shares: list[Decimal]) -> list[Decimal]:
    total, sums = Decimal(0), []
    for share in shares:
        total = _MATHS.add(total, share)
        sums.append(total)
    return sums


def _total(shares: list[Decimal]) -> Decimal:
    return _running(shares)[-1]


def _kept(share: Decimal) -> Fraction:
    return Fraction(share.quantize(_KEPT, context=_MATHS))
