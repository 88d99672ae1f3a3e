"""Which areas may be compared with, and what the odds mean in words (D3, D4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Final

from ledger.dividends.rules.refusals import BadComparator
from ledger.outcomes.rules.exact import Counts, decimal_text, p_value
from ledger.outcomes.rules.odds import Odds

TIMES_MIN: Final = 3
PARALLEL_ABOVE: Final = Fraction(1, 10)


def check_neighbours(
    area: str, comparators: Sequence[str], *, beside: Collection[str],
    claimed: Mapping[str, str], names: Mapping[str, str],
) -> None:  # fmt: skip
    """D3: a comparator is another area, does not touch this one, and is under no agreement.

    Raises:
        BadComparator: naming the area and the reason.
    """
    for one in comparators:
        reason = ""
        if one == area:
            reason = "it is the area itself"
        elif one in beside:
            reason = "it touches the area, so that what is pushed out of one falls into the other"
        elif one in claimed:
            reason = f"it is under agreement {claimed[one]} itself"
        elif comparators.count(one) > 1:
            reason = "it is named twice"
        if reason:
            raise BadComparator(
                f"{names.get(one, one)} cannot be a comparator: {reason}.",
                remedy="Choose another area.",
                place="comparators",
            )


def check_size(area: int, others: int) -> None:
    """D3: comparators saw at least three times the area's events in the baseline."""
    if others < TIMES_MIN * area:
        raise BadComparator(
            f"The comparators had {others:,} events in the baseline, the area {area:,}.",
            remedy=f"Add areas until they have {TIMES_MIN * area:,} or more.",
            place="comparators",
        )


def parallel_p(area: Sequence[int], others: Sequence[int]) -> Fraction:
    """How likely a difference in trend as large as the baseline's is by chance (two sides)."""
    half = len(area) // 2
    first, second = sum(area[:half]), sum(area[half:])
    other_first, other_second = sum(others[:half]), sum(others[half:])
    falling = p_value(Counts(first, second, other_first, other_second))
    rising = p_value(Counts(second, first, other_second, other_first))
    return min(Fraction(1), 2 * min(falling, rising))


def check_parallel(area: Sequence[int], others: Sequence[int]) -> None:
    """D3: before the deal, area and comparators moved alike (p above 0.10).

    Raises:
        BadComparator: they did not.
    """
    chance = parallel_p(area, others)
    if chance <= PARALLEL_ABOVE:
        raise BadComparator(
            "In the baseline the comparators moved differently from the area"
            f" (p = {decimal_text(chance, places=3)}, which must be above 0.100).",
            remedy="Choose areas that moved as this one did, or another baseline.",
            place="comparators",
        )


def percent_text(value: Fraction) -> str:
    """A share of one as whole per cent."""
    return f"{round(value * 100)}%"


def odds_facts(odds: Odds) -> dict[str, str | int]:
    """The odds as they are kept: decimal texts of shares of one, and a whole count."""
    return {
        "expected_events": decimal_text(odds.expected_events, places=2),
        "false_pay": decimal_text(odds.false_pay),
        "most_events": odds.most_events,
        "power": decimal_text(odds.power),
        "smallest_fall": decimal_text(odds.smallest_fall) if odds.smallest_fall else "",
        "verdict": odds.verdict,
    }


def odds_words(odds: Odds) -> str:
    """D4: the odds as everybody is told them before signing."""
    if odds.smallest_fall is None:
        return "With so few events no fall could ever be proven, not even to none."
    return (
        f"The smallest fall that could be proven is {percent_text(odds.smallest_fall)}."
        f" If the fall that is expected truly happens, the agreement pays in"
        f" {percent_text(odds.power)} of cases; if nothing changes, it pays by luck in"
        f" {percent_text(odds.false_pay)}."
    )


def percent_words(share: str) -> str:
    """A stored share of one as whole per cent; a dash where there is none."""
    if not share:
        return "none"
    value = Fraction(share)
    return "fewer than 1%" if 0 < value < Fraction(1, 200) else percent_text(value)
