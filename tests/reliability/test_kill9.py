"""Whoever is killed at any instant: nothing acknowledged is lost, nothing is done twice.

``LEDGER_TEST_KILLS`` asks for more kills than the fifty of an ordinary run (web and scheduler
together, on each database).
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import service as books
from ledger.books.rules import AccountSpec
from ledger.jobs.runner import Leader, tick
from ledger.kernel import clock as kernel_clock
from ledger.kernel import keys
from ledger.kernel.clock import SystemClock
from ledger.kernel.db import db, transact, transaction
from ledger.schedule import queries as schedule
from ledger.schedule import rules as schedule_rules
from tests import cast
from tests.reliability import hosts

KILLS = int(os.environ.get("LEDGER_TEST_KILLS") or 50)
WEB_KILLS, SCHEDULER_KILLS = KILLS * 3 // 5, KILLS * 2 // 5
CONTROL_KILLS = 10
CLIENTS = 3
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def book(app: Flask, place: cast.Place) -> int:
    specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
    transact(lambda session: books.open_accounts(session, book=place.book, specs=specs))
    return place.book


@pytest.fixture
def environment(app: Flask, tmp_path: Path) -> dict[str, str]:
    url = db.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    own = keys.store().url.render_as_string(hide_password=False)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    secret = {"LEDGER_SECRET_KEY": "only for tests, and longer than any guess"}
    return (
        kept
        | secret
        | {"LEDGER_DATABASE_URL": url, "LEDGER_DATA_DIR": str(tmp_path), "LEDGER_KEYS_URL": own}
    )


def sound(book: int) -> list[str]:
    """The books compared with themselves, and every journal with its seal and lines."""
    with transaction(read_only=True) as session:
        faults = books.self_check(session, book=book)
        halves = session.scalar(
            text(
                "SELECT COUNT(*) FROM journal j WHERE NOT EXISTS (SELECT 1 FROM seal s"
                " WHERE s.book = j.book AND s.seq = j.seq AND s.lines = (SELECT COUNT(*)"
                " FROM entry e WHERE e.book = j.book AND e.seq = j.seq))"
            )
        )
    return faults + ([f"{halves} journals are not whole"] if halves else [])


def groups() -> Counter[str]:
    with transaction(read_only=True) as session:
        rows = session.execute(text("SELECT group_id, COUNT(*) FROM journal GROUP BY group_id"))
        return Counter({row[0]: row[1] for row in rows})


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Web:
    """A gunicorn with two workers that die and are replaced."""

    def __init__(self, environment: dict[str, str], folder: Path, application: str) -> None:
        self.port = free_port()
        self.log = (folder / "web.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "--preload",
             "--workers", "2", "--bind", f"127.0.0.1:{self.port}",
             f"tests.reliability.served:{application}()"],
            cwd=ROOT, env=environment, stdout=self.log, stderr=self.log,
        )  # fmt: skip

    def workers(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def wait(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self.process.poll() is None, Path(self.log.name).read_text()
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the service did not come up")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


@contextmanager
def serving(
    environment: dict[str, str], folder: Path, application: str = "application"
) -> Iterator[Web]:
    web = Web(environment, folder, application)
    try:
        web.wait()
        yield web
    finally:
        web.stop()


class Client(threading.Thread):
    """Posts one gift after another; when the answer does not come, asks again with the same key."""

    def __init__(self, name: str, port: int, secret: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.label, self.port, self.secret, self.stop_asked = name, port, secret, stop
        self.acknowledged: dict[str, int] = {}
        self.untold: set[str] = set()
        self.strange: list[str] = []
        self.repeats = self.replays = 0

    def run(self) -> None:
        for number in itertools.count():
            if self.stop_asked.is_set():
                return
            self._give(f"{self.label}-{number:06d}")

    def _give(self, group: str) -> None:
        self.untold.add(group)
        for attempt in range(200):
            try:
                status, replayed, body = self._post(group)
            except (OSError, http.client.HTTPException):
                self.repeats += 1
                time.sleep(0.02)
                continue
            if status == 201:
                self.acknowledged[group] = body["seq"]
                self.untold.discard(group)
                self.replays += replayed
                return
            if status not in (409, 503):
                self.strange.append(f"{status} {body}")
                return
            time.sleep(0.02 * (1 + attempt % 5))

    def _post(self, group: str) -> tuple[int, bool, Any]:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            wire.request(
                "POST", "/api/v1/bench-journals", json.dumps({"group": group, "pence": 5}),
                {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json",
                 "Idempotency-Key": f"key-of-{group:>20}".replace(" ", "0")},
            )  # fmt: skip
            answer = wire.getresponse()
            replayed = answer.headers.get("Idempotency-Replayed") == "true"
            return answer.status, replayed, json.loads(answer.read())
        finally:
            wire.close()


def kill_workers(web: Web, kills: int, seed: int, answered: Callable[[], int]) -> int:
    """Kill in the middle of writes: each time after a few more answers, at a random moment."""
    chance = random.Random(seed)
    for _ in range(kills):
        before, patience = answered(), time.monotonic() + 10
        while answered() < before + 4 and time.monotonic() < patience:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.02))
        workers = web.workers()
        for pid in workers if chance.random() < 0.3 else workers[:1]:
            os.kill(pid, signal.SIGKILL)
    return kills


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What the clients were told, and what is in the books."""

    clients: list[Client]
    kills: int
    stored: Counter[str]

    @property
    def acknowledged(self) -> set[str]:
        return {group for client in self.clients for group in client.acknowledged}

    @property
    def lost(self) -> set[str]:
        return self.acknowledged - set(self.stored)

    @property
    def doubled(self) -> list[str]:
        return [group for group, count in self.stored.items() if count > 1 and group]


