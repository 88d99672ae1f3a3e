"""Quality must not be the price of a fall: a survey share, before and after (O7)."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from ledger.outcomes.rules.spread import decimal_of

_MATHS: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_KEPT: Final = Decimal(1).scaleb(-16)
Z_95_ONE_SIDE: Final = Decimal("1.644853626951472714863848907991632136083195744275")
Z_95_TWO_SIDES: Final = Decimal("1.959963984540054235524594430520551527955550260378")
SLIP_MAX: Final = Fraction(1, 10)
REPLIES_MIN: Final = 100


def wilson(yes: int, replies: int, *, z: Decimal = Z_95_TWO_SIDES) -> tuple[Fraction, Fraction]:
    """Wilson's interval for a share: ``yes`` out of ``replies`` (fractions of one)."""
    square = _MATHS.multiply(z, z)
    total = Decimal(replies)
    share = decimal_of(Fraction(yes, replies))
    inner = _MATHS.multiply(share, 1 - share) / total + square / (4 * total * total)
    half = _MATHS.multiply(z, _MATHS.sqrt(inner))
    middle = _MATHS.add(share, square / (2 * total))
    scale = _MATHS.add(Decimal(1), _MATHS.divide(square, total))
    low = max(Decimal(0), _MATHS.divide(middle - half, scale))
    high = min(Decimal(1), _MATHS.divide(middle + half, scale))
    return _kept(low), _kept(high)


def newcombe_lower(yes_before: int, before: int, yes_after: int, after: int) -> Fraction:
    """The lower 95% bound, one side, of the change in a share (after less before)."""
    low_after, _ = wilson(yes_after, after, z=Z_95_ONE_SIDE)
    _, high_before = wilson(yes_before, before, z=Z_95_ONE_SIDE)
    share_after, share_before = Fraction(yes_after, after), Fraction(yes_before, before)
    squares = (share_after - low_after) ** 2 + (high_before - share_before) ** 2
    root = _kept(_MATHS.sqrt(decimal_of(squares)))
    return share_after - share_before - root


def quality_holds(yes_before: int, before: int, yes_after: int, after: int) -> str:
    """``PASS``, ``FAIL``, or ``INSUFFICIENT`` where fewer than a hundred people answered."""
    if min(before, after) < REPLIES_MIN:
        return "INSUFFICIENT"
    lower = newcombe_lower(yes_before, before, yes_after, after)
    return "PASS" if lower > -SLIP_MAX else "FAIL"


def _kept(value: Decimal) -> Fraction:
    return Fraction(value.quantize(_KEPT, context=_MATHS))
