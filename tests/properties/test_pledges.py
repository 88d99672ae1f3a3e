"""Whatever happens, in whatever order: the invariants of the posting table hold.

Debits equal credits (the books see to it); bank = escrow, ahead, refunds, payable, match held
and reserved; receivable and defaulted = uncollected; hours due and defaulted = expected; the
memo of an ended pledge is zero; no liability is below zero.
"""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from ledger.books import queries as books
from ledger.books import service as book_service
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import LedgerError
from ledger.parties.rules import Actor
from ledger.pledges import queries, rules
from ledger.pledges import service as pledges
from tests.cast import Place
from tests.pledging import JOB, Stage, deal

HELD = (
    "Escrow", "EscrowConditional", "Refund", "PayableGroup", "MatchHeld", "MatchReserved",
    "Unclaimed",
)  # fmt: skip


def check(stage: Stage) -> None:
    """The invariants, from the trial balance."""
    with transaction(read_only=True) as s:
        rows = books.trial_balance(s, stage.place.book)
        states = {view.id: view.state for view in queries.pledges(s, rows_max=200)}
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        second = (
            row.path.split(":")[1] if not row.path.startswith("Equity") else row.path.split(":")[2]
        )
        sums[second] += row.owed
        if row.type == "L":
            assert row.owed >= 0, row.path
    assert -sums["Bank"] == sum(sums[name] for name in HELD)
    assert -(sums["Receivable"] + sums["Defaulted"]) == sums["Uncollected"]
    assert -(sums["HoursDue"] + sums["HoursDefaulted"]) == sums["HoursExpected"]
    for row in rows:
        pledge = row.path.rsplit(":", 1)[1]
        if row.path.startswith("Equity:Memo") and states.get(pledge) in rules.ENDED:
            assert row.owed == 0, row.path


class Walk:
    """Acts chosen at random; whatever the rules refuse changes nothing."""

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self.stage, self.chance = stage, chance
        self.offer = stage.offer(pot=30_000, donor=1_500, rate=(1, 2), pledge=9_000)
        self.pledges: list[str] = []
        self.people = stage.people(12)
        self.secrets: list[str] = []
        self.count = 0

    def commitments(self) -> list[queries.CommitmentView]:
        with transaction(read_only=True) as s:
            return [one for pledge in self.pledges for one in queries.commitments(s, pledge=pledge)]

    def one(self) -> queries.CommitmentView | None:
        found = self.commitments()
        return self.chance.choice(found) if found else None

    def open(self) -> None:
        unit = self.chance.choice(("GBP", "GBP", "HOUR"))
        pledge = self.stage.open(
            deal(minimum=self.chance.randrange(1_000, 4_000), optimum=5_000, maximum=9_000),
            unit=unit, match_counts=self.chance.random() < 0.5,
        )  # fmt: skip
        self.pledges.append(pledge)
        if unit == "GBP" and self.chance.random() < 0.7:
            self.stage.take(pledge, self.offer)

    def join(self) -> None:
        joined = self.stage.promise(
            self.chance.choice(self.pledges), self.chance.choice(self.people),
            self.chance.randrange(1, 2_500),
        )  # fmt: skip
        self.stage.confirm(joined.secret)

    def pay(self) -> None:
        found = self.one()
        if found:
            self.count += 1
            pence = self.chance.randrange(1, max(2, found.owed + 200))
            self.stage.pay(found.id, pence, f"LINE {self.count}", accept_extra=True)

    def withdraw(self) -> None:
        found = self.one()
        if found:
            actor = Actor(found.person, frozenset({"resident"}), None)
            transact(
                lambda s: pledges.withdraw(s, commitment=found.id, actor=actor, now=self.stage.now)
            )

    def excuse(self) -> None:
        found = self.one()
        if found:
            officer = self.stage.place.actor("officer")
            transact(
                lambda s: pledges.excuse(
                    s, commitment=found.id, reason="Illness", actor=officer, now=self.stage.now
                )
            )

    def hours(self) -> None:
        found = self.one()
        if found:
            giver = Actor(found.person, frozenset({"resident"}), None)
            minutes = self.chance.randrange(1, 600)

            def unit(s: object) -> None:
                entry = pledges.log_hours(
                    s, commitment=found.id, minutes=minutes, worked_on=self.stage.now.date(),
                    actor=giver, now=self.stage.now,
                )  # fmt: skip
                organiser = self.stage.place.actor("organiser")
                pledges.confirm_hours(s, entry=entry, actor=organiser, now=self.stage.now)

            transact(unit)

    def dissolve(self) -> None:
        pledge = self.chance.choice(self.pledges)
        act = self.chance.choice((pledges.dissolve, pledges.cancel))
        officer = self.stage.place.actor("officer")
        transact(
            lambda s: act(s, pledge=pledge, reason="It ends", actor=officer, now=self.stage.now)
        )

    def release(self) -> None:
        pledge = self.chance.choice(self.pledges)
        held = self.stage.owed(rules.escrow(pledge))
        asked = self.stage.release(pledge, self.chance.randrange(1, max(2, held)))
        officer = self.stage.place.actor("officer")
        transact(
            lambda s: pledges.pay_release(
                s, release=asked, reference="RUN", actor=officer, now=self.stage.now
            )
        )

    def refund(self) -> None:
        pledge = self.chance.choice(self.pledges)
        officer = self.stage.place.actor("officer")
        run = transact(
            lambda s: pledges.propose_refunds(s, pledge=pledge, actor=officer, now=self.stage.now)
        )
        with transaction(read_only=True) as s:
            proposal = queries.refund_run(s, run).proposal
        self.stage.decide(proposal)
        transact(
            lambda s: pledges.pay_refunds(
                s, run=run, reference="RUN", actor=officer, now=self.stage.now
            )
        )

    def night(self) -> None:
        self.stage.move(hours=self.chance.randrange(6, 240))
        for pledge in self.pledges:
            self.stage.at_deadline(pledge)
            self.stage.settle(pledge)
            self.stage.end_collection(pledge)
        for one in self.commitments():
            transact(
                lambda s, one=one: pledges.chase(
                    s, commitment=one.id, actor=JOB, now=self.stage.now
                )
            )


ACTS = (
    "open", "join", "join", "join", "join", "join", "pay", "pay", "pay", "pay", "withdraw",
    "excuse", "hours", "hours", "dissolve", "release", "release", "refund", "night", "night",
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_invariants_hold_whatever_happens(place: Place, clock: FixedClock, seed: int) -> None:
    chance = random.Random(seed)
    stage = Stage(place, clock)
    walk = Walk(stage, chance)
    walk.open()
    done: dict[str, int] = defaultdict(int)
    for _ in range(110):
        act = chance.choice(ACTS)
        try:
            getattr(walk, act)()
            done[act] += 1
        except LedgerError:
            continue
        check(stage)
    check(stage)
    assert min(done["join"], done["pay"], done["night"]) > 0
    with transaction(read_only=True) as s:
        assert book_service.self_check(s, book=place.book) == []
