"""What falls due is collected, chased, excused, released and paid back (PL10 to PL15)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Conflict, Forbidden
from ledger.messages import queries as messages
from ledger.pledges import queries, rules
from ledger.pledges import service as pledges
from tests.cast import Place
from tests.pledging import JOB, Stage, deal


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


def test_a_gift_of_600_pounds_under_a_cap_of_500_earns_500(stage: Stage) -> None:
    offer = stage.offer(donor=50_000, pledge=100_000)
    pledge = stage.open(deal(minimum=60_000))
    stage.take(pledge, offer)
    confirmed = stage.join(pledge, stage.people(1)[0], 60_000)
    stage.move(hours=48)
    stage.settle(pledge)
    stage.pay(confirmed.commitment, 60_000, "BANK 1")
    assert stage.owed(rules.escrow(pledge)) == 110_000


def test_a_receipt_may_pay_a_part_and_its_reference_is_used_once(stage: Stage) -> None:
    # PL10; rows 4 and 4a.
    pledge = stage.open(deal(minimum=2_000))
    confirmed = stage.join(pledge, stage.people(1)[0], 2_000)
    stage.move(hours=48)
    stage.settle(pledge)
    stage.pay(confirmed.commitment, 500, "BANK 1")
    assert stage.commitment(confirmed.commitment).state == "PART_MET"
    with pytest.raises(rules.ReceiptUsed):
        stage.pay(confirmed.commitment, 500, "BANK 1")
    with pytest.raises(rules.MoreThanDue, match=r"£5.00 more"):
        stage.pay(confirmed.commitment, 2_000, "BANK 2")
    stage.pay(confirmed.commitment, 2_000, "BANK 2", accept_extra=True)
    view = stage.commitment(confirmed.commitment)
    assert (view.state, view.received, view.extra) == ("MET", 2_000, 500)
    assert stage.owed(rules.escrow(pledge)) == 2_500
    assert stage.owed(rules.uncollected(pledge)) == 0


@pytest.mark.owner_only("it reads the guard's own words, and without the right no guard is asked")
def test_a_receipt_row_cannot_be_edited_by_raw_sql(stage: Stage) -> None:
    stage.delivering()
    for statement in ("UPDATE receipt SET due_pence = due_pence + 1", "DELETE FROM receipt"):
        with pytest.raises(Exception, match="receipt rows are never"), transaction() as s:
            s.execute(text(statement))


def test_paid_ahead_becomes_the_pledges_when_it_settles_and_earns_its_match(stage: Stage) -> None:
    # Rows 2, 3b and 5b.
    offer = stage.offer(donor=5_000, pledge=5_000)
    pledge = stage.open(deal(minimum=3_000))
    stage.take(pledge, offer)
    confirmed = stage.join(pledge, stage.people(1)[0], 3_000)
    stage.pay(confirmed.commitment, 1_000, "BANK 1")
    stage.move(hours=48)
    stage.settle(pledge)
    view = stage.commitment(confirmed.commitment)
    assert (view.state, view.earned_match) == ("PART_MET", 1_000)
    assert stage.owed(rules.escrow(pledge)) == 2_000
    assert stage.owed(rules.escrow_conditional(pledge)) == 0
    assert stage.owed(rules.uncollected(pledge)) == 2_000


def test_joining_while_it_is_collected_falls_due_at_once(stage: Stage) -> None:
    # Rows 1, 3 and 3a together.
    pledge = stage.open(deal(minimum=1_000))
    stage.join(pledge, stage.people(1)[0], 1_000)
    stage.move(hours=48)
    stage.settle(pledge)
    late = stage.join(pledge, stage.place.people["resident"], 700)
    assert stage.commitment(late.commitment).state == "DUE"
    assert stage.owed(rules.uncollected(pledge)) == 1_700
    transact(
        lambda s: pledges.withdraw(
            s, commitment=late.commitment, actor=stage.place.actor("resident"), now=stage.now
        )
    )
    assert stage.owed(rules.uncollected(pledge)) == 1_000


def test_the_unpaid_are_reminded_three_times_and_then_in_default(stage: Stage) -> None:
    # PL15; row 8, its mirror, 8a.
    pledge = stage.open(deal(minimum=1_000))
    person = stage.people(1)[0]
    confirmed = stage.join(pledge, person, 1_000)
    stage.move(hours=48)
    stage.settle(pledge)
    states = []
    for _ in range(45):
        stage.move(days=1)
        states += [stage.chase(confirmed.commitment) for _again in range(2)]
    assert states.index("OVERDUE") == 2 * 28
    assert states.index("DEFAULTED") == 2 * 42
    assert stage.owed(rules.defaulted_account(pledge)) == -1_000
    with transaction(read_only=True) as s:
        sent = [m for m in messages.for_person(s, person) if m.template == "pledge.reminder"]
    assert len(sent) == 3
    stage.pay(confirmed.commitment, 400, "BANK 1")
    assert stage.owed(rules.defaulted_account(pledge)) == 0
    assert stage.owed(rules.uncollected(pledge)) == 600


def test_a_default_is_written_off_by_two_more_people(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000))
    confirmed = stage.join(pledge, stage.people(1)[0], 1_000)
    stage.move(hours=48)
    stage.settle(pledge)
    stage.move(days=50)
    officer = stage.place.actor("officer")
    transact(lambda s: pledges.chase(s, commitment=confirmed.commitment, actor=JOB, now=stage.now))
    proposal = transact(
        lambda s: pledges.propose_write_off(
            s, commitment=confirmed.commitment, actor=officer, now=stage.now
        )
    )
    with pytest.raises(Conflict.__mro__[1]):
        transact(
            lambda s: pledges.write_off(
                s, commitment=confirmed.commitment, actor=officer, now=stage.now
            )
        )
    stage.decide(proposal)
    transact(
        lambda s: pledges.write_off(
            s, commitment=confirmed.commitment, actor=officer, now=stage.now
        )
    )
    assert stage.commitment(confirmed.commitment).state == "WRITTEN_OFF"
    assert stage.balances(pledge) == {}


def test_an_excuse_ends_what_is_owed_and_its_reason_stays_private(stage: Stage) -> None:
    # Row 8b.
    pledge = stage.open(deal(minimum=1_000))
    confirmed = stage.join(pledge, stage.people(1)[0], 1_000)
    stage.move(hours=48)
    stage.settle(pledge)
    transact(
        lambda s: pledges.excuse(
            s, commitment=confirmed.commitment, reason="Illness at home",
            actor=stage.place.actor("officer"), now=stage.now,
        )
    )  # fmt: skip
    view = stage.commitment(confirmed.commitment)
    assert view.state == "EXCUSED"
    assert "Illness" not in repr(view)
    assert stage.balances(pledge) == {}
    with transaction() as s:
        found = s.execute(text("SELECT count(*) FROM audit_event WHERE facts LIKE '%Illness%'"))
        assert found.scalar() == 0


def test_collection_that_falls_short_waits_for_an_officer(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=2_000))
    one, two = stage.people(2)
    first = stage.join(pledge, one, 1_000)
    stage.join(pledge, two, 1_000)
    stage.move(hours=48)
    stage.settle(pledge)
    stage.pay(first.commitment, 1_000, "BANK 1")
    stage.move(days=44)
    assert stage.end_collection(pledge) == "SETTLING"
    assert stage.pledge(pledge).fell_short
    officer = stage.place.actor("officer")

    def decide(verdict: str) -> str:
        return transact(
            lambda s: pledges.decide_shortfall(
                s, pledge=pledge, verdict=verdict, reason="Agreed with the group", actor=officer,
                now=stage.now, days=10,
            )
        )  # fmt: skip

    assert decide("extend") == "SETTLING"
    stage.move(days=11)
    stage.end_collection(pledge)
    with pytest.raises(rules.NotReady, match="extended once"):
        decide("extend")
    assert decide("dissolve") == "DISSOLVING"
    assert stage.owed(rules.refund(first.commitment)) == 1_000
    assert stage.balances(pledge) == {}


def test_dissolving_shares_what_is_left_and_gives_the_match_its_part_back(stage: Stage) -> None:
    # PL13; rows 5d, 7 and 5c: 18,000 held, 6,000 spent, 12,000 shared 2:1.
    offer = stage.offer(donor=2_000, pledge=10_000)
    pledge = stage.delivering(people=3, each=4_000, offer=offer)
    release = stage.release(pledge, 6_000)
    officer = stage.place.actor("officer")
    with pytest.raises(Conflict, match="waiting to be paid"):
        transact(
            lambda s: pledges.dissolve(
                s, pledge=pledge, reason="The bank gave way", actor=officer, now=stage.now
            )
        )
    transact(
        lambda s: pledges.pay_release(
            s, release=release, reference="RUN 1", actor=officer, now=stage.now
        )
    )
    transact(
        lambda s: pledges.dissolve(
            s, pledge=pledge, reason="The bank gave way", actor=officer, now=stage.now
        )
    )
    with transaction(read_only=True) as s:
        refunds = queries.refunds(s, pledge=pledge)
    assert sorted(refund.pence for refund in refunds) == [2_666, 2_667, 2_667]
    assert stage.owed(f"Liabilities:MatchHeld:{offer}") == 500_000 - 6_000 + 4_000
    assert stage.owed(rules.escrow(pledge)) == 0


def test_cancelling_before_anything_is_due_frees_everybody(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000))
    confirmed = stage.join(pledge, stage.people(1)[0], 1_000)
    transact(
        lambda s: pledges.cancel(
            s, pledge=pledge, reason="The council will do it", now=stage.now,
            actor=stage.place.actor("organiser"),
        )
    )  # fmt: skip
    assert stage.pledge(pledge).state == "CANCELLED"
    assert stage.commitment(confirmed.commitment).state == "LAPSED"
    assert stage.balances(pledge) == {}


def test_a_release_needs_two_people_who_are_not_of_the_group(stage: Stage) -> None:
    # PL12.
    pledge = stage.delivering()
    asked = stage.request(pledge, 5_000)
    officer = stage.place.actor("officer")
    for outsider in ("treasurer", "organiser", "resident"):
        with pytest.raises(Forbidden):
            transact(
                lambda s, part=outsider: pledges.propose_release(
                    s, release=asked, actor=stage.place.actor(part), now=stage.now
                )
            )
    proposal = transact(
        lambda s: pledges.propose_release(s, release=asked, actor=officer, now=stage.now)
    )
    with pytest.raises(Forbidden):
        stage.say_yes(proposal, "verify", officer)
    with pytest.raises(Conflict.__mro__[1]):
        transact(lambda s: pledges.post_release(s, release=asked, actor=officer, now=stage.now))
    assert stage.owed(rules.escrow(pledge)) == 12_000
    stage.say_yes(proposal, "verify", stage.place.actor("officer2"))
    with pytest.raises(Forbidden):
        stage.say_yes(proposal, "approve", stage.place.actor("officer2"))
    stage.say_yes(proposal, "approve", stage.place.actor("head"))
    transact(lambda s: pledges.post_release(s, release=asked, actor=officer, now=stage.now))
    assert stage.owed(rules.escrow(pledge)) == 7_000


def test_more_than_escrow_holds_cannot_be_asked_for_in_two_requests(stage: Stage) -> None:
    pledge = stage.delivering()
    stage.request(pledge, 8_000)
    with pytest.raises(rules.NotEnoughHeld, match=r"at most £40.00"):
        stage.request(pledge, 4_001)
    stage.request(pledge, 4_000)


def test_a_request_can_be_refused_in_words(stage: Stage) -> None:
    pledge = stage.delivering()
    asked = stage.request(pledge, 5_000)
    transact(
        lambda s: pledges.refuse_release(
            s, release=asked, reason="No invoice", actor=stage.place.actor("officer"), now=stage.now
        )
    )
    with transaction(read_only=True) as s:
        assert queries.release(s, asked).state == "REFUSED"
    stage.request(pledge, 12_000)


def test_members_of_the_group_earn_no_match(stage: Stage) -> None:
    # PL11.
    offer = stage.offer()
    pledge = stage.open(deal(minimum=1_000))
    stage.take(pledge, offer)
    confirmed = stage.join(pledge, stage.place.people["treasurer"], 1_000)
    stage.move(hours=48)
    stage.settle(pledge)
    stage.pay(confirmed.commitment, 1_000, "BANK 1")
    assert stage.owed(rules.escrow(pledge)) == 1_000
