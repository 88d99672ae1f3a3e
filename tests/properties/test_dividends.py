"""What holds for every count and every deal: amounts add up, and tests are true probabilities."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import comb

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.dividends.rules.amounts import award_of, correct_down
from ledger.outcomes.rules.exact import Counts, as_text, from_text, p_value
from ledger.outcomes.rules.verdict import Result, judge
from tests.unit.test_dividends_rules import TERMS

small = st.integers(0, 40)
money = st.integers(0, 2_000_000)


@given(small, small, st.integers(1, 60), st.integers(0, 60))
def test_the_exact_test_is_the_sum_of_its_hypergeometric_terms(
    before: int, after: int, other_before: int, other_after: int
) -> None:
    # O1: the recurrence against the plain definition.
    counts = Counts(before, after, other_before, other_after)
    area, others, drawn = before + after, other_before + other_after, after + other_after
    plain = Fraction(
        sum(comb(area, k) * comb(others, drawn - k) for k in range(after + 1) if drawn - k >= 0),
        comb(area + others, drawn),
    )
    assert p_value(counts) == plain
    assert from_text(as_text(plain)) == plain


@given(small, small, small, small)
def test_one_event_less_never_makes_a_fall_less_proven(
    before: int, after: int, other_before: int, other_after: int
) -> None:
    one_more = p_value(Counts(before, after + 1, other_before, other_after))
    assert 0 < p_value(Counts(before, after, other_before, other_after)) <= one_more <= 1


@settings(deadline=None)
@given(small, small, small, small, st.integers(1, 9_900))
def test_only_what_falls_and_is_proven_pays(
    before: int, after: int, other_before: int, other_after: int, threshold_bp: int
) -> None:
    counts = Counts(before, after, other_before, other_after)
    threshold = Fraction(threshold_bp, 10_000)
    verdict = judge(counts, threshold=threshold, alpha=Fraction(1, 20), alpha_target=Fraction(1, 5))
    if verdict.result.pays:
        assert counts.fall >= threshold
        assert p_value(counts) <= Fraction(1, 20)
    else:
        assert verdict.result in (Result.WORSE, Result.NOT_MET, Result.NOT_PROVEN)


@given(
    st.fractions(0, 500, max_denominator=97), st.fractions(0, 1, max_denominator=89), money,
    st.lists(money, min_size=3, max_size=3),
    st.sampled_from([Result.MET_ASSURED, Result.MET_PROVISIONAL]),
)  # fmt: skip
def test_an_award_adds_up_and_stays_below_cap_and_reservation(
    avoided: Fraction, fall: Fraction, cap: int, available: list[int], result: Result
) -> None:
    # D9, D10: to the penny, whatever the counts.
    terms = replace(TERMS, cap_pence=max(1, cap))
    found = award_of(result=result, avoided=avoided, fall=fall, terms=terms, available=available)
    assert found.award_pence <= terms.cap_pence
    assert all(award <= most for award, most in zip(found.awards, available, strict=True))
    assert sum(found.payables) + found.holdback_pence == found.award_pence
    assert found.award_pence <= found.saving_pence
    assert found.capped_pence >= 0


@given(st.lists(money, min_size=3, max_size=3), st.lists(money, min_size=3, max_size=3), money)
def test_a_correction_takes_no_more_than_was_held_and_a_quarter_of_what_was_paid(
    old: list[int], new: list[int], paid: int
) -> None:
    # D16.
    held = [award // 5 for award in old]
    change = correct_down(old=old, new=new, holdbacks=held, paid_pence=paid, terms=TERMS)
    fall = sum(max(0, before - after) for before, after in zip(old, new, strict=True))
    assert all(taken <= most for taken, most in zip(change.from_holdback, held, strict=True))
    assert sum(change.recover_payees) == sum(change.recover_agencies) <= paid // 4 + 1
    assert sum(change.from_holdback) + sum(change.recover_payees) + change.unproven == fall
