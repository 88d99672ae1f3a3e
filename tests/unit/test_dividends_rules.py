"""Amounts, terms and refusals of dividends as pure rules (examples E1, E3, E4, E5, E10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from ledger.dividends.rules import comparing, states
from ledger.dividends.rules.amounts import (
    assured_pence,
    award_of,
    capped,
    correct_down,
    savings,
    slab_share,
)
from ledger.dividends.rules.refusals import BadComparator, Incomplete, WrongState
from ledger.dividends.rules.terms import (
    Agency,
    Payee,
    Terms,
    check_terms,
    digest,
    percent,
    sentence,
)
from ledger.dividends.rules.workings import award_from, counts_from, facts_of
from ledger.outcomes.rules.exact import Counts, upper_ratio
from ledger.outcomes.rules.odds import Deal, odds_of
from ledger.outcomes.rules.refusals import BadPeriod
from ledger.outcomes.rules.verdict import Result, judge
from ledger.outcomes.rules.windows import Window, check_window, public_count

TERMS = Terms(
    title="Fewer fires", measure_version="fires@1", area="canal-side", accountable_body="ORG-C",
    payees=(Payee("A", 60), Payee("B", 25), Payee("C", 15)),
    agencies=(
        Agency("fire", 190_000, 4_000, 1_000, 720_000, 2025),
        Agency("police", 60_000, 3_000, 1_000, 180_000, 2025),
        Agency("ORG-C", 35_000, 9_000, 1_000, 300_000, 2025),
    ),
    comparators=("northgate",), baseline_from=date(2021, 1, 1), baseline_months=36,
    first_period_from=date(2024, 1, 1), periods=1, selected_on=date(2024, 1, 15),
    threshold_bp=2_000, expected_fall_bp=4_000, cap_pence=1_200_000,
    evidence="incident records.", service_effect="None.",
)  # fmt: skip
NAMES = {
    "fires@1": "deliberate fires", "canal-side": "Canal Side", "northgate": "Northgate",
    "A": "A", "B": "B", "C": "C", "fire": "Fire Service", "police": "Police", "ORG-C": "Council",
}  # fmt: skip
E1 = Counts(144, 28, 600, 190)
PLENTY = (10**9, 10**9, 10**9)


def award(counts: Counts = E1, terms: Terms = TERMS, result: Result = Result.MET_ASSURED,
          available: tuple[int, ...] = PLENTY):  # type: ignore[no-untyped-def] # fmt: skip
    return award_of(
        result=result, avoided=counts.avoided, fall=counts.fall, terms=terms, available=available
    )


def test_e1_comes_out_to_the_penny() -> None:
    # D8, D9, D11.
    found = award()
    assert found.savings == (1_203_840, 285_120, 498_960)
    assert found.awards == (601_920, 142_560, 249_480)
    assert found.holdbacks == (120_384, 28_512, 49_896)
    assert found.payables == (477_101, 198_792, 119_275)
    assert (found.saving_pence, found.award_pence) == (1_987_920, 993_960)


def test_a_provisional_result_holds_back_half() -> None:
    assert award(result=Result.MET_PROVISIONAL).holdback_pence == 496_980


def test_a_result_that_is_not_proven_pays_nothing() -> None:
    found = award(result=Result.NOT_PROVEN)
    assert (found.award_pence, found.payables, found.saving_pence) == (0, (0, 0, 0), 1_987_920)


def test_e3_slabs_count_on_the_margin_and_the_cap_is_shown() -> None:
    slabs = ((0, 0), (500, 4_000), (2_000, 6_000), (3_000, 7_500))
    free = replace(TERMS, slabs=slabs)
    one_more = Counts(144, 29, 600, 190)
    assert abs(award(terms=free).award_pence - 950_135) <= 1
    assert abs(award(one_more, terms=free).award_pence - 865_423) <= 1
    found = award(terms=replace(free, cap_pence=900_000))
    assert (found.award_pence, found.capped_pence) == (900_000, 50_135)
    assert slab_share(Fraction(1, 25), slabs, flat_bp=0) == 0
    assert slab_share(Fraction(-1), slabs, flat_bp=5_000) == Fraction(1, 2)


def test_no_agency_pays_more_than_it_has_reserved() -> None:
    # D10.
    assert capped([600, 300, 100], cap=500, available=(200, 500, 500)) == (200, 150, 50)


def test_e4_a_lower_result_takes_the_holdback_first() -> None:
    late = Counts(144, 33, 600, 196)
    again = award(late)
    assert again.awards == (480_168, 113_724, 199_017)
    change = correct_down(
        old=award().awards, new=again.awards, holdbacks=award().holdbacks, paid_pence=795_168,
        terms=TERMS,
    )  # fmt: skip
    assert change.from_holdback == (120_384, 28_512, 49_896)
    assert change.recover_agencies == (1_368, 324, 567)
    assert change.recover_payees == (1_355, 565, 339)
    assert change.unproven == 0


def test_e4_a_reversal_claws_back_a_quarter_at_most() -> None:
    # D16.
    change = correct_down(
        old=award().awards, new=(0, 0, 0), holdbacks=award().holdbacks, paid_pence=795_168,
        terms=TERMS,
    )  # fmt: skip
    assert sum(change.from_holdback) == 198_792
    assert change.recover_payees == (119_275, 49_698, 29_819)
    assert change.unproven == 596_376


@pytest.mark.parametrize(("after", "pence"), [(28, 620_589), (31, 429_158), (32, 365_433), (38, 0)])
def test_e5_the_assured_mode_has_no_cliff(after: int, pence: int) -> None:
    counts = Counts(144, after, 600, 190)
    bound = upper_ratio(counts, alpha=Fraction(1, 5))
    found = assured_pence(counterfactual=counts.counterfactual, upper=bound, terms=TERMS)
    assert found == pence


def test_e10_two_claims_share_one_saving() -> None:
    shares = [sum(savings(E1.avoided, replace(TERMS, claim_bp=bp))) for bp in (6_000, 4_000)]
    assert shares == [1_192_752, 795_168]
    assert sum(shares) == 1_987_920


def test_the_sentence_has_its_seven_parts() -> None:
    # D1.
    words = sentence(TERMS, NAMES)
    for part in ("Fire Service, Police and Council will pay A, B and C", "50%", "£12,000 a year",
                 "deliberate fires in Canal Side", "20% or more", "36 months from January 2021",
                 "Northgate", "January 2024 to December 2024", "incident records."):  # fmt: skip
        assert part in words


@pytest.mark.parametrize(
    "change",
    [
        {"title": " "}, {"evidence": ""}, {"service_effect": ""}, {"payees": ()},
        {"agencies": ()}, {"accountable_body": ""}, {"measure_version": ""}, {"area": ""},
        {"threshold_bp": 0}, {"threshold_bp": 10_000}, {"community_bp": 10_001},
        {"cap_pence": 1_200_001}, {"cap_pence": 0}, {"run_out_days": -1}, {"holdback_bp": 10_001},
        {"periods": 0}, {"periods": 241}, {"selected_on": date(2023, 12, 31)},
        {"first_period_from": date(2023, 12, 1)},
        {"payees": (Payee("A", 0),)}, {"payees": (Payee("fire", 1),)},
        {"agencies": (Agency("fire", -1, 0, 0, 1_200_000, 2025),)},
        {"agencies": (Agency("fire", 1, 10_001, 0, 1_200_000, 2025),)},
    ],
)  # fmt: skip
def test_an_agreement_that_lacks_a_part_is_refused(change: dict[str, object]) -> None:
    # D1: must-have 1.
    check_terms(TERMS)
    with pytest.raises(Incomplete) as refusal:
        check_terms(replace(TERMS, **change))  # type: ignore[arg-type]
    assert refusal.value.remedy


@pytest.mark.parametrize(
    "change",
    [{"baseline_months": 12}, {"baseline_months": 30}, {"baseline_from": date(2021, 1, 2)}],
)
def test_half_a_year_is_no_baseline(change: dict[str, object]) -> None:
    # D7: must-have 7, the season guard.
    with pytest.raises(BadPeriod):
        check_terms(replace(TERMS, **change))  # type: ignore[arg-type]
    with pytest.raises(BadPeriod):
        check_window(Window(date(2024, 1, 1), 6), what="period")


def test_the_digest_moves_with_any_term() -> None:
    # D2.
    assert digest(TERMS) == digest(replace(TERMS))
    assert digest(TERMS) != digest(replace(TERMS, cap_pence=1_199_999))


def test_the_freeze_is_after_the_run_out() -> None:
    assert TERMS.freeze_on(1) == date(2025, 4, 2)
    assert TERMS.period(2).starts_on == date(2025, 1, 1)


@pytest.mark.parametrize(
    ("beside", "claimed", "comparators"),
    [
        ({"northgate"}, {}, ("northgate",)),
        (set(), {"northgate": "AGR-1"}, ("northgate",)),
        (set(), {}, ("canal-side",)),
        (set(), {}, ("northgate", "northgate")),
    ],
)
def test_a_neighbour_or_a_claimed_area_is_no_comparator(
    beside: set[str], claimed: dict[str, str], comparators: tuple[str, ...]
) -> None:
    # D3: must-have 6.
    with pytest.raises(BadComparator):
        comparing.check_neighbours(
            "canal-side", comparators, beside=beside, claimed=claimed, names=NAMES
        )


def test_comparators_must_be_large_and_have_moved_alike() -> None:
    comparing.check_size(144, 432)
    with pytest.raises(BadComparator):
        comparing.check_size(144, 431)
    comparing.check_parallel([10] * 24, [40] * 24)
    with pytest.raises(BadComparator):
        comparing.check_parallel([20] * 12 + [5] * 12, [40] * 24)


def test_the_odds_are_told_in_words() -> None:
    words = comparing.odds_words(
        odds_of(Deal(144, 600, 3, 1, Fraction(1, 20), Fraction(1, 5)), expected_fall=Fraction(2, 5))
    )
    assert "The smallest fall that could be proven is 31%." in words
    none = odds_of(Deal(2, 0, 2, 1, Fraction(1, 20), Fraction(1, 5)), expected_fall=Fraction(2, 5))
    assert "no fall could ever be proven" in comparing.odds_words(none)
    assert comparing.odds_facts(none)["smallest_fall"] == ""


def test_workings_are_read_back_as_they_were_written() -> None:
    verdict = judge(
        E1, threshold=Fraction(1, 5), alpha=Fraction(1, 20), alpha_target=Fraction(1, 5)
    )
    facts = facts_of(
        agreement="AGR-1", period=1, terms_digest="d", snapshot_sha256="s", counts=E1,
        verdict=verdict, amounts=award(), terms=TERMS, available=(1, 2, 3),
    )  # fmt: skip
    assert award_from(facts) == award()
    assert counts_from(facts) == E1
    assert facts["shown"]["p"] == "0.0156"


def test_steps_that_the_table_lacks_are_refused() -> None:
    with pytest.raises(WrongState):
        states.check_agreement_move(now_at="DRAFT", to="SIGNED")


def test_percent_and_counts_as_people_read_them() -> None:
    assert [percent(bp) for bp in (2_000, 1_250, 5, 0)] == ["20%", "12.5%", "0.05%", "0%"]
    assert [public_count(count) for count in (0, 1, 4, 5, 1234)] == [
        "0", "1 to 4", "1 to 4", "5", "1,234",
    ]  # fmt: skip
