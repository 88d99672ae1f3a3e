"""The rules of pledges and of match offers, tried as facts in and decisions out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.funds import rules as funds
from ledger.funds.rules import OfferTerms
from ledger.kernel.errors import Forbidden
from ledger.pledges import rules
from ledger.pledges.rules import Deal, Tally

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TERMS = OfferTerms(50_000, 1, 3, 1_000, 10_000)


def deal(**changes: object) -> Deal:
    whole: dict[str, object] = {
        "sentence": "We will plant forty trees", "description": "", "place": "Canal Side",
        "minimum": 100, "optimum": 200, "maximum": 300, "deadline_on": date(2026, 4, 30),
        "too_little": "Nobody pays", "too_much": "More trees", "undeliverable": "Paid back",
    }  # fmt: skip
    return Deal(**(whole | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sentence": "Trees"}, "sentence"), ({"place": ""}, "place"),
        ({"too_little": " "}, "too_little"), ({"too_much": ""}, "too_much"),
        ({"undeliverable": "x" * 5_001}, "undeliverable"), ({"minimum": 0}, "minimum"),
        ({"optimum": 99}, "optimum"), ({"maximum": 199}, "maximum"),
        ({"deadline_on": date(2026, 3, 1)}, "deadline_on"),
        ({"deadline_on": date(2032, 3, 1)}, "deadline_on"),
        ({"description": "x" * 5_001}, "description"),
    ],
)  # fmt: skip
def test_pl1_each_thing_that_is_missing_is_named(changes: dict[str, object], field: str) -> None:
    assert list(rules.faults_of(deal(**changes), unit="GBP", broker="PER-1", now=NOW)) == [field]
    with pytest.raises(rules.DealIncomplete) as refusal:
        rules.check_deal(deal(**changes), unit="GBP", broker="PER-1", now=NOW)
    assert refusal.value.place == field


def test_pl1_a_whole_deal_has_no_fault_and_unit_and_broker_are_part_of_it() -> None:
    assert rules.faults_of(deal(), unit="GBP", broker="PER-1", now=NOW) == {}
    assert set(rules.faults_of(deal(), unit="MIN", broker="", now=NOW)) == {"unit", "broker"}


@pytest.mark.parametrize(
    ("day", "due"), [(2, 5), (5, 10), (6, 11), (7, 11)]
)  # Monday, Thursday, Friday, Saturday
def test_pl2_an_answer_is_due_in_three_working_days(day: int, due: int) -> None:
    assert rules.answer_due(NOW.replace(day=day)) == date(2026, 3, due)


def test_pl2_nobody_of_the_group_moderates() -> None:
    rules.check_moderator("C", organiser="A", members=frozenset("AB"), refusal=Forbidden)
    for person in "AB":
        with pytest.raises(Forbidden):
            rules.check_moderator(person, organiser="A", members=frozenset("B"), refusal=Forbidden)


@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, "5", 9_000_000_000_001])
@pytest.mark.parametrize("unit", ["GBP", "HOUR"])
def test_a_promise_is_a_whole_number_above_zero(quantity: object, unit: str) -> None:
    with pytest.raises(rules.DealIncomplete):
        rules.check_quantity(quantity, unit)  # type: ignore[arg-type]


def test_pl5_match_counts_only_where_agreed_and_up_to_what_is_set_aside() -> None:
    assert Tally(900, 3, match_expected=300, match_reserved=100).counted == 900
    with_match = Tally(900, 3, match_expected=300, match_reserved=100, match_counts=True)
    assert (with_match.match_counted, with_match.counted) == (100, 1_000)
    assert rules.is_reached(with_match, 1_000)
    assert not rules.is_reached(with_match, 1_001)


def test_pl6_the_first_instant_after_the_day_is_too_late_on_both_clock_changes() -> None:
    assert deal(deadline_on=date(2026, 3, 29)).deadline_at == datetime(2026, 3, 29, 23, tzinfo=UTC)
    assert deal(deadline_on=date(2026, 10, 25)).deadline_at == datetime(2026, 10, 26, tzinfo=UTC)
    assert rules.day_and_hour(datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC)) == (
        "Sunday 25 October 2026 at 23:59:59 (GMT)"
    )


def test_pl7_withdrawing_ends_48_hours_after_reaching_or_after_the_own_proof() -> None:
    later = NOW + timedelta(hours=10)
    assert rules.withdraw_until(reached_at=None, confirmed_at=NOW) is None
    assert rules.withdraw_until(reached_at=NOW, confirmed_at=None) == NOW + timedelta(hours=48)
    assert rules.withdraw_until(reached_at=NOW, confirmed_at=later) == later + timedelta(hours=48)


def test_pl9_the_last_penny_of_room_is_room() -> None:
    rules.check_room(Tally(100, 1), Tally(300, 2), maximum=300, unit="GBP")
    with pytest.raises(rules.Full, match=r"£2\.00 more"):
        rules.check_room(Tally(100, 1), Tally(301, 2), maximum=300, unit="GBP")
    with pytest.raises(rules.Full, match="another pledge"):
        rules.check_room(Tally(300, 1), Tally(301, 2), maximum=300, unit="GBP")


def test_pl10_a_receipt_pays_what_is_due_and_the_rest_only_if_accepted() -> None:
    assert rules.split_receipt(50, owed=80, accept_extra=False) == (50, 0)
    assert rules.split_receipt(90, owed=80, accept_extra=True) == (80, 10)
    with pytest.raises(rules.MoreThanDue):
        rules.split_receipt(90, owed=80, accept_extra=False)


def test_pl13_a_refund_never_exceeds_what_is_held() -> None:
    assert rules.share_of_refund(900, gifts=[600, 200], matched=100) == ([600, 200], 100)
    assert rules.share_of_refund(100, gifts=[100, 100, 100], matched=0) == ([34, 33, 33], 0)
    assert rules.share_of_refund(0, gifts=[], matched=0) == ([], 0)
    with pytest.raises(rules.NotEnoughHeld):
        rules.share_of_refund(901, gifts=[600, 200], matched=100)


def test_pl15_reminders_and_default_by_the_day() -> None:
    due = date(2026, 4, 1)
    days = [due + timedelta(days=number) for number in (0, 1, 8, 14, 15)]
    assert [rules.is_overdue(due, day) for day in days] == [False, True, True, True, True]
    assert [rules.reminders_due(due, day) for day in days] == [0, 1, 2, 3, 3]
    assert [rules.in_default(due, day) for day in days] == [False, False, False, False, True]


def test_every_state_can_be_reached_and_only_the_ends_lead_nowhere() -> None:
    for moves, first in (
        (rules.PLEDGE_MOVES, "DRAFT"), (rules.COMMITMENT_MOVES, "UNCONFIRMED"),
        (rules.RELEASE_MOVES, "REQUESTED"),
    ):  # fmt: skip
        reached, waiting = set(), [first]
        while waiting:
            state = waiting.pop()
            if state not in reached:
                reached.add(state)
                waiting += moves[state]
        assert reached == set(moves)
    ends = {state for state, onward in rules.PLEDGE_MOVES.items() if not onward}
    assert ends == {"REJECTED", "COMPLETED", "LAPSED", "CANCELLED", "DISSOLVED"}


def test_a_move_that_is_not_in_the_table_is_refused_in_words() -> None:
    with pytest.raises(rules.NotReady, match="It is open to join, so it cannot become paid back"):
        rules.check_move(rules.PLEDGE_MOVES, "OPEN", "DISSOLVED", place="PLG-1")


def test_f1_an_offer_whose_figures_do_not_fit_names_each_of_them() -> None:
    funds.check_terms(TERMS)
    for wrong, field in (
        (OfferTerms(0, 1, 1, 1, 1), "pot_pence"), (OfferTerms(10, 0, 1, 1, 1), "rate_match"),
        (OfferTerms(10, 1, 1, 11, 1), "donor_pence_max"),
        (OfferTerms(10, 1, 1, 1, 11), "pledge_pence_max"),
    ):  # fmt: skip
        with pytest.raises(funds.OfferRefused) as refusal:
            funds.check_terms(wrong)
        assert refusal.value.place == field


def test_f3_match_is_rounded_down_to_the_penny_once_for_all_gifts_of_a_donor() -> None:
    earned, gifts = 0, 0
    for _ in range(10):
        earned += funds.earned_by(
            gifts_before_pence=gifts, gift_pence=100, earned_before_pence=earned,
            reserved_left_pence=10_000, terms=TERMS,
        )  # fmt: skip
        gifts += 100
    assert earned == 333


@pytest.mark.parametrize(("left", "earned"), [(10_000, 1_000), (250, 250), (0, 0)])
def test_f3_match_stops_at_the_donors_cap_and_at_what_is_left(left: int, earned: int) -> None:
    assert earned == funds.earned_by(
        gifts_before_pence=0, gift_pence=60_000, earned_before_pence=0, reserved_left_pence=left,
        terms=TERMS,
    )  # fmt: skip


def test_f4_a_pledge_gets_its_cap_or_what_is_free_or_nothing() -> None:
    assert funds.reservable(free_pence=50_000, terms=TERMS) == 10_000
    assert funds.reservable(free_pence=500, terms=TERMS) == 500
    with pytest.raises(funds.PotEmpty):
        funds.reservable(free_pence=0, terms=TERMS)
