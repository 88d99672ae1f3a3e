"""What pledges and offers refuse, each in words, and what changes nothing when it is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.approvals import queries as proposals
from ledger.approvals import service as approvals
from ledger.funds import queries as funds_queries
from ledger.funds import rules as fund_rules
from ledger.funds import service as funds
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Conflict, Forbidden, Invalid, LedgerError, Missing
from ledger.pledges import queries, rules
from ledger.pledges import service as pledges
from ledger.pledges.rules import Plan
from tests.cast import Place
from tests.pledging import Stage, deal


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


def do(at: Stage, act: Any, part: str, **facts: Any) -> Any:
    """One act by one person, in its own transaction."""
    return transact(lambda s: act(s, actor=at.place.actor(part), now=at.now, **facts))


def refused(at: Stage, kind: type[LedgerError], act: Any, part: str, **facts: Any) -> str:
    with pytest.raises(kind) as refusal:
        do(at, act, part, **facts)
    return str(refusal.value)


def due(stage: Stage, unit: str = "GBP") -> tuple[str, str]:
    """A pledge that falls due, with one commitment of the resident's."""
    pledge = stage.open(deal(minimum=1_000), unit=unit)
    made = stage.join(pledge, stage.place.people["resident"], 1_000).commitment
    stage.move(hours=48)
    stage.settle(pledge)
    return pledge, made


def test_a_draft_needs_a_broker_a_place_and_days_that_exist(stage: Stage) -> None:
    book, people = stage.place.book, stage.place.people
    for change, field in (
        ({"broker": people["resident"]}, "broker"), ({"neighbourhood": "NBH-0"}, "neighbourhood"),
        ({"collect_days": 0}, "collect_days"),
    ):  # fmt: skip
        plan = Plan(
            **({"group": stage.place.group, "organiser": people["organiser"],
                "broker": people["broker"], "neighbourhood": stage.place.neighbourhood} | change)
        )  # fmt: skip
        with pytest.raises(Invalid) as refusal:
            do(stage, pledges.draft, "organiser", book=book, plan=plan, deal=deal())
        assert refusal.value.place == field
    wrong = deal(minimum=300, optimum=200)
    text = refused(
        stage, rules.DealIncomplete, pledges.draft, "organiser", book=book, plan=stage.plan(),
        deal=wrong,
    )  # fmt: skip
    assert "£3.00 or more" in text
    refused(stage, Forbidden, pledges.draft, "resident", book=book, plan=stage.plan(), deal=deal())


def test_what_is_not_there_is_missing(stage: Stage) -> None:
    for act, name in (
        (pledges.submit, "pledge"), (pledges.withdraw, "commitment"),
        (pledges.confirm_hours, "entry"),
    ):  # fmt: skip
        refused(stage, Missing, act, "organiser", **{name: "XXX-1"})
    refused(stage, Missing, pledges.propose_release, "officer", release="REL-1")
    refused(stage, Missing, funds.close_offer, "officer", offer="OFR-1", reason="Gone")
    with transaction(read_only=True) as s:
        with pytest.raises(Missing):
            queries.pledge(s, "PLG-1")
        with pytest.raises(Missing):
            queries.receipt(s, "RCT-1")
        with pytest.raises(Missing):
            funds_queries.offer(s, "OFR-1")


def test_an_unknown_answer_is_no_answer(stage: Stage) -> None:
    pledge = stage.draft()
    do(stage, pledges.submit, "organiser", pledge=pledge)
    refused(stage, Invalid, pledges.moderate, "officer", pledge=pledge, verdict="perhaps")
    refused(stage, rules.NotReady, pledges.edit, "organiser", pledge=pledge, deal=deal())
    stage.move(days=90)
    text = refused(stage, rules.DealIncomplete, pledges.moderate, "officer", pledge=pledge,
                   verdict="open")  # fmt: skip
    assert "Choose a day from today" in text
    do(stage, pledges.moderate, "officer", pledge=pledge, verdict="reject", reason="Too late now")
    assert stage.pledge(pledge).state == "REJECTED"


