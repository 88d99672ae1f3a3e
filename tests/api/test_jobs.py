"""The jobs' log by API: who may read it, who may ask for a run, and that a day runs once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from ledger.jobs.registry import JOBS
from ledger.jobs.runner import Leader, tick
from ledger.kernel import clock as kernel_clock

Api = Callable[[str], FlaskClient]
KEY = {"Idempotency-Key": "a-key-of-sixteen-or-more"}
DAILY = next(job for job in JOBS if job.daily_at)


def test_an_auditor_sees_every_job_and_when_it_is_due(api: Api) -> None:
    answer = api("auditor").get("/api/v1/jobs/").get_json()
    assert {one["name"] for one in answer["items"]} == {job.name for job in JOBS}
    assert all(one["says"] and one["due"] and one["newest"] is None for one in answer["items"])


@pytest.mark.parametrize("part", ["resident", "organiser", "treasurer", "broker", "analyst"])
def test_others_do_not_see_the_log(api: Api, part: str) -> None:
    assert api(part).get("/api/v1/jobs/").status_code == 403


def test_runs_are_listed_newest_first_and_page_by_page(api: Api) -> None:
    leader = Leader()
    assert leader.beat()
    now = kernel_clock.now()
    for days in (0, 3):
        assert tick(leader, [DAILY], now=now + timedelta(days=days)) > 0
    client = api("officer")
    first = client.get(f"/api/v1/jobs/{DAILY.name}/runs?limit=3").get_json()
    assert len(first["items"]) == 3
    rest = client.get(f"/api/v1/jobs/{DAILY.name}/runs?limit=3&after={first['next']}").get_json()
    slots = [run["slot"] for run in first["items"] + rest["items"]]
    assert slots == sorted(slots, reverse=True)
    assert (len(slots), rest["next"]) == (4, None)


def test_only_an_administrator_asks_for_a_run_and_the_scheduler_does_it(api: Api) -> None:
    where = f"/api/v1/jobs/{DAILY.name}/runs"
    assert api("auditor").post(where, json={"on": "2026-03-01"}, headers=KEY).status_code == 403
    asked = api("administrator").post(where, json={"on": "2026-03-01"}, headers=KEY)
    assert (asked.status_code, asked.get_json()["state"]) == (202, "ASKED")
    leader = Leader()
    assert leader.beat()
    tick(leader, [DAILY], now=kernel_clock.now())
    runs = api("auditor").get(where).get_json()["items"]
    assert ("2026-03-01", "DONE") in [(run["slot"], run["state"]) for run in runs]


@pytest.mark.parametrize(
    ("name", "day", "status"),
    [("no-such-job", "2026-03-01", 404), (DAILY.name, "2026-03-09", 422),
     (DAILY.name, "2026-02-30", 422), (DAILY.name, 5, 422)],
)  # fmt: skip
def test_a_run_that_cannot_be_is_refused(api: Api, name: str, day: object, status: int) -> None:
    answer = api("administrator").post(f"/api/v1/jobs/{name}/runs", json={"on": day}, headers=KEY)
    assert answer.status_code == status
    assert answer.get_json()["code"]
