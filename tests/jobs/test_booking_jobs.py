"""The nights of bookings: holds that ran out end, months open and close, once each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Flask

from ledger.bookings import queries
from ledger.jobs import bookings as jobs
from ledger.jobs.job import Job, JobContext
from ledger.jobs.registry import job_named
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transaction
from ledger.schedule.rules import Slot
from tests.cast import Place
from tests.hall import open_hall


def run(job: Job, now: datetime) -> str:
    return job.run(JobContext(job=job.name, slot=Slot(key="test", at=now), now=now))


def test_both_jobs_are_on_the_list(app: Flask) -> None:
    assert job_named("booking-holds") is jobs.HOLDS
    assert job_named("booking-months") is jobs.MONTHS


def test_a_hold_that_ran_out_ends_once(app: Flask, place: Place, clock: FixedClock) -> None:
    hall = open_hall(place, now=clock.now())
    held = hall.book(now=clock.now(), hold=True)
    assert run(jobs.HOLDS, clock.now()) == "0 of 0 holds ended"
    later = clock.now() + timedelta(minutes=15)
    assert run(jobs.HOLDS, later) == "1 of 1 holds ended"
    assert run(jobs.HOLDS, later) == "0 of 0 holds ended"
    with transaction(read_only=True) as s:
        assert queries.booking(s, held).state == "expired"


def test_months_open_and_close_once_and_missed_nights_are_caught_up(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    assert run(jobs.MONTHS, clock.now()) == "1 months opened, 0 closed"
    assert run(jobs.MONTHS, clock.now()) == "0 months opened, 0 closed"
    may = datetime(2026, 5, 3, 4, 30, tzinfo=UTC)
    assert run(jobs.MONTHS, may) == "1 months opened, 1 closed"
    with transaction(read_only=True) as s:
        march = queries.month(s, asset=hall.asset, month_on=date(2026, 3, 1))
    assert march is not None
    assert march.closed_at == may
