"""The rules of people: P1 to P9 of docs/rules.md."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.kernel.errors import Forbidden, Invalid
from ledger.parties import rules
from ledger.parties.rules import VISITOR, Actor

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OFFICER = Actor("PER-1", frozenset({"officer"}), None, "Owen")


def test_p1_a_row_of_the_table_lets_its_roles_in_and_nobody_else() -> None:
    assert rules.may(OFFICER, "agreement.draft")
    assert not rules.may(Actor("PER-2", frozenset({"auditor"}), None), "agreement.draft")


def test_p1_what_is_not_in_the_table_nobody_may_do() -> None:
    everything = Actor("PER-1", frozenset(rules.ROLES) | {rules.SYSTEM}, None)
    assert not rules.may(everything, "ledger.burn")
    with pytest.raises(Forbidden, match="nobody"):
        rules.require(everything, "ledger.burn")


def test_p1_a_visitor_is_asked_to_sign_in_and_a_colleague_is_told_who_may() -> None:
    rules.require(VISITOR, "public.read")
    with pytest.raises(rules.NotSignedIn):
        rules.require(VISITOR, "account.read")
    with pytest.raises(Forbidden, match="administrator"):
        rules.require(OFFICER, "people.add")


def test_p1_a_job_may_do_only_what_names_the_system() -> None:
    job = rules.system("release")
    assert rules.may(job, "dividend.release")
    assert not rules.may(job, "determination.approve")


def test_p1_no_auditor_and_no_administrator_may_decide_or_release() -> None:
    for role in ("auditor", "administrator"):
        actor = Actor("PER-1", frozenset({role}), None)
        for action in ("approval.verify", "approval.approve", "pledge.release", "period.close"):
            assert not rules.may(actor, action)


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("auditor", "officer"), ("treasurer", "auditor"), ("administrator", "s151"),
        ("head", "administrator"), ("analyst", "officer"), ("s151", "analyst"),
    ],
)  # fmt: skip
def test_p2_roles_that_must_stay_apart_are_refused_either_way(held: str, asked: str) -> None:
    with pytest.raises(rules.RolesApart):
        rules.check_roles_apart({"resident", held}, asked)


def test_p2_other_roles_go_together() -> None:
    rules.check_roles_apart({"resident", "organiser"}, "treasurer")
    rules.check_roles_apart({"auditor"}, "resident")


def test_p3_ten_guesses_in_five_minutes_and_no_more() -> None:
    nine = [AT - timedelta(seconds=30 * n) for n in range(9)]
    assert rules.guesses_left(nine, AT) == 1
    assert rules.guesses_left([*nine, AT], AT) == 0


def test_p3_a_guess_is_forgotten_after_exactly_five_minutes() -> None:
    ten = [AT] * 10
    assert rules.guesses_left(ten, AT + timedelta(minutes=5, microseconds=-1)) == 0
    assert rules.guesses_left(ten, AT + timedelta(minutes=5)) == 10


@pytest.mark.parametrize(
    "password",
    [
        "", "short", "fourteen chars", "x" * 129, "aaaaaaaaaaaaaaaa", "passwordpassword",
        "Password12345678", "communityledger1", "qwertyuiop123456", "Owen Marsh owen 1",
        "letmein letmein!", "0000000000000000", "CouncilCouncil12",
    ],
)  # fmt: skip
def test_p4_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(rules.WeakPassword):
        rules.check_password(password, words=["Owen", "Marsh"])


@pytest.mark.parametrize(
    "password",
    [
        "a long walk along the canal", "violet harbour lantern", "ünïcödé wörds äre fine",
        "correct-horse-battery-staple", "7f!Qz 0pL;mE2-wR", "z" + "long words " * 11,
    ],
)  # fmt: skip
def test_p4_long_unrelated_words_are_welcome(password: str) -> None:
    rules.check_password(password, words=["Owen", "Marsh"])


def test_p5_a_session_ends_when_idle_or_old_to_the_instant() -> None:
    idle, whole = timedelta(minutes=60), timedelta(hours=12)

    def lives(started: timedelta, seen: timedelta) -> bool:
        return rules.session_lives(AT - started, AT - seen, AT, idle=idle, absolute=whole)

    assert lives(timedelta(hours=11, minutes=59), timedelta(minutes=59))
    assert not lives(timedelta(hours=11), timedelta(minutes=60))
    assert not lives(timedelta(hours=12), timedelta(0))


def test_p6_scopes_are_named_and_known() -> None:
    assert rules.clean_scopes(["write", "read", "read"]) == ("read", "write")
    for bad in ([], ["admin"], ["read", "everything"]):
        with pytest.raises(Invalid):
            rules.clean_scopes(bad)


def test_p7_a_name_is_shown_only_where_its_owner_chose_so() -> None:
    assert rules.shown_name("Rosa Mead", show=True) == "Rosa Mead"
    assert rules.shown_name("Rosa Mead", show=False) == "a neighbour"
    assert rules.shown_name("", show=True) == "a neighbour"


@pytest.mark.parametrize(
    "email", ["", "rosa", "rosa@", "@x.org", "rosa@local", "ro sa@x.org", "a\u200bb@x.org", "a" * 250 + "@x.org"]
)  # fmt: skip
def test_what_is_not_an_email_address_is_refused(email: str) -> None:
    with pytest.raises(Invalid):
        rules.contact_key(email)


def test_one_address_is_one_person_however_it_is_typed() -> None:
    assert rules.contact_key(" Rosa@Example.TEST ") == rules.contact_key("rosa@example.test")


def test_the_financial_year_turns_on_the_first_of_april() -> None:
    assert rules.financial_year(date(2026, 3, 31)) == 2025
    assert rules.financial_year(date(2026, 4, 1)) == 2026
