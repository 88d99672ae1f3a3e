"""How a pledge goes in Harrowmere: the steps that people take on pages, one service call each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import partial

from sqlalchemy.orm import Session

from ledger.approvals import queries as approval_queries
from ledger.demo.story import Story
from ledger.parties import queries as party_queries
from ledger.parties.rules import Actor
from ledger.pledges import queries
from ledger.pledges.rules import Deal, Plan
from ledger.pledges.service import (
    collecting,
    hours,
    joining,
    opening,
    refunding,
    releasing,
    settling,
)

NEXT_DAY = timedelta(days=1)


@dataclass(slots=True)
class Strand:
    """One pledge's own thread through the story. Quantities are pence or minutes."""

    story: Story
    organiser: str
    treasurer: str
    plan: Plan
    deal: Deal
    pledge: str = ""
    offer: str = ""
    signed: list[str] = field(default_factory=list)

    def opens(self, day: date) -> None:
        """The group sends it in; the next day an officer who is not of the group opens it."""
        self.story.plan(day, self._submit)
        self.story.plan(day + NEXT_DAY, self._moderate, at=time(11, 30))

    def joins(self, day: date, gifts: list[tuple[str, int]], *, days_between: int = 1) -> None:
        """One neighbour after the other promises, and follows the link some minutes later."""
        for index, (person, quantity) in enumerate(gifts):
            self.story.plan(
                day + timedelta(days=index * days_between),
                partial(self._join, person, quantity, shown=index % 3 == 0),
                at=time(9 + index % 10, index % 60),
            )

    def pays(self, day: date, index: int, pence: int, reference: str) -> None:
        """Money for a promise is seen at the bank that day."""
        self.story.plan(
            day, partial(self._receive, index, pence, reference), at=time(14, index % 60)
        )

    def settles(self, day: date, *, at: time = time(8)) -> None:
        """The nightly job finds the deadline or the cooling-off over."""
        self.story.plan(day, self._close_and_settle, at=at)

    def _submit(self) -> None:
        story, actor = self.story, self.story.actor(self.organiser)

        def unit(session: Session) -> str:
            reference = opening.draft(
                session, book=story.book, plan=self.plan, deal=self.deal, actor=actor, now=story.now
            )
            opening.submit(session, pledge=reference, actor=actor, now=story.now)
            return reference

        self.pledge = story.do(unit)

    def _moderate(self) -> None:
        story = self.story
        story.do(
            lambda session: opening.moderate(
                session,
                pledge=self.pledge,
                verdict="open",
                actor=story.actor("officer"),
                now=story.now,
            )
        )

    def _join(self, person: str, quantity: int, *, shown: bool) -> None:
        story = self.story
        joined = story.do(
            lambda session: joining.join(
                session,
                pledge=self.pledge,
                person=person,
                quantity=quantity,
                show_name=shown,
                now=story.now,
            )
        )
        story.clock.move(timedelta(minutes=17))
        story.do(lambda session: joining.confirm(session, secret=joined.secret, now=story.now))
        self.signed.append(joined.commitment)

    def _receive(self, index: int, pence: int, reference: str) -> None:
        story = self.story
        story.do(
            lambda session: collecting.record_receipt(
                session,
                commitment=self.signed[index],
                pence=pence,
                reference=reference,
                received_on=story.now.date(),
                actor=story.actor("officer2"),
                now=story.now,
            )
        )

    def _close_and_settle(self) -> None:
        story, job = self.story, self.story.job("pledge-deadlines")

        def unit(session: Session) -> None:
            if queries.pledge(session, self.pledge).state == "OPEN":
                settling.close_at_deadline(session, pledge=self.pledge, actor=job, now=story.now)
            if queries.pledge(session, self.pledge).state == "REACHED":
                settling.settle(session, pledge=self.pledge, actor=job, now=story.now)

        story.do(unit)

    def excuse(self, index: int) -> None:
        """An officer forgives what one person cannot pay; the reason stays private."""
        story = self.story
        story.do(
            lambda session: collecting.excuse(
                session,
                commitment=self.signed[index],
                reason="Lost their work this month.",
                actor=story.actor("officer2"),
                now=story.now,
            )
        )

    def end_collection(self) -> None:
        """The job ends the collection when its window is over."""
        story, job = self.story, self.story.job("pledge-deadlines")
        story.do(
            lambda session: settling.end_collection(
                session, pledge=self.pledge, actor=job, now=story.now
            )
        )

    def releases(self, day: date, milestone: str, pence: int) -> None:
        """The treasurer asks; three other people propose, verify and approve; finance pays."""
        known: dict[str, str] = {}
        story = self.story
        story.plan(day, partial(self._ask, known, milestone, pence))
        story.plan(day + timedelta(days=3), partial(self._decide, known))
        story.plan(day + timedelta(days=6), partial(self._pay, known, f"BACS-REL-{day:%Y%m%d}"))

    def asks(self, day: date, milestone: str, pence: int) -> None:
        """The treasurer asks for money, and the council has not answered yet."""
        self.story.plan(day, partial(self._ask, {}, milestone, pence), at=time(15, 20))

    def submits(self, day: date) -> None:
        """The group sends it in, and nobody has read it yet."""
        self.story.plan(day, self._submit, at=time(16, 40))

    def _ask(self, known: dict[str, str], milestone: str, pence: int) -> None:
        story = self.story
        known["release"] = story.do(
            lambda session: releasing.request_release(
                session,
                pledge=self.pledge,
                milestone=milestone,
                pence=pence,
                evidence="Photographs and two invoices, seen by the broker on site.",
                actor=story.actor(self.treasurer),
                now=story.now,
            )
        )

    def _decide(self, known: dict[str, str]) -> None:
        story, officer = self.story, self.story.actor("officer")
        proposal = story.do(
            lambda session: releasing.propose_release(
                session, release=known["release"], actor=officer, now=story.now
            )
        )
        story.decide(proposal, "verify", "officer2", "The invoices match the milestone.")
        story.decide(proposal, "approve", "head", "Seen on site; release it.")
        story.do(
            lambda session: releasing.post_release(
                session, release=known["release"], actor=officer, now=story.now
            )
        )

    def _pay(self, known: dict[str, str], reference: str) -> None:
        story = self.story
        story.do(
            lambda session: releasing.pay_release(
                session,
                release=known["release"],
                reference=reference,
                actor=story.actor("officer2"),
                now=story.now,
            )
        )

    def refunds(self) -> None:
        """Everybody who had paid ahead is paid back, by a list that two people approve."""
        story = self.story
        run = story.do(
            lambda session: refunding.propose_refunds(
                session, pledge=self.pledge, actor=story.actor("officer"), now=story.now
            )
        )
        proposal = story.do(lambda session: proposal_for(session, run))
        story.decide(proposal, "verify", "officer2", "Each gets what they paid.")
        story.decide(proposal, "approve", "head", "Send it back.")
        story.do(
            lambda session: refunding.pay_refunds(
                session,
                run=run,
                reference=f"BACS-RFD-{self.pledge}",
                actor=story.actor("officer2"),
                now=story.now,
            )
        )

    def gives_hours(self, day: date, index: int, minutes: int) -> None:
        """Somebody gives hours that day, and the organiser confirms them."""
        self.story.plan(day, partial(self._give, day, index, minutes), at=time(13, index % 60))

    def _give(self, day: date, index: int, minutes: int) -> None:
        story, commitment = self.story, self.signed[index]

        def unit(session: Session) -> None:
            entry = hours.log_hours(
                session,
                commitment=commitment,
                minutes=minutes,
                worked_on=day,
                work="Saturday walk",
                actor=_giver(session, commitment),
                now=story.now,
            )
            hours.confirm_hours(
                session, entry=entry, actor=story.actor(self.organiser), now=story.now
            )

        story.do(unit)


def _giver(session: Session, commitment: str) -> Actor:
    giver = party_queries.actor(session, queries.commitment(session, commitment).person)
    assert giver is not None, "whoever joined can act"
    return giver


def proposal_for(session: Session, subject: str) -> str:
    """The proposal that is about this, the newest first."""
    return approval_queries.for_subject(session, subject)[0].id
