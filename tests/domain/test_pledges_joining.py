"""A pledge is written, moderated, joined, reached and withdrawn from (PL1 to PL9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Conflict, Forbidden, Invalid
from ledger.messages import queries as messages
from ledger.pledges import queries, rules
from ledger.pledges import service as pledges
from tests.cast import Place
from tests.pledging import DEADLINE, Stage, deal


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


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
