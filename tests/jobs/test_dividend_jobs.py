"""The nights of agreements: what they propose, release and leave alone, however often they run."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.books import service as book_service
from ledger.dividends import queries
from ledger.dividends.service import evaluating
from ledger.jobs import evaluate_agreements, release_dividends
from ledger.jobs.job import Job, JobContext
from ledger.jobs.registry import job_named
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Busy, NotReady
from ledger.outcomes import queries as outcomes
from ledger.schedule.rules import FencedOff, Slot
from tests import dividing
from tests.cast import Place
from tests.dividing import NOW


def run(job: Job, now=NOW) -> str:  # type: ignore[no-untyped-def]
    return job.run(JobContext(job=job.name, slot=Slot(key="test", at=now), now=now))


def test_both_jobs_are_on_the_list(place: Place) -> None:
    assert job_named("evaluate-agreements") is evaluate_agreements.JOB
    assert job_named("release-dividends") is release_dividends.JOB


def test_nothing_due_is_said_plainly(place: Place) -> None:
    assert run(evaluate_agreements.JOB) == "0 proposed, 0 waiting for readings"
    assert run(release_dividends.JOB) == "nothing to release"


def test_the_nights_propose_once_release_once_and_confirm_in_time(place: Place) -> None:
    deal = dividing.running(place)
    assert run(evaluate_agreements.JOB) == "1 proposed, 0 waiting for readings"
    assert run(evaluate_agreements.JOB) == "0 proposed, 0 waiting for readings"
    assert run(release_dividends.JOB) == "nothing to release"
    with transaction(read_only=True) as session:
        (made,) = queries.determinations(session, agreement=deal.agreement)
        assert book_service.self_check(session, book=place.book) == []
    dividing.decided(deal, made.id)
    assert run(release_dividends.JOB) == "1 released, 0 confirmed"
    assert run(release_dividends.JOB) == "0 released, 0 confirmed"
    later = NOW + timedelta(days=366)
    assert run(release_dividends.JOB, later) == "0 released, 1 confirmed"
    assert run(release_dividends.JOB, later) == "nothing to release"
    with transaction(read_only=True) as session:
        kinds = [row.kind for row in books.journals(session, place.book, group=deal.agreement)]
    assert kinds.count("dividend.award") == kinds.count("dividend.confirm") == 1


def test_a_period_without_final_readings_waits(place: Place) -> None:
    deal = dividing.stage(place, final=False)
    deal.agreement = dividing.drafted(deal)

    def start(session):  # type: ignore[no-untyped-def]
        dividing.sign_all(session, deal, deal.agreement)
        dividing.paid_in(session, deal, deal.agreement)
        dividing.dividends.fund(
            session, agreement=deal.agreement, actor=place.actor("s151"), now=NOW
        )
        dividing.dividends.activate(
            session, agreement=deal.agreement, actor=place.actor("officer"), now=NOW
        )

    transact(start)
    assert run(evaluate_agreements.JOB) == "0 proposed, 1 waiting for readings"


def test_a_fault_in_the_books_stops_every_release(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    dividing.decided(deal, made)
    monkeypatch.setattr(
        book_service, "self_check", lambda *_args, **_named: ["journal 3 is missing"]
    )
    with pytest.raises(NotReady, match="journal 3 is missing"):
        run(release_dividends.JOB)
    with transaction(read_only=True) as session:
        assert queries.determination(session, made).state == "APPROVED"


def test_one_refused_item_does_not_keep_the_others_waiting(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    dividing.running(place)

    def refuse(*_args: object, **_named: object) -> None:
        raise NotReady("Something is wrong.", remedy="Look.")

    monkeypatch.setattr(dividing.dividends, "propose", refuse)
    assert run(evaluate_agreements.JOB) == "0 proposed, 0 waiting for readings, 1 refused"
    with transaction(read_only=True) as session:
        assert session.execute(text("SELECT COUNT(*) FROM reading_snapshot")).scalar() == 0


def three(place: Place) -> list[str]:
    """Three agreements that share one saving, all due tonight."""
    deal = dividing.stage(place)
    made = []
    for name in ("First", "Second", "Third"):
        made.append(dividing.drafted(deal, claim_bp=3_000, title=name))

        def start(session: Session, agreement: str = made[-1]) -> None:
            dividing.sign_all(session, deal, agreement)
            dividing.paid_in(session, deal, agreement)
            dividing.dividends.fund(
                session, agreement=agreement, actor=place.actor("s151"), now=NOW
            )
            dividing.dividends.activate(
                session, agreement=agreement, actor=place.actor("officer"), now=NOW
            )

        transact(start)
    return made


def kept() -> dict[str, int]:
    with transaction(read_only=True) as session:
        return {
            table: session.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one()
            for table in ("determination", "reading_snapshot", "proposal", "message")
        }


def whole(determinations: int) -> dict[str, int]:
    """What so many determinations leave behind: two officers are told of each."""
    one = {"determination": 1, "reading_snapshot": 1, "proposal": 1, "message": 2}
    return {table: rows * determinations for table, rows in one.items()}


def test_many_are_proposed_together_as_each_would_be_alone(place: Place) -> None:
    # D7: the same counts, workings and snapshot, whoever is tested beside it.
    first, *_ = three(place)
    with transaction(read_only=True) as session:
        (alone,) = evaluating.evaluate_due(session, now=NOW, agreement=first)
        (same, *_) = evaluating.evaluate_due(session, now=NOW)
        assert (alone.counts, alone.ready) == (same.counts, True)
    assert run(evaluate_agreements.JOB) == "3 proposed, 0 waiting for readings"
    assert run(evaluate_agreements.JOB) == "0 proposed, 0 waiting for readings"
    with transaction(read_only=True) as session:
        views = queries.determinations(session)
        assert {view.result for view in views} == {"MET_ASSURED"}
        assert {evaluating.workings.counts_from(view.facts) for view in views} == {alone.counts}
        found = {one.agreement: outcomes.snapshot(session, f"{one.agreement}:1") for one in views}
    for view in views:
        frozen = found[view.agreement]
        assert frozen is not None
        assert view.facts["snapshot"] == frozen.sha256
        assert json.dumps(
            json.loads(frozen.body), sort_keys=True, separators=(",", ":")
        ).encode() == frozen.body  # fmt: skip
    assert kept() == whole(3)


@pytest.mark.parametrize("bad", ["First", "Second", "Third"])
def test_a_bad_agreement_keeps_no_other_waiting(
    place: Place, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    # D7: whichever of the three it is, the two others are proposed, each whole.
    three(place)
    refuse(monkeypatch, bad, NotReady("Something is wrong.", remedy="Look."))
    assert run(evaluate_agreements.JOB) == "2 proposed, 0 waiting for readings, 1 refused"
    assert kept() == whole(2)
    monkeypatch.undo()
    assert run(evaluate_agreements.JOB) == "1 proposed, 0 waiting for readings"
    assert kept() == whole(3)


def test_a_fault_in_one_agreement_fails_the_job_when_all_others_are_done(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    three(place)
    refuse(monkeypatch, "First", ZeroDivisionError("a fault of ours"))
    with pytest.raises(ZeroDivisionError, match="a fault of ours"):
        run(evaluate_agreements.JOB)
    assert kept() == whole(2)


def test_periods_that_wait_are_counted_beside_those_that_do_not(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # T1: one of three is not final; alone or together it waits.
    three(place)
    known = evaluating._evaluation

    def not_final(due, found, finals):  # type: ignore[no-untyped-def]
        return known(due, found, {} if due.agreement == waits else finals)

    with transaction(read_only=True) as session:
        waits = queries.due_periods(session, NOW.date())[1].agreement
    monkeypatch.setattr(evaluating, "_evaluation", not_final)
    assert run(evaluate_agreements.JOB) == "2 proposed, 1 waiting for readings"
    assert run(evaluate_agreements.JOB) == "0 proposed, 1 waiting for readings"


@pytest.mark.parametrize("stops", [Busy("Busy.", remedy="Wait."), FencedOff("x", remedy="y")])
def test_a_job_that_is_stopped_goes_on_with_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, stops: Exception
) -> None:
    three(place)
    refuse(monkeypatch, "Third", stops)
    with pytest.raises(type(stops)):
        run(evaluate_agreements.JOB)
    assert kept() == whole(0)


def refuse(monkeypatch: pytest.MonkeyPatch, title: str, error: Exception) -> None:
    """Let the amounts of one agreement fail."""
    known = evaluating.award_of

    def award_of(**asked):  # type: ignore[no-untyped-def]
        if asked["terms"].title == title:
            raise error
        return known(**asked)

    monkeypatch.setattr(evaluating, "award_of", award_of)
