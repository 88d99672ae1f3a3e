"""The outbox: a message is enqueued with what it is about and delivered once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.kernel.db import write_rows
from ledger.kernel.ids import derived_id
from ledger.messages import queries, rules
from ledger.messages.models import Call, Message


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
            }
            | _waiting(now)
            for one in letters
        ],
        once="key",
    )


def enqueue_call(session: Session, *, key: str, facts: Mapping[str, object], now: datetime) -> None:
    """M4: keep what a machine is to be told, once for each ``key``, in the caller's transaction."""
    body = json.dumps(dict(facts), sort_keys=True, ensure_ascii=False)
    row = {"key": key, "id": derived_id("CAL", key), "body": body} | _waiting(now)
    write_rows(session, Call, [row], once="key")


def _waiting(now: datetime) -> dict[str, object]:
    return {"state": "WAITING", "attempts": 0, "due_at": now, "enqueued_at": now, "error": ""}


def claim(session: Session, *, now: datetime) -> queries.Due | None:
    """Take the next message that is due, so that no other worker sends it; None when done.

    A message that a worker took and never finished is taken again after fifteen minutes.
    """
    row = _claim(session, Message, now)
    return None if row is None else queries.due(row)


def claim_call(session: Session, *, now: datetime) -> queries.DueCall | None:
    """Take the next call that is due, as `claim` does."""
    row = _claim(session, Call, now)
    return None if row is None else queries.due_call(row)


Kept = TypeVar("Kept", Message, Call)


def _claim(session: Session, table: type[Kept], now: datetime) -> Kept | None:
    row = session.scalars(
        select(table)
        .where(table.state.in_(("WAITING", "SENDING")), table.due_at <= now)
        .order_by(table.due_at, table.key)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is not None:
        row.state, row.attempts, row.due_at = "SENDING", row.attempts + 1, now + rules.SENDING_LASTS
        session.flush()
    return row


def sent(session: Session, *, key: str, now: datetime) -> None:
    """Say that a claimed message was delivered; its secrets are forgotten."""
    row = session.get_one(Message, key)
    facts = rules.without_secrets(json.loads(row.facts))
    kept = json.dumps(facts, sort_keys=True)
    _settle(session, Message, key, state="SENT", sent_at=now, error="", facts=kept)


def call_answered(session: Session, *, key: str, now: datetime) -> None:
    """Say that a claimed call was answered; it is never made again."""
    _settle(session, Call, key, state="SENT", sent_at=now, error="")


def dropped(session: Session, *, key: str, error: str) -> None:
    """Say that a claimed message has nowhere to go; the person can still read it here."""
    _settle(session, Message, key, state="DROPPED", error=error[: limits.LINE_CHARS_MAX])


def call_dropped(session: Session, *, key: str, error: str) -> None:
    """Say that a claimed call has nowhere to go."""
    _settle(session, Call, key, state="DROPPED", error=error[: limits.LINE_CHARS_MAX])


def failed(session: Session, *, key: str, error: str, now: datetime) -> None:
    """M3: say that a claimed message was not delivered; it waits, or is given up."""
    _try_later(session, session.get_one(Message, key), error=error, now=now)


def call_failed(session: Session, *, key: str, error: str, now: datetime) -> None:
    """M4: say that a claimed call was not answered; it waits, or is given up."""
    _try_later(session, session.get_one(Call, key), error=error, now=now)


def _try_later(session: Session, row: Message | Call, *, error: str, now: datetime) -> None:
    over = row.attempts >= rules.ATTEMPTS_MAX
    _settle(
        session, type(row), row.key, state="FAILED" if over else "WAITING",
        due_at=now + rules.pause(row.attempts), error=error[: limits.LINE_CHARS_MAX],
    )  # fmt: skip


def _settle(session: Session, table: type[Message | Call], key: str, **values: object) -> None:
    session.execute(
        update(table).where(table.key == key, table.state == "SENDING").values(**values)
    )
