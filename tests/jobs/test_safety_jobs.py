"""The nights that look after the net: backups that count, and value that stops when it is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.backups import shelf, taking
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.jobs import backup, checkpoint, safety
from ledger.jobs.job import Job, JobContext
from ledger.jobs.runner import Leader, tick
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import db, transact, transaction
from ledger.kernel.errors import NotReady, ValueStopped
from ledger.safety import queries, rules
from ledger.schedule import queries as schedule
from ledger.schedule.rules import Slot
from tests.cast import Place
from tests.raw_books import spec
from tests.reliability.test_restore import bend


@pytest.fixture
def book(app: Flask, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
    transact(lambda session: books.open_accounts(session, book=place.book, specs=specs))
    monkeypatch.setattr(taking, "folder", lambda: tmp_path / "backups")
    return place.book


def give(book: int, clock: FixedClock, name: str) -> None:
    gift = spec(name, debit("Assets:Bank", 5), credit("Income:Gifts", 5))
    transact(lambda session: books.post(session, book=book, spec=gift, now=clock.now()))


def run(job: Job, clock: FixedClock) -> str:
    slot = Slot(key=f"{clock.now():%Y-%m-%d}", at=clock.now())
    return job.run(JobContext(job=job.name, slot=slot, now=clock.now()))


def why(book: int, clock: FixedClock) -> list[str]:
    with transaction(read_only=True) as session:
        return [stop.check for stop in queries.stops(session, book=book, now=clock.now())]


def test_the_nights_backup_is_proved_and_named(book: int, clock: FixedClock) -> None:
    give(book, clock, "one")
    said = run(backup.JOB, clock)
    (kept,) = shelf.listed(taking.folder())
    assert kept.proved_at == clock.now()
    assert said.startswith(f"{kept.name}: 1 journals")
    proof = json.loads((taking.folder() / kept.name / "proof.json").read_text())
    assert proof["proved"] == "1 journals, 0 checkpoints and 0 decisions"
    assert [path.name for path in taking.folder().iterdir()] == [kept.name]
    assert run(backup.JOB, clock) == f"{kept.name} was made since, and proved"


@pytest.mark.owner_only("it bends what only an owner can")
def test_a_backup_that_does_not_prove_fails_the_job_and_stops_value_in_the_end(
    book: int, clock: FixedClock, client: FlaskClient
) -> None:
    give(book, clock, "one")
    run(backup.JOB, clock)
    assert client.get("/health").get_json() == {"status": "ok"}
    bend("balance", "UPDATE balance SET dr = dr + 1 WHERE account = 1")
    clock.move(timedelta(days=3))
    with pytest.raises(NotReady, match="running balance differs"):
        run(backup.JOB, clock)
    health = client.get("/health")
    assert (health.status_code, health.get_json()["status"]) == (200, "attention")
    (problem,) = health.get_json()["problems"]
    assert problem["check"] == "backup"
    assert "No backup has been proven since 02 March 2026" in problem["said"]
    assert "running balance differs" in problem["said"]
    assert why(book, clock) == []
    clock.move(timedelta(days=5))
    assert why(book, clock) == ["backup"]
    with pytest.raises(ValueStopped):
        give(book, clock, "two")
    assert client.get("/health").status_code == 503


def test_old_backups_go_and_the_newest_proven_stays(book: int, clock: FixedClock) -> None:
    for _ in range(5):
        run(backup.JOB, clock)
        clock.move(timedelta(days=20))
    days = [(clock.now() - one.made_at).days for one in shelf.listed(taking.folder())]
    assert days == [60, 40, 20]


@pytest.mark.owner_only("it bends what only an owner can")
def test_a_changed_book_stops_value_says_why_and_goes_on_when_it_is_whole_again(
    app: Flask, book: int, clock: FixedClock, client: FlaskClient
) -> None:
    give(book, clock, "one")
    assert run(safety.JOB, clock) == "all is whole"
    give(book, clock, "two")
    bend("balance", "UPDATE balance SET dr = dr + 1 WHERE account = 1")
    assert run(safety.JOB, clock).startswith("VALUE STOPPED: Assets:Bank")
    assert why(book, clock) == ["books"]
    with pytest.raises(ValueStopped):
        give(book, clock, "three")
    health = client.get("/health")
    assert (health.status_code, health.get_json()["status"]) == (503, "stopped")
    assert client.get("/health/reading").status_code == 200
    page = client.get("/pledges")
    assert page.status_code == 200
    assert "No value moves at the moment" in page.text
    assert "running balance differs" in page.text
    verify = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert (verify.exit_code, "NOT PROVEN" in verify.output) == (1, True)
    bend("balance", "UPDATE balance SET dr = dr - 1 WHERE account = 1")
    verify = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert (verify.exit_code, "PROVEN: 2 journals" in verify.output) == (0, True)
    give(book, clock, "three")
    assert client.get("/health").get_json() == {"status": "ok"}
    assert "No value moves" not in client.get("/pledges").text


def test_a_checkpoint_that_nobody_makes_stops_value(book: int, clock: FixedClock) -> None:
    give(book, clock, "one")
    run(checkpoint.JOB, clock)
    run(safety.JOB, clock)
    give(book, clock, "two")
    clock.move(timedelta(days=2))
    run(safety.JOB, clock)
    give(book, clock, "three")
    clock.move(timedelta(days=1, seconds=1))
    assert why(book, clock) == ["checkpoint"]
    with pytest.raises(ValueStopped):
        give(book, clock, "four")
    run(checkpoint.JOB, clock)
    run(safety.JOB, clock)
    give(book, clock, "four")


def test_a_place_where_nothing_is_posted_needs_no_new_checkpoint(
    book: int, clock: FixedClock
) -> None:
    give(book, clock, "one")
    run(checkpoint.JOB, clock)
    for _ in range(3):
        run(safety.JOB, clock)
        clock.move(timedelta(days=2))
    give(book, clock, "two")


@pytest.fixture
def unguarded(app: Flask) -> None:
    with db.engine.begin() as wire:
        on = "" if db.engine.dialect.name == "sqlite" else " ON audit_event"
        wire.execute(text(f"DROP TRIGGER audit_event_no_delete{on}"))


@pytest.mark.owner_only("it bends what only an owner can")
def test_without_a_guard_nothing_is_changed_and_only_the_looking_jobs_run(
    book: int, clock: FixedClock, unguarded: None, api: Callable[[str], FlaskClient]
) -> None:
    answer = api("administrator").post("/api/v1/people", json={"name": "Anna Testova"})
    assert answer.status_code == 503
    assert answer.get_json()["code"] == "ledger.value_stopped"
    assert "audit_event_no_delete" in answer.get_json()["detail"]
    assert api("administrator").get("/api/v1/people").status_code == 200
    assert "lacks 1 of its guards" in run(safety.JOB, clock)
    assert why(book, clock) == ["guards"]
    ran: list[str] = []
    moving = Job(name="moving", says="-", run=lambda c: ran.append(c.job) or "", every_minutes=60)
    looking = Job(
        name="looking", says="-", run=lambda c: ran.append(c.job) or "", every_minutes=60,
        only_looks=True,
    )  # fmt: skip
    leader = Leader()
    assert leader.beat()
    tick(leader, [moving, looking])
    assert ran == ["looking"]


def test_both_nights_are_on_the_list_and_their_words_on_the_page(
    book: int, clock: FixedClock
) -> None:
    leader = Leader()
    assert leader.beat()
    tick(leader, [checkpoint.JOB, backup.JOB, safety.JOB], now=clock.now())
    with transaction(read_only=True) as session:
        said = {run.job: run.said for run in schedule.runs(session)}
    assert said["safety-checks"] == "all is whole"
    assert "0 journals" in said["backup"]


def test_raw_sql_does_not_get_round_it(book: int, clock: FixedClock) -> None:
    def unit(session: Session) -> None:
        session.execute(
            text(
                "INSERT INTO safety_check (book, name, looked_at, stops, said)"
                " VALUES (:book, 'books', '2026-03-02', 1, 'broken')"
            ),
            {"book": book},
        )

    transact(unit)
    with pytest.raises(ValueStopped):
        give(book, clock, "one")
    assert rules.REMEDIES.keys() == {"books", "guards", "checkpoint", "backup"}
