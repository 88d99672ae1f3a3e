"""Questions about what was done: the timeline of anything and anyone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.audit.models import AuditEvent
from ledger.kernel import limits


@dataclass(frozen=True, slots=True)
class Event:
    """One audit event; ``number`` only grows."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    facts: dict[str, object]
    reason: str
    authority: str


def events(
    session: Session,
    *,
    subject: str | None = None,
    actor: str | None = None,
    action: str | None = None,
    before: int | None = None,
    rows_max: int = limits.PAGE_ROWS_DEFAULT,
) -> list[Event]:
    """The newest events first; ``before`` is the number of the last one already seen."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc())
    if subject is not None:
        query = query.where(AuditEvent.subject == subject)
    if actor is not None:
        query = query.where(AuditEvent.actor == actor)
    if action is not None:
        query = query.where(AuditEvent.action == action)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return [_event(row) for row in session.scalars(query.limit(rows_max))]


def _event(row: AuditEvent) -> Event:
    return Event(
        number=row.id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        facts=json.loads(row.facts),
        reason=row.reason,
        authority=row.authority,
    )
