"""Acts that the tests of pledges share: open a pledge, join it, decide as two people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from ledger.approvals import queries as proposals
from ledger.approvals import service as approvals
from ledger.books import queries as books
from ledger.funds import service as funds
from ledger.funds.rules import OfferTerms
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.parties import service as parties
from ledger.parties.rules import Actor, system
from ledger.pledges import queries
from ledger.pledges import service as pledges
from ledger.pledges.rules import Deal, Plan
from tests.cast import Place

JOB = system("pledges")
DEADLINE = date(2026, 4, 30)


def deal(
    *, minimum: int = 10_000, optimum: int | None = None, maximum: int = 100_000,
    deadline_on: date = DEADLINE, **texts: str,
) -> Deal:  # fmt: skip
    words = {
        "sentence": "We will plant forty trees along the canal",
        "description": "", "place": "Canal Side towpath",
        "too_little": "Nobody pays anything", "too_much": "More trees are planted",
        "undeliverable": "Everybody is paid back",
    } | texts  # fmt: skip
    return Deal(
        minimum=minimum, optimum=optimum or minimum, maximum=maximum, deadline_on=deadline_on,
        **words,
    )  # fmt: skip


@dataclass(slots=True)
class Stage:
    """A place with its clock, and the acts of the story one line each."""

    place: Place
    clock: FixedClock

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def move(self, **step: float) -> None:
        self.clock.move(timedelta(**step))

    def plan(self, *, unit: str = "GBP", match_counts: bool = False) -> Plan:
        people = self.place.people
        return Plan(
            group=self.place.group, organiser=people["organiser"], broker=people["broker"],
            neighbourhood=self.place.neighbourhood, unit=unit, match_counts=match_counts,
        )  # fmt: skip

    def draft(
        self, made: Deal | None = None, *, unit: str = "GBP", match_counts: bool = False
    ) -> str:
        plan = self.plan(unit=unit, match_counts=match_counts)
        return transact(
            lambda s: pledges.draft(
                s, book=self.place.book, plan=plan, deal=made or deal(),
                actor=self.place.actor("organiser"), now=self.now,
            )
        )  # fmt: skip

    def open(
        self, made: Deal | None = None, *, unit: str = "GBP", match_counts: bool = False
    ) -> str:
        pledge = self.draft(made, unit=unit, match_counts=match_counts)

        def unit_of_work(s: Session) -> None:
            pledges.submit(s, pledge=pledge, actor=self.place.actor("organiser"), now=self.now)
            pledges.moderate(
                s, pledge=pledge, verdict="open", actor=self.place.actor("officer"), now=self.now
            )

        transact(unit_of_work)
        return pledge

    def person(self, name: str) -> str:
        return transact(
            lambda s: parties.add_person(
                s, name=name, email=f"{name.lower().replace(' ', '.')}@example.test",
                roles=("resident",), now=self.now,
            )
        )  # fmt: skip

    def people(self, count: int) -> list[str]:
        def unit_of_work(s: Session) -> list[str]:
            return [
                parties.add_person(
                    s, name=f"Neighbour {number}", email=f"n{number}.{self.now:%f}@example.test",
                    roles=("resident",), now=self.now,
                )
                for number in range(count)
            ]  # fmt: skip

        return transact(unit_of_work)

    def promise(self, pledge: str, person: str, quantity: int, **more: bool) -> pledges.Joined:
        return transact(
            lambda s: pledges.join(
                s, pledge=pledge, person=person, quantity=quantity, now=self.now, **more
            )
        )

    def confirm(self, secret: str) -> pledges.Confirmed:
        return transact(lambda s: pledges.confirm(s, secret=secret, now=self.now))

    def join(self, pledge: str, person: str, quantity: int) -> pledges.Confirmed:
        return self.confirm(self.promise(pledge, person, quantity).secret)

    def pay(
        self, commitment: str, pence: int, reference: str, *, accept_extra: bool = False
    ) -> str:
        return transact(
            lambda s: pledges.record_receipt(
                s, commitment=commitment, pence=pence, reference=reference,
                received_on=self.now.date(), actor=self.place.actor("officer"), now=self.now,
                accept_extra=accept_extra,
            )
        )  # fmt: skip

    def settle(self, pledge: str) -> str:
        return transact(lambda s: pledges.settle(s, pledge=pledge, actor=JOB, now=self.now))

    def chase(self, commitment: str) -> str:
        return transact(lambda s: pledges.chase(s, commitment=commitment, actor=JOB, now=self.now))

    def end_collection(self, pledge: str) -> str:
        return transact(lambda s: pledges.end_collection(s, pledge=pledge, actor=JOB, now=self.now))

    def at_deadline(self, pledge: str) -> str:
        return transact(
            lambda s: pledges.close_at_deadline(s, pledge=pledge, actor=JOB, now=self.now)
        )

    def decide(self, proposal: str, *, verify: str = "officer2", approve: str = "s151") -> None:
        for stage, part in (("verify", verify), ("approve", approve)):
            self.say_yes(proposal, stage, self.place.actor(part))

    def say_yes(self, proposal: str, stage: str, actor: Actor) -> None:
        def unit_of_work(s: Session) -> None:
            digest = proposals.get(s, proposal).digest
            approvals.decide(
                s, proposal=proposal, stage=stage, actor=actor, verdict="yes",
                reason="Checked against the papers", digest=digest, now=self.now,
            )  # fmt: skip

        transact(unit_of_work)

    def offer(
        self, *, pot: int = 500_000, rate: tuple[int, int] = (1, 1), donor: int = 50_000,
        pledge: int = 100_000,
    ) -> str:  # fmt: skip
        actor = self.place.actor("officer")
        made = transact(
            lambda s: funds.propose_offer(
                s, book=self.place.book, title="Match for canal pledges", donor=self.place.council,
                terms=OfferTerms(pot, rate[0], rate[1], donor, pledge), actor=actor, now=self.now,
            )
        )  # fmt: skip
        with transaction(read_only=True) as s:
            proposal = fund_proposal(s, made)
        self.decide(proposal)

        def unit_of_work(s: Session) -> None:
            funds.approve_offer(
                s, offer=made, decision_reference="CAB/2026/14", actor=actor, now=self.now
            )
            funds.fund_offer(
                s, offer=made, receipt_reference=f"BACS {made}", actor=actor, now=self.now
            )

        transact(unit_of_work)
        return made

    def take(self, pledge: str, offer: str) -> int:
        return transact(
            lambda s: pledges.take_offer(
                s, pledge=pledge, offer=offer, actor=self.place.actor("officer"), now=self.now
            )
        )

    def delivering(self, *, people: int = 3, each: int = 4_000, offer: str = "") -> str:
        """A pledge that was reached, collected and is being delivered."""
        pledge = self.open()
        if offer:
            self.take(pledge, offer)
        made = [self.join(pledge, person, each).commitment for person in self.people(people)]
        self.move(hours=48)
        self.settle(pledge)
        for commitment in made:
            self.pay(commitment, each, f"BANK {commitment}")
        self.move(days=60)
        assert self.end_collection(pledge) == "DELIVERING"
        return pledge

    def release(self, pledge: str, pence: int, *, milestone: str = "Trees bought") -> str:
        """A release that two people approved and that was posted."""
        asked = self.request(pledge, pence, milestone=milestone)
        proposal = transact(
            lambda s: pledges.propose_release(
                s, release=asked, actor=self.place.actor("officer"), now=self.now
            )
        )
        self.decide(proposal)
        transact(
            lambda s: pledges.post_release(
                s, release=asked, actor=self.place.actor("officer"), now=self.now
            )
        )
        return asked

    def request(self, pledge: str, pence: int, *, milestone: str = "Trees bought") -> str:
        return transact(
            lambda s: pledges.request_release(
                s, pledge=pledge, milestone=milestone, pence=pence, evidence="Invoice 12",
                actor=self.place.actor("treasurer"), now=self.now,
            )
        )  # fmt: skip

    def pledge(self, reference: str) -> queries.PledgeView:
        with transaction(read_only=True) as s:
            return queries.pledge(s, reference)

    def commitment(self, reference: str) -> queries.CommitmentView:
        with transaction(read_only=True) as s:
            return queries.commitment(s, reference)

    def owed(self, path: str) -> int:
        with transaction(read_only=True) as s:
            return books.owed(s, self.place.book, path)

    def balances(self, text: str) -> dict[str, int]:
        """What every account whose path holds ``text`` stands at, where it is not zero."""
        with transaction(read_only=True) as s:
            rows = books.trial_balance(s, self.place.book)
        return {row.path: row.owed for row in rows if text in row.path and row.owed}


def fund_proposal(session: Session, offer: str) -> str:
    """The proposal that waits for an offer."""
    from ledger.funds import queries as fund_queries

    found = fund_queries.offer(session, offer).proposal
    assert found is not None
    return found
