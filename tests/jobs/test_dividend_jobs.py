"""The nights of agreements: what they propose, release and leave alone, however often they run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from ledger.books import queries as books
from ledger.books import service as book_service
from ledger.dividends import queries
from ledger.jobs import evaluate_agreements, release_dividends
from ledger.jobs.job import Job, JobContext
from ledger.jobs.registry import job_named
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import NotReady
from ledger.schedule.rules import Slot
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
