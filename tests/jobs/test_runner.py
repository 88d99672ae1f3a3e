"""S3 to S5 on both databases: slots are run once, in order, by the holder of the lease."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import exc, text

from ledger.jobs import runner
from ledger.jobs.job import Job, JobContext
from ledger.jobs.runner import Leader, tick
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import RefusedByDatabase
from ledger.schedule import queries, rules, service
from ledger.schedule.rules import FencedOff, State

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _job(*, done: list[str], fails: int = 0, name: str = "nightly") -> Job:
    failures = iter(range(fails))

    def run(context: JobContext) -> str:
        if next(failures, None) is not None:
            raise ValueError("the printer is on fire")
        context.transact(lambda _: done.append(context.slot.key))
        return f"did {context.slot.key}"

    return Job(name=name, says="Looks at the night.", run=run, daily_at="03:30")


def _leader() -> Leader:
    leader = Leader()
    assert leader.beat()
    return leader


def _runs() -> list[tuple[str, State]]:
    with transaction(read_only=True) as session:
        return [(run.slot, run.state) for run in queries.runs(session)]


def test_missed_nights_are_caught_up_in_order_and_each_once(app: Flask) -> None:
    done: list[str] = []
    job, leader = _job(done=done), _leader()
    assert tick(leader, [job], now=NOW) == 1
    assert tick(leader, [job], now=NOW + timedelta(days=3)) == 3
    assert tick(leader, [job], now=NOW + timedelta(days=3)) == 0
    assert done == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]


def test_a_night_with_nothing_due_is_a_row_too(app: Flask) -> None:
    job = Job(name="idle", says="Idles.", run=lambda _: "nothing was due", daily_at="04:00")
    tick(_leader(), [job], now=NOW)
    with transaction(read_only=True) as session:
        assert [run.said for run in queries.runs(session, job="idle")] == ["nothing was due"]


def test_a_failed_slot_is_tried_again_later_and_holds_back_the_next(app: Flask) -> None:
    done: list[str] = []
    job, leader = _job(done=done, fails=1), _leader()
    assert tick(leader, [job], now=NOW) == 0
    assert _runs() == [("2026-03-02", State.RETRY)]
    assert tick(leader, [job], now=NOW + timedelta(seconds=1)) == 0
    assert tick(leader, [job], now=NOW + timedelta(minutes=1)) == 1
    assert tick(leader, [job], now=NOW + timedelta(days=1)) == 1
    assert done == ["2026-03-02", "2026-03-03"]


def test_a_slot_that_fails_five_times_is_given_up_and_says_why(app: Flask) -> None:
    done: list[str] = []
    job, leader = _job(done=done, fails=5), _leader()
    now = NOW
    for _ in range(6):
        tick(leader, [job], now=now)
        now += timedelta(hours=2)
    with transaction(read_only=True) as session:
        run = queries.run(session, job="nightly", slot="2026-03-02")
    assert run is not None
    assert (run.state, run.attempts) == (State.FAILED, 5)
    assert run.said == "ValueError: the printer is on fire"


def test_a_slot_left_half_done_by_a_dead_scheduler_is_run_again(app: Flask) -> None:
    done: list[str] = []
    job = _job(done=done)
    dead = _leader()
    slot = rules.slot_on(job.timetable, NOW.date())
    fence = dead.fence
    assert fence is not None
    transact(
        lambda s: service.begin(s, job="nightly", slot=slot, holder=dead.name, fence=fence, now=NOW)
    )
    transact(lambda s: service.give_up(s, holder=dead.name))
    assert tick(_leader(), [job], now=NOW) == 1
    assert done == ["2026-03-02"]
    with pytest.raises(FencedOff):
        transact(
            lambda s: service.finish(
                s, job="nightly", slot=slot, holder=dead.name, fence=fence, said="me", now=NOW
            )
        )


def test_only_one_of_two_schedulers_holds_the_lease(app: Flask) -> None:
    first, second = Leader(), Leader()
    assert first.beat()
    assert not second.beat()
    assert first.beat()
    first.leave()
    assert second.beat()
    assert not first.beat()


def test_a_scheduler_that_was_taken_over_can_finish_no_item(app: Flask) -> None:
    zombie = Leader()
    assert zombie.beat()
    old = zombie.fence
    transact(lambda s: service.give_up(s, holder=zombie.name))
    assert Leader().beat()
    written: list[str] = []
    context = JobContext(
        job="nightly", slot=rules.slot_on(_job(done=[]).timetable, NOW.date()), now=NOW, fence=old
    )
    with pytest.raises(FencedOff):
        context.transact(lambda _: written.append("paid"))
    assert written == []


def test_a_lease_that_ran_out_by_this_machines_clock_stops_the_job(app: Flask) -> None:
    leader = Leader(lease_ms=runner.MARGIN_MS)
    assert leader.beat()
    assert not leader.holds()
    done: list[str] = []
    assert tick(leader, [_job(done=done)], now=NOW) == 0
    assert done == []


def test_stopping_leaves_the_slot_to_be_run_again(app: Flask) -> None:
    done: list[str] = []
    leader = _leader()

    def run(context: JobContext) -> str:
        context.transact(lambda _: done.append("one"))
        leader.stopping = True
        context.transact(lambda _: done.append("two"))
        return "both"

    job = Job(name="long", says="Takes long.", run=run, daily_at="03:30")
    assert tick(leader, [job], now=NOW) == 0
    assert done == ["one"]
    leader.stopping = False
    assert tick(leader, [_job(done=done, name="long")], now=NOW) == 1
    assert done == ["one", "2026-03-02"]


def test_what_a_person_asks_for_runs_once(app: Flask) -> None:
    done: list[str] = []
    job = _job(done=done)
    slot = rules.slot_on(job.timetable, NOW.date() - timedelta(days=9))
    first = runner.run_now(job, slot, asked_by="PER-1", now=NOW)
    again = runner.run_now(job, slot, asked_by="PER-1", now=NOW)
    assert (first.state, again.state) == (State.DONE, State.DONE)
    assert done == ["2026-02-21"]
    assert tick(_leader(), [job], now=NOW) == 1
    assert done == ["2026-02-21", "2026-03-02"]


def test_what_a_person_asks_for_is_run_by_the_scheduler_that_is_at_work(app: Flask) -> None:
    done: list[str] = []
    job, leader = _job(done=done), _leader()
    slot = rules.slot_on(job.timetable, NOW.date() - timedelta(days=9))

    def wait() -> bool:
        tick(leader, [job], now=NOW)
        return True

    run = runner.run_now(job, slot, asked_by="PER-1", now=NOW, wait=wait)
    assert (run.state, run.holder) == (State.DONE, leader.name)
    assert done == ["2026-02-21", "2026-03-02"]


def test_a_day_that_has_not_come_cannot_be_asked_for(app: Flask) -> None:
    job = _job(done=[])
    with pytest.raises(rules.BadSlot):
        runner.run_now(
            job, rules.slot_on(job.timetable, NOW.date() + timedelta(days=1)), asked_by="x", now=NOW
        )
    assert _runs() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE job_run SET state = 'RUNNING' WHERE job = 'nightly'",
        "UPDATE job_run SET said = 'nothing' WHERE job = 'nightly'",
        "DELETE FROM job_run",
        "DELETE FROM job_lease",
        "UPDATE job_lease SET holder = 'thief'",
        "UPDATE job_lease SET fence = fence - 1",
        "INSERT INTO job_run (job, slot, slot_at, state, attempts, holder, fence, asked_by, said,"
        " tzdata) VALUES ('x', '2026-01-01', '2026-01-01 03:30:00', 'DONE', 1, 'thief', 1, '', '',"
        " '')",
        "INSERT INTO job_run (job, slot, slot_at, state, attempts, holder, fence, asked_by, said,"
        " tzdata) VALUES ('x', '2026-01-01', '2026-01-01 03:30:00', 'RUNNING', 1, 'thief', 1, '',"
        " '', '')",
    ],
)
def test_the_database_refuses_to_bend_the_record(app: Flask, statement: str) -> None:
    tick(_leader(), [_job(done=[])], now=NOW)
    with pytest.raises((RefusedByDatabase, exc.DBAPIError)):
        transact(lambda session: session.execute(text(statement)))
    assert _runs() == [("2026-03-02", State.DONE)]
