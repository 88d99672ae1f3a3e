"""Exact p-values for counts, as fractions: the same on every machine, with no rounding (O1, O2).

The test is conditional on the totals of a two by two table (Fisher's, and his noncentral
hypergeometric distribution when the null ratio is not one). Terms follow from each other by a
whole-number recurrence, so that hundreds of events take milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb

from ledger.kernel.errors import Invalid

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Counts:
    """Events in the area and in its comparators, in the baseline and in the period tested.

    ``exposure_before`` and ``exposure_after`` are any whole measure of how much could have
    happened (months, people); they matter only where there are no comparators.
    """

    before: int
    after: int
    other_before: int = 0
    other_after: int = 0
    exposure_before: int = 1
    exposure_after: int = 1

    def __post_init__(self) -> None:
        """Counts are whole and not below zero; exposures are above zero."""
        counts = (self.before, self.after, self.other_before, self.other_after)
        if any(type(count) is not int or count < 0 for count in counts):
            raise Invalid(
                f"{counts} are not four counts.",
                remedy="Give whole numbers of events, zero or more.",
            )
        if self.exposure_before < 1 or self.exposure_after < 1:
            raise Invalid("An exposure is below one.", remedy="Give whole exposures above zero.")

    @property
    def compared(self) -> bool:
        """Whether comparators saw any event at all."""
        return self.other_before + self.other_after > 0

    @property
    def null_ratio(self) -> Fraction:
        """Expected count after for each event before, if nothing changed for this area alone."""
        if self.compared:
            return Fraction(self.other_after, self.other_before) if self.other_before else ONE
        return Fraction(self.exposure_after, self.exposure_before)

    @property
    def counterfactual(self) -> Fraction:
        """How many events the area would have had: its baseline moved as its comparators did."""
        return self.before * self.null_ratio

    @property
    def avoided(self) -> Fraction:
        """Events that did not happen (below zero when there were more)."""
        return self.counterfactual - self.after

    @property
    def ratio(self) -> Fraction:
        """Observed over expected; one when nothing was expected and nothing came."""
        if self.counterfactual == 0:
            return ONE if self.after == 0 else Fraction(self.after)
        return self.after / self.counterfactual

    @property
    def fall(self) -> Fraction:
        """The relative fall: 2/5 is a fall of forty per cent; below zero it rose."""
        return ONE - self.ratio


def falls_by(counts: Counts, threshold_bp: int) -> bool:
    """Whether the relative fall is at least so many basis points; whole numbers only."""
    up, down = counts.other_after, counts.other_before
    if not counts.compared:
        up, down = counts.exposure_after, counts.exposure_before
    if not up or not down or not counts.before:
        return counts.fall * 10_000 >= threshold_bp
    return counts.after * down * 10_000 <= (10_000 - threshold_bp) * counts.before * up


def p_value(counts: Counts, *, null: Fraction = ONE) -> Fraction:
    """The chance of so few events after, if the true ratio were ``null`` (exact, one side)."""
    if null <= 0:
        raise Invalid("The ratio to test is not above zero.", remedy="Use a target below 100%.")
    if counts.compared:
        return _fisher(counts, null)
    odds = null * Fraction(counts.exposure_after, counts.exposure_before)
    return _binomial(counts.after, counts.before + counts.after, odds)


def _fisher(counts: Counts, odds: Fraction) -> Fraction:
    """The lower tail of the table, seen from the smaller of its margins: the numbers stay short."""
    area, drawn = counts.before + counts.after, counts.after + counts.other_after
    few, many = min(area, drawn), max(area, drawn)
    rest = area + counts.other_before + counts.other_after - many
    low = max(0, few - rest)
    assert low <= counts.after <= few
    up, down = odds.numerator, odds.denominator
    weight = comb(many, low) * comb(rest, few - low) * down ** (few - low)
    tail = 0
    for events in range(low, counts.after + 1):
        tail += weight
        weight = (
            weight
            * ((many - events) * (few - events) * up)
            // ((events + 1) * (rest - few + events + 1) * down)
        )
    if odds == 1:
        return Fraction(tail, comb(many + rest, few))
    total = tail
    for events in range(counts.after + 1, few + 1):
        total += weight
        weight = (
            weight
            * ((many - events) * (few - events) * up)
            // ((events + 1) * (rest - few + events + 1) * down)
        )
    return Fraction(tail, total)


def _binomial(after: int, both: int, odds: Fraction) -> Fraction:
    up, down = odds.numerator, odds.denominator
    weight = down**both
    tail = 0
    for events in range(after + 1):
        tail += weight
        weight = weight * ((both - events) * up) // ((events + 1) * down)
    return Fraction(tail, (up + down) ** both)


def upper_ratio(counts: Counts, *, alpha: Fraction, parts: int = 1_000_000_000) -> Fraction:
    """The largest ratio still believable at ``alpha``: the upper bound of the true ratio.

    Found by halving on a grid of ``parts`` and rounded up, so that doubt costs the payee.
    """
    low, high = 0, 4 * parts
    while high - low > 1:
        middle = (low + high) // 2
        if p_value(counts, null=Fraction(middle, parts)) > alpha:
            low = middle
        else:
            high = middle
    return Fraction(high, parts)


def as_text(value: Fraction) -> str:
    """An exact fraction as stored: both numbers in hexadecimal, of any length."""
    return f"{value.numerator:#x}/{value.denominator:#x}"


def from_text(stored: str) -> Fraction:
    """A stored fraction again."""
    numerator, denominator = stored.split("/")
    return Fraction(int(numerator, 16), int(denominator, 16))


def decimal_text(value: Fraction, *, places: int = 6) -> str:
    """A fraction in decimal digits for people to read, a half to the even digit."""
    scaled = round(value * 10**places)
    sign = "-" if scaled < 0 else ""
    whole, part = divmod(abs(scaled), 10**places)
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"
