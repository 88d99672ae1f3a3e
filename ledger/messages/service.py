"""The outbox: a message is enqueued with what it is about and delivered once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.kernel.db import write_rows
from ledger.kernel.ids import derived_id
from ledger.messages import queries, rules
from ledger.messages.models import Message


class Letter(NamedTuple):
    """One message: the occasion it is kept under, for whom, and what it is about (no names)."""

    key: str
    recipient: str
    facts: Mapping[str, object]


def enqueue(
    session: Session,
    *,
    key: str,
    recipient: str,
    template: str,
    facts: Mapping[str, object],
    now: datetime,
) -> None:
    """M1: keep a message for a person, once for each ``key``, in the caller's transaction.

    ``key`` names the occasion (``PLG-1:reached:PER-2``). Facts hold no names.

    Raises:
        Invalid: there is no such template.
    """
    enqueue_many(session, letters=[Letter(key, recipient, facts)], template=template, now=now)


def enqueue_many(
    session: Session, *, letters: Sequence[Letter], template: str, now: datetime
) -> None:
    """M1: keep several messages of one template, each once for its key.

    Raises:
        Invalid: there is no such template.
    """
    rules.words(template, {}, name="")
    write_rows(
        session,
        Message,
        [
            {
                "key": one.key,
                "id": derived_id("MSG", one.key),
                "recipient": one.recipient,
                "template": template,
                "facts": json.dumps(
                    dict(one.facts), sort_keys=True, ensure_ascii=False, default=str
                ),
                "state": "WAITING",
                "attempts": 0,
                "due_at": now,
                "enqueued_at": now,
                "error": "",
            }
            for one in letters
        ],
        once="key",
    )


def claim(session: Session, *, now: datetime) -> queries.Due | None:
    """Take the next message that is due, so that no other worker sends it; None when done.

    A message that a worker took and never finished is taken again after fifteen minutes.
    """
    row = session.scalars(
        select(Message)
        .where(Message.state.in_(("WAITING", "SENDING")), Message.due_at <= now)
        .order_by(Message.due_at, Message.key)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    row.state, row.attempts, row.due_at = "SENDING", row.attempts + 1, now + rules.SENDING_LASTS
    session.flush()
    return queries.due(row)


def sent(session: Session, *, key: str, now: datetime) -> None:
    """Say that a claimed message was delivered; its secrets are forgotten."""
    row = session.get_one(Message, key)
    facts = rules.without_secrets(json.loads(row.facts))
    session.execute(
        update(Message)
        .where(Message.key == key, Message.state == "SENDING")
        .values(state="SENT", sent_at=now, error="", facts=json.dumps(facts, sort_keys=True))
    )


def dropped(session: Session, *, key: str, error: str) -> None:
    """Say that a claimed message has nowhere to go; the person can still read it here."""
    session.execute(
        update(Message)
        .where(Message.key == key, Message.state == "SENDING")
        .values(state="DROPPED", error=error[: limits.LINE_CHARS_MAX])
    )


def failed(session: Session, *, key: str, error: str, now: datetime) -> None:
    """M3: say that a claimed message was not delivered; it waits, or is given up."""
    row = session.get_one(Message, key)
    over = row.attempts >= rules.ATTEMPTS_MAX
    session.execute(
        update(Message)
        .where(Message.key == key, Message.state == "SENDING")
        .values(
            state="FAILED" if over else "WAITING",
            due_at=now + rules.pause(row.attempts),
            error=error[: limits.LINE_CHARS_MAX],
        )
    )
