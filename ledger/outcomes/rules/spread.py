"""Counts that vary more than chance: phi, and the p-value that allows for it (O3, O4).

Logarithm, root and normal tail use Python's ``decimal`` at 60 digits: its results are correctly
rounded by specification, so the digits kept are the same on every machine. No binary float.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import lcm, prod
from typing import Final

from ledger.outcomes.rules.exact import ONE, Counts, p_value

_MATHS: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_KEPT: Final = Decimal(1).scaleb(-24)
_NO_MORE: Final = _KEPT.scaleb(-30)
_ROUGH: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
_CLEARLY: Final = Fraction(1, 10**18)
_PI: Final = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
_TAIL_END: Final = 20


def phi(series: Sequence[int], *, seasons: int) -> Fraction:
    """How much a baseline varies beyond chance once its season is taken out (Pearson over df).

    ``seasons`` is the number of periods in a year; the series holds whole years. Fewer than
    two years, or no event at all, say nothing: then 0.
    """
    years, rest = divmod(len(series), seasons)
    if rest or years < 2:
        return Fraction(0)
    # (value - mean)² / mean, summed over a season's years, is (years × Σ value² - Σ²) / Σ with
    # Σ the season's sum: whole numbers over one common denominator.
    sums = [sum(series[season::seasons]) for season in range(seasons)]
    whole = lcm(*(total for total in sums if total))
    squares = sum(
        (years * sum(value * value for value in series[season::seasons]) - total * total)
        * (whole // total)
        for season, total in enumerate(sums)
        if total
    )
    return Fraction(squares, whole * (len(series) - seasons))


def decimal_of(value: Fraction) -> Decimal:
    """A fraction at sixty digits."""
    return _MATHS.divide(Decimal(value.numerator), Decimal(value.denominator))


def normal_lower_tail(score: Decimal) -> Decimal:
    """The standard normal probability below ``score``, by its power series at sixty digits."""
    return _lower_tail(score, _MATHS, _NO_MORE)


def _lower_tail(score: Decimal, maths: Context, no_more: Decimal) -> Decimal:
    size = score.copy_abs()
    if size > _TAIL_END:
        return Decimal(0) if score < 0 else Decimal(1)
    multiply, divide, add = maths.multiply, maths.divide, maths.add
    square = multiply(size, size)
    term = total = size
    step = 1
    while term > no_more:
        step += 2
        term = divide(multiply(term, square), step)
        total = add(total, term)
    density = divide(maths.exp(divide(-square, 2)), maths.sqrt(multiply(2, _PI)))
    middle = multiply(density, total)
    half = Decimal("0.5")
    return maths.subtract(half, middle) if score < 0 else add(half, middle)


def spread_p_value(counts: Counts, *, spread: Fraction, null: Fraction = ONE) -> Fraction:
    """The p-value of the log ratio with its variance times ``spread`` (Welsh and Farrington).

    A table with an empty cell gets half an event in each. Kept to 24 decimal places.
    """
    ratio, variance = _log_ratio(counts, spread, null)
    tail = _lower_tail(_score(ratio, variance, _MATHS), _MATHS, _NO_MORE)
    return Fraction(tail.quantize(_KEPT, context=_MATHS))


Parts = tuple[int, int]
"""A fraction whose numbers need not be the smallest: only its decimals are wanted."""


def _log_ratio(counts: Counts, spread: Fraction, null: Fraction) -> tuple[Parts, Parts]:
    """The ratio whose logarithm is judged, and the variance of that logarithm."""
    cells = [counts.after, counts.before]
    if counts.compared:
        cells += [counts.other_before, counts.other_after]
    parts = 1 if all(cells) else 2
    if parts == 2:
        cells = [2 * cell + 1 for cell in cells]
    whole = prod(cells)
    variance = parts * sum(whole // cell for cell in cells)
    up, down = cells[0], cells[1]
    if counts.compared:
        up, down = up * cells[2], down * cells[3]
    else:
        up, down = up * counts.exposure_before, down * counts.exposure_after
    return (
        (up * null.denominator, down * null.numerator),
        (variance * spread.numerator, whole * spread.denominator),
    )


def _score(ratio: Parts, variance: Parts, maths: Context) -> Decimal:
    log = maths.ln(maths.divide(*ratio))
    return maths.divide(log, maths.sqrt(maths.divide(*variance)))


def careful_p_value(counts: Counts, *, spread: Fraction, null: Fraction = ONE) -> Fraction:
    """O3: the larger of the exact p-value and the one that allows for ``spread`` (at least 1).

    Twenty-eight digits are enough to see when the second is clearly the smaller; it is reckoned
    to its sixty only where it may decide.
    """
    exact, spread = p_value(counts, null=null), max(ONE, spread)
    score = _score(*_log_ratio(counts, spread, null), _ROUGH)
    if Fraction(_lower_tail(score, _ROUGH, _KEPT)) + _CLEARLY < exact:
        return exact
    return max(exact, spread_p_value(counts, spread=spread, null=null))
