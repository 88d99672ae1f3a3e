"""What agreements and determinations refuse, by the services and by raw SQL on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.approvals import service as approvals
from ledger.approvals.rules import Interested, NoJobDecides, OverLimit, SamePerson
from ledger.books import queries as books
from ledger.dividends import queries
from ledger.dividends import service as dividends
from ledger.dividends.rules import postings, refusals
from ledger.dividends.service import agreeing, deciding, recomputing, recording, releasing
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, Invalid, RefusedByDatabase
from ledger.outcomes import service as outcomes
from ledger.parties.rules import Actor
from tests import dividing
from tests.cast import Place
from tests.dividing import JOB, NOW


def decide(
    deal: dividing.Deal, determination: str, stage: str, actor: Actor, **changed: str
) -> str:
    def unit(session: Session) -> str:
        view = queries.determination(session, determination)
        asked = {"verdict": "yes", "reason": "Looked at it.",
                 "digest": dividing.digest_of(session, view.proposal)} | changed  # fmt: skip
        return dividends.decide(
            session, determination=determination, stage=stage, actor=actor, now=NOW, **asked
        )

    return transact(unit)


def test_before_the_run_out_is_over_nothing_is_proposed(place: Place) -> None:
    # D7: must-have 8. Frozen on 2 April 2025: due from the third.
    dividing.running(place)
    early = NOW.replace(year=2025, month=4, day=2)

    def due(now):  # type: ignore[no-untyped-def]
        return transact(lambda s: dividends.evaluate_due(s, now=now))

    assert due(early) == []
    assert len(due(early + timedelta(days=1))) == 1


def test_a_second_run_of_the_test_proposes_nothing(place: Place) -> None:
    deal = dividing.running(place)

    def both(session: Session) -> list[str | None]:
        due = dividends.evaluate_due(session, now=NOW)
        return [dividends.propose(session, evaluation=one, now=NOW) for one in due * 2]

    first, second = transact(both)
    assert first is not None
    assert second is None
    assert transact(lambda s: dividends.evaluate_due(s, now=NOW)) == []
    with transaction(read_only=True) as session:
        assert len(queries.determinations(session, agreement=deal.agreement)) == 1


def test_the_database_keeps_one_determination_a_period(place: Place) -> None:
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    with pytest.raises(RefusedByDatabase), transaction() as session:
        session.execute(
            text(
                "INSERT INTO determination SELECT 'DET-COPY', agreement, period, revision, result,"
                " snapshot, facts, award_pence, holdback_pence, proposal, state, tested_at,"
                " released_at FROM determination WHERE id = :made"
            ),
            {"made": made},
        )


def test_readings_that_are_not_final_make_the_period_wait(place: Place) -> None:
    deal = dividing.stage(place, final=False)
    deal.agreement = dividing.drafted(deal)

    def unit(session: Session) -> None:
        dividing.sign_all(session, deal, deal.agreement)
        dividing.paid_in(session, deal, deal.agreement)
        dividends.fund(session, agreement=deal.agreement, actor=place.actor("s151"), now=NOW)
        dividends.activate(session, agreement=deal.agreement, actor=place.actor("officer"), now=NOW)
        (due,) = dividends.evaluate_due(session, now=NOW)
        assert (due.ready, due.final, due.missing) == (False, False, 0)
        assert dividends.propose(session, evaluation=due, now=NOW) is None

    transact(unit)


@pytest.mark.parametrize(("after", "result"), [(36, "NOT_PROVEN"), (40, "NOT_MET"), (60, "WORSE")])
def test_a_result_that_is_not_proven_pays_nothing_and_keeps_the_reservation(
    place: Place, after: int, result: str
) -> None:
    deal = dividing.running(place, after=after)
    made = dividing.proposed(deal)
    dividing.decided(deal, made)
    assert transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))
    with transaction(read_only=True) as session:
        view = queries.determination(session, made)
        assert (view.result, view.award_pence, view.state) == (result, 0, "RELEASED")
        kept = queries.reserved_pence(session, queries.agreement(session, deal.agreement))
    assert kept == [720_000, 180_000, 300_000]
    assert transact(lambda s: dividends.confirm(s, determination=made, now=NOW))


def test_no_job_no_payee_and_no_single_person_can_decide(place: Place) -> None:
    # D12, D13.
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    with pytest.raises(NoJobDecides):
        decide(deal, made, "verify", JOB)
    organiser = place.actor("organiser")
    turncoat = Actor(organiser.person, frozenset({"officer"}), place.council)
    with pytest.raises(Interested):
        decide(deal, made, "verify", turncoat)
    assert decide(deal, made, "verify", place.actor("s151")) == "VERIFIED"
    with pytest.raises(SamePerson):
        decide(deal, made, "approve", place.actor("s151"))
    with pytest.raises(OverLimit):
        decide(deal, made, "approve", place.actor("head"))
    with pytest.raises(refusals.WrongState):
        transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))


def test_a_no_ends_the_determination(place: Place) -> None:
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    state = decide(deal, made, "verify", place.actor("officer"), verdict="no", reason="Wrong area.")
    assert state == "REFUSED"
    with pytest.raises(refusals.WrongState):
        transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))


def test_a_decision_among_all_others_counts_the_same(place: Place) -> None:
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    for stage, part in (("verify", "officer"), ("approve", "s151")):

        def unit(session: Session, stage: str = stage, part: str = part) -> None:
            view = queries.determination(session, made)
            approvals.decide(
                session, proposal=view.proposal, stage=stage, actor=place.actor(part),
                verdict="yes", reason="Looked at it.",
                digest=dividing.digest_of(session, view.proposal), now=NOW,
            )  # fmt: skip

        transact(unit)
    with transaction(read_only=True) as session:
        assert queries.determination(session, made).state == "APPROVED"
    assert transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))


def test_signing_needs_the_party_the_terms_and_the_step(place: Place) -> None:
    deal = dividing.stage(place)
    reference = dividing.drafted(deal)

    def sign(**changed: object) -> str:
        asked = {"organisation": deal.fire, "actor": deal.signers[deal.fire]} | changed
        return transact(
            lambda s: dividends.sign(
                s, agreement=reference, now=NOW,
                **({"digest": queries.agreement(s, reference).digest} | asked),
            )
        )  # fmt: skip

    with pytest.raises(refusals.NotAParty):
        sign(organisation=deal.police)
    with pytest.raises(refusals.TermsChanged):
        sign(digest="0" * 64)
    with pytest.raises(Forbidden):
        sign(actor=place.actor("resident"))
    assert sign() == "POWER_CHECKED"
    with pytest.raises(refusals.WrongState):
        sign()


def test_long_odds_are_refused_before_anybody_signs(place: Place) -> None:
    # D4: must-have 2 as the service says it.
    deal = dividing.stage(place)
    with pytest.raises(refusals.LongOdds, match="smallest fall that could be proven is 31%"):
        dividing.drafted(deal, expected_fall_bp=2_000)


def test_a_second_claim_on_the_same_saving_is_refused_by_name(place: Place) -> None:
    # D5: must-have 16, example E10.
    deal = dividing.stage(place)
    first = dividing.drafted(deal, claim_bp=6_000)
    second = dividing.drafted(deal, claim_bp=6_000)
    third = dividing.drafted(deal, claim_bp=4_000)
    assert transact(lambda s: dividing.sign_all(s, deal, first)) == "SIGNED"
    with pytest.raises(refusals.ClaimedAlready, match=first):
        transact(lambda s: dividing.sign_all(s, deal, second))
    assert transact(lambda s: dividing.sign_all(s, deal, third)) == "SIGNED"


def test_an_agreement_short_by_a_penny_is_not_funded(place: Place) -> None:
    # D6: must-have 9.
    deal = dividing.stage(place)
    reference = dividing.drafted(deal)

    def fund() -> None:
        transact(
            lambda s: dividends.fund(s, agreement=reference, actor=place.actor("s151"), now=NOW)
        )

    def unit(session: Session) -> None:
        dividing.sign_all(session, deal, reference)
        dividing.paid_in(session, deal, reference, short=1)

    transact(unit)
    with pytest.raises(refusals.NotFunded):
        fund()
    transact(
        lambda s: dividends.receive(
            s, agreement=reference, agency=deal.fire, quantity_pence=1, reference="BACS 002",
            received_on=date(2026, 3, 2), actor=place.actor("officer"), now=NOW,
        )
    )  # fmt: skip
    fund()


def test_money_in_is_what_the_bank_says_once(place: Place) -> None:
    deal = dividing.stage(place)
    reference = dividing.drafted(deal)
    transact(lambda s: dividing.sign_all(s, deal, reference))

    def receive(**changed: object) -> None:
        asked = {"agency": deal.fire, "quantity_pence": 720_000, "reference": "BACS 1",
                 "received_on": date(2026, 3, 1)} | changed  # fmt: skip
        transact(
            lambda s: dividends.receive(
                s, agreement=reference, actor=place.actor("officer"), now=NOW, **asked
            )
        )

    with pytest.raises(Invalid):
        receive()
    transact(lambda s: dividends.commit(s, agreement=reference, actor=place.actor("s151"), now=NOW))
    for wrong in ({"quantity_pence": 720_001}, {"quantity_pence": 0}, {"reference": " "},
                  {"received_on": date(2026, 3, 3)}):  # fmt: skip
        with pytest.raises(Invalid):
            receive(**wrong)
    with pytest.raises(refusals.NotAParty):
        receive(agency=place.group)
    receive()
    receive()
    with transaction(read_only=True) as session:
        due = queries.receivable_pence(session, queries.agreement(session, reference))
    assert due[deal.fire] == 0


def test_payments_are_what_is_due_and_not_by_the_payee(place: Place) -> None:
    deal = dividing.running(place)
    made = dividing.proposed(deal)

    def pay(**changed: object) -> None:
        asked = {"payee": place.group, "quantity_pence": 477_101, "reference": "RUN 1",
                 "paid_on": date(2026, 3, 2), "actor": place.actor("officer")} | changed  # fmt: skip
        transact(lambda s: dividends.pay(s, agreement=deal.agreement, now=NOW, **asked))

    with pytest.raises(Invalid):
        pay()
    dividing.decided(deal, made)
    transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))
    for wrong in ({"quantity_pence": 477_102}, {"paid_on": date(2026, 3, 3)}, {"reference": "!"}):
        with pytest.raises(Invalid):
            pay(**wrong)
    turncoat = Actor(place.people["treasurer"], frozenset({"officer"}), place.council)
    with pytest.raises(refusals.Gains):
        pay(actor=turncoat)
    pay()
    pay()
    with transaction(read_only=True) as session:
        view = queries.agreement(session, deal.agreement)
        assert queries.payable_pence(session, view)[place.group] == 0


def test_a_draft_needs_readings_parties_and_parts_that_exist(place: Place) -> None:
    deal = dividing.stage(place)
    officer = place.actor("officer")
    for change in ({"area": "atlantis"}, {"comparators": ("atlantis",)}, {"title": "x" * 201},
                   {"baseline_from": date(2019, 1, 1)}):  # fmt: skip
        with pytest.raises(Invalid):
            dividing.drafted(deal, **change)
    with pytest.raises(Forbidden):
        transact(
            lambda s: dividends.draft(
                s, book=place.book, terms=deal.terms, actor=place.actor("organiser"), now=NOW
            )
        )

    def blank_power(session: Session) -> None:
        made = dividends.draft(session, book=place.book, terms=deal.terms, actor=officer, now=NOW)
        dividends.broker(session, agreement=made, actor=officer, now=NOW)
        dividends.check_power(session, agreement=made, legal_power=" ", actor=officer, now=NOW)

    with pytest.raises(Invalid):
        transact(blank_power)


def test_an_adjacent_comparator_is_refused(place: Place) -> None:
    # D3: must-have 6.
    deal = dividing.stage(place)
    transact(lambda s: outcomes.put_beside(s, area="canal-side", others=["foundry", "hollins"]))
    with pytest.raises(refusals.BadComparator, match="Foundry"):
        dividing.drafted(deal)


def test_an_agreement_without_money_can_end_and_one_with_money_cannot(place: Place) -> None:
    deal = dividing.running(place)
    officer = place.actor("officer")

    def end(agreement: str) -> None:
        transact(
            lambda s: dividends.end(
                s, agreement=agreement, reason="Withdrawn.", actor=officer, now=NOW
            )
        )

    with pytest.raises(refusals.WrongState):
        end(deal.agreement)
    other = transact(
        lambda s: dividends.draft(
            s, book=place.book, terms=replace(deal.terms, title="Another"), actor=officer, now=NOW
        )
    )
    end(other)
    with transaction(read_only=True) as session:
        assert queries.agreement(session, other).state == "TERMINATED"


RAW = [
    "UPDATE agreement SET terms = '{}'",
    "UPDATE agreement SET state = 'DRAFT'",
    "UPDATE agreement SET state = 'CLOSED', legal_power = 'none'",
    "DELETE FROM agreement",
    "UPDATE agreement_signature SET person = person",
    "DELETE FROM agreement_party",
    "UPDATE agreement_period SET freeze_on = from_on",
    "UPDATE saving_claim SET share_bp = 1",
    "UPDATE saving_cell SET claimed_bp = 0",
    "DELETE FROM saving_cell",
    "UPDATE determination SET award_pence = award_pence + 1",
    "UPDATE determination SET state = 'VERIFIED'",
    "UPDATE determination SET state = 'RELEASED'",
    "DELETE FROM determination",
    "UPDATE reading SET value = 0",
    "DELETE FROM reading",
    "UPDATE reading_snapshot SET sha256 = sha256",
    "DELETE FROM measure_window",
    "UPDATE final_mark SET through_on = through_on",
    "INSERT INTO reading SELECT series, starts_on, revision + 1, value, 5, source FROM reading",
    "INSERT INTO reading SELECT series, starts_on, revision + 2, value, 0, source FROM reading",
    "INSERT INTO saving_cell SELECT measure_version, 'foundry', month, 10 FROM saving_cell",
]


def test_raw_sql_is_refused_by_both_databases(place: Place) -> None:
    deal = dividing.running(place)
    dividing.proposed(deal)
    for statement in RAW:
        with pytest.raises(RefusedByDatabase), transaction() as session:
            session.execute(text(statement))


def test_an_agreement_is_finished_when_every_year_is_decided_and_paid(place: Place) -> None:
    # D14: a result that pays nothing keeps the reservation until somebody finishes the deal.
    deal = dividing.running(place, after=36)

    def close() -> None:
        transact(
            lambda s: dividends.close(
                s, agreement=deal.agreement, actor=place.actor("officer"), now=NOW
            )
        )

    with pytest.raises(refusals.WrongState, match="0 of 1 years"):
        close()
    made = dividing.proposed(deal)
    dividing.decided(deal, made)
    transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))
    close()
    with transaction(read_only=True) as session:
        view = queries.agreement(session, deal.agreement)
        assert view.state == "CLOSED"
        assert queries.reserved_pence(session, view) == [0, 0, 0]
        free = books.owed(session, place.book, postings.free(deal.fire))
    assert free == 720_000


def test_an_agreement_with_money_due_is_not_finished(place: Place) -> None:
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    dividing.decided(deal, made)
    transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))
    with pytest.raises(refusals.WrongState, match="£9,939.60 is held back or due"):
        transact(
            lambda s: dividends.close(
                s, agreement=deal.agreement, actor=place.actor("officer"), now=NOW
            )
        )


def test_a_step_that_somebody_took_meanwhile_is_not_taken_again(place: Place) -> None:
    deal = dividing.stage(place)
    reference = dividing.drafted(
        deal, comparators=()
    )  # none are needed: it is a plain before and after
    officer = deal.actor("officer").person

    def again(session: Session) -> None:
        view = queries.agreement(session, reference)
        stale = replace(view, state="DRAFT")
        agreeing.move(session, stale, "BROKERED", actor=officer, now=NOW)

    with pytest.raises(refusals.WrongState, match="moved the agreement meanwhile"):
        transact(again)


def test_a_determination_that_was_moved_meanwhile_is_not_moved_again(place: Place) -> None:
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    with pytest.raises(refusals.WrongState, match="somebody may have moved it"):
        transact(
            lambda s: deciding.move(s, made, "VERIFIED", was="APPROVED", actor="PER-A", now=NOW)
        )


def test_contributions_are_due_only_once_everybody_has_signed(place: Place) -> None:
    deal = dividing.stage(place)
    reference = dividing.drafted(deal)
    with pytest.raises(refusals.WrongState, match="Look at its page"):
        transact(
            lambda s: dividends.commit(s, agreement=reference, actor=deal.actor("s151"), now=NOW)
        )


def test_nothing_is_paid_before_a_release(place: Place) -> None:
    deal = dividing.running(place)
    with (
        transaction(read_only=True) as session,
        pytest.raises(refusals.WrongState, match="Nothing has been released"),
    ):
        releasing._second(session, queries.agreement(session, deal.agreement), "PER-A")


def test_what_cannot_be_made_again_is_said_to_be_so(place: Place, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    with transaction(read_only=True) as session:
        assert recomputing.recomputed(session, determination=made) is not None
        with monkeypatch.context() as older:
            older.setattr(recomputing.workings, "VERSION", "of another day")
            assert recomputing.recomputed(session, determination=made) is None
        with monkeypatch.context() as lost:
            lost.setattr(recomputing.outcomes, "snapshot", lambda *_: None)
            assert recomputing.recomputed(session, determination=made) is None


def test_decisions_of_another_book_are_not_told(place: Place) -> None:
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    dividing.decided(deal, made)
    transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))
    with transaction(read_only=True) as session:
        assert [one.determination for one in recording.recorded(session, book=place.book)] == [made]
        assert list(recording.recorded(session, book=place.book + 1)) == []


def test_what_is_left_of_a_reservation_goes_back_after_the_last_year_only(place: Place) -> None:
    deal = dividing.running(place, periods=2)
    made = dividing.proposed(deal)
    dividing.decided(deal, made)
    transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))
    with transaction(read_only=True) as session:
        assert sum(queries.reserved_pence(session, queries.agreement(session, deal.agreement))) > 0


def test_no_journals_have_a_name_that_begins_with_nothing(place: Place) -> None:
    with transaction(read_only=True) as session:
        assert books.journals_named(session, place.book, group="G", beginnings=(), limit=9) == []
