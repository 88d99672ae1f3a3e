"""A pledge from its draft to its last penny or minute, row by row of the posting table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.books import service as books
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.pledges import queries, rules
from ledger.pledges import service as pledges
from tests.cast import Place
from tests.pledging import Stage, deal


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
