"""Questions about messages: what waits, and what a person was sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.messages.models import Call, Message


@dataclass(frozen=True, slots=True)
class Due:
    """A message to a person, as facts; ``rules.words`` makes the text."""

    key: str
    id: str
    recipient: str
    template: str
    facts: dict[str, object]
    state: str
    enqueued_at: datetime
    sent_at: datetime | None


def due(row: Message) -> Due:
    """The facts of one message."""
    return Due(
        row.key, row.id, row.recipient, row.template, json.loads(row.facts), row.state,
        row.enqueued_at, row.sent_at,
    )  # fmt: skip


def for_person(
    session: Session, person: str, *, rows_max: int = limits.PAGE_ROWS_DEFAULT
) -> list[Due]:
    """What a person was sent or will be, newest first."""
    rows = session.scalars(
        select(Message)
        .where(Message.recipient == person)
        .order_by(Message.enqueued_at.desc(), Message.key)
        .limit(rows_max)
    )
    return [due(row) for row in rows]


def counts(session: Session) -> dict[str, int]:
    """How many messages are in each state."""
    rows = session.execute(select(Message.state, func.count()).group_by(Message.state))
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class DueCall:
    """A call to a machine: what it is told, under which reference, and what came of it."""

    key: str
    id: str
    body: str
    state: str
    attempts: int
    enqueued_at: datetime
    sent_at: datetime | None
    error: str


def due_call(row: Call) -> DueCall:
    """The facts of one call."""
    return DueCall(
        row.key, row.id, row.body, row.state, row.attempts, row.enqueued_at, row.sent_at, row.error
    )


def calls(session: Session, *, rows_max: int = limits.PAGE_ROWS_DEFAULT) -> list[DueCall]:
    """The newest calls first."""
    rows = session.scalars(
        select(Call).order_by(Call.enqueued_at.desc(), Call.key.desc()).limit(rows_max)
    )
    return [due_call(row) for row in rows]


def ids_to(session: Session, recipient: str) -> list[str]:
    """The ids of every message to somebody."""
    return list(session.scalars(select(Message.id).where(Message.recipient == recipient)))
