"""Checkpoints leave the house: files that are never written twice, calls until they are answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config.settings import BadSettings, Settings, webhook_fault
from ledger.audit import queries as audit_queries
from ledger.audit.rules import HistoryChanged
from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.exports import checkpoints, publishing
from ledger.jobs import checkpoint as nightly
from ledger.jobs import publishing as job
from ledger.jobs.job import Job, JobContext
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.messages import queries
from ledger.messages import rules as message_rules
from ledger.schedule.rules import Slot
from tests.owner import rewrite_history
from tests.raw_books import open_books, spec

TOKEN = "a-token-that-nobody-else-may-know"


@pytest.fixture
def book(app: Flask, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    settings(app, monkeypatch, checkpoint_dir=tmp_path / "outside")
    return open_books()


def settings(app: Flask, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    made = replace(app.extensions["ledger.settings"], **changed)
    monkeypatch.setitem(app.extensions, "ledger.settings", made)


def run(of: Job, clock: FixedClock) -> str:
    at = clock.now()
    slot = Slot(key="test", at=at)
    return of.run(JobContext(job=of.name, slot=slot, now=at, book_code="RAW"))


def sign(book: int, clock: FixedClock) -> audit_queries.CheckpointRow:
    return checkpoints.make(book=book, reason="daily", made_by="job:x", now=clock.now())


def more(book: int, clock: FixedClock, id: str) -> None:
    journal = spec(id, debit("Assets:Bank", 5), credit("Income:Gifts", 5))
    transact(lambda s: books.post(s, book=book, spec=journal, now=clock.now()))


def name_of(book: int, size: int) -> str:
    with transaction(read_only=True) as session:
        return f"{publishing.history(session, book)}-{size:012d}.txt"


class Listener(BaseHTTPRequestHandler):
    """Somebody who is told of checkpoints, and answers as the test says."""

    def do_POST(self) -> None:
        told: Told = self.server.told  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told.calls.append((self.path, dict(self.headers), body.decode()))
        status = told.answers.pop(0) if told.answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Told:
    """What the listener was told, and what it will answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[tuple[str, dict[str, str], str]] = []
        self.answers: list[int] = []