def test_a_paper_form_without_number_is_not_entered(stage: Stage) -> None:
    refused(
        stage, Invalid, pledges.join_on_paper, "officer", pledge=stage.open(),
        person=stage.place.people["resident"], quantity=100, form_number=" ",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"pence": 0}, Invalid), ({"pence": 1.5}, Invalid), ({"reference": " "}, Invalid),
        ({"received_on": date(2026, 3, 1)}, Invalid), ({"received_on": date(2026, 3, 5)}, Invalid),
    ],
)  # fmt: skip
def test_a_receipt_that_cannot_be_right(
    stage: Stage, change: dict[str, Any], kind: type[LedgerError]
) -> None:
    _, made = due(stage)
    line = {"commitment": made, "pence": 100, "reference": "B 1", "received_on": date(2026, 3, 4)}
    refused(stage, kind, pledges.record_receipt, "officer", **(line | change))
    refused(stage, Forbidden, pledges.record_receipt, "organiser", **line)
    do(stage, pledges.record_receipt, "treasurer", **line)


def test_pounds_and_hours_do_not_mix(stage: Stage) -> None:
    _, hours = due(stage, "HOUR")
    _, pounds = due(stage)
    refused(
        stage, rules.NotReady, pledges.record_receipt, "officer", commitment=hours, pence=100,
        reference="B 1", received_on=stage.now.date(),
    )  # fmt: skip
    refused(
        stage, rules.NotReady, pledges.log_hours, "resident", commitment=pounds, minutes=60,
        worked_on=stage.now.date(),
    )  # fmt: skip
    offer = stage.offer()
    pledge = stage.open(unit="HOUR")
    refused(stage, rules.NotReady, pledges.take_offer, "officer", pledge=pledge, offer=offer)


def test_hours_that_cannot_be_right(stage: Stage) -> None:
    _, made = due(stage, "HOUR")
    line = {"commitment": made, "minutes": 60, "worked_on": stage.now.date(), "work": ""}
    for change, kind in (
        ({"minutes": 1441}, rules.HoursRefused), ({"minutes": 0}, rules.HoursRefused),
        ({"worked_on": stage.now.date() + timedelta(days=1)}, rules.HoursRefused),
        ({"work": "x" * 301}, Invalid),
    ):  # fmt: skip
        refused(stage, kind, pledges.log_hours, "resident", **(line | change))
    refused(stage, rules.NotTheirs, pledges.log_hours, "resident2", **line)


def test_hours_after_a_default_bring_the_giver_back(stage: Stage) -> None:
    pledge, made = due(stage, "HOUR")
    stage.move(days=44)
    assert stage.chase(made) == "DEFAULTED"
    entry = do(stage, pledges.log_hours, "organiser", commitment=made, minutes=400,
               worked_on=stage.now.date())  # fmt: skip
    do(stage, pledges.confirm_hours, "resident", entry=entry)
    assert stage.commitment(made).state == "PART_MET"
    assert stage.owed(rules.defaulted_account(pledge, "HOUR")) == 0
    assert stage.owed(rules.uncollected(pledge, "HOUR")) == 600
    refused(stage, rules.NotReady, pledges.confirm_hours, "resident", entry=entry)


def test_a_shortfall_is_decided_only_where_there_is_one(stage: Stage) -> None:
    pledge, _ = due(stage)
    facts = {"pledge": pledge, "reason": "Agreed"}
    refused(stage, rules.NotReady, pledges.decide_shortfall, "officer", verdict="go_on", **facts)
    stage.move(days=44)
    stage.end_collection(pledge)
    assert stage.end_collection(pledge) == "SETTLING"
    refused(stage, Invalid, pledges.decide_shortfall, "officer", verdict="pray", **facts)
    refused(stage, Invalid, pledges.decide_shortfall, "officer", verdict="extend", days=93, **facts)
    state = do(stage, pledges.decide_shortfall, "officer", verdict="go_on", **facts)
    assert state == "DELIVERING"
    text = refused(stage, Conflict, pledges.complete, "officer", pledge=pledge)
    assert "uncollected £10.00" in text


def test_nothing_is_settled_ended_or_chased_before_its_time(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000))
    made = stage.join(pledge, stage.place.people["resident"], 1_000).commitment
    assert stage.settle(pledge) == "REACHED"
    assert stage.at_deadline(pledge) == "REACHED"
    stage.move(hours=48)
    stage.settle(pledge)
    assert stage.end_collection(pledge) == "SETTLING"
    assert stage.chase(made) == "DUE"


