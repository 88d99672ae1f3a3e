"""A pledge from its draft to its last penny, row by row of the posting table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from ledger.books import service as books
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Conflict, Forbidden, Invalid
from ledger.messages import queries as messages
from ledger.pledges import queries, rules
from ledger.pledges import service as pledges
from tests.cast import Place
from tests.pledging import DEADLINE, JOB, Stage, deal


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


def test_a_pledge_reaches_is_collected_matched_released_and_paid_to_the_penny(stage: Stage) -> None:
    # Rows 1, 3, 3a, 4, 4a, 5, 5a, 5b, 5c, 6 and 6a: everything returns to zero.
    offer = stage.offer(pot=500_000, donor=2_000, pledge=10_000)
    pledge = stage.open()
    assert stage.take(pledge, offer) == 10_000
    people = stage.people(3)
    made = [stage.join(pledge, person, 4_000) for person in people]
    assert [confirmed.reached for confirmed in made] == [False, False, True]
    assert stage.balances(pledge) == {
        f"Equity:Memo:Conditional:{pledge}": 12_000,
        f"Liabilities:MatchReserved:{pledge}:{offer}": 10_000,
    }
    stage.move(hours=48)
    assert stage.settle(pledge) == "SETTLING"
    assert stage.balances("Equity:Memo") == {}
    assert stage.owed(rules.uncollected(pledge)) == 12_000
    for confirmed in made:
        stage.pay(confirmed.commitment, 4_000, f"BANK {confirmed.commitment}")
    assert stage.owed(rules.escrow(pledge)) == 12_000 + 3 * 2_000
    stage.move(days=60)
    assert stage.end_collection(pledge) == "DELIVERING"
    assert stage.owed(f"Liabilities:MatchHeld:{offer}") == 500_000 - 6_000
    release = stage.release(pledge, 18_000)
    assert stage.balances(pledge) == {f"Liabilities:PayableGroup:{pledge}": 18_000}
    transact(
        lambda s: pledges.pay_release(
            s, release=release, reference="RUN 7", actor=stage.place.actor("officer"), now=stage.now
        )
    )
    assert stage.balances(pledge) == {}
    assert stage.balances("Assets:Bank:Client") == {"Assets:Bank:Client": -494_000}
    transact(
        lambda s: pledges.complete(
            s, pledge=pledge, actor=stage.place.actor("officer"), now=stage.now
        )
    )
    assert stage.pledge(pledge).state == "COMPLETED"
    with transaction(read_only=True) as s:
        assert books.self_check(s, book=stage.place.book) == []


def test_a_pledge_that_is_not_reached_lapses_and_pays_back_what_was_paid_ahead(
    stage: Stage,
) -> None:
    # Rows 1a, 2, 7 and 7a.
    pledge = stage.open()
    one, two = stage.people(2)
    first = stage.join(pledge, one, 3_000).commitment
    second = stage.join(pledge, two, 2_000).commitment
    stage.pay(first, 3_000, "BANK 1")
    assert stage.balances(pledge) == {
        f"Equity:Memo:Conditional:{pledge}": 2_000,
        f"Liabilities:EscrowConditional:{pledge}": 3_000,
    }
    stage.clock.at = datetime(2026, 4, 30, 23, 0, tzinfo=UTC)
    assert stage.at_deadline(pledge) == "LAPSED"
    assert stage.at_deadline(pledge) == "LAPSED"
    assert stage.balances(pledge) == {}
    assert stage.owed(rules.refund(first)) == 3_000
    assert stage.commitment(first).state == "REFUND_DUE"
    assert stage.commitment(second).state == "LAPSED"
    officer = stage.place.actor("officer")
    run = transact(
        lambda s: pledges.propose_refunds(s, pledge=pledge, actor=officer, now=stage.now)
    )
    with transaction(read_only=True) as s:
        proposal = queries.refund_run(s, run).proposal
    stage.decide(proposal)
    paid = transact(
        lambda s: pledges.pay_refunds(s, run=run, reference="RUN 9", actor=officer, now=stage.now)
    )
    assert paid == 1
    assert stage.commitment(first).state == "REFUNDED"
    assert stage.balances("Assets:Bank") == {}
    with pytest.raises(rules.NotReady):
        transact(
            lambda s: pledges.pay_refunds(
                s, run=run, reference="RUN 9", actor=officer, now=stage.now
            )
        )


def test_hours_are_promised_due_and_given_when_both_sides_say_so(stage: Stage) -> None:
    # Rows H1, H2, H3 and H3a: 180 minutes promised, 150 then 60 given.
    pledge = stage.open(deal(minimum=180, maximum=6_000), unit="HOUR")
    person = stage.place.people["resident"]
    giver = stage.place.actor("resident")
    organiser = stage.place.actor("organiser")
    confirmed = stage.join(pledge, person, 180)
    assert confirmed.reached
    assert stage.balances(pledge) == {f"Equity:Memo:HoursConditional:{pledge}": 180}
    stage.move(hours=48)
    assert stage.settle(pledge) == "DELIVERING"
    assert stage.balances(pledge) == {f"Equity:Memo:HoursExpected:{pledge}": 180}

    def log(minutes: int) -> str:
        return transact(
            lambda s: pledges.log_hours(
                s, commitment=confirmed.commitment, minutes=minutes, worked_on=stage.now.date(),
                work="Digging", actor=giver, now=stage.now,
            )
        )  # fmt: skip

    entry = log(150)
    with pytest.raises(rules.NotTheirs):
        transact(lambda s: pledges.confirm_hours(s, entry=entry, actor=giver, now=stage.now))
    assert stage.owed(rules.given(confirmed.commitment)) == 0
    transact(lambda s: pledges.confirm_hours(s, entry=entry, actor=organiser, now=stage.now))
    assert stage.owed(rules.given(confirmed.commitment)) == 150
    assert stage.commitment(confirmed.commitment).state == "PART_MET"
    more = log(60)
    transact(lambda s: pledges.confirm_hours(s, entry=more, actor=organiser, now=stage.now))
    assert stage.commitment(confirmed.commitment).state == "MET"
    assert stage.owed(rules.given(confirmed.commitment)) == 210
    assert stage.owed(rules.uncollected(pledge, "HOUR")) == 0
    transact(
        lambda s: pledges.complete(
            s, pledge=pledge, actor=stage.place.actor("officer"), now=stage.now
        )
    )
    assert stage.balances("Equity:Memo") == {}


def test_hours_that_the_other_side_refuses_count_for_nothing(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=60, maximum=6_000), unit="HOUR")
    confirmed = stage.join(pledge, stage.place.people["resident"], 60)
    stage.move(hours=48)
    stage.settle(pledge)
    entry = transact(
        lambda s: pledges.log_hours(
            s, commitment=confirmed.commitment, minutes=60, worked_on=stage.now.date(),
            actor=stage.place.actor("organiser"), now=stage.now,
        )
    )  # fmt: skip
    transact(
        lambda s: pledges.refuse_hours(
            s, entry=entry, reason="I was ill that day", actor=stage.place.actor("resident"),
            now=stage.now,
        )
    )  # fmt: skip
    assert stage.owed(rules.given(confirmed.commitment)) == 0


def test_the_deadline_is_the_last_second_of_the_london_day(stage: Stage) -> None:
    # PL6: 30 April is British Summer Time, so the day ends at 23:00 UTC.
    pledge = stage.open(deal(minimum=2_000))
    early, late = stage.people(2)
    asked = stage.promise(pledge, early, 2_000)
    too_late = stage.promise(pledge, late, 2_000)
    stage.clock.at = datetime(2026, 4, 30, 22, 59, 59, tzinfo=UTC)
    assert stage.confirm(asked.secret).reached
    assert stage.pledge(pledge).state == "REACHED"
    stage.clock.at = datetime(2026, 4, 30, 23, 0, 0, tzinfo=UTC)
    with pytest.raises(rules.TooLate, match="Thursday 30 April 2026 at 23:59:59 \\(BST\\)"):
        stage.confirm(too_late.secret)


def test_the_proof_counts_once_and_its_second_use_changes_nothing(stage: Stage) -> None:
    pledge = stage.open()
    asked = stage.promise(pledge, stage.people(1)[0], 2_000)
    assert stage.pledge(pledge).confirmed == 0
    assert not stage.confirm(asked.secret).again
    assert stage.pledge(pledge).confirmed == 2_000
    before = stage.balances("")
    assert stage.confirm(asked.secret).again
    assert stage.pledge(pledge).confirmed == 2_000
    assert stage.balances("") == before
    with pytest.raises(rules.WrongLink):
        stage.confirm("nothing-of-the-kind")


def test_joining_again_before_the_proof_replaces_the_promise_and_its_link(stage: Stage) -> None:
    pledge = stage.open()
    person = stage.people(1)[0]
    old = stage.promise(pledge, person, 2_000)
    new = stage.promise(pledge, person, 3_000)
    assert new.commitment == old.commitment
    with pytest.raises(rules.WrongLink):
        stage.confirm(old.secret)
    stage.confirm(new.secret)
    assert stage.pledge(pledge).confirmed == 3_000
    with pytest.raises(rules.AlreadyJoined):
        stage.promise(pledge, person, 1_000)


def test_the_organiser_cannot_sign_even_by_raw_sql(stage: Stage) -> None:
    pledge = stage.open()
    organiser = stage.place.people["organiser"]
    with pytest.raises(rules.OwnPledge):
        stage.promise(pledge, organiser, 2_000)
    stage.promise(pledge, stage.place.people["resident"], 2_000)
    with pytest.raises(Conflict.__mro__[1], match="organiser"), transaction() as s:
        s.execute(
            text(
                "INSERT INTO commitment SELECT 'CMT-X', pledge, :organiser, quantity, wording,"
                " state, show_name, via, form_number, NULL, joined_at, confirmed_at,"
                " match_expected, due_on, received, extra, earned_match, reminders,"
                " private_reason, write_off, ended_at FROM commitment"
            ),
            {"organiser": organiser},
        )


def test_nobody_joins_past_the_maximum(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000, maximum=5_000))
    one, two = stage.people(2)
    asked = stage.promise(pledge, two, 2_000)
    stage.join(pledge, one, 4_000)
    with pytest.raises(rules.Full, match=r"£10.00 more of £50.00"):
        stage.confirm(asked.secret)
    assert stage.pledge(pledge).confirmed == 4_000


def test_promised_match_counts_towards_the_minimum_only_where_the_deal_says_so(
    stage: Stage,
) -> None:
    offer = stage.offer(donor=5_000, pledge=5_000)
    with_match = stage.open(deal(minimum=10_000), match_counts=True)
    without = stage.open(deal(minimum=10_000))
    stage.take(with_match, offer)
    stage.take(without, offer)
    person = stage.place.people["resident"]
    assert stage.join(with_match, person, 5_000).reached
    assert not stage.join(without, person, 5_000).reached


def test_taking_an_offer_can_bring_a_pledge_to_its_minimum(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=10_000), match_counts=True)
    stage.join(pledge, stage.people(1)[0], 6_000)
    stage.take(pledge, stage.offer())
    assert stage.pledge(pledge).state == "REACHED"


def test_a_gift_of_600_pounds_under_a_cap_of_500_earns_500(stage: Stage) -> None:
    offer = stage.offer(donor=50_000, pledge=100_000)
    pledge = stage.open(deal(minimum=60_000))
    stage.take(pledge, offer)
    confirmed = stage.join(pledge, stage.people(1)[0], 60_000)
    stage.move(hours=48)
    stage.settle(pledge)
    stage.pay(confirmed.commitment, 60_000, "BANK 1")
    assert stage.owed(rules.escrow(pledge)) == 110_000


def test_people_may_withdraw_until_cooling_off_ends(stage: Stage) -> None:
    # PL7: the pledge stays reached and is flagged.
    pledge = stage.open(deal(minimum=1_000))
    person = stage.place.people["resident"]
    confirmed = stage.join(pledge, person, 1_000)
    other = stage.join(pledge, stage.people(1)[0], 500)
    stage.move(hours=47)
    transact(
        lambda s: pledges.withdraw(
            s, commitment=confirmed.commitment, actor=stage.place.actor("resident"), now=stage.now
        )
    )
    view = stage.pledge(pledge)
    assert (view.state, view.confirmed, view.fell_short) == ("REACHED", 500, True)
    assert stage.balances(confirmed.commitment) == {}
    stage.move(hours=1)
    with pytest.raises(rules.NotTheirs):
        transact(
            lambda s: pledges.withdraw(
                s, commitment=other.commitment, actor=stage.place.actor("resident"), now=stage.now
            )
        )
    again = stage.join(pledge, person, 700)
    assert again.commitment != confirmed.commitment


def test_after_cooling_off_it_is_too_late_to_withdraw(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000))
    confirmed = stage.join(pledge, stage.place.people["resident"], 1_000)
    stage.move(hours=48)
    with pytest.raises(rules.TooLate, match="You could withdraw until"):
        transact(
            lambda s: pledges.withdraw(
                s, commitment=confirmed.commitment, actor=stage.place.actor("resident"),
                now=stage.now,
            )
        )  # fmt: skip


def test_a_new_wording_asks_earlier_signers_again(stage: Stage) -> None:
    # PL8.
    pledge = stage.open(deal(minimum=5_000))
    person = stage.place.people["resident"]
    confirmed = stage.join(pledge, person, 3_000)
    officer = stage.place.actor("officer")
    version = transact(
        lambda s: pledges.reword(
            s, pledge=pledge, deal=deal(minimum=2_000, sentence="We will plant twenty trees here"),
            reason="Fewer trees fit", actor=officer, now=stage.now,
        )
    )  # fmt: skip
    assert version == 2
    assert stage.pledge(pledge).confirmed == 0
    assert stage.balances(pledge) == {}
    with transaction(read_only=True) as s:
        letter = next(m for m in messages.for_person(s, person) if m.template == "pledge.reworded")
    secret = str(letter.facts["secret_link"]).rsplit("/", 1)[1]
    assert stage.confirm(secret).reached
    view = stage.commitment(confirmed.commitment)
    assert (view.state, view.wording) == ("CONFIRMED", 2)
    assert stage.pledge(pledge).confirmed == 3_000


def test_a_signed_wording_cannot_be_changed_by_raw_sql(stage: Stage) -> None:
    pledge = stage.open()
    stage.promise(pledge, stage.people(1)[0], 1_000)
    for statement in (
        "UPDATE pledge_wording SET sentence = 'Something else entirely'",
        "DELETE FROM pledge_wording",
    ):
        with pytest.raises(Exception, match="wording"), transaction() as s:
            s.execute(text(statement))


def test_a_pledge_is_not_submitted_until_every_answer_is_there(stage: Stage) -> None:
    pledge = stage.draft(deal(too_little="", undeliverable=""))
    with pytest.raises(rules.DealIncomplete, match=r"too little is promised.*cannot be delivered"):
        transact(
            lambda s: pledges.submit(
                s, pledge=pledge, actor=stage.place.actor("organiser"), now=stage.now
            )
        )
    transact(
        lambda s: pledges.edit(
            s, pledge=pledge, deal=deal(), actor=stage.place.actor("organiser"), now=stage.now
        )
    )
    transact(
        lambda s: pledges.submit(
            s, pledge=pledge, actor=stage.place.actor("organiser"), now=stage.now
        )
    )
    view = stage.pledge(pledge)
    assert (view.state, view.answer_due_on) == ("SUBMITTED", date(2026, 3, 5))


def test_turning_a_pledge_down_takes_a_reason_and_somebody_else(stage: Stage) -> None:
    pledge = stage.draft()
    organiser, officer = stage.place.actor("organiser"), stage.place.actor("officer")
    transact(lambda s: pledges.submit(s, pledge=pledge, actor=organiser, now=stage.now))
    with pytest.raises(Invalid, match="reason"):
        transact(
            lambda s: pledges.moderate(
                s, pledge=pledge, verdict="reject", actor=officer, now=stage.now
            )
        )
    with pytest.raises(Forbidden):
        transact(
            lambda s: pledges.moderate(
                s, pledge=pledge, verdict="open", actor=organiser, now=stage.now
            )
        )
    transact(
        lambda s: pledges.moderate(
            s, pledge=pledge, verdict="back", reason="Say where", actor=officer, now=stage.now
        )
    )
    assert stage.pledge(pledge).state == "DRAFT"


def test_an_officer_who_belongs_to_the_group_cannot_moderate(stage: Stage) -> None:
    from ledger.parties import service as parties
    from ledger.parties.rules import Actor

    pledge = stage.draft()
    transact(
        lambda s: pledges.submit(
            s, pledge=pledge, actor=stage.place.actor("organiser"), now=stage.now
        )
    )
    officer = stage.place.people["officer"]
    transact(
        lambda s: parties.grant_role(
            s, person=officer, role="resident", organisation=stage.place.group,
            by=stage.place.people["administrator"], now=stage.now,
        )
    )  # fmt: skip
    with pytest.raises(rules.SelfModeration):
        transact(
            lambda s: pledges.moderate(
                s, pledge=pledge, verdict="open", now=stage.now,
                actor=Actor(officer, frozenset({"officer"}), stage.place.council),
            )
        )  # fmt: skip


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


def test_a_paused_pledge_takes_no_sign_ups_and_its_deadline_moves_by_decision(
    stage: Stage,
) -> None:
    pledge = stage.open()
    asked = stage.promise(pledge, stage.people(1)[0], 1_000)
    officer = stage.place.actor("officer")
    transact(
        lambda s: pledges.suspend(
            s, pledge=pledge, reason="A complaint", actor=officer, now=stage.now
        )
    )
    with pytest.raises(rules.NotReady, match="paused"):
        stage.confirm(asked.secret)
    with pytest.raises(Invalid, match="earlier"):
        transact(
            lambda s: pledges.resume(
                s, pledge=pledge, reason="Cleared", actor=officer, now=stage.now,
                deadline_on=DEADLINE - timedelta(days=1),
            )
        )  # fmt: skip
    transact(
        lambda s: pledges.resume(
            s, pledge=pledge, reason="Cleared", actor=officer, now=stage.now,
            deadline_on=DEADLINE + timedelta(days=7),
        )
    )  # fmt: skip
    stage.confirm(asked.secret)
    assert stage.pledge(pledge).deadline_on == DEADLINE + timedelta(days=7)


def test_a_paper_form_counts_the_same_and_is_marked(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000))
    person = stage.people(1)[0]
    confirmed = transact(
        lambda s: pledges.join_on_paper(
            s, pledge=pledge, person=person, quantity=1_000, form_number="F-17",
            actor=stage.place.actor("officer"), now=stage.now,
        )
    )  # fmt: skip
    assert confirmed.reached
    view = stage.commitment(confirmed.commitment)
    assert (view.via, view.form_number) == ("paper", "F-17")


def test_names_are_hidden_unless_chosen(stage: Stage) -> None:
    pledge = stage.open()
    shown, hidden = stage.person("Wilma Shown"), stage.person("Hidden Hal")
    stage.confirm(stage.promise(pledge, shown, 1_000, show_name=True).secret)
    stage.join(pledge, hidden, 1_000)
    with transaction(read_only=True) as s:
        assert queries.supporters(s, pledge) == ["Wilma Shown"]


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


def test_each_message_is_sent_once_whatever_runs_again(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000))
    person = stage.people(1)[0]
    asked = stage.promise(pledge, person, 1_000)
    stage.confirm(asked.secret)
    stage.confirm(asked.secret)
    stage.move(hours=48)
    stage.settle(pledge)
    stage.settle(pledge)
    with transaction(read_only=True) as s:
        sent = [m.template for m in messages.for_person(s, person)]
    assert sorted(sent) == ["pledge.counted", "pledge.due", "pledge.prove", "pledge.reached"]


def test_every_change_is_an_audit_event_in_the_same_transaction(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000))
    stage.join(pledge, stage.people(1)[0], 1_000)
    with transaction() as s:
        actions = s.execute(
            text("SELECT action FROM audit_event WHERE subject = :pledge ORDER BY id"),
            {"pledge": pledge},
        ).scalars().all()  # fmt: skip
    assert actions == ["pledge.draft", "pledge.submit", "pledge.moderate", "pledge.reach"]


def test_hours_that_are_never_given_are_in_default_and_may_be_excused(stage: Stage) -> None:
    # Row H4.
    pledge = stage.open(deal(minimum=120, maximum=6_000), unit="HOUR")
    confirmed = stage.join(pledge, stage.place.people["resident"], 120)
    stage.move(hours=48)
    stage.settle(pledge)
    stage.move(days=43)
    assert stage.chase(confirmed.commitment) == "DEFAULTED"
    assert stage.balances(pledge) == {
        f"Equity:Memo:HoursDefaulted:{pledge}": -120,
        f"Equity:Memo:HoursExpected:{pledge}": 120,
    }
    transact(
        lambda s: pledges.excuse(
            s, commitment=confirmed.commitment, reason="Moved away",
            actor=stage.place.actor("officer"), now=stage.now,
        )
    )  # fmt: skip
    assert stage.balances(pledge) == {}