@pytest.fixture
def told(app: Flask, book: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        found = Told(f"http://127.0.0.1:{server.server_port}/hook?token={TOKEN}")
        server.told = found  # type: ignore[attr-defined]
        settings(app, monkeypatch, checkpoint_webhook_url=found.url)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def test_each_checkpoint_is_a_file_of_its_own_that_is_never_written_twice(
    book: int, clock: FixedClock, tmp_path: Path
) -> None:
    first = sign(book, clock)
    (file,) = (tmp_path / "outside").iterdir()
    assert (file.name, file.read_text()) == (name_of(book, 3), first.note)
    made = file.stat().st_mtime_ns
    more(book, clock, "more")
    sign(book, clock)
    assert run(job.JOB, clock) == "none due"
    assert sorted(path.name for path in file.parent.iterdir()) == [
        name_of(book, 3), name_of(book, 4),
    ]  # fmt: skip
    assert file.stat().st_mtime_ns == made


def test_a_file_that_is_missing_is_written_by_the_next_run(
    book: int, clock: FixedClock, tmp_path: Path
) -> None:
    transact(
        lambda s: checkpoints.make_within(
            s, book=book, reason="asked", made_by="PER-A", now=clock.now()
        )
    )
    assert not (tmp_path / "outside" / name_of(book, 3)).exists()
    assert run(job.JOB, clock) == "1 files written"
    assert (tmp_path / "outside" / name_of(book, 3)).exists()


def test_a_file_that_was_changed_is_found_every_night_and_left_as_it_is(
    book: int, clock: FixedClock, tmp_path: Path
) -> None:
    sign(book, clock)
    file = tmp_path / "outside" / name_of(book, 3)
    file.chmod(0o644)
    file.write_text("something else")
    with pytest.raises(HistoryChanged, match="not the checkpoint that was signed"):
        run(nightly.JOB, clock)
    assert file.read_text() == "something else"


def test_a_half_written_file_is_written_whole_and_a_disk_without_links_will_do(
    book: int, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sign(book, clock)
    file = tmp_path / "outside" / name_of(book, 3)
    file.chmod(0o644)
    file.write_text(first.note[:40])

    def no_links(_path: Path, _target: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    run(nightly.JOB, clock)
    assert [path.read_text() for path in file.parent.iterdir()] == [first.note]


def test_a_folder_that_cannot_be_reached_stops_no_signing_and_the_job_says_so(
    app: Flask, book: int, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    settings(app, monkeypatch, checkpoint_dir=tmp_path / "a file" / "below")
    assert sign(book, clock).size == 3
    with pytest.raises(OSError, match="a file"):
        run(job.JOB, clock)


def test_another_database_under_the_same_settings_has_files_of_its_own(
    book: int, clock: FixedClock, tmp_path: Path
) -> None:
    sign(book, clock)
    before = name_of(book, 3)
    rewrite_history(book, 1, b'"first"', b'"other"')
    sign(book, clock)
    assert name_of(book, 3) != before
    assert len(list((tmp_path / "outside").iterdir())) == 2


def test_a_rewritten_history_is_not_signed_over_a_file_that_is_there(
    book: int, clock: FixedClock
) -> None:
    sign(book, clock)
    rewrite_history(book, 2, b'"second"', b'"forged"')
    with pytest.raises(HistoryChanged, match="000000000003.txt is not the checkpoint"):
        sign(book, clock)
    with transaction(read_only=True) as session:
        assert audit_queries.latest_checkpoint(session, book) is None, "nothing was signed"


def test_each_checkpoint_is_told_once_without_a_secret(
    book: int, clock: FixedClock, told: Told
) -> None:
    made = sign(book, clock)
    sign(book, clock)
    assert run(job.JOB, clock) == "1 calls answered"
    assert run(job.JOB, clock) == "none due"
    ((path, headers, body),) = told.calls
    facts = json.loads(body)
    assert path == f"/hook?token={TOKEN}"
    assert (facts["size"], facts["note"], facts["key"]) == (3, made.note, made.key_line)
    assert facts["address"].endswith("/checkpoints/3")
    assert TOKEN not in body
    with transaction(read_only=True) as session:
        (call,) = queries.calls(session)
    assert headers["Idempotency-Key"] == call.id
    assert TOKEN not in repr(call)
    assert (call.state, call.attempts) == ("SENT", 1)


def test_a_call_that_fails_is_made_again_and_then_never_more(
    book: int, clock: FixedClock, told: Told
) -> None:
    sign(book, clock)
    told.answers = [500, 302]
    assert run(job.JOB, clock) == "1 calls to try again"
    assert run(job.JOB, clock) == "none due"
    clock.move(timedelta(minutes=1))
    assert run(job.JOB, clock) == "1 calls to try again"
    with transaction(read_only=True) as session:
        assert queries.calls(session)[0].error == "answered 302"
    clock.move(timedelta(minutes=4))
    assert run(job.JOB, clock) == "1 calls answered"
    clock.move(timedelta(days=1))
    assert run(job.JOB, clock) == "none due"
    assert [path for path, _, _ in told.calls] == [f"/hook?token={TOKEN}"] * 3
    assert len({headers["Idempotency-Key"] for _, headers, _ in told.calls}) == 1


def test_a_call_that_nobody_answers_is_given_up_without_naming_the_address(
    app: Flask, book: int, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(app, monkeypatch, checkpoint_webhook_url=f"http://127.0.0.1:9/{TOKEN}")
    sign(book, clock)
    for _ in range(message_rules.ATTEMPTS_MAX):
        assert run(job.JOB, clock) == "1 calls to try again"
        clock.move(timedelta(days=1))
    assert run(job.JOB, clock) == "none due"
    with transaction(read_only=True) as session:
        (call,) = queries.calls(session)
    assert (call.state, call.error) == ("FAILED", "ConnectionRefusedError")


def test_a_call_goes_nowhere_once_the_setting_is_gone_or_unsafe(
    app: Flask, book: int, clock: FixedClock, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(book, clock)
    settings(app, monkeypatch, checkpoint_webhook_url="http://ledger.test/hook")
    assert run(job.JOB, clock) == "1 calls without an address"
    assert told.calls == []


def test_no_checkpoint_is_kept_for_a_call_when_nobody_is_named(
    book: int, clock: FixedClock
) -> None:
    sign(book, clock)
    with transaction(read_only=True) as session:
        assert queries.calls(session) == []


def close(book: int, clock: FixedClock) -> None:
    def unit(session: Any) -> None:
        period = books.open_period(
            session, book=book, starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 28)
        )
        books.begin_closing(session, period=period)
        books.close_period(
            session, period=period, signed_by="PER-A", countersigned_by="PER-B",
            reason="February is complete", now=clock.now(),
        )  # fmt: skip

    transact(unit)


def test_a_closed_period_is_signed_at_once_or_by_the_next_run(book: int, clock: FixedClock) -> None:
    facts = {"book": book, "made_by": "PER-A", "now": clock.now()}
    assert checkpoints.sign_closed_periods(**facts) is None
    close(book, clock)
    assert run(job.JOB, clock).startswith("1 signed after a close")
    assert run(job.JOB, clock) == "none due"
    with transaction(read_only=True) as session:
        (row,) = audit_queries.checkpoints(session, book)
    assert (row.reason, row.size, row.made_by) == ("close", 4, "job:publish-checkpoints")
    more(book, clock, "after the close")
    assert checkpoints.sign_closed_periods(**facts) is None, "the close is under a checkpoint"


def test_without_a_book_there_is_nothing_to_do(app: Flask, clock: FixedClock) -> None:
    assert run(job.JOB, clock) == "there is no book yet"


GOOD = ("https://ledger.test/hook?token=1", "http://127.0.0.1:8080/x", "http://[::1]/",
        "http://localhost:99/")  # fmt: skip
BAD = ("http://ledger.test/hook", "http://169.254.169.254/", "http://10.0.0.1/", "ftp://127.0.0.1/",
       "https://name:word@ledger.test/", "https:///x", "https://[::1", "https://x:99999/",
       "http://127.0.0.1.ledger.test/", "https://ledger.test/\u00e9", "file:///etc/passwd",
       "http://0.0.0.0/")  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_an_address_by_https_or_on_this_machine_may_be_called(url: str, tmp_path: Path) -> None:
    env = {"LEDGER_CHECKPOINT_WEBHOOK_URL": url, "LEDGER_DATA_DIR": str(tmp_path),
           "LEDGER_CHECKPOINT_DIR": str(tmp_path / "out")}  # fmt: skip
    made = Settings.from_env(env)
    assert made.checkpoint_webhook_url == url
    assert made.checkpoint_dir == tmp_path / "out"
    assert webhook_fault(url) == ""


@pytest.mark.parametrize("url", BAD)
def test_no_other_address_may_be_called_and_it_is_not_repeated(url: str, tmp_path: Path) -> None:
    env = {"LEDGER_CHECKPOINT_WEBHOOK_URL": url, "LEDGER_DATA_DIR": str(tmp_path)}
    with pytest.raises(BadSettings, match="LEDGER_CHECKPOINT_WEBHOOK_URL: use https") as refused:
        Settings.from_env(env)
    assert url not in str(refused.value)


def test_many_checkpoints_are_read_in_pages(
    book: int, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing.limits, "PAGE_ROWS_MAX", 2)
    for number in range(5):
        more(book, clock, f"more-{number}")
        transact(
            lambda s: checkpoints.make_within(
                s, book=book, reason="asked", made_by="PER-A", now=clock.now()
            )
        )
    assert run(job.JOB, clock) == "5 files written"