def test_a_release_asks_for_what_is_there_with_its_papers(stage: Stage) -> None:
    pledge = stage.delivering()
    facts = {"pledge": pledge, "milestone": "Trees", "pence": 100, "evidence": "Invoice"}
    refused(stage, Invalid, pledges.request_release, "treasurer", **(facts | {"milestone": "x"}))
    refused(stage, Invalid, pledges.request_release, "treasurer", **(facts | {"evidence": ""}))
    refused(
        stage, rules.NotEnoughHeld, pledges.request_release, "treasurer", **(facts | {"pence": 0})
    )
    refused(stage, Forbidden, pledges.request_release, "organiser", **facts)
    release = stage.release(pledge, 12_000)
    refused(stage, Invalid, pledges.pay_release, "officer", release=release, reference="")
    refused(stage, Forbidden, pledges.pay_release, "treasurer", release=release, reference="R")
    do(stage, pledges.pay_release, "s151", release=release, reference="R 1")
    refused(stage, rules.NotReady, pledges.pay_release, "officer", release=release, reference="R")


def test_a_proposed_release_can_be_withdrawn_and_asked_for_again(stage: Stage) -> None:
    pledge = stage.delivering()
    asked = stage.request(pledge, 12_000)
    proposal = do(stage, pledges.propose_release, "officer", release=asked)
    do(stage, pledges.refuse_release, "officer", release=asked, reason="Wrong invoice")
    with transaction(read_only=True) as s:
        assert proposals.get(s, proposal).state == "VOID"
    stage.request(pledge, 12_000)


def test_a_list_of_refunds_that_was_refused_is_proposed_again_and_ends_the_pledge(
    stage: Stage,
) -> None:
    pledge = stage.delivering(people=2, each=6_000)
    asked = stage.request(pledge, 1_000)
    do(stage, pledges.dissolve, "officer", pledge=pledge, reason="The bank gave way")
    with transaction(read_only=True) as s:
        assert queries.release(s, asked).state == "REFUSED"
    run = do(stage, pledges.propose_refunds, "officer", pledge=pledge)
    refused(stage, rules.NotReady, pledges.propose_refunds, "officer", pledge=pledge)
    with transaction(read_only=True) as s:
        view = proposals.get(s, queries.refund_run(s, run).proposal)
    do(
        stage, approvals.decide, "officer2", proposal=view.id, stage="verify", verdict="no",
        reason="Look again", digest=view.digest,
    )  # fmt: skip
    again = do(stage, pledges.propose_refunds, "officer", pledge=pledge)
    with transaction(read_only=True) as s:
        assert queries.refund_run(s, run).state == "VOID"
        proposal = queries.refund_run(s, again).proposal
    stage.decide(proposal)
    refused(stage, Invalid, pledges.pay_refunds, "officer", run=again, reference="")
    assert do(stage, pledges.pay_refunds, "officer", run=again, reference="R 1") == 2
    assert stage.pledge(pledge).state == "DISSOLVED"
    assert stage.balances(pledge) == {}


def test_a_write_off_is_proposed_before_it_is_done(stage: Stage) -> None:
    _, made = due(stage)
    refused(stage, rules.NotReady, pledges.propose_write_off, "officer", commitment=made)
    stage.move(days=44)
    stage.chase(made)
    refused(stage, rules.NotReady, pledges.write_off, "officer", commitment=made)


def test_an_excuse_of_a_default_leaves_nothing_owed(stage: Stage) -> None:
    pledge, made = due(stage)
    stage.move(days=44)
    stage.chase(made)
    do(stage, pledges.excuse, "officer", commitment=made, reason="Hardship")
    assert stage.balances(pledge) == {}


def test_a_dissolved_pledge_forgives_defaults_too(stage: Stage) -> None:
    pledge, made = due(stage)
    stage.move(days=44)
    stage.chase(made)
    stage.end_collection(pledge)
    do(stage, pledges.dissolve, "officer", pledge=pledge, reason="Nobody paid")
    assert stage.pledge(pledge).state == "DISSOLVED"
    assert stage.commitment(made).state == "LAPSED"
    assert stage.balances(pledge) == {}


