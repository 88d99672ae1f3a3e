"""Two-person decisions on both databases: twelve attacks refused, by the service and by raw SQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.approvals import queries, rules, service
from ledger.audit import queries as audit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, Invalid, Missing, RefusedByDatabase
from ledger.parties import service as parties
from ledger.parties.rules import Actor, system
from tests.cast import Place

FACTS: dict[str, Any] = {"payee": "ORG-1", "amount_pence": 90_000}


class Desk:
    """Proposing and deciding in one line each."""

    def __init__(self, place: Place, clock: FixedClock) -> None:
        self.place, self.clock = place, clock

    def propose(self, pence: int = 90_000, **more: Any) -> str:
        facts = {
            "kind": "test.release", "subject": "PLG-1", "facts": FACTS, "quantity_pence": pence,
            "bucket": "PLG-1", "maker": self.place.people["officer"],
            "barred": [self.place.people["s151"]], "now": self.clock.now(),
        }  # fmt: skip
        return str(transact(lambda session: service.propose(session, **{**facts, **more})))

    def decide(
        self, proposal: str, part: str, stage: str, verdict: str = "yes", **more: Any
    ) -> str:
        actor = more.pop("actor", None) or self.place.actor(part)
        facts = {"digest": self.get(proposal).digest, "reason": "checked", "now": self.clock.now()}
        return str(
            transact(
                lambda session: service.decide(
                    session, proposal=proposal, stage=stage, actor=actor, verdict=verdict,
                    **{**facts, **more},
                )
            )
        )  # fmt: skip

    def approved(self, pence: int = 90_000, **more: Any) -> str:
        proposal = self.propose(pence, **more)
        self.decide(proposal, "officer2", "verify")
        self.decide(proposal, "head", "approve")
        return proposal

    def use(self, proposal: str, facts: dict[str, Any] = FACTS) -> service.Used:
        now = self.clock.now()
        return transact(
            lambda session: service.use(session, proposal=proposal, facts=facts, now=now)
        )

    def get(self, proposal: str) -> queries.ProposalView:
        with transaction(read_only=True) as session:
            return queries.get(session, proposal)


@pytest.fixture
def desk(app: Flask, place: Place, clock: FixedClock) -> Desk:
    return Desk(place, clock)


def raw(sql: str, **facts: Any) -> None:
    transact(lambda session: session.execute(text(sql), facts))


def test_three_people_release_what_was_proposed_and_each_step_is_an_event(desk: Desk) -> None:
    proposal = desk.propose()
    assert desk.decide(proposal, "officer2", "verify") == rules.VERIFIED
    assert desk.decide(proposal, "head", "approve") == rules.APPROVED
    people = desk.place.people
    assert desk.use(proposal) == service.Used(people["officer"], people["officer2"], people["head"])
    assert desk.get(proposal).state == rules.USED
    with transaction(read_only=True) as session:
        told = [event.action for event in audit.events(session, subject="PLG-1")]
    assert told == [
        "approval.use", "approval.approve", "approval.verify", "approval.propose",
    ]  # fmt: skip


def test_one_stage_is_still_two_people(desk: Desk) -> None:
    proposal = desk.propose(0, stages=("approve",))
    with pytest.raises(rules.SamePerson):
        desk.decide(proposal, "officer", "approve")
    desk.decide(proposal, "officer2", "approve")
    assert desk.use(proposal).verifier == ""


Attack = Callable[[Desk], object]


def _verified(desk: Desk, **more: Any) -> str:
    proposal = desk.propose(**more)
    desk.decide(proposal, "officer2", "verify")
    return proposal


def _split(desk: Desk) -> None:
    parties_of = desk.place.people
    desk.approved(bucket="split", maker=parties_of["s151"], barred=[])
    second = _verified(desk, bucket="split", maker=parties_of["s151"], barred=[])
    desk.decide(second, "officer", "approve")


def _used_twice(desk: Desk) -> None:
    proposal = desk.approved()
    desk.use(proposal)
    desk.use(proposal)


ATTACKS: dict[str, tuple[Attack, type[Exception]]] = {
    "the maker verifies": (
        lambda desk: desk.decide(desk.propose(), "officer", "verify"), rules.SamePerson),
    "the maker approves": (
        lambda desk: desk.decide(_verified(desk), "officer", "approve"), rules.SamePerson),
    "the verifier approves": (
        lambda desk: desk.decide(_verified(desk), "officer2", "approve"), rules.SamePerson),
    "somebody who gains approves": (
        lambda desk: desk.decide(_verified(desk), "s151", "approve"), rules.Interested),
    "a job approves": (
        lambda desk: desk.decide(_verified(desk), "", "approve", actor=system("release")),
        rules.NoJobDecides),
    "a role without the right approves": (
        lambda desk: desk.decide(_verified(desk), "broker", "approve"), Forbidden),
    "something else was shown": (
        lambda desk: desk.decide(desk.propose(), "officer2", "verify", digest="0" * 64),
        rules.Changed),
    "approval before verification": (
        lambda desk: desk.decide(desk.propose(), "head", "approve"), rules.NotWaiting),
    "over the limit": (
        lambda desk: desk.decide(_verified(desk, pence=500_001), "head", "approve"),
        rules.OverLimit),
    "split under the limit": (_split, rules.OverLimit),
    "other facts are used": (
        lambda desk: desk.use(desk.approved(), {**FACTS, "amount_pence": 90_001}), rules.Changed),
    "used twice": (_used_twice, rules.NotWaiting),
    "used before approval": (lambda desk: desk.use(_verified(desk)), rules.NotWaiting),
    "approved again after a no": (
        lambda desk: [
            desk.decide(proposal := _verified(desk), "head", "approve", "no"),
            desk.decide(proposal, "s151", "approve"),
        ],
        (rules.NotWaiting, rules.Interested)),
    "no reason": (
        lambda desk: desk.decide(desk.propose(), "officer2", "verify", reason=" "), Invalid),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_on_two_people_is_refused(desk: Desk, attack: str) -> None:
    act, refusal = ATTACKS[attack]
    with pytest.raises(refusal):
        act(desk)


def test_a_higher_limit_approves_what_a_lower_may_not(desk: Desk, place: Place) -> None:
    proposal = _verified(desk, pence=500_001, barred=[])
    desk.decide(proposal, "s151", "approve")
    assert desk.get(proposal).decisions[1].authority == "LIM-S151"


def test_limits_begin_anew_each_financial_year_and_a_void_gives_back(desk: Desk) -> None:
    maker = desk.place.people["s151"]
    first = desk.approved(90_000, maker=maker, barred=[], bucket="year")
    head = desk.place.actor("head")
    second = _verified(desk, maker=maker, barred=[], bucket="year")
    with pytest.raises(rules.OverLimit):
        desk.decide(second, "officer", "approve")
    transact(
        lambda session: service.void(
            session, proposal=first, reason="not needed", actor=head, now=desk.clock.now()
        )
    )
    desk.decide(second, "officer", "approve")
    third = _verified(desk, maker=maker, barred=[], bucket="year")
    with pytest.raises(rules.OverLimit):
        desk.decide(third, "officer", "approve")
    desk.clock.move(timedelta(days=30))  # 1 April 2026
    desk.decide(third, "officer", "approve")


def test_two_approvals_at_once_cannot_pass_the_limit_together(
    app: Flask, desk: Desk, place: Place
) -> None:
    maker = place.people["s151"]
    waiting = [
        _verified(desk, pence=60_000, maker=maker, barred=[], bucket="race") for _ in range(8)
    ]
    said: list[str] = []

    def approve(proposal: str) -> None:
        with app.app_context():
            try:
                said.append(desk.decide(proposal, "officer", "approve"))
            except rules.OverLimit:
                said.append("over")

    threads = [threading.Thread(target=approve, args=(proposal,)) for proposal in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [rules.APPROVED] + ["over"] * 7


def test_only_the_maker_or_the_council_withdraws_and_never_what_was_used(desk: Desk) -> None:
    def void(proposal: str, actor: Actor) -> None:
        transact(
            lambda session: service.void(
                session, proposal=proposal, reason="changed our minds", actor=actor,
                now=desk.clock.now(),
            )
        )  # fmt: skip

    with pytest.raises(Forbidden):
        void(desk.propose(), desk.place.actor("resident"))
    void(desk.propose(), desk.place.actor("officer"))
    proposal = desk.approved(bucket="void")
    desk.use(proposal)
    with pytest.raises(rules.NotWaiting):
        void(proposal, desk.place.actor("head"))


def test_what_waits_is_shown_to_those_who_may_decide_it(desk: Desk, place: Place) -> None:
    proposal = desk.propose()

    def waits(part: str) -> list[str]:
        with transaction(read_only=True) as session:
            return [view.id for view in queries.waiting_for(session, place.actor(part))]

    assert waits("officer2") == waits("head") == [proposal]
    assert waits("officer") == waits("s151") == waits("resident") == []
    desk.decide(proposal, "officer2", "verify")
    assert waits("officer2") == []
    with transaction(read_only=True) as session:
        assert [view.id for view in queries.for_subject(session, "PLG-1")] == [proposal]
        with pytest.raises(Missing):
            queries.get(session, "PRP-NONE")


def test_what_cannot_be_proposed(desk: Desk) -> None:
    for bad in ({"pence": -1}, {"facts": {"share": 0.5}}, {"stages": ("release",)}):
        with pytest.raises(Invalid):
            desk.propose(**bad)


DECISION = (
    "INSERT INTO proposal_decision (proposal, stage, person, verdict, reason, digest, decided_at,"
    " financial_year, authority) SELECT id, :stage, :person, 'yes', 'raw', {digest},"
    " '2026-03-02 09:00:00', 2025, :authority FROM proposal WHERE id = :proposal"
)


@pytest.mark.parametrize(
    ("stage", "part", "digest", "words"),
    [
        ("verify", "officer", "digest", "own proposal"),
        ("verify", "s151", "digest", "gain"),
        ("approve", "head", "digest", "verified, then approved"),
        ("verify", "head", "substr(digest, 2) || '0'", "exactly what was proposed"),
    ],
)
def test_the_database_refuses_a_wrong_decision(
    desk: Desk, stage: str, part: str, digest: str, words: str
) -> None:
    with pytest.raises(RefusedByDatabase, match=words):
        raw(
            DECISION.format(digest=digest), stage=stage, person=desk.place.people[part],
            authority=None, proposal=desk.propose(),
        )  # fmt: skip


def test_the_database_refuses_the_verifier_as_approver_and_what_is_over_the_limit(
    desk: Desk, place: Place
) -> None:
    proposal = _verified(desk, pence=100_001, maker=place.people["s151"], barred=[])
    cases = [
        ("officer2", "LIM-OFFICER", "two people"),
        ("officer", "LIM-OFFICER", "within the limit"),
        ("officer", "LIM-S151", "within the limit"),
        ("head", None, "within the limit"),
    ]
    for part, authority, words in cases:
        with pytest.raises(RefusedByDatabase, match=words):
            raw(DECISION.format(digest="digest"), stage="approve", person=place.people[part],
                authority=authority, proposal=proposal)  # fmt: skip
    raw(DECISION.format(digest="digest"), stage="approve", person=place.people["head"],
        authority="LIM-HEAD", proposal=proposal)  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE proposal SET state = 'APPROVED' WHERE id = :id",
        "UPDATE proposal SET state = 'USED' WHERE id = :id",
        "UPDATE proposal SET quantity_pence = 1 WHERE id = :id",
        "UPDATE proposal SET facts = '{}' WHERE id = :id",
        "UPDATE proposal SET maker = 'job:x' WHERE id = :id",
        "DELETE FROM proposal WHERE id = :id",
        "UPDATE proposal_decision SET person = 'x' WHERE proposal = :id",
        "DELETE FROM proposal_decision WHERE proposal = :id",
        "DELETE FROM proposal_barred WHERE proposal = :id",
        "UPDATE proposal_barred SET person = 'x' WHERE proposal = :id",
        "INSERT INTO proposal_barred (proposal, person) VALUES (:id, 'PER-LATE')",
        "INSERT INTO proposal (id, kind, subject, facts, digest, quantity_pence, bucket, maker,"
        " stages, state, proposed_at) SELECT 'PRP-RAW', kind, subject, facts, digest,"
        " quantity_pence, bucket, maker, stages, 'APPROVED', proposed_at FROM proposal"
        " WHERE id = :id",
    ],
)
def test_the_database_refuses_every_edit_of_what_was_proposed_and_decided(
    desk: Desk, sql: str
) -> None:
    with pytest.raises(RefusedByDatabase):
        raw(sql, id=_verified(desk))


def test_the_database_refuses_replacing_rows(desk: Desk, engine_name: str) -> None:
    proposal = _verified(desk)
    if engine_name == "sqlite":
        for table in ("proposal", "proposal_decision"):
            with pytest.raises(RefusedByDatabase):
                raw(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    assert desk.get(proposal).state == rules.VERIFIED


def test_a_role_that_ended_gives_no_limit(desk: Desk, place: Place) -> None:
    proposal = _verified(desk)
    with transaction(read_only=True) as session:
        from ledger.parties import queries as people

        grant = people.grants(session, place.people["head"])[0].id
    transact(
        lambda session: parties.end_role(
            session, grant=grant, person=place.people["head"], by="PER-ADMIN", now=desk.clock.now()
        )
    )
    with pytest.raises(RefusedByDatabase, match="within the limit"):
        desk.decide(proposal, "head", "approve")


def test_the_database_counts_a_decision_in_the_year_in_which_it_is_made(
    desk: Desk, place: Place
) -> None:
    proposal = _verified(desk, maker=place.people["s151"], barred=[])
    elsewhere = DECISION.replace("2025,", "2019,")
    with pytest.raises(RefusedByDatabase, match="financial year"):
        raw(elsewhere.format(digest="digest"), stage="approve", person=place.people["officer"],
            authority="LIM-OFFICER", proposal=proposal)  # fmt: skip


@pytest.mark.parametrize(
    ("at", "year"),
    [("2026-03-31 22:59:59", 2025), ("2026-03-31 23:00:00", 2026), ("2026-12-31 23:59:59", 2026),
     ("2027-01-01 00:00:00", 2026), ("2028-02-29 12:00:00", 2027)],
)  # fmt: skip
def test_the_database_knows_when_londons_financial_year_begins(
    desk: Desk, at: str, year: int
) -> None:
    sql = DECISION.replace("2026-03-02 09:00:00", at).replace("2025,", f"{year},")
    facts = {"stage": "verify", "person": desk.place.people["head"], "authority": None}
    with pytest.raises(RefusedByDatabase, match="financial year"):
        raw(sql.replace(f"{year},", f"{year - 1},").format(digest="digest"),
            proposal=desk.propose(), **facts)  # fmt: skip
    raw(sql.format(digest="digest"), proposal=desk.propose(), **facts)


def test_an_older_limit_no_longer_counts(desk: Desk, place: Place) -> None:
    now = desk.clock.now()
    transact(
        lambda session: parties.set_limit(
            session, role="officer", kind="*", pence_max=10, starts_on=now.date(),
            set_by="PER-1", agreed_by="PER-2", now=now,
        )
    )  # fmt: skip
    proposal = _verified(desk, maker=place.people["s151"], barred=[])
    with pytest.raises(rules.OverLimit):
        desk.decide(proposal, "officer", "approve")
    with pytest.raises(RefusedByDatabase, match="within the limit"):
        raw(DECISION.format(digest="digest"), stage="approve", person=place.people["officer"],
            authority="LIM-OFFICER", proposal=proposal)  # fmt: skip


def test_a_quantity_is_a_whole_number_in_the_database_too(desk: Desk) -> None:
    with pytest.raises(RefusedByDatabase):
        raw(
            "INSERT INTO proposal (id, kind, subject, facts, digest, quantity_pence, bucket, maker,"
            " stages, state, proposed_at) SELECT 'PRP-RAW', kind, subject, facts, digest, -1,"
            " bucket, maker, stages, 'PROPOSED', proposed_at FROM proposal WHERE id = :id",
            id=desk.propose(),
        )


def test_half_a_penny_is_refused_where_the_engine_would_keep_it(
    desk: Desk, engine_name: str
) -> None:
    if engine_name == "sqlite":
        with pytest.raises(RefusedByDatabase, match="whole numbers"):
            raw(
                "INSERT INTO proposal (id, kind, subject, facts, digest, quantity_pence, bucket,"
                " maker, stages, state, proposed_at) SELECT 'PRP-RAW', kind, subject, facts,"
                " digest, 0.5, bucket, maker, stages, 'PROPOSED', proposed_at FROM proposal"
                " WHERE id = :id",
                id=desk.propose(),
            )
