"""Every minute: what was signed leaves the house.

1. A closed period that no checkpoint covers gets one.
2. Every checkpoint without a file gets its file (X7).
3. Every call that is due is made, outside any transaction, and its answer is written down (M4).
"""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from flask import current_app

from config.settings import Settings, webhook_fault
from ledger.books import queries as books
from ledger.exports import checkpoints, publishing
from ledger.jobs.job import Job, JobContext
from ledger.kernel.db import transaction
from ledger.kernel.errors import Missing
from ledger.messages import queries, service

CALLS_PER_RUN_MAX: Final = 100
_SECONDS_MAX: Final = 10


def publish_checkpoints(context: JobContext) -> str:
    """Sign what a close left, write what is missing, and call whoever is to be told."""
    try:
        with transaction(read_only=True) as session:
            book = books.book_id(session, context.book_code)
    except Missing:
        return "there is no book yet"
    signed = checkpoints.sign_closed_periods(book=book, made_by=context.actor, now=context.now)
    with transaction(read_only=True) as session:
        written = publishing.write_missing(session, book)
    settings: Settings = current_app.extensions["ledger.settings"]
    told = _call_all(context, settings.checkpoint_webhook_url)
    did = {"signed after a close": int(signed is not None), "files written": written} | told
    return ", ".join(f"{count} {word}" for word, count in did.items() if count) or "none due"


def _call_all(context: JobContext, url: str) -> dict[str, int]:
    told = {"calls answered": 0, "calls to try again": 0, "calls without an address": 0}
    for _ in range(CALLS_PER_RUN_MAX):
        due = context.transact(lambda session: service.claim_call(session, now=context.now))
        if due is None:
            break
        told[_one(context, due, url)] += 1
    return told


def _one(context: JobContext, due: queries.DueCall, url: str) -> str:
    if not url or webhook_fault(url):
        context.transact(
            lambda session: service.call_dropped(session, key=due.key, error="no address to call")
        )
        return "calls without an address"
    if wrong := _wrong(url, due):
        context.transact(
            lambda session: service.call_failed(session, key=due.key, error=wrong, now=context.now)
        )
        return "calls to try again"
    context.transact(lambda session: service.call_answered(session, key=due.key, now=context.now))
    return "calls answered"


def _wrong(url: str, due: queries.DueCall) -> str:
    """What went wrong with a call, without the address in it; empty when it was answered."""
    try:
        status = _post(url, due)
    except (OSError, HTTPException) as error:
        return type(error).__name__
    return "" if 200 <= status < 300 else f"answered {status}"


def _post(url: str, due: queries.DueCall) -> int:
    """Send one call and return the status of the answer; a redirection is not followed."""
    parts = urlsplit(url)
    assert parts.hostname is not None, "the settings were checked"
    connection: HTTPConnection
    if parts.scheme == "https":
        connection = HTTPSConnection(
            parts.hostname, parts.port, timeout=_SECONDS_MAX, context=ssl.create_default_context()
        )
    else:
        connection = HTTPConnection(parts.hostname, parts.port, timeout=_SECONDS_MAX)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "POST", path, body=due.body.encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": due.id,
                     "User-Agent": "community-ledger"},
        )  # fmt: skip
        return connection.getresponse().status
    finally:
        connection.close()


JOB = Job(
    name="publish-checkpoints",
    says="Writes each checkpoint’s file, and tells the machine that the settings name.",
    run=publish_checkpoints,
    every_minutes=1,
)
