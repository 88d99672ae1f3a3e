"""Writing down what was done, in the transaction that does it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from ledger.audit import queries, rules
from ledger.audit.models import Answer, AuditEvent, Checkpoint, WebSession
from ledger.audit.queries import CheckpointRow
from ledger.kernel import limits
from ledger.kernel.ids import new_id, secret_hash

NO_FACTS: Mapping[str, object] = {}


class Event(NamedTuple):
    """What was done to one record; see `record`."""

    subject: str
    facts: Mapping[str, object] = NO_FACTS
    reason: str = ""
    authority: str = ""


# Statements of every request, built once, on the tables: nothing here is an object to keep.
_RECORD = insert(AuditEvent.__table__).inline()  # type: ignore[arg-type]
_KEEP = insert(Answer.__table__)  # type: ignore[arg-type]


def record(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    facts: Mapping[str, object] = NO_FACTS,
    reason: str = "",
    authority: str = "",
) -> None:
    """Write one audit event beside the change it is about.

    ``actor`` is a person by pseudonym or a job, ``subject`` the reference of what changed,
    ``facts`` what changed in whole numbers, references and short texts (never a name),
    ``authority`` the role, limit or decision that allowed it. The event is committed with
    the change or not at all, and the database refuses to edit or delete it afterwards.
    """
    one = Event(subject=subject, facts=facts, reason=reason, authority=authority)
    session.connection().execute(_RECORD, _event_row(at, actor, action, one))


def record_many(
    session: Session, *, at: datetime, actor: str, action: str, events: Sequence[Event]
) -> None:
    """Write one audit event for each of several changes of one kind, made by one actor at once."""
    if events:
        rows = [_event_row(at, actor, action, one) for one in events]
        session.connection().execute(_RECORD, rows)


def _event_row(at: datetime, actor: str, action: str, one: Event) -> dict[str, object]:
    return {
        "at": at,
        "actor": actor,
        "action": action,
        "subject": one.subject,
        "facts": json.dumps(dict(one.facts), sort_keys=True, ensure_ascii=False, default=str),
        "reason": one.reason[: limits.TEXT_CHARS_MAX],
        "authority": one.authority,
    }


def start_web_session(
    session: Session,
    *,
    person: str,
    secret: str,
    browser: str,
    how: str = "password",
    now: datetime,
) -> str:
    """Remember a signed-in browser under a new id; only the hash of its secret is kept.

    ``how`` is "password" or "link" (a link sent to the person's address).
    """
    reference = new_id("SES")
    session.execute(
        insert(WebSession).values(
            id=reference,
            secret_hash=secret_hash(secret),
            person=person,
            browser="".join(letter for letter in browser if letter.isprintable())[:200],
            how=how,
            started_at=now,
            seen_at=now,
            ended_because="",
        )
    )
    facts = {"session": reference}
    record(session, at=now, actor=person, action="session.start", subject=person, facts=facts)
    return reference


def see_web_session(session: Session, *, reference: str, now: datetime) -> None:
    """Note that a signed-in browser was used just now."""
    session.execute(
        update(WebSession)
        .where(WebSession.id == reference, WebSession.ended_at.is_(None))
        .values(seen_at=now)
    )


def end_web_sessions(
    session: Session,
    *,
    person: str,
    because: str,
    by: str,
    now: datetime,
    only: str | None = None,
    keep: str | None = None,
) -> int:
    """End a person's sessions (only one, or all but one) and return how many ended."""
    query = update(WebSession).where(WebSession.person == person, WebSession.ended_at.is_(None))
    if only is not None:
        query = query.where(WebSession.id == only)
    if keep is not None:
        query = query.where(WebSession.id != keep)
    ended: int = session.execute(query.values(ended_at=now, ended_because=because)).rowcount  # type: ignore[attr-defined]
    if ended:
        facts = {"ended": ended, "because": because}
        record(session, at=now, actor=by, action="session.end", subject=person, facts=facts)
    return ended


def keep_answer(
    session: Session,
    *,
    caller: str,
    route: str,
    key: str,
    fingerprint: str,
    status: int,
    location: str,
    content_type: str,
    body: bytes,
    now: datetime,
) -> None:
    """Keep the answer to a request beside its effect, so that asking again repeats the answer."""
    session.connection().execute(
        _KEEP,
        {
            "caller": caller,
            "route": route,
            "key": key,
            "fingerprint": fingerprint,
            "status": status,
            "location": location,
            "content_type": content_type,
            "body": body,
            "answered_at": now,
        },
    )


def forget_answer_bodies(session: Session, *, before: datetime) -> int:
    """Drop the bodies of answers older than ``before``; key, status and place stay for ever."""
    return int(
        session.execute(
            update(Answer)
            .where(Answer.answered_at < before, Answer.body.is_not(None))
            .values(body=None)
        ).rowcount  # type: ignore[attr-defined]
    )


def keep_checkpoint(
    session: Session,
    *,
    book: int,
    surveyed: rules.Surveyed,
    origin: str,
    seed: bytes,
    reason: str,
    made_by: str,
    now: datetime,
) -> CheckpointRow:
    """Sign what a survey of the whole book found and keep it for ever (T4 to T6).

    The origin of a book's first checkpoint stays that of all later ones. The same size
    twice is the same checkpoint.

    Raises:
        CheckpointRefused: the book is empty, or a newer checkpoint covers more.
        HistoryChanged: a checkpoint of this size says something else.
    """
    last = queries.latest_checkpoint(session, book)
    if last is not None and last.size == surveyed.size:
        if last.surveyed != surveyed:
            raise rules.HistoryChanged(
                f"The checkpoint of size {last.size} says something else.",
                remedy="Stop payments, keep the disk as it is, and call the auditor.",
            )
        return last
    if surveyed.size < 1 or (last is not None and last.size > surveyed.size):
        raise rules.CheckpointRefused(
            f"There are {surveyed.size} journals to sign.",
            remedy="Post something first." if last is None else "Use the newer checkpoint.",
        )
    name = last.origin if last is not None else origin
    note = rules.signed_note(
        rules.checkpoint_body(origin=name, surveyed=surveyed), name=name, seed=seed
    )
    public = rules.public_key(seed)
    assert rules.read_checkpoint(note, public=public) == (name, surveyed)
    session.add(
        Checkpoint(
            book=book, size=surveyed.size, root=surveyed.root, chain=surveyed.chain, origin=name,
            public_key=public, note=note, reason=reason, made_by=made_by, made_at=now,
        )
    )  # fmt: skip
    session.flush()
    facts = {"size": surveyed.size, "root": surveyed.root.hex(), "reason": reason}
    record(
        session, at=now, actor=made_by, action="checkpoint.make", subject=f"{name}@{surveyed.size}",
        facts=facts,
    )  # fmt: skip
    found = queries.checkpoint(session, book, surveyed.size)
    assert found is not None
    return found
