"""Stories of pledges and of the money that is given to match them: every command of both."""

from __future__ import annotations

from datetime import date

from ledger.approvals import queries as proposals
from ledger.approvals import service as approvals
from ledger.funds import service as funds
from ledger.pledges import queries
from ledger.pledges import service as pledges
from tests.pledging import Stage, deal
from tests.reliability.failing import Told


def matched_and_released(told: Told) -> None:
    """An offer that two people decided; a pledge with its match: reached, collected, released."""
    at = Stage(told.place, told.clock)
    offer = at.offer()
    pledge = at.delivering(offer=offer)
    asked = at.release(pledge, 3_000)
    officer = told.actor("officer")
    told.do(pledges.pay_release, release=asked, reference="RUN 1", actor=officer)
    refused = at.request(pledge, 500)
    told.do(pledges.refuse_release, release=refused, reason="No invoice", actor=officer)
    told.do(pledges.dissolve, pledge=pledge, reason="The bank gave way", actor=officer)
    told.do(funds.close_offer, offer=offer, reason="It has done its work", actor=told.actor("head"))


def reworded_and_lapsed(told: Told) -> None:
    """A draft is edited, sent back, opened, paused and reworded; it lapses and is paid back."""
    at, officer, organiser = (
        Stage(told.place, told.clock),
        told.actor("officer"),
        told.actor("organiser"),
    )
    with told.proof.rest():
        pledge, people = at.draft(), at.people(3)
    told.do(pledges.edit, pledge=pledge, deal=deal(minimum=9_000), actor=organiser)
    told.do(pledges.submit, pledge=pledge, actor=organiser)
    told.do(pledges.moderate, pledge=pledge, verdict="back", reason="Say where", actor=officer)
    with told.proof.rest():
        told.do(pledges.submit, pledge=pledge, actor=organiser)
    told.do(pledges.moderate, pledge=pledge, verdict="open", actor=officer)
    told.do(pledges.suspend, pledge=pledge, reason="A question came up", actor=officer)
    told.do(pledges.resume, pledge=pledge, reason="It was answered", actor=officer,
            deadline_on=date(2026, 5, 4))  # fmt: skip
    with told.proof.rest():
        first = at.join(pledge, people[0], 3_000).commitment
        at.pay(first, 3_000, "AHEAD 1")
    told.do(pledges.join_on_paper, pledge=pledge, person=people[1], quantity=700,
            form_number="F-12", actor=officer)  # fmt: skip
    told.do(pledges.reword, pledge=pledge, deal=deal(minimum=9_000, place="By the lock"),
            reason="The place has moved", actor=officer)  # fmt: skip
    with told.proof.rest():
        late = at.join(pledge, people[2], 2_000).commitment
        at.pay(late, 1_000, "AHEAD 2")
    at.move(days=64)
    at.at_deadline(pledge)
    paid_back(told, at, pledge)


def paid_back(told: Told, at: Stage, pledge: str) -> None:
    """Two people decide about a list of refunds, and the bank pays it."""
    officer = told.actor("officer")
    run = told.do(pledges.propose_refunds, pledge=pledge, actor=officer)
    proposal = told.ask(lambda s: queries.refund_run(s, run).proposal)
    with told.proof.rest():
        at.decide(proposal)
    told.do(pledges.pay_refunds, run=run, reference="RUN 9", actor=officer)


def withdrawn_and_cancelled(told: Told) -> None:
    """One takes a promise back that was paid ahead; then the organiser ends the pledge."""
    at = Stage(told.place, told.clock)
    with told.proof.rest():
        pledge = at.open(deal(minimum=5_000))
        mine = at.join(pledge, told.place.people["resident"], 1_000).commitment
        at.pay(mine, 400, "AHEAD 3")
        at.join(pledge, told.place.people["resident2"], 1_000)
    told.do(pledges.withdraw, commitment=mine, actor=told.actor("resident"))
    told.do(pledges.cancel, pledge=pledge, reason="The council will do it",
            actor=told.actor("organiser"))  # fmt: skip


def unpaid(told: Told) -> None:
    """Nobody pays: one is excused, one written off by two people, and an officer decides."""
    at, officer = Stage(told.place, told.clock), told.actor("officer")
    with told.proof.rest():
        pledge = at.open(deal(minimum=1_000))
        first, second = (at.join(pledge, one, 1_000).commitment for one in at.people(2))
        at.move(hours=48)
        at.settle(pledge)
    at.move(days=50)
    at.chase(first)
    with told.proof.rest():
        at.chase(second)
    proposal = told.do(pledges.propose_write_off, commitment=first, actor=officer)
    with told.proof.rest():
        at.decide(proposal)
    told.do(pledges.write_off, commitment=first, actor=officer)
    told.do(pledges.excuse, commitment=second, reason="Illness at home", actor=officer)
    assert at.end_collection(pledge) == "SETTLING"
    told.do(pledges.decide_shortfall, pledge=pledge, verdict="dissolve", reason="Too little came",
            actor=officer)  # fmt: skip


def hours_given(told: Told) -> None:
    """Time is promised, falls due, is confirmed by the other side and refused once."""
    at, giver, organiser = (
        Stage(told.place, told.clock),
        told.actor("resident"),
        told.actor("organiser"),
    )
    with told.proof.rest():
        pledge = at.open(deal(minimum=180, maximum=6_000), unit="HOUR")
        commitment = at.join(pledge, giver.person, 180).commitment
    at.move(hours=48)
    at.settle(pledge)
    facts = {
        "commitment": commitment,
        "worked_on": at.now.date(),
        "work": "Digging",
        "actor": giver,
    }
    entry = told.do(pledges.log_hours, minutes=180, **facts)
    told.do(pledges.confirm_hours, entry=entry, actor=organiser)
    with told.proof.rest():
        more = told.do(pledges.log_hours, minutes=10, **facts)
    told.do(pledges.refuse_hours, entry=more, reason="That was another day", actor=organiser)
    told.do(pledges.complete, pledge=pledge, actor=told.actor("officer"))


def proposal_withdrawn(told: Told) -> None:
    """What somebody proposed is taken back before anybody decides about it."""
    at = Stage(told.place, told.clock)
    with told.proof.rest():
        pledge = at.delivering(people=3, each=4_000)
        asked = at.request(pledge, 200)
    proposal = told.do(pledges.propose_release, release=asked, actor=told.actor("officer"))
    told.do(approvals.void, proposal=proposal, reason="The invoice was wrong",
            actor=told.actor("officer"))  # fmt: skip
    state = told.ask(lambda s: proposals.get(s, proposal).state)
    assert state == "VOID"


STORIES = (matched_and_released, reworded_and_lapsed, withdrawn_and_cancelled, unpaid, hours_given,
           proposal_withdrawn)  # fmt: skip
