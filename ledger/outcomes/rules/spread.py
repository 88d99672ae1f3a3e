"""Counts that vary more than chance: phi, and the p-value that allows for it (O3, O4).

Logarithm, root and normal tail use Python's ``decimal`` at 60 digits: its results are correctly
rounded by specification, so the digits kept are the same on every machine. No binary float.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import lcm
from typing import Final

from ledger.outcomes.rules.exact import ONE, Counts, p_value

_MATHS: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_KEPT: Final = Decimal(1).scaleb(-24)
_NO_MORE: Final = _KEPT.scaleb(-30)
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
    size = score.copy_abs()
    if size > _TAIL_END:
        return Decimal(0) if score < 0 else Decimal(1)
    square = _MATHS.multiply(size, size)
    term = total = size
    step = 1
    while term > _NO_MORE:
        step += 2
        term = _MATHS.divide(_MATHS.multiply(term, square), step)
        total = _MATHS.add(total, term)
    density = _MATHS.divide(
        _MATHS.exp(_MATHS.divide(-square, Decimal(2))),
        _MATHS.sqrt(_MATHS.multiply(Decimal(2), _PI)),
    )
    middle = _MATHS.multiply(density, total)
    half = Decimal("0.5")
    return _MATHS.subtract(half, middle) if score < 0 else _MATHS.add(half, middle)


def spread_p_value(counts: Counts, *, spread: Fraction, null: Fraction = ONE) -> Fraction:
    """The p-value of the log ratio with its variance times ``spread`` (Welsh and Farrington).

    A table with an empty cell gets half an event in each. Kept to 24 decimal places.
    """
    cells = [Fraction(counts.after), Fraction(counts.before)]
    if counts.compared:
        cells += [Fraction(counts.other_after), Fraction(counts.other_before)]
    if not all(cells):
        cells = [cell + Fraction(1, 2) for cell in cells]
    variance = sum((1 / cell for cell in cells), Fraction(0)) * spread
    observed = cells[0] / cells[1]
    expected = (
        cells[2] / cells[3]
        if counts.compared
        else Fraction(counts.exposure_after, counts.exposure_before)
    )
    log = _MATHS.ln(decimal_of(observed / expected / null))
    score = _MATHS.divide(log, _MATHS.sqrt(decimal_of(variance)))
    return Fraction(normal_lower_tail(score).quantize(_KEPT, context=_MATHS))


def careful_p_value(counts: Counts, *, spread: Fraction, null: Fraction = ONE) -> Fraction:
    """O3: the larger of the exact p-value and the one that allows for ``spread`` (at least 1)."""
    exact = p_value(counts, null=null)
    return max(exact, spread_p_value(counts, spread=max(ONE, spread), null=null))
