"""``flask ledger jobs``: listing, running once, and plain refusals."""

from __future__ import annotations

from flask import Flask

from ledger.jobs.registry import JOBS

DAILY = next(job for job in JOBS if job.daily_at)


def test_every_job_is_listed_with_when_it_is_due(app: Flask) -> None:
    said = app.test_cli_runner().invoke(args=["ledger", "jobs", "list"])
    assert said.exit_code == 0
    for job in JOBS:
        assert job.name in said.output
        assert job.timetable.words in said.output


def test_a_job_is_run_for_a_day_once(app: Flask, place: object) -> None:
    runner = app.test_cli_runner()
    first = runner.invoke(args=["ledger", "jobs", "run", DAILY.name, "--on", "2026-03-01"])
    again = runner.invoke(args=["ledger", "jobs", "run", DAILY.name, "--on", "2026-03-01"])
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert first.output == again.output
    logged = runner.invoke(args=["ledger", "jobs", "log"]).output
    assert logged.count("2026-03-01") == 1 + logged.count("done 2026-03-01")


def test_an_unknown_job_and_a_day_to_come_are_refused_in_words(app: Flask) -> None:
    runner = app.test_cli_runner()
    unknown = runner.invoke(args=["ledger", "jobs", "run", "no-such-job"])
    assert unknown.exit_code == 1
    assert "There is no job" in unknown.output
    early = runner.invoke(args=["ledger", "jobs", "run", DAILY.name, "--on", "2031-01-01"])
    assert early.exit_code == 1
    assert "has not come yet" in early.output
