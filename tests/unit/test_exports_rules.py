"""The signs of risk about a journal (X9 to X13), and what is published (X19 to X22), rule by rule."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ledger.exports import rules
from ledger.exports.rules import LimitFact, Risks, risks
from ledger.kernel.clock import LONDON

MONDAY = date(2026, 3, 2)
SET = datetime(2025, 4, 1, tzinfo=UTC)


def limit(pence: int, role: str = "officer", **facts: Any) -> LimitFact:
    return LimitFact(**{
        "role": role, "kind": "*", "pence_max": pence, "starts_on": date(2025, 4, 1), "set_at": SET,
    } | facts)  # fmt: skip


def signs(hour: int = 10, minute: int = 0, *, day: date = MONDAY, **facts: Any) -> Risks:
    recorded = datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)
    usual: dict[str, Any] = {
        "effective_on": day, "maker": "PER-A", "checker": "PER-B", "pence": 12_345, "limits": [],
    }  # fmt: skip
    return risks(recorded=recorded, **usual | facts)


def test_x9_a_journal_is_back_dated_by_the_days_between() -> None:
    assert signs(effective_on=date(2026, 2, 20)).days_back == 10
    assert signs(effective_on=date(2026, 3, 4)).days_back == -2
    ahead, back, plain = (
        signs(effective_on=date(2026, 3, 4)),
        signs(effective_on=date(2026, 3, 1)),
        signs(),
    )
    assert (ahead.count, back.count, plain.count) == (0, 1, 0)


@pytest.mark.parametrize(
    ("hour", "minute", "odd"), [(6, 59, True), (7, 0, False), (18, 59, False), (19, 0, True)]
)
def test_x10_people_post_between_seven_and_seven_in_london(
    hour: int, minute: int, odd: bool
) -> None:
    assert signs(hour, minute).out_of_hours is odd
    assert signs(hour, minute, maker="job:checkpoint").out_of_hours is False


def test_x11_saturday_and_sunday_are_the_weekend_of_people() -> None:
    days = [date(2026, 3, number) for number in range(6, 10)]
    assert [signs(day=day).weekend for day in days] == [False, True, True, False]
    assert signs(day=days[1], maker="job:checkpoint").weekend is False


@pytest.mark.parametrize(
    ("pence", "whole"),
    [(100_000, 1_000), (50_000, 100), (10_000, 100), (5_000, 0), (100_001, 0), (0, 0)],
)
def test_x12_whole_thousands_and_hundreds_of_pounds_are_round(pence: int, whole: int) -> None:
    assert signs(pence=pence).round_pounds == whole


@pytest.mark.parametrize(
    ("pence", "near"), [(94_999, False), (95_000, True), (100_000, True), (100_001, False)]
)
def test_x13_from_95_percent_a_checked_sum_is_just_under_its_limit(pence: int, near: bool) -> None:
    assert (signs(pence=pence, limits=[limit(100_000)]).limit is not None) is near
    assert signs(pence=pence, limits=[limit(100_000)], checker=None).limit is None


def test_x13_only_limits_in_force_and_known_count_and_the_smallest_is_named() -> None:
    later = limit(100_000, starts_on=date(2026, 3, 3))
    set_later = limit(100_000, set_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert signs(pence=99_000, limits=[later, set_later]).limit is None
    raised = limit(200_000, starts_on=date(2026, 3, 1))
    assert signs(pence=99_000, limits=[raised, limit(100_000)]).limit is None
    head, s151 = limit(100_000, "head"), limit(99_500, "s151")
    assert signs(pence=99_000, limits=[head, s151]).limit == s151
    assert signs(pence=0, limits=[limit(0)]).limit is None


def test_all_signs_are_counted() -> None:
    worst = signs(
        22, day=date(2026, 3, 7), effective_on=date(2026, 3, 1), pence=100_000,
        limits=[limit(100_000)],
    )  # fmt: skip
    assert worst.count == 5


@pytest.mark.parametrize(
    ("pence", "published"), [(50_000, False), (50_001, True), (-50_001, True), (-50_000, False)]
)
def test_x19_more_than_500_pounds_is_published_also_when_it_comes_back(
    pence: int, published: bool
) -> None:
    assert rules.is_published(pence) is published


@pytest.mark.parametrize(
    ("path", "owner", "person"),
    [
        ("Liabilities:Refund:CMT-1", "", True), ("Assets:Receivable:CMT-1", "", True),
        ("Liabilities:RefundPayable:PER-1", "", True), ("Liabilities:Other", "PER-1", True),
        ("Liabilities:PayableGroup:PLG-1", "ORG-1", False), ("Expenses:Paper", "", False),
    ],
)  # fmt: skip
def test_x20_people_are_known_by_their_accounts(path: str, owner: str, person: bool) -> None:
    assert rules.is_person(path, owner) is person


def test_x20_organisations_are_named_and_people_never() -> None:
    assert rules.beneficiary("The Hall", is_person=False) == "The Hall"
    assert rules.beneficiary("Rosa Mead", is_person=True) == "REDACTED PERSONAL DATA"
    assert rules.beneficiary("", is_person=False) == "NOT RECORDED IN THE BOOKS"


def test_a_purpose_is_the_public_sentence_or_the_kind() -> None:
    assert rules.purpose("pledge.pay", "We plant trees") == "We plant trees"
    assert rules.purpose("pledge.refund.pay", "We plant trees").startswith("Refund")
    assert rules.purpose("adjustment", "") == "adjustment"


def test_x22_a_title_has_under_140_characters() -> None:
    assert rules.title("x" * 139) == "x" * 139
    assert (len(rules.title("x" * 140)), rules.title("x" * 140)[-1]) == (139, "…")
