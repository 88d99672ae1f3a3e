"""Every other request is killed on its way: none is stuck, done twice, or never told.

A killed client asks again with its key until it is answered, and may be killed again.
``LEDGER_TEST_KEYED`` asks for more requests than the sixty of an ordinary run; a thousand are the
full one. Replays, other bodies and fifty at once: ``tests/api/test_idempotency.py`` and
``tests/books/test_b08_idempotency.py``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import service as books
from ledger.books.rules import AccountSpec
from ledger.kernel import clock as kernel_clock
from ledger.kernel import keys
from ledger.kernel.clock import SystemClock
from ledger.kernel.db import db, transact, transaction
from tests import cast

REQUESTS = int(os.environ.get("LEDGER_TEST_KEYED") or 60)
TRIES = 12
ROOT = Path(__file__).resolve().parents[2]
DEATHS = ("commit", "answer", *map(str, range(1, 8)))


class Asker:
    """The other side of ``askers.py``."""

    def __init__(self, place: cast.Place, folder: Path, *, careless: bool) -> None:
        with kernel_clock.using(SystemClock()):  # the token must work in the other process's time
            secret = cast.api_secret(place, "treasurer")
        url = db.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.askers", secret, "yes" if careless else ""],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=kept | {
                "LEDGER_SECRET_KEY": "only for tests, and longer than any guess",
                "LEDGER_DATABASE_URL": url, "LEDGER_DATA_DIR": str(folder),
                "LEDGER_KEYS_URL": keys.store().url.render_as_string(hide_password=False),
            },
        )  # fmt: skip

    def ask(self, group: str, dies: str) -> Any:
        """The answer's status, whether it was a replay, and its body; None of one that died."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        wanted = {"group": group, "key": f"the key of {group}", "dies": dies}
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self) -> None:
        """Let the host end."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def asked(asker: Asker, *, requests: int, seed: int) -> tuple[Counter[str], dict[str, str]]:
    """Ask so often, half of it dying; what happened, and what each was told in the end."""
    chance, found, told = random.Random(seed), Counter[str](), {}
    for number in range(requests):
        group = f"gift-{number}"
        for _ in range(TRIES):
            answer = asker.ask(group, chance.choice(DEATHS) if chance.random() < 0.5 else "")
            if answer is None:
                found["killed"] += 1
                continue
            status, replayed, body = answer
            if status == 201:
                found["replayed"] += replayed
                told[group] = body
                break
            found["refused"] += 1
    return found, told


def outcome(told: dict[str, str], requests: int) -> dict[str, int]:
    """Compare what was told with what is in the books."""
    with transaction(read_only=True) as session:
        rows = session.execute(
            text("SELECT group_id, id FROM journal WHERE group_id LIKE 'gift-%'")
        )
        stored = {(group, journal) for group, journal in rows}
    count = Counter(group for group, _ in stored)
    return {
        "stuck": requests - len(told),
        "double": sum(times > 1 for times in count.values()),
        "untold": len(set(count) - set(told)),
        "lost": len(set(told) - set(count)),
        "misled": sum(
            (group, json.loads(body)["id"]) not in stored for group, body in told.items()
        ),
    }


def run(place: cast.Place, folder: Path, *, requests: int, careless: bool) -> Any:
    """A book, a host, and so many requests."""
    specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
    transact(lambda session: books.open_accounts(session, book=place.book, specs=specs))
    asker = Asker(place, folder, careless=careless)
    try:
        found, told = asked(asker, requests=requests, seed=requests)
    finally:
        asker.stop()
    return found, outcome(told, requests)


def test_of_requests_that_are_killed_none_is_stuck_doubled_or_untold(
    app: Flask, place: cast.Place, tmp_path: Path, engine_name: str
) -> None:
    found, ended = run(place, tmp_path, requests=REQUESTS, careless=False)
    print(
        f"COUNT engine={engine_name} keyed_requests={REQUESTS} killed={found['killed']}"
        f" replayed={found['replayed']} " + " ".join(f"{k}={v}" for k, v in ended.items())
    )
    assert ended == {"stuck": 0, "double": 0, "untold": 0, "lost": 0, "misled": 0}
    assert found["killed"] > REQUESTS // 3
    assert found["replayed"] > 0, "some died between commit and answer"
    assert found["refused"] == 0


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_without_the_kept_answer_a_killed_request_is_done_twice(
    app: Flask, place: cast.Place, tmp_path: Path
) -> None:
    """The control: the same deaths, and no answer under the key."""
    _, ended = run(place, tmp_path, requests=40, careless=True)
    print(f"COUNT engine=sqlite keyed_control_double={ended['double']}")
    assert ended["double"] > 0
