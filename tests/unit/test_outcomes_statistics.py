"""The gate's numbers, against published answers and the outcomes chapter's golden examples."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from ledger.kernel.errors import Invalid
from ledger.outcomes.rules.exact import (
    Counts,
    as_text,
    decimal_text,
    from_text,
    p_value,
    upper_ratio,
)
from ledger.outcomes.rules.odds import Deal, most_that_pays, odds_of, poisson_at_most
from ledger.outcomes.rules.quality import newcombe_lower, quality_holds, wilson
from ledger.outcomes.rules.spread import careful_p_value, normal_lower_tail, phi, spread_p_value
from ledger.outcomes.rules.verdict import Result, judge

E1 = Counts(before=144, after=28, other_before=600, other_after=190)
SEASONED = (9, 15, 7, 20, 11, 12, 10, 15, 9, 13, 6, 17)


def near(value: Fraction, expected: float, places: float = 5e-7) -> bool:
    return abs(value - Fraction(str(expected))) <= Fraction(str(places))


def test_e1_has_the_chapters_numbers() -> None:
    # O1: scipy.stats.fisher_exact([[28, 144], [190, 600]], "less") gives 0.01563296004591786.
    assert E1.counterfactual == Fraction(456, 10)
    assert E1.avoided == Fraction(176, 10)
    assert decimal_text(E1.fall * 100, places=4) == "38.5965"
    assert near(p_value(E1), 0.01563296004591786, 1e-12)


def test_the_p_value_is_stored_exactly_and_read_back() -> None:
    exact = p_value(E1)
    assert from_text(as_text(exact)) == exact
    assert as_text(exact).startswith("0x")
    assert "/" in as_text(exact)


@pytest.mark.parametrize(
    ("target", "expected"),
    [(Fraction(4, 5), 0.13832094018496136), (Fraction(3, 4), 0.2159607031103183)],
)
def test_e1_against_a_fall_that_just_misses_the_target(target: Fraction, expected: float) -> None:
    # O5: the noncentral test; scipy.stats.nchypergeom_fisher gives the same.
    assert near(p_value(E1, null=target), expected, 1e-12)


def test_e1_is_assured_at_twenty_and_provisional_at_twenty_five_per_cent() -> None:
    for threshold, result in (
        (Fraction(1, 5), Result.MET_ASSURED),
        (Fraction(1, 4), Result.MET_PROVISIONAL),
    ):
        verdict = judge(E1, threshold=threshold, alpha=Fraction(1, 20), alpha_target=Fraction(1, 5))
        assert verdict.result is result


def test_overdispersion_of_two_turns_e1_into_not_proven() -> None:
    # O3: must-have 5 of the chapter.
    assert decimal_text(spread_p_value(E1, spread=Fraction(3, 2)), places=5) == "0.03687"
    assert decimal_text(spread_p_value(E1, spread=Fraction(2)), places=5) == "0.06073"
    half = judge(
        E1,
        threshold=Fraction(1, 5),
        alpha=Fraction(1, 20),
        alpha_target=Fraction(1, 5),
        spread=Fraction(3, 2),
    )
    twice = judge(
        E1,
        threshold=Fraction(1, 5),
        alpha=Fraction(1, 20),
        alpha_target=Fraction(1, 5),
        spread=Fraction(2),
    )
    assert (half.result.pays, twice.result) == (True, Result.NOT_PROVEN)


def test_the_adjusted_p_value_has_the_same_digits_everywhere() -> None:
    found = decimal_text(spread_p_value(E1, spread=Fraction(2)), places=24)
    assert found == "0.060734393175138331682931"


def test_e2_noise_is_not_proven() -> None:
    # O2: scipy.stats.binomtest(8, 20, 1/2, "less") gives 0.251722.
    counts = Counts(before=12, after=8, exposure_before=4, exposure_after=4)
    verdict = judge(
        counts, threshold=Fraction(1, 4), alpha=Fraction(1, 20), alpha_target=Fraction(1, 5)
    )
    assert verdict.result is Result.NOT_PROVEN
    assert near(p_value(counts), 0.251722)
    assert near(p_value(Counts(12, 13, 0, 0, 4, 8)), 0.091793)
    assert near(p_value(Counts(12, 19, 0, 0, 4, 12)), 0.064426)


def test_e4_late_returns_move_the_p_value_over_alpha() -> None:
    assert near(p_value(Counts(144, 33, 600, 196)), 0.052883)
    assert near(p_value(Counts(144, 36, 600, 196)), 0.110324)


def test_e5_one_incident_decides_at_the_hard_gate() -> None:
    assert near(p_value(Counts(144, 31, 600, 190)), 0.041762)
    assert near(p_value(Counts(144, 32, 600, 190)), 0.0555086)


def test_the_upper_bound_of_the_ratio_is_where_the_test_gives_alpha() -> None:
    bound = upper_ratio(E1, alpha=Fraction(1, 5))
    assert p_value(E1, null=bound) <= Fraction(1, 5) < p_value(E1, null=bound - Fraction(1, 10**9))


@pytest.mark.parametrize(
    ("table", "expected"),
    [((2, 1, 8, 5), None), ((3, 1, 1, 3), 0.2428571)],
)
def test_fishers_own_tables(table: tuple[int, int, int, int], expected: float | None) -> None:
    # The lady tasting tea: 3 of 4 right, one side 0.2428571.
    counts = Counts(*table)
    assert 0 < p_value(counts) <= 1
    if expected:
        assert near(p_value(counts), expected, 1e-7)


def test_a_large_table_takes_no_time_and_stays_exact() -> None:
    large = Counts(900, 700, 4000, 3900)
    assert near(p_value(large), 2.2736188386194005e-05, 1e-16)


def test_zero_events_are_an_answer_too() -> None:
    assert p_value(Counts(10, 0, 30, 30)) < Fraction(1, 20)
    assert p_value(Counts(0, 0, 30, 30)) == 1
    assert spread_p_value(Counts(10, 0, 30, 30), spread=Fraction(1)) < Fraction(1, 10)
    assert Counts(0, 0).ratio == 1
    assert Counts(0, 3).fall < 0
    assert Counts(5, 2, 0, 4).null_ratio == 1


@pytest.mark.parametrize("bad", [(-1, 2, 3, 4), (1, 2, 3, True), (1, 2.0, 3, 4)])
def test_what_is_no_count_is_refused(bad: tuple[int, int, int, int]) -> None:
    with pytest.raises(Invalid):
        Counts(*bad)


def test_an_exposure_or_null_ratio_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid):
        Counts(1, 1, exposure_before=0)
    with pytest.raises(Invalid):
        p_value(E1, null=Fraction(0))


def test_season_explains_what_looks_like_overdispersion() -> None:
    # O4: 0.31 with season means, 1.45 without.
    assert decimal_text(phi(SEASONED, seasons=4), places=2) == "0.31"
    assert decimal_text(phi(SEASONED, seasons=1), places=2) == "1.45"
    assert phi((3, 4, 5), seasons=4) == 0
    assert phi((0,) * 8, seasons=4) == 0


def test_the_careful_p_value_is_the_larger_one() -> None:
    assert careful_p_value(E1, spread=Fraction(1, 3)) == p_value(E1)
    assert careful_p_value(E1, spread=Fraction(2)) == spread_p_value(E1, spread=Fraction(2))


def test_the_normal_tail_is_right_far_out_and_in_the_middle() -> None:
    assert normal_lower_tail(Decimal(0)) == Decimal("0.5")
    assert str(normal_lower_tail(Decimal("-1.6448536269514722"))).startswith("0.0500000000000000")
    assert normal_lower_tail(Decimal(-30)) == 0
    assert normal_lower_tail(Decimal(30)) == 1
    assert normal_lower_tail(Decimal(1)) + normal_lower_tail(Decimal(-1)) == 1


@pytest.mark.parametrize(
    ("yearly", "smallest"),
    [(6, "83"), (12, "58"), (24, "42"), (48, "31"), (96, "22")],
)
def test_the_smallest_fall_that_could_ever_be_proven(yearly: int, smallest: str) -> None:
    # O6: three years before, one after, comparators five times as large.
    deal = Deal(3 * yearly, 15 * yearly, 3, 1, Fraction(1, 20), Fraction(1, 5))
    odds = odds_of(deal, expected_fall=Fraction(3, 10))
    assert odds.smallest_fall is not None
    assert decimal_text(odds.smallest_fall * 100, places=0) == smallest


def test_e1_signs_with_a_warning_and_a_small_ward_not_at_all() -> None:
    # O6: 48 a year and an expected fall of 40% has fair odds but not good ones.
    e1 = odds_of(
        Deal(144, 600, 3, 1, Fraction(1, 20), Fraction(1, 4)), expected_fall=Fraction(2, 5)
    )
    assert e1.verdict == "warn"
    assert Fraction(3, 4) < e1.power < Fraction(4, 5)
    assert (
        odds_of(
            Deal(36, 180, 3, 1, Fraction(1, 20), Fraction(1, 5)), expected_fall=Fraction(3, 10)
        ).verdict
        == "refuse"
    )
    large = odds_of(
        Deal(600, 3000, 3, 1, Fraction(1, 20), Fraction(1, 5)), expected_fall=Fraction(3, 10)
    )
    assert large.verdict == "fair"
    assert large.false_pay < Fraction(1, 100)


def test_odds_without_comparators_or_events() -> None:
    alone = odds_of(
        Deal(144, 0, 3, 1, Fraction(1, 20), Fraction(1, 5)), expected_fall=Fraction(2, 5)
    )
    assert alone.most_events > 0
    none = odds_of(Deal(2, 0, 2, 1, Fraction(1, 20), Fraction(1, 5)), expected_fall=Fraction(2, 5))
    assert (none.most_events, none.smallest_fall, none.power) == (-1, None, 0)
    assert most_that_pays(Deal(144, 600, 3, 1, Fraction(1, 20), Fraction(1, 5)), 200) == 33


def test_a_poisson_share_is_right() -> None:
    assert poisson_at_most(-1, Fraction(3)) == 0
    assert near(poisson_at_most(2, Fraction(3)), 0.42319008112684353, 1e-12)


def test_e12_quality_passes_or_has_too_few_replies() -> None:
    # O7: Newcombe, one side, 95%.
    assert decimal_text(newcombe_lower(210, 400, 198, 400) * 100, places=2) == "-8.78"
    assert quality_holds(210, 400, 198, 400) == "PASS"
    assert decimal_text(newcombe_lower(12, 20, 8, 20) * 100, places=1) == "-42.3"
    assert quality_holds(12, 20, 8, 20) == "INSUFFICIENT"
    assert quality_holds(300, 400, 200, 400) == "FAIL"


@pytest.mark.parametrize(
    ("yes", "replies", "low", "high"),
    [
        (65, 100, 0.5525444, 0.7363575),
        (19, 38, 0.348499283643951, 0.651500716356049),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_matches_the_published_intervals(
    yes: int, replies: int, low: float, high: float
) -> None:
    found = wilson(yes, replies)
    assert near(found[0], low, 6e-5)
    assert near(found[1], high, 6e-5)


def test_a_rise_is_worse_and_a_small_fall_is_not_met() -> None:
    gate = {"threshold": Fraction(1, 5), "alpha": Fraction(1, 20), "alpha_target": Fraction(1, 5)}
    assert judge(Counts(144, 60, 600, 200), **gate).result is Result.WORSE
    assert judge(Counts(144, 45, 600, 200), **gate).result is Result.NOT_MET
    assert judge(Counts(144, 48, 600, 200), **gate).result is Result.NOT_MET


def test_decimals_for_people_round_half_to_even() -> None:
    assert [decimal_text(Fraction(n, 8), places=2) for n in (1, 3)] == ["0.12", "0.38"]
    assert decimal_text(Fraction(-1, 3), places=3) == "-0.333"
    assert decimal_text(Fraction(7, 2), places=0) == "4"
