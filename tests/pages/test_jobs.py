"""The jobs' log as pages."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from ledger.jobs.registry import JOBS
from ledger.jobs.runner import Leader, tick
from ledger.kernel import clock as kernel_clock

SignIn = Callable[[FlaskClient, str], FlaskClient]


def test_an_auditor_reads_what_ran_and_what_it_said(client: FlaskClient, sign_in: SignIn) -> None:
    browser = sign_in(client, "auditor")
    assert "Never ran yet" in browser.get("/jobs").text
    assert "No scheduler is at work" in browser.get("/jobs").text
    leader = Leader()
    assert leader.beat()
    tick(leader, JOBS, now=kernel_clock.now())
    listed = browser.get("/jobs").text
    assert "No scheduler is at work" not in listed
    for job in JOBS:
        assert job.name in listed
        assert "Done" in browser.get(f"/jobs/{job.name}").text


def test_a_job_that_is_not_there_is_a_plain_page(client: FlaskClient, sign_in: SignIn) -> None:
    answer = sign_in(client, "officer").get("/jobs/no-such-job")
    assert answer.status_code == 404
    assert "There is no job of that name" in answer.text


def test_a_resident_does_not_see_the_log(client: FlaskClient, sign_in: SignIn) -> None:
    assert sign_in(client, "resident").get("/jobs").status_code == 403
