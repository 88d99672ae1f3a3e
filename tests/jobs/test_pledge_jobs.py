"""The nights of pledges: what they end, once, and what a refused item leaves alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ledger.jobs import pledges as jobs
from ledger.jobs.job import Job, JobContext
from ledger.jobs.registry import job_named
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transaction
from ledger.messages import queries as messages
from ledger.pledges import rules
from ledger.pledges import service as pledges
from ledger.schedule.rules import Slot
from tests.cast import Place
from tests.pledging import Stage, deal


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


def run(stage: Stage, job: Job) -> str:
    slot = Slot(key="test", at=stage.now)
    return job.run(JobContext(job=job.name, slot=slot, now=stage.now))


def test_both_jobs_are_on_the_list(place: Place) -> None:
    assert job_named("pledge-deadlines") is jobs.DEADLINES
    assert job_named("pledge-collection") is jobs.CHASE


def test_nothing_due_is_said_plainly(stage: Stage) -> None:
    assert (
        run(stage, jobs.DEADLINES) == "no pledge past its deadline; no pledge past its cooling-off"
    )
    assert run(stage, jobs.CHASE) == "no promise late; no pledge being collected"


def test_the_night_of_the_clock_change_ends_the_day_at_its_own_midnight(stage: Stage) -> None:
    # PL6: 29 March 2026 has 23 hours; its end is 23:00 UTC.
    pledge = stage.open(deal(deadline_on=date(2026, 3, 29)))
    person = stage.people(1)[0]
    stage.join(pledge, person, 1_000)
    stage.clock.at = datetime(2026, 3, 29, 22, 59, 59, tzinfo=UTC)
    run(stage, jobs.DEADLINES)
    assert stage.pledge(pledge).state == "OPEN"
    stage.clock.at = datetime(2026, 3, 29, 23, 0, 0, tzinfo=UTC)
    assert run(stage, jobs.DEADLINES).startswith("1 pledge past its deadline: 1 lapsed")
    for _ in range(3):
        assert run(stage, jobs.DEADLINES).startswith("no pledge past its deadline")
    with transaction(read_only=True) as s:
        sent = [m.template for m in messages.for_person(s, person)]
    assert sent.count("pledge.lapsed") == 1


def test_a_whole_collection_runs_by_itself(stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000))
    one, two = (stage.join(pledge, person, 1_000).commitment for person in stage.people(2))
    stage.move(hours=48)
    assert "1 settling" in run(stage, jobs.DEADLINES)
    stage.pay(one, 1_000, "BANK 1")
    for _ in range(60):
        stage.move(days=1)
        run(stage, jobs.CHASE)
    assert stage.pledge(pledge).state == "DELIVERING"
    assert stage.commitment(two).state == "DEFAULTED"
    assert stage.owed(rules.escrow(pledge)) == 1_000


def test_one_that_is_refused_does_not_keep_the_others_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sorted(stage.open() for _ in range(2))
    real = pledges.close_at_deadline

    def refuse_first(session: object, *, pledge: str, **more: object) -> str:
        if pledge == first:
            raise rules.NotReady("It is broken.", remedy="Look at it.", place=pledge)
        return real(session, pledge=pledge, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs.service, "close_at_deadline", refuse_first)
    stage.clock.at = datetime(2026, 5, 1, 9, tzinfo=UTC)
    assert "1 lapsed, 1 refused" in run(stage, jobs.DEADLINES)
    assert stage.pledge(second).state == "LAPSED"
