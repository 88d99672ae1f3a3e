"""Money is whole pence: division, formatting and reading what a person types."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.kernel import limits, money
from ledger.kernel.errors import Invalid

WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any)
TOTALS = st.integers(0, limits.QUANTITY_MAX)


@settings(max_examples=3_000, deadline=None)
@given(total=TOTALS, weights=WEIGHTS)
def test_a_split_adds_up_and_each_part_is_within_a_penny_of_its_share(
    total: int, weights: list[int]
) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert part == 0 or weight > 0


@settings(max_examples=300, deadline=None)
@given(total=TOTALS, weights=WEIGHTS, chance=st.randoms(use_true_random=False))
def test_a_split_does_not_depend_on_the_order_of_parties_with_different_remainders(
    total: int, weights: list[int], chance: object
) -> None:
    """Parties with the same remainder may exchange the odd penny: by position, as published."""
    order = list(range(len(weights)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    parts = money.split(total, weights)
    again = money.split(total, [weights[index] for index in order])
    assert sorted(parts) == sorted(again)


def test_the_odd_penny_goes_to_the_largest_remainder_then_to_the_earlier_party() -> None:
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(10, [5, 3, 3]) == [4, 3, 3]
    assert money.split(7, [0, 1]) == [0, 7]
    assert money.split(0, [1, 2]) == [0, 0]


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (5, []), (5, [0, 0]), (5, [2, -1])])
def test_a_split_that_makes_no_sense_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(Invalid, match="cannot be split"):
        money.split(total, weights)


@pytest.mark.parametrize(
    ("exact", "even", "up"),
    [
        (Fraction(1, 2), 0, 1),
        (Fraction(3, 2), 2, 2),
        (Fraction(5, 2), 2, 3),
        (Fraction(-1, 2), 0, -1),
        (Fraction(-5, 2), -2, -3),
        (Fraction(7, 3), 2, 2),
    ],
)
def test_halves_are_rounded_as_the_rule_says(exact: Fraction, even: int, up: int) -> None:
    assert (money.half_even(exact), money.half_up(exact)) == (even, up)


@pytest.mark.parametrize(
    ("quantity", "unit", "words"),
    [
        (123_456, "GBP", "£1,234.56"),
        (5, "GBP", "£0.05"),
        (-2_000, "SAVING", "-£20.00"),
        (0, "HOUR", "0 hours"),
        (60, "HOUR", "1 hour"),
        (61, "MIN", "1 hour 1 minute"),
        (150, "HOUR", "2 hours 30 minutes"),
        (-30, "MIN", "-30 minutes"),
        (1_200, "CHAIR", "1,200 chair"),
    ],
)
def test_quantities_are_said_in_words(quantity: int, unit: str, words: str) -> None:
    assert money.format_quantity(quantity, unit) == words


@pytest.mark.parametrize(
    ("typed", "pence"),
    [("20", 2_000), ("£20.50", 2_050), (" 1,234.56 ", 123_456), ("£ 3", 300), ("0.01", 1)],
)
def test_pounds_are_read_as_people_type_them(typed: str, pence: int) -> None:
    assert money.parse_pounds(typed) == pence


@pytest.mark.parametrize(
    "typed",
    ["", "1.5", "1.555", "1_000", "1e3", "-4", "NaN", "inf", "12,34", "1,2345", "٢٠", "0x10",
     "20 pounds", "£", ".50", "1.", "+1", "1 000"],
)  # fmt: skip
def test_what_is_not_an_amount_is_refused_with_its_place(typed: str) -> None:
    with pytest.raises(Invalid, match="not an amount") as caught:
        money.parse_pounds(typed, place="target")
    assert caught.value.place == "target"


def test_more_than_the_ledger_can_hold_is_refused() -> None:
    assert money.parse_pounds("90000000000.00") == limits.QUANTITY_MAX
    with pytest.raises(Invalid, match="more than the ledger can hold"):
        money.parse_pounds("90000000000.01")


@settings(max_examples=300, deadline=None)
@given(pence=st.integers(0, limits.QUANTITY_MAX))
def test_what_is_shown_can_be_typed_again(pence: int) -> None:
    assert money.parse_pounds(money.format_pence(pence)) == pence