def test_a_link_is_replaced_even_while_it_is_followed(stage: Stage) -> None:
    pledge = stage.open()
    asked = stage.promise(pledge, stage.place.people["resident"], 100)
    do(stage, pledges.reword, "officer", pledge=pledge, deal=deal(minimum=500), reason="Smaller")
    with pytest.raises(rules.WrongLink):
        stage.confirm(asked.secret)
    made = stage.join(pledge, stage.place.people["resident2"], 100)
    do(stage, pledges.reword, "officer", pledge=pledge, deal=deal(), reason="Larger")
    assert stage.commitment(made.commitment).state == "UNCONFIRMED"
    with pytest.raises(rules.AlreadyJoined):
        stage.promise(pledge, stage.place.people["resident2"], 200)


def test_an_offer_goes_step_by_step(stage: Stage) -> None:
    terms = fund_rules.OfferTerms(10_000, 1, 1, 1_000, 5_000)
    facts = {"book": stage.place.book, "donor": stage.place.council, "terms": terms}
    refused(stage, Invalid, funds.propose_offer, "officer", title="x", **facts)
    refused(stage, Forbidden, funds.propose_offer, "resident", title="Match", **facts)
    offer = do(stage, funds.propose_offer, "officer", title="Match", **facts)
    refused(stage, Invalid, funds.approve_offer, "officer", offer=offer, decision_reference="")
    refused(stage, Invalid, funds.fund_offer, "officer", offer=offer, receipt_reference="")
    refused(
        stage, fund_rules.OfferNotReady, funds.fund_offer, "officer", offer=offer,
        receipt_reference="B 1",
    )  # fmt: skip
    pledge = stage.open()
    refused(
        stage, fund_rules.OfferNotReady, pledges.take_offer, "officer", pledge=pledge, offer=offer
    )
    do(stage, funds.close_offer, "officer", offer=offer, reason="Not wanted")
    refused(
        stage, fund_rules.OfferNotReady, funds.close_offer, "officer", offer=offer, reason="Again"
    )


def test_a_pledge_has_one_offer_and_keeps_it_when_the_offer_closes(stage: Stage) -> None:
    offer, other = stage.offer(pledge=500), stage.offer()
    pledge = stage.open(deal(minimum=1_000))
    stage.take(pledge, offer)
    refused(
        stage, fund_rules.OfferNotReady, pledges.take_offer, "officer", pledge=pledge, offer=other
    )
    do(stage, funds.close_offer, "officer", offer=offer, reason="No more pledges")
    made = stage.join(pledge, stage.place.people["resident"], 1_000).commitment
    stage.move(hours=48)
    stage.settle(pledge)
    stage.pay(made, 1_000, "B 1")
    assert stage.owed(rules.escrow(pledge)) == 1_500
    with transaction(read_only=True) as s:
        assert [row.left_pence for row in funds_queries.reservations_of(s, offer)] == [0]
    with pytest.raises(fund_rules.ReservationMissing):
        transact(
            lambda s: funds.unwind(
                s, pledge=stage.open(), escrow="x", occasion="y", pence=1, maker="z", now=stage.now
            )
        )  # fmt: skip


def test_a_draft_can_be_cancelled_and_a_delivery_cannot(stage: Stage) -> None:
    draft = stage.draft()
    do(stage, pledges.cancel, "organiser", pledge=draft, reason="Changed our minds")
    assert stage.pledge(draft).state == "CANCELLED"
    pledge, _ = due(stage)
    refused(stage, rules.NotReady, pledges.cancel, "officer", pledge=pledge, reason="Too late")


def test_lists_narrow_by_group_and_neighbourhood(stage: Stage) -> None:
    pledge = stage.open()
    with transaction(read_only=True) as s:
        here = queries.pledges(s, group=stage.place.group, neighbourhood=stage.place.neighbourhood)
        assert [view.id for view in here] == [pledge]
        assert queries.pledges(s, neighbourhood="NBH-0") == []
        listed = queries.listed(s, states=("OPEN",), neighbourhood=stage.place.neighbourhood)
        assert [view.id for view in listed] == [pledge]
        after = (listed[0].deadline_at, pledge)
        assert queries.listed(s, states=("OPEN",), after=after) == []
