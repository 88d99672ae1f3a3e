"""Questions about what was done: the timeline of anything and anyone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.audit.models import Answer, AuditEvent, WebSession
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


@dataclass(frozen=True, slots=True)
class WebSessionView:
    """A signed-in browser."""

    id: str
    person: str
    browser: str
    how: str
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer that was given to a request with a key; ``body`` is None once it was dropped."""

    fingerprint: str
    status: int
    location: str
    content_type: str
    body: bytes | None


def web_session(session: Session, secret_hash: str) -> WebSessionView | None:
    """The session with that secret's hash, ended or not."""
    row = session.scalars(select(WebSession).where(WebSession.secret_hash == secret_hash)).first()
    return _web_session(row) if row else None


def web_sessions(session: Session, person: str) -> list[WebSessionView]:
    """The sessions of a person that have not been ended, the latest used first."""
    rows = session.scalars(
        select(WebSession)
        .where(WebSession.person == person, WebSession.ended_at.is_(None))
        .order_by(WebSession.seen_at.desc(), WebSession.id)
    )
    return [_web_session(row) for row in rows]


def _web_session(row: WebSession) -> WebSessionView:
    return WebSessionView(
        row.id, row.person, row.browser, row.how, row.started_at, row.seen_at, row.ended_at
    )


def answer(session: Session, *, caller: str, route: str, key: str) -> AnswerView | None:
    """The answer kept under a key for a caller and route, if the request was carried out."""
    row = session.get(Answer, (caller, route, key))
    if row is None:
        return None
    return AnswerView(row.fingerprint, row.status, row.location, row.content_type, row.body)
