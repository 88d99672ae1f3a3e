"""The rules of two-person decisions: A1 to A8 of docs/rules.md."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.approvals import rules
from ledger.kernel.errors import Invalid

SHOWN: dict[str, Any] = {
    "kind": "pledge.release", "subject": "PLG-1", "facts": {"payee": "ORG-1", "pence": 5},
    "quantity_pence": 5, "bucket": "PLG-1:2025", "maker": "PER-1",
    "stages": "verify,approve", "barred": ["PER-9"],
}  # fmt: skip


def check(person: str, **more: Any) -> None:
    facts = {"is_job": False, "maker": "PER-1", "barred": ["PER-9"], "earlier": ["PER-2"]}
    rules.check_decider(person=person, **{**facts, **more})


def test_a1_the_maker_and_the_verifier_may_not_decide_again_and_a_third_may() -> None:
    check("PER-3")
    for person in ("PER-1", "PER-2"):
        with pytest.raises(rules.SamePerson):
            check(person)


def test_a2_who_gains_may_not_decide() -> None:
    with pytest.raises(rules.Interested):
        check("PER-9")


def test_a7_a_job_may_not_decide() -> None:
    with pytest.raises(rules.NoJobDecides):
        check("job:release", is_job=True)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "pledge.refund"}, {"subject": "PLG-2"}, {"facts": {"payee": "ORG-2", "pence": 5}},
        {"facts": {"payee": "ORG-1", "pence": 6}}, {"quantity_pence": 6}, {"bucket": "PLG-2:2025"},
        {"maker": "PER-2"}, {"barred": []}, {"stages": "approve"},
    ],
)  # fmt: skip
def test_a3_any_change_to_what_was_shown_changes_the_digest(change: dict[str, Any]) -> None:
    assert rules.digest(**SHOWN) != rules.digest(**{**SHOWN, **change})


def test_a3_the_same_facts_in_another_order_are_the_same() -> None:
    turned = {"pence": 5, "payee": "ORG-1"}
    assert rules.digest(**SHOWN) == rules.digest(**{**SHOWN, "facts": turned})
    assert rules.digest(**{**SHOWN, "barred": ["b", "a", "a"]}) == rules.digest(
        **{**SHOWN, "barred": ["a", "b"]}
    )


def test_a3_a_decision_about_another_digest_is_refused() -> None:
    rules.check_shown(shown="a", stored="a")
    with pytest.raises(rules.Changed):
        rules.check_shown(shown="a", stored="b")


@pytest.mark.parametrize("fact", [1.5, float("nan"), float("inf"), {1: 2}, object(), b"x", {1, 2}])
def test_facts_are_whole_numbers_texts_and_tables_of_them(fact: object) -> None:
    with pytest.raises(Invalid):
        rules.canonical({"fact": fact})


def test_facts_have_a_length_and_a_depth() -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"in": deep}
    for bad in (deep, {"long": "x" * 20_001}):
        with pytest.raises(Invalid):
            rules.canonical(bad)


@pytest.mark.parametrize(
    ("state", "stages", "stage", "verdict", "after"),
    [
        ("PROPOSED", "verify,approve", "verify", "yes", "VERIFIED"),
        ("VERIFIED", "verify,approve", "approve", "yes", "APPROVED"),
        ("PROPOSED", "approve", "approve", "yes", "APPROVED"),
        ("PROPOSED", "verify,approve", "verify", "no", "REFUSED"),
        ("VERIFIED", "verify,approve", "approve", "no", "REFUSED"),
    ],
)
def test_a6_a_proposal_goes_on_with_yes_and_ends_with_no(
    state: str, stages: str, stage: str, verdict: str, after: str
) -> None:
    found = rules.next_state(state=state, stages=stages, stage=stage, verdict=verdict)
    assert found == after
    assert after in rules.MOVES[state]


@pytest.mark.parametrize(
    ("state", "stages", "stage"),
    [
        ("PROPOSED", "verify,approve", "approve"), ("VERIFIED", "verify,approve", "verify"),
        ("APPROVED", "verify,approve", "approve"), ("USED", "verify,approve", "approve"),
        ("REFUSED", "verify,approve", "verify"), ("VOID", "approve", "approve"),
        ("PROPOSED", "approve", "verify"),
    ],
)  # fmt: skip
def test_a_stage_that_is_not_awaited_is_refused(state: str, stages: str, stage: str) -> None:
    with pytest.raises(rules.NotWaiting):
        rules.next_state(state=state, stages=stages, stage=stage, verdict="yes")


def test_a_verdict_is_yes_or_no_at_a_stage_that_there_is() -> None:
    for stage, verdict in (("verify", "perhaps"), ("release", "yes")):
        with pytest.raises(Invalid):
            rules.next_state(
                state="PROPOSED", stages="verify,approve", stage=stage, verdict=verdict
            )


def test_stages_are_both_or_approval_alone() -> None:
    assert rules.check_stages(("verify", "approve")) == "verify,approve"
    assert rules.check_stages(["approve"]) == "approve"
    for bad in ((), ("verify",), ("approve", "verify"), ("approve", "release")):
        with pytest.raises(Invalid):
            rules.check_stages(bad)


def test_a8_a_decision_has_a_reason() -> None:
    assert rules.check_reason("  checked against the invoice ") == "checked against the invoice"
    for bad in ("", "  ok  ", "x" * 5_001):
        with pytest.raises(Invalid):
            rules.check_reason(bad)


LIMITS = {"officer": 100_000, "head": 500_000}


def test_a5_the_smallest_limit_that_is_enough_is_used() -> None:
    def under(pence: int, before: int = 0) -> str | None:
        return rules.check_limit(quantity_pence=pence, before_pence=before, limits_pence=LIMITS)

    assert under(100_000) == "officer"
    assert under(100_001) == "head"
    assert under(1, 100_000) == "head"
    assert under(0, 10**9) is None


def test_a5_splitting_does_not_help() -> None:
    with pytest.raises(rules.OverLimit, match=r"£900\.00, with £900\.00 approved before"):
        rules.check_limit(
            quantity_pence=90_000, before_pence=90_000, limits_pence={"officer": 100_000}
        )


@given(st.lists(st.integers(1, 200_000), min_size=1, max_size=12), st.integers(0, 600_000))
def test_a5_no_sequence_of_approvals_passes_the_limit(sums: list[int], limit: int) -> None:
    approved = 0
    for pence in sums:
        try:
            rules.check_limit(
                quantity_pence=pence, before_pence=approved, limits_pence={"officer": limit}
            )
        except rules.OverLimit:
            assert approved + pence > limit
        else:
            approved += pence
    assert approved <= limit or approved == 0


def test_a_fact_may_be_nothing_and_may_not_be_a_fraction() -> None:
    assert rules.canonical({"until": None}) == '{"until":null}'
    with pytest.raises(Invalid):
        rules.canonical({"share": 0.5})
