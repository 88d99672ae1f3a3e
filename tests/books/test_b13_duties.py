"""B13: who makes does not check, what changes is approved anew, and nobody does it all alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.approvals import queries, rules, service
from ledger.books import queries as books_queries
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import LedgerError, RefusedByDatabase
from ledger.parties.rules import ACTIONS, APART, ROLES, Actor, may
from tests.books.test_b11_periods import Desk as PeriodDesk
from tests.cast import Place
from tests.raw_books import Raw, open_books
from tests.unguarded import allow, take_off

pytestmark = pytest.mark.both_roles

GIFT = (("Assets:Bank", "D", 5), ("Income:Gifts", "C", 5))
FACTS: dict[str, Any] = {"payee": "ORG-1", "amount_pence": 90_000}
CHANGED: dict[str, Any] = {
    "kind": "other", "subject": "PLG-2", "facts": '{"payee":"ORG-2"}', "digest": "f" * 64,
    "quantity_pence": 1, "bucket": "other", "maker": "PER-OTHER", "stages": "approve",
}  # fmt: skip

EDITABLE = (
    "a proposal is never edited",
    "a proposal goes verified, approved, used, in that order",
    "a proposal moves only with a decision",
)


class Desk:
    """One proposal, approved by two people."""

    def __init__(self, place: Place, clock: FixedClock) -> None:
        self.place, self.clock = place, clock
        self.id = transact(
            lambda s: service.propose(
                s, kind="test.release", subject="PLG-1", facts=FACTS, quantity_pence=90_000,
                bucket="PLG-1", maker=place.people["officer"], barred=(), now=clock.now(),
            )
        )  # fmt: skip

    def decide(self, part: str, stage: str) -> None:
        digest, actor = self.view.digest, self.place.actor(part)
        transact(
            lambda s: service.decide(
                s, proposal=self.id, stage=stage, actor=actor, verdict="yes", reason="checked",
                digest=digest, now=self.clock.now(),
            )
        )  # fmt: skip

    def approve(self) -> None:
        self.decide("officer2", "verify")
        self.decide("head", "approve")

    @property
    def view(self) -> queries.ProposalView:
        with transaction(read_only=True) as session:
            return queries.get(session, self.id)

    def change(self, column: str) -> None:
        transact(
            lambda s: s.execute(
                text(f"UPDATE proposal SET {column} = :value"), {"value": CHANGED[column]}
            )
        )

    def use(self, facts: dict[str, Any] = FACTS) -> service.Used:
        now = self.clock.now() + timedelta(minutes=1)
        return transact(lambda s: service.use(s, proposal=self.id, facts=facts, now=now))


@pytest.fixture
def desk(app: Flask, place: Place, clock: FixedClock) -> Desk:
    return Desk(place, clock)


def test_the_database_refuses_a_maker_who_checks(app: Flask) -> None:
    book = open_books()

    def alone(session: Any) -> None:
        Raw(session, book).journal(*GIFT, kind="adjustment", maker="PER-A", checker="PER-A")

    with pytest.raises(RefusedByDatabase, match="two_people"):
        transact(alone)
    take_off("ck_journal_two_people")
    transact(alone)
    with transaction(read_only=True) as session:
        row, _ = books_queries.journal(session, book, 4)
    print(f"COUNT b13_maker_is_checker=1 refused=1 control_taken={int(row.maker == row.checker)}")
    assert row.maker == row.checker


def test_the_database_refuses_a_payment_that_nobody_checked(app: Flask) -> None:
    book = open_books()

    def unchecked(session: Any) -> None:
        Raw(session, book).journal(*GIFT, kind="pledge.pay")

    with pytest.raises(RefusedByDatabase, match="second person"):
        transact(unchecked)
    allow("this kind of journal needs a second person")
    transact(unchecked)
    print("COUNT b13_unchecked_payments=1 refused=1 control_taken=1")


def test_no_field_of_a_proposal_is_changed_once_it_is_there(desk: Desk) -> None:
    desk.approve()
    refusals = 0
    for column in CHANGED:
        with pytest.raises(RefusedByDatabase, match="never edited"):
            desk.change(column)
        refusals += 1
    print(f"COUNT b13_fields={len(CHANGED)} edits_refused={refusals}")
    assert desk.use().approver == desk.place.people["head"]


@pytest.mark.parametrize("column", CHANGED)
def test_whatever_field_is_changed_behind_the_check_the_approvals_are_void(
    desk: Desk, column: str
) -> None:
    """The trigger is taken off and the field changed by hand: nothing can be done with it."""
    desk.approve()
    allow(*EDITABLE)
    desk.change(column)
    facts = {"payee": "ORG-2"} if column == "facts" else FACTS
    with pytest.raises(LedgerError) as refusal:
        desk.use(facts)
    print(f"COUNT b13_changed_{column}=1 used=0 said={refusal.value.code}")
    assert desk.view.state == rules.APPROVED


def test_a_change_that_comes_with_its_own_digest_is_found_by_the_decisions(desk: Desk) -> None:
    """Facts and digest are changed together, as somebody who knows the code would do."""
    desk.approve()
    view, other = desk.view, {"payee": "ORG-2", "amount_pence": 90_000}
    forged = rules.digest(
        kind=view.kind, subject=view.subject, facts=other, quantity_pence=view.quantity_pence,
        bucket=view.bucket, maker=view.maker, stages=",".join(view.stages), barred=view.barred,
    )  # fmt: skip
    allow(*EDITABLE)
    transact(
        lambda s: s.execute(
            text("UPDATE proposal SET facts = :facts, digest = :digest"),
            {"facts": rules.canonical(other), "digest": forged},
        )
    )
    with pytest.raises(rules.Changed):
        desk.use(other)
    assert desk.view.state == rules.APPROVED


def test_without_the_comparison_of_digests_a_forged_proposal_is_used(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.approve()
    allow(*EDITABLE)
    transact(lambda s: s.execute(text("UPDATE proposal SET quantity_pence = 99999999")))
    digest = desk.view.digest  # as if nothing had been compared
    monkeypatch.setattr(rules, "digest", lambda **_: digest)
    used = desk.use()
    print(f"COUNT b13_control_forged_pence_used={desk.view.quantity_pence}")
    assert (used.approver, desk.view.state) == (desk.place.people["head"], rules.USED)


def test_what_is_proposed_anew_begins_without_an_approval(desk: Desk) -> None:
    desk.approve()
    actor, now = desk.place.actor("officer"), desk.clock.now()
    transact(
        lambda s: service.void(s, proposal=desk.id, reason="another sum", actor=actor, now=now)
    )
    anew = Desk(desk.place, desk.clock)
    assert (anew.view.state, anew.view.decisions) == (rules.PROPOSED, ())
    with pytest.raises(rules.NotWaiting):
        desk.use()


DONE_ALONE: dict[str, Callable[[PeriodDesk, str], object]] = {
    "sign and countersign": lambda desk, part: (
        desk.begin(part), desk.sign(part), desk.countersign(part),
    ),
    "carry out what nobody countersigned": lambda desk, part: (
        desk.begin(part), desk.sign(part), desk.act(part, closing_step(), period=desk.period),
    ),
}  # fmt: skip


def closing_step() -> Callable[..., Any]:
    from ledger.closing import service as closing

    return closing.carry_out


@pytest.mark.parametrize("way", DONE_ALONE)
@pytest.mark.parametrize("part", ["s151", "head", "officer", "auditor", "administrator"])
def test_no_role_closes_a_period_alone(
    app: Flask, place: Place, clock: FixedClock, part: str, way: str
) -> None:
    desk = PeriodDesk(place, clock)
    with pytest.raises(LedgerError):
        DONE_ALONE[way](desk, part)
    assert desk.view.status != "CLOSED"


def test_no_combination_of_roles_lets_one_person_decide_about_what_they_proposed() -> None:
    """All sets of roles that one person may hold: the rule is about people, not about roles."""
    sets = 0
    for count in (1, 2, 3):
        for held in itertools.combinations(ROLES, count):
            if any(one in held and others & set(held) for one, others in APART):
                continue
            sets += 1
            actor = Actor("PER-A", frozenset(held), None)
            assert not may(actor, "a thing that is not in the table")
            with pytest.raises(rules.SamePerson):
                rules.check_decider(
                    person=actor.person, is_job=False, maker="PER-A", barred=(), earlier=()
                )
            with pytest.raises(rules.SamePerson):
                rules.check_decider(
                    person=actor.person, is_job=False, maker="PER-B", barred=(),
                    earlier=("PER-A",),
                )  # fmt: skip
    alone = [role for role in ROLES if all(role in ACTIONS[action] for action in (
        "approval.propose", "approval.verify", "approval.approve", "people.add"))]  # fmt: skip
    print(f"COUNT b13_sets_of_roles={sets} who_could_act_alone=0 also_make_people={len(alone)}")
    assert alone == [], "nobody who decides can also make the second person"


def test_the_decisions_maker_is_refused_by_the_database_too(desk: Desk) -> None:
    view, maker = desk.view, desk.place.people["officer"]
    decision = text(
        "INSERT INTO proposal_decision (proposal, stage, person, verdict, reason, digest,"
        " decided_at, financial_year) VALUES (:proposal, 'verify', :person, 'yes', 'mine',"
        " :digest, '2026-03-02 09:00:00', 2025)"
    )
    facts = {"proposal": desk.id, "person": maker, "digest": view.digest}
    with pytest.raises(RefusedByDatabase, match="their own proposal"):
        transact(lambda s: s.execute(decision, facts))
    allow("nobody decides about their own proposal")
    transact(lambda s: s.execute(decision, facts))
    own = desk.view.decided_by("verify")
    print(f"COUNT b13_control_own_decisions={int(own == maker)}")
    assert own == maker