def killed_while_serving(
    web: Web, place: cast.Place, kills: int, *, seed: int
) -> Aftermath:  # fmt: skip
    with kernel_clock.using(SystemClock()):  # the token must work in the other processes' time
        secret = cast.api_secret(place, "treasurer")
    stop = threading.Event()
    clients = [Client(f"c{n}", web.port, secret, stop) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    done = kill_workers(
        web, kills, seed=seed,
        answered=lambda: sum(len(client.acknowledged) for client in clients),
    )  # fmt: skip
    stop.set()
    for client in clients:
        client.join(60)
        assert not client.is_alive()
    return Aftermath(clients, done, groups())


def test_kill_9_of_web_workers_loses_no_acknowledged_journal_and_doubles_none(
    app: Flask, book: int, place: cast.Place, environment: dict[str, str], tmp_path: Path,
    engine_name: str,
) -> None:  # fmt: skip
    with serving(environment, tmp_path) as web:
        found = killed_while_serving(web, place, WEB_KILLS, seed=len(engine_name))
    clients = found.clients
    print(
        f"COUNT engine={engine_name} web_kills={found.kills}"
        f" acknowledged={len(found.acknowledged)} lost={len(found.lost)}"
        f" doubled={len(found.doubled)} asked_again={sum(c.repeats for c in clients)}"
        f" committed_but_unanswered={sum(c.replays for c in clients)}"
    )
    assert [said for client in clients for said in client.strange] == []
    assert {group for client in clients for group in client.untold} == set()
    assert (found.lost, found.doubled) == (set(), [])
    assert len(found.acknowledged) > found.kills
    assert sound(book) == []


def test_a_service_that_answers_before_it_commits_would_be_found(
    app: Flask, book: int, place: cast.Place, environment: dict[str, str], tmp_path: Path,
    engine_name: str,
) -> None:  # fmt: skip
    """The negative control: the same clients and kills against an address without protections."""
    with serving(environment, tmp_path, "careless") as web:
        found = killed_while_serving(web, place, CONTROL_KILLS, seed=len(engine_name))
    print(
        f"COUNT engine={engine_name} control_kills={found.kills}"
        f" control_lost={len(found.lost)} control_doubled={len(found.doubled)}"
    )
    assert found.lost
    assert found.doubled


class Host:
    """Starts schedulers, each a process of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.started = datetime.now(UTC)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.hosts", self.started.isoformat()],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self.alive: list[int] = []

    def start(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("one more\n")
        self.process.stdin.flush()
        self.alive.append(int(self.process.stdout.readline()))

    def strike(self, pid: int, number: int = signal.SIGKILL) -> None:
        os.kill(pid, number)
        if number == signal.SIGKILL:
            self.alive.remove(pid)

    def stop(self) -> None:
        for pid in list(self.alive):
            os.kill(pid, signal.SIGKILL)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def torment(host: Host, kills: int, seed: int, stalled: Callable[[int], None]) -> int:
    """Kill -9 at random, and now and then stop one for longer than its lease."""
    chance = random.Random(seed)
    for _ in range(2):
        host.start()
    for number in range(kills):
        time.sleep(chance.uniform(0.1, 0.5))
        victim = chance.choice(host.alive)
        if number % 5 == 4:
            stalled(victim)
        host.strike(victim)
        host.start()
    return kills


def test_kill_9_of_schedulers_misses_no_slot_and_does_none_twice(
    app: Flask, book: int, environment: dict[str, str], engine_name: str
) -> None:
    host = Host(environment)
    fenced = 0

    def stall(pid: int) -> None:
        nonlocal fenced
        os.kill(pid, signal.SIGSTOP)
        time.sleep(hosts.LEASE_MS / 1000 + 0.3)
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.1)
        fenced += 1

    try:
        kills = torment(host, SCHEDULER_KILLS, seed=len(engine_name), stalled=stall)
    finally:
        host.stop()
    time.sleep(hosts.LEASE_MS / 1000 + 0.1)
    leader = Leader()
    assert leader.beat()
    tick(leader, [hosts.JOB], now=hosts.fast_now(host.started))
    with transaction(read_only=True) as session:
        runs = schedule.runs(session, job=hosts.JOB.name, limit=100_000)
    done = sorted(run.slot for run in runs if run.state is schedule_rules.State.DONE)
    first = schedule_rules.slot_named(hosts.JOB.timetable, done[0])
    wanted, slot = [], first
    while slot.key <= done[-1]:
        wanted.append(slot.key)
        slot = schedule_rules.following(hosts.JOB.timetable, slot)
    paid = groups()
    missing = [key for key in wanted if paid[key] < hosts.ITEMS]
    doubled = [key for key in wanted if paid[key] > hosts.ITEMS]
    again = sum(run.attempts > 1 for run in runs)
    print(
        f"COUNT engine={engine_name} scheduler_kills={kills} stalls={fenced} slots={len(done)}"
        f" leaders={leader.fence} run_again={again} missing={len(missing)} doubled={len(doubled)}"
    )
    assert done == wanted
    assert len(runs) == len(done)
    assert (missing, doubled) == ([], [])
    assert sound(book) == []
