"""B8: one key, one journal, the same bytes for every asker, whoever dies in between."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from config.settings import Settings
from ledger.app import create_app
from ledger.books import service as books
from ledger.books.rules import AccountSpec
from ledger.http import idempotency
from ledger.kernel import clock as kernel_clock
from ledger.kernel import keys
from ledger.kernel.clock import SystemClock
from ledger.kernel.db import db, transact, transaction
from tests import cast
from tests.reliability.served import posting
from tests.stage import Browser

HANDS, KEY = 50, "a key that posts one journal"
ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "only for tests, and longer than any guess"


class Door:
    """The service with an address that posts a new journal each time it is asked."""

    def __init__(self, place: cast.Place, folder: Path) -> None:
        self.url = db.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
        self.keys = keys.store().url.render_as_string(hide_password=False)
        self.folder = folder
        self.app = create_app(
            Settings(
                database_url=self.url, data_dir=folder, keys_url=self.keys, secret_key=SECRET_KEY,
                serving=False, testing=True,
            )
        )  # fmt: skip
        self.app.test_client_class = Browser
        self.app.register_blueprint(posting)
        with kernel_clock.using(SystemClock()):  # it must work in another process's time too
            self.secret = cast.api_secret(place, "treasurer")

    def ask(self, group: str = "G", key: str = KEY, pence: int = 5) -> TestResponse:
        head = {"Authorization": f"Bearer {self.secret}", "Idempotency-Key": key}
        body = {"group": group, "pence": pence}
        with self.app.app_context():
            answer: TestResponse = self.app.test_client().post(
                "/api/v1/bench-journals", json=body, headers=head
            )
        return answer

    def ask_and_be_killed(self, group: str, key: str) -> int:
        """Ask in a process that dies between commit and answer; returns how it ended."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
        settings = {
            "LEDGER_SECRET_KEY": SECRET_KEY, "LEDGER_DATABASE_URL": self.url,
            "LEDGER_DATA_DIR": str(self.folder), "LEDGER_KEYS_URL": self.keys,
        }  # fmt: skip
        return subprocess.run(
            [sys.executable, "-m", "tests.killed_after_commit", self.secret, key, group],
            cwd=ROOT, env=kept | settings, check=False, timeout=60, capture_output=True,
        ).returncode  # fmt: skip


@pytest.fixture
def door(app: Flask, place: cast.Place, tmp_path: Path) -> Any:
    accounts = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
    transact(lambda session: books.open_accounts(session, book=place.book, specs=accounts))
    made = Door(place, tmp_path)
    yield made
    with made.app.app_context():
        db.engine.dispose()


def journals(group: str = "G") -> int:
    with transaction(read_only=True) as session:
        asked = text("SELECT COUNT(*) FROM journal WHERE group_id = :group")
        return int(session.execute(asked, {"group": group}).scalar_one())


def test_fifty_hands_with_one_key_post_one_journal_and_read_the_same_bytes(door: Door) -> None:
    answers: list[TestResponse] = []

    def ask() -> None:
        """As a client does: told that the first is still running, it asks again."""
        for _ in range(200):
            answer = door.ask()
            if answer.status_code not in (409, 503):
                answers.append(answer)
                return

    threads = [threading.Thread(target=ask) for _ in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = Counter(answer.status_code for answer in answers)
    replayed = sum("Idempotency-Replayed" in answer.headers for answer in answers)
    bodies = {answer.data for answer in answers}
    print(f"COUNT b08_hands={HANDS} journals={journals()} replays={replayed} bodies={len(bodies)}")
    assert told == {201: HANDS}
    assert (journals(), replayed, len(bodies)) == (1, HANDS - 1, 1)


def test_another_body_with_the_key_is_refused(door: Door) -> None:
    door.ask()
    other = door.ask(pence=6)
    print(f"COUNT b08_other_body_status={other.status_code} journals={journals()}")
    assert (other.status_code, other.json["code"], journals()) == (422, "http.key_reused", 1)


def test_killed_after_the_commit_it_gives_the_same_bytes_when_asked_again(door: Door) -> None:
    ended = door.ask_and_be_killed("K", "a key of somebody who dies")
    assert ended == -9
    assert journals("K") == 1
    again = [door.ask("K", "a key of somebody who dies") for _ in range(2)]
    print(f"COUNT b08_killed=1 journals={journals('K')} "
          f"bodies={len({answer.data for answer in again})}")  # fmt: skip
    assert [answer.status_code for answer in again] == [201, 201]
    assert all("Idempotency-Replayed" in answer.headers for answer in again)
    assert len({answer.data for answer in again}) == 1
    assert journals("K") == 1


def test_the_key_and_the_journal_are_one_transaction(
    door: Door, engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the answer cannot be kept")

    with monkeypatch.context() as patch:
        patch.setitem(door.app.config, "PROPAGATE_EXCEPTIONS", False)
        patch.setattr("ledger.audit.service.keep_answer", broken)
        assert door.ask().status_code == 500
    assert journals() == 0
    assert door.ask().status_code == 201
    if engine_name == "postgresql":  # it names the transaction that wrote a row
        with transaction(read_only=True) as session:
            wrote = session.execute(
                text(
                    "SELECT (SELECT xmin FROM journal)::text, (SELECT xmin FROM request_answer)::text"
                )
            ).one()
        assert wrote[0] == wrote[1]
    print("COUNT b08_answers_lost=1 journals_left=0")


def test_without_the_kept_answer_one_key_posts_two_journals(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency.audit_queries, "answer", lambda *_a, **_k: None)
    monkeypatch.setattr("ledger.audit.service.keep_answer", lambda *_a, **_k: None)
    first, second = door.ask(), door.ask()
    print(f"COUNT b08_control_journals={journals()}")
    assert (first.status_code, second.status_code, journals()) == (201, 201, 2)
    assert first.data != second.data
