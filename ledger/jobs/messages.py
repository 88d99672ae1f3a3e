"""Sending what waits in the outbox, and forgetting old answers to requests.

1. Claim the next message that is due (a transaction of its own; nobody else has it then).
2. Make the words and send them, outside any transaction.
3. Say that it was sent, has nowhere to go, or failed and waits for another try.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from flask import current_app
from sqlalchemy.orm import Session

from config.settings import Settings
from ledger.audit import service as audit
from ledger.jobs.job import Job, JobContext
from ledger.kernel import keys, sealing
from ledger.messages import queries, rules, service
from ledger.parties import queries as parties

MESSAGES_PER_RUN_MAX: Final = 500
ANSWER_BODIES_KEPT: Final = timedelta(days=30)
_SECONDS_MAX: Final = 20

Send = Callable[[EmailMessage], None]


def send_messages(context: JobContext) -> str:
    """M1 to M3: every message that is due, once."""
    settings: Settings = current_app.extensions["ledger.settings"]
    send = sender(settings)
    told = {"sent": 0, "failed": 0, "no address": 0}
    for _ in range(MESSAGES_PER_RUN_MAX):
        due = context.transact(lambda session: service.claim(session, now=context.now))
        if due is None:
            break
        told[_one(context, due, send, settings)] += 1
    return ", ".join(f"{count} {word}" for word, count in told.items() if count) or "none due"


def _one(context: JobContext, due: queries.Due, send: Send, settings: Settings) -> str:
    with_words = context.transact(lambda session: _letter(session, due, settings))
    if with_words is None:
        context.transact(lambda s: service.dropped(s, key=due.key, error="no email address"))
        return "no address"
    try:
        send(with_words)
    except (OSError, smtplib.SMTPException) as error:
        words = f"{type(error).__name__}: {error}"
        context.transact(lambda s: service.failed(s, key=due.key, error=words, now=context.now))
        return "failed"
    context.transact(lambda s: service.sent(s, key=due.key, now=context.now))
    return "sent"


def _letter(session: Session, due: queries.Due, settings: Settings) -> EmailMessage | None:
    person = parties.person(session, due.recipient)
    if not person.email:
        return None
    words = rules.words(
        due.template, due.facts, name=person.name.split(" ")[0], base_url=settings.base_url
    )
    letter = EmailMessage(policy=SMTP)
    letter["From"] = settings.mail_from
    letter["To"] = person.email
    letter["Subject"] = words.subject
    letter["Message-ID"] = f"<{due.id}@ledger>"
    letter.set_content(words.body)
    return letter


def sender(settings: Settings) -> Send:
    """How this installation delivers: by its mail server, else as files in its data folder."""
    if settings.smtp_url:
        return lambda letter: _by_smtp(settings.smtp_url, letter)
    return lambda letter: _as_file(settings.data_dir / "messages", letter)


def _by_smtp(url: str, letter: EmailMessage) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or 0
    secure = parts.scheme == "smtps"
    kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
    with kind(host, port, timeout=_SECONDS_MAX) as server:
        if not secure and server.has_extn("starttls"):
            server.starttls()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(letter)


def _as_file(folder: Path, letter: EmailMessage) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = str(letter["Message-ID"]).strip("<>").partition("@")[0]
    (folder / f"{name}.eml").write_bytes(letter.as_bytes())


def forget_answers(context: JobContext) -> str:
    """Drop the bodies of old answers; key and address stay for ever."""
    before = context.now - ANSWER_BODIES_KEPT
    dropped = context.transact(lambda session: audit.forget_answer_bodies(session, before=before))
    sealing.forget(now=context.now)
    if left := sealing.older():  # of an erasure that could not destroy them at once
        context.transact(audit.seal_browsers_again)
        keys.store().destroy_secrets(left)
    return f"{dropped} answers dropped"


SEND = Job(
    name="send-messages",
    says="Sends what was written to people.",
    run=send_messages,
    every_minutes=1,
)
FORGET = Job(
    name="forget-answers",
    says="Drops the answers to requests that are older than thirty days.",
    run=forget_answers,
    daily_at="03:15",
)
