"""Money and time as whole numbers: the only place where value is divided.

Quantities are ``int``: pence for GBP, minutes for HOUR. No float comes near them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from ledger.kernel import limits
from ledger.kernel.errors import Invalid

_POUNDS = re.compile(r"£?\s?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,11})(?:\.([0-9]{2}))?", re.ASCII)


def half_even(exact: Fraction) -> int:
    """The whole number nearest to an exact fraction; a half goes to the even neighbour."""
    return round(exact)


def half_up(exact: Fraction) -> int:
    """The whole number nearest to an exact fraction; a half goes up (away from zero)."""
    whole = (abs(exact) * 2 + 1) // 2
    return int(whole) if exact >= 0 else -int(whole)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide ``total`` by weights so that the parts add up exactly (largest remainder).

    Each part is within one of its exact share. What is left after rounding down goes, one
    each, to the largest remainders; ties go to the larger weight, then to the earlier party, so
    that the order decides only between parties with the same weight. A zero weight gets zero.

    Raises:
        Invalid: no weight, a negative weight or a negative total.
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or any(weight < 0 for weight in weights):
        raise Invalid(
            f"{total} cannot be split by the weights {list(weights)}.",
            remedy="Give at least one weight above zero, none below, and a total of zero or more.",
        )
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(
        range(len(weights)), key=lambda index: (-remainders[index], -weights[index], index)
    )
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def format_pence(quantity_pence: int) -> str:
    """``123456`` as ``£1,234.56``; whole pounds keep their two decimals."""
    sign = "-" if quantity_pence < 0 else ""
    pounds, pence = divmod(abs(quantity_pence), 100)
    return f"{sign}£{pounds:,}.{pence:02d}"


def format_minutes(quantity_minutes: int) -> str:
    """``150`` as ``2 hours 30 minutes``."""
    sign = "-" if quantity_minutes < 0 else ""
    hours, minutes = divmod(abs(quantity_minutes), 60)
    words = []
    if hours or not minutes:
        words.append(f"{hours:,} hour{'' if hours == 1 else 's'}")
    if minutes:
        words.append(f"{minutes} minute{'' if minutes == 1 else 's'}")
    return sign + " ".join(words)


def format_quantity(quantity: int, unit: str) -> str:
    """A quantity in words: pounds for GBP, hours and minutes for HOUR, else number and unit."""
    if unit in ("GBP", "SAVING"):
        return format_pence(quantity)
    if unit in ("HOUR", "MIN"):
        return format_minutes(quantity)
    return f"{quantity:,} {unit.lower()}"


def parse_pounds(text: str, *, place: str = "amount") -> int:
    """Pounds as a person types them (``£1,234.56``, ``20``, ``20.50``) to whole pence.

    Raises:
        Invalid: anything else, for example ``1.5``, ``1_000``, ``1e3``, ``-4`` or ``NaN``.
    """
    match = _POUNDS.fullmatch(text.strip())
    if match is None:
        raise Invalid(
            f"“{text.strip()[:40]}” is not an amount in pounds.",
            remedy="Enter pounds, or pounds and two digits of pence, like 20 or 20.50.",
            place=place,
        )
    pence = int(match[1].replace(",", "")) * 100 + int(match[2] or 0)
    if pence > limits.QUANTITY_MAX:
        raise Invalid(
            f"{format_pence(pence)} is more than the ledger can hold.",
            remedy=f"Enter at most {format_pence(limits.QUANTITY_MAX)}.",
            place=place,
        )
    return pence
