"""What the public sees of a determination: nothing from which a small count can be worked out.

Where one of the counts is from one to four, counts, the fall and every amount that follows from
them are left out; the result and the cap stay (O11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from ledger.dividends.rules import states
from ledger.dividends.rules.terms import WHOLE_BP, Terms, percent, plain_pounds
from ledger.outcomes.rules.exact import decimal_text
from ledger.outcomes.rules.windows import is_suppressed, plus_months

STEPS_MONTHS: Final = (3, 6, 12)
"""Quarters, half-years, years: the finest that shows no small count is drawn."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A determination as anyone may see it; empty texts where a number is not published."""

    result: str
    words: str
    counts: dict[str, int]
    fall: str
    expected: str
    p: str
    award_pence: int | None
    sentence: str


def has_small_count(facts: Mapping[str, Any]) -> bool:
    """Whether any of the four counts is from one to four."""
    names = ("before", "after", "other_before", "other_after")
    return any(is_suppressed(facts["counts"][name]) for name in names)


def public_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A determination's workings for anyone, without what was still reserved: from it an earlier
    year's award would follow, which may rest on small counts (O11).
    """
    return {name: value for name, value in facts.items() if name != "available"}


def shown(facts: Mapping[str, Any], terms: Terms) -> Shown:
    """A determination's workings as anyone may see them, with the result in plain words."""
    words = states.RESULT_WORDS[facts["result"]]
    if has_small_count(facts):
        limit = plain_pounds(terms.cap_pence)
        return Shown(
            facts["result"], words, {}, "", "", "", None,
            f"{words}. The counts are too small to publish; at most {limit} could be paid.",
        )  # fmt: skip
    numbers, counts = facts["shown"], facts["counts"]
    award = facts["amounts"]["award_pence"]
    return Shown(
        facts["result"], words, dict(counts), numbers["fall"], numbers["counterfactual"],
        numbers["p"], award, _sentence(words, numbers, counts, award, terms),
    )  # fmt: skip


def _sentence(
    words: str, numbers: Mapping[str, str], counts: Mapping[str, int], award: int, terms: Terms
) -> str:
    said = (
        f"{words}. There were {counts['after']:,}; {numbers['counterfactual']} were to be expected."
    )
    if numbers["p"]:
        said += (
            f" By chance alone so few would come about {_chance(Fraction(numbers['p']))};"
            f" the deal asks for {percent(terms.alpha_bp)} or less."
        )
    if award:
        return f"{said} {plain_pounds(award)} is awarded."
    return f"{said} Nothing is paid."


def _chance(share: Fraction) -> str:
    if share < Fraction(1, 1000):
        return "in fewer than 0.1% of years"
    return f"in {decimal_text(share * 100, places=1)}% of years"


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the chart: its first month, its months, and the count (None: not published)."""

    label: str
    value: int | None
    months: int


def chart_steps(first: Any, counts: Sequence[int], *, public: bool = True) -> list[Step]:
    """Monthly counts joined to the finest steps that show no small count.

    A step from one to four could be worked out from its neighbours and the year, so that the
    whole chart goes to longer steps instead of leaving a gap.
    """
    tried = [
        (months, _totals(counts, months))
        for months in (STEPS_MONTHS if public else STEPS_MONTHS[:1])
    ]
    months, totals = next(
        (step for step in tried if not any(map(is_suppressed, step[1]))), tried[-1]
    )
    hidden = public and any(map(is_suppressed, totals))
    return [
        Step(_label(plus_months(first, index * months), months), None if hidden else total, months)
        for index, total in enumerate(totals)
    ]


def _totals(counts: Sequence[int], months: int) -> list[int]:
    return [
        sum(counts[start : start + months]) for start in range(0, len(counts) - months + 1, months)
    ]


def _label(start: Any, months: int) -> str:
    if months == STEPS_MONTHS[0]:
        return (
            f"Q{(start.month + 2) // 3} {start.year}" if start.month % 3 == 1 else f"{start:%b %Y}"
        )
    end = plus_months(start, months - 1)
    if start.year == end.year and months == STEPS_MONTHS[-1]:
        return str(start.year)
    return f"{start:%b} to {end:%b %Y}"


def line_to_cross(before: int, terms: Terms, *, months: int) -> Fraction:
    """The most events in a step that still meet the threshold, if others stay as they were."""
    mean = Fraction(before * months, terms.baseline_months)
    return mean * (1 - Fraction(terms.threshold_bp, WHOLE_BP))
