"""What the public sees of a deal, and what it can never work out (O11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.dividends.rules import comparing, showing
from ledger.dividends.rules.amounts import award_of
from ledger.dividends.rules.workings import facts_of
from ledger.outcomes.rules.exact import Counts, falls_by
from ledger.outcomes.rules.verdict import judge
from ledger.outcomes.rules.windows import Window, is_suppressed
from tests.unit.test_dividends_rules import PLENTY, TERMS


def facts(counts: Counts):  # type: ignore[no-untyped-def]
    verdict = judge(
        counts, threshold=Fraction(1, 5), alpha=Fraction(1, 20), alpha_target=Fraction(1, 5)
    )
    amounts = award_of(
        result=verdict.result, avoided=verdict.avoided, fall=verdict.fall, terms=TERMS,
        available=PLENTY,
    )  # fmt: skip
    return facts_of(
        agreement="AGR-1", period=1, terms_digest="d", snapshot_sha256="s", counts=counts,
        verdict=verdict, amounts=amounts, terms=TERMS, available=PLENTY,
    )  # fmt: skip


def test_a_paid_result_is_told_with_its_numbers() -> None:
    shown = showing.shown(facts(Counts(144, 28, 600, 190)), TERMS)
    assert shown.award_pence == 993_960
    assert "There were 28; 45.60 were to be expected." in shown.sentence
    assert "in 1.6% of years; the deal asks for 5% or less. £9,939.60 is awarded." in shown.sentence


def test_a_result_that_misses_says_that_nothing_is_paid() -> None:
    missed = showing.shown(facts(Counts(144, 46, 600, 190)), TERMS)
    assert missed.sentence.endswith("Nothing is paid.")
    assert "By chance" not in missed.sentence
    rare = showing.shown(facts(Counts(1440, 100, 6000, 1900)), TERMS)
    assert "in fewer than 0.1% of years" in rare.sentence


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_no_number_leaves_from_which_a_small_count_follows(after: int) -> None:
    shown = showing.shown(facts(Counts(144, after, 600, 190)), TERMS)
    assert (shown.counts, shown.fall, shown.expected, shown.p) == ({}, "", "", "")
    assert shown.award_pence is None
    assert "too small to publish; at most £12,000 could be paid" in shown.sentence


def test_the_chart_goes_to_longer_steps_until_no_count_is_small() -> None:
    first = date(2021, 1, 1)
    by_quarter = showing.chart_steps(first, [3] * 24)
    assert [step.label for step in by_quarter[:2]] == ["Q1 2021", "Q2 2021"]
    assert [step.value for step in by_quarter] == [9] * 8
    half = showing.chart_steps(first, [1, 1, 1, 3, 3, 3] * 4)
    assert [(step.label, step.value) for step in half[:2]] == [
        ("Jan to Jun 2021", 12), ("Jul to Dec 2021", 12),
    ]  # fmt: skip
    year = showing.chart_steps(first, [1, 0, 0, 0, 0, 0, 3, 3, 3, 0, 0, 0] * 2)
    assert [(step.label, step.value) for step in year] == [("2021", 10), ("2022", 10)]
    hidden = showing.chart_steps(first, [1] + [0] * 11 + [9] * 12)
    assert [step.value for step in hidden] == [None, None]
    staff = showing.chart_steps(date(2021, 2, 1), [1] * 12, public=False)
    assert (staff[0].label, staff[0].value) == ("Feb 2021", 3)


@given(st.lists(st.integers(0, 12), min_size=12, max_size=48))
def test_no_chart_ever_shows_a_small_count(counts: list[int]) -> None:
    whole = counts[: len(counts) - len(counts) % 12]
    steps = showing.chart_steps(date(2021, 1, 1), whole)
    assert not any(step.value is not None and is_suppressed(step.value) for step in steps)


def test_the_line_to_cross_is_the_average_less_the_target() -> None:
    assert showing.line_to_cross(144, TERMS, months=3) == Fraction(96, 10)
    assert showing.line_to_cross(144, replace(TERMS, threshold_bp=2_500), months=12) == 36


@given(
    st.integers(0, 60), st.integers(0, 60), st.integers(0, 90), st.integers(0, 90),
    st.integers(1, 9_999),
)  # fmt: skip
def test_the_quick_gate_agrees_with_exact_fractions(
    before: int, after: int, other_before: int, other_after: int, threshold_bp: int
) -> None:
    counts = Counts(before, after, other_before, other_after, 36, 12)
    assert falls_by(counts, threshold_bp) == (counts.fall * 10_000 >= threshold_bp)


def test_shares_are_told_in_whole_per_cent() -> None:
    assert comparing.percent_words("") == "none"
    assert comparing.percent_words("0.004") == "fewer than 1%"
    assert comparing.percent_words("0.788") == "79%"


def test_a_windows_months_are_all_named() -> None:
    window = Window(date(2024, 11, 1), 3)
    assert [month.month for month in window.each_month()] == [11, 12, 1]
    assert window.ends_on == date(2025, 1, 31)


def test_what_was_still_reserved_is_for_staff_because_last_years_award_follows_from_it() -> None:
    found = facts(Counts(144, 28, 600, 190))
    public = showing.public_facts(found)
    assert "available" in found
    assert set(found) - set(public) == {"available"}
