"""Sending the outbox: once each, as files or by mail, and what happens when it cannot be."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from ledger.audit import service as audit
from ledger.jobs import messages as jobs
from ledger.jobs.job import Job, JobContext
from ledger.jobs.registry import job_named
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.messages import queries, service
from ledger.parties import service as parties
from ledger.schedule.rules import Slot
from tests.cast import Place


def run(job: Job, clock: FixedClock) -> str:
    at = clock.now()
    return job.run(JobContext(job=job.name, slot=Slot(key="test", at=at), now=at))


def enqueue(clock: FixedClock, person: str, key: str = "k") -> None:
    facts = {"subject": "Hall", "text": "It is yours.", "secret_link": "https://x/s3cret"}
    transact(
        lambda session: service.enqueue(
            session, key=key, recipient=person, template="notice", facts=facts, now=clock.now()
        )
    )


@pytest.fixture
def folder(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = replace(app.extensions["ledger.settings"], data_dir=tmp_path)
    monkeypatch.setitem(app.extensions, "ledger.settings", settings)
    return tmp_path / "messages"


def test_a_message_becomes_a_file_once_with_the_name_from_the_vault(
    place: Place, clock: FixedClock, folder: Path
) -> None:
    enqueue(clock, place.people["resident"])
    assert run(jobs.SEND, clock) == "1 sent"
    assert run(jobs.SEND, clock) == "none due"
    (file,) = folder.iterdir()
    text = file.read_text()
    assert "To: resident@example.test" in text
    assert "Hello Rosa" in text
    with transaction(read_only=True) as session:
        assert "secret_link" not in queries.for_person(session, place.people["resident"])[0].facts


def test_somebody_without_an_address_is_not_written_to(
    place: Place, clock: FixedClock, folder: Path
) -> None:
    person = transact(lambda session: parties.add_person(session, name="Noor", now=clock.now()))
    enqueue(clock, person)
    assert run(jobs.SEND, clock) == "1 no address"
    assert not folder.exists()


class Post(socketserver.StreamRequestHandler):
    """A mail server that takes what it is given."""

    taken: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline().decode().strip():
            word = line.split(" ")[0].upper()
            if word == "DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                type(self).taken.append(b"".join(lines).decode())
            self.wfile.write(b"221 bye\r\n" if word == "QUIT" else b"250 ok\r\n")


@pytest.fixture
def post() -> Iterator[tuple[str, list[str]]]:
    Post.taken = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Post) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", Post.taken
        server.shutdown()
        thread.join()


def test_a_message_goes_by_mail_where_there_is_a_server(
    app: Flask, place: Place, clock: FixedClock, post: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    url, taken = post
    settings = replace(app.extensions["ledger.settings"], smtp_url=url)
    monkeypatch.setitem(app.extensions, "ledger.settings", settings)
    enqueue(clock, place.people["resident"])
    assert run(jobs.SEND, clock) == "1 sent"
    assert len(taken) == 1
    assert "Subject: Hall" in taken[0]


def test_a_server_that_is_down_leaves_the_message_for_later(
    app: Flask, place: Place, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(app.extensions["ledger.settings"], smtp_url="smtp://127.0.0.1:9")
    monkeypatch.setitem(app.extensions, "ledger.settings", settings)
    enqueue(clock, place.people["resident"])
    assert run(jobs.SEND, clock) == "1 failed"
    assert run(jobs.SEND, clock) == "none due"
    clock.move(timedelta(minutes=1))
    assert run(jobs.SEND, clock) == "1 failed"


def test_answers_older_than_thirty_days_lose_their_bodies(app: Flask, clock: FixedClock) -> None:
    facts = {"caller": "c", "route": "r", "key": "k" * 16, "fingerprint": "f", "status": 201,
             "location": "/x", "content_type": "text/plain", "body": b"hello"}  # fmt: skip
    transact(lambda session: audit.keep_answer(session, **facts, now=clock.now()))
    clock.move(timedelta(days=30))
    assert run(jobs.FORGET, clock) == "0 answers dropped"
    clock.move(timedelta(seconds=1))
    assert run(jobs.FORGET, clock) == "1 answers dropped"
    assert run(jobs.FORGET, clock) == "0 answers dropped"


def test_both_jobs_are_on_the_list(app: Flask) -> None:
    assert job_named("send-messages") is jobs.SEND
    assert job_named("forget-answers") is jobs.FORGET
