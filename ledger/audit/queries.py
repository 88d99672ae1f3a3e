"""Questions about what was done: the timeline of anything and anyone."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ledger.audit.models import (
    AuditEvent,
    Checkpoint,
    Cosignature,
    WebSession,
    Witness,
)
from ledger.audit.rules import (
    COSIGNS,
    Head,
    NoteKey,
    Standing,
    Surveyed,
    Term,
    standing,
    verifier_key,
)
from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.kernel.sealing import unseal_text
from ledger.kernel.wire import run


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
    about: Collection[str] = (),
    before: int | None = None,
    rows_max: int = limits.PAGE_ROWS_DEFAULT,
) -> list[Event]:
    """The newest events first; ``before`` is the number of the last one already seen.

    ``about``: only what was done to one of these, or by one of them.
    """
    query = select(AuditEvent).order_by(AuditEvent.id.desc())
    if subject is not None:
        query = query.where(AuditEvent.subject == subject)
    if actor is not None:
        query = query.where(AuditEvent.actor == actor)
    if action is not None:
        query = query.where(AuditEvent.action == action)
    if about:
        query = query.where(or_(AuditEvent.subject.in_(about), AuditEvent.actor.in_(about)))
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
    """A signed-in browser; ``kept`` is what it calls itself, sealed."""

    id: str
    person: str
    kept: str
    how: str
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None

    @property
    def browser(self) -> str:
        """What the browser calls itself."""
        return unseal_text(self.kept)


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


_ANSWER = (
    "SELECT fingerprint, status, location, content_type, body FROM request_answer"
    " WHERE caller = ? AND route = ? AND key = ?"
)


def answer(session: Session, *, caller: str, route: str, key: str) -> AnswerView | None:
    """The answer kept under a key for a caller and route, if the request was carried out.

    Asked with every unsafe request, so it is said straight to the driver.
    """
    row = run(session.connection(), _ANSWER, (caller, route, key)).fetchone()
    return AnswerView(*row) if row else None


_CLAIM = (
    "SELECT pg_try_advisory_xact_lock(?), a.fingerprint, a.status, a.location, a.content_type,"
    " a.body FROM (SELECT 1) one LEFT JOIN request_answer a"
    " ON a.caller = ? AND a.route = ? AND a.key = ?"
)


def claim_answer(
    session: Session, *, caller: str, route: str, key: str, lock: int
) -> tuple[bool, AnswerView | None]:
    """Whether nobody else holds the key's lock, and the answer kept under it, in one round trip.

    PostgreSQL only. The answer is as it stood when the question arrived: whoever kept one
    between that and the lock is found out by the primary key.
    """
    values = (lock, caller, route, key)
    free, *kept = run(session.connection(), _CLAIM, values).fetchone()
    return free, AnswerView(*kept) if kept[0] is not None else None


def erasures(session: Session) -> set[tuple[str, str]]:
    """Who was erased, with the id of the key that was destroyed, as the events say."""
    rows = session.execute(
        select(AuditEvent.subject, AuditEvent.facts).where(AuditEvent.action == "people.erase")
    )
    return {(subject, str(json.loads(facts).get("key", ""))) for subject, facts in rows}


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """One checkpoint as kept: what was signed, by which key, why and when."""

    book: int
    size: int
    root: bytes
    chain: bytes
    origin: str
    public_key: bytes
    note: str
    reason: str
    made_by: str
    made_at: datetime

    @property
    def surveyed(self) -> Surveyed:
        """What it says about the journals."""
        return Surveyed(self.size, self.root, self.chain)

    @property
    def key_line(self) -> str:
        """The public key, as a verifier is given it."""
        return verifier_key(self.origin, self.public_key)


def checkpoints(
    session: Session, book: int, *, before: int | None = None, rows_max: int = 50
) -> list[CheckpointRow]:
    """A book's checkpoints, the newest first, below size ``before`` if given."""
    query = select(Checkpoint).where(Checkpoint.book == book).order_by(Checkpoint.size.desc())
    if before is not None:
        query = query.where(Checkpoint.size < before)
    return [_checkpoint(row) for row in session.scalars(query.limit(rows_max))]


def latest_checkpoint(session: Session, book: int) -> CheckpointRow | None:
    """The newest checkpoint of a book, if there is one."""
    found = checkpoints(session, book, rows_max=1)
    return found[0] if found else None


def checkpoint(session: Session, book: int, size: int) -> CheckpointRow | None:
    """The checkpoint of exactly this size, if there is one."""
    row = session.get(Checkpoint, (book, size))
    return None if row is None else _checkpoint(row)


def first_checkpoint_covering(session: Session, book: int, size: int) -> CheckpointRow | None:
    """The earliest checkpoint that covers the first ``size`` journals, if there is one."""
    row = session.scalars(
        select(Checkpoint)
        .where(Checkpoint.book == book, Checkpoint.size >= size)
        .order_by(Checkpoint.size)
        .limit(1)
    ).first()
    return None if row is None else _checkpoint(row)


def _checkpoint(row: Checkpoint) -> CheckpointRow:
    return CheckpointRow(
        row.book, row.size, bytes(row.root), bytes(row.chain), row.origin, bytes(row.public_key),
        row.note, row.reason, row.made_by, row.made_at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class WitnessView:
    """Somebody outside who co-signs checkpoints, by which key, and since when."""

    id: str
    book: int
    name: str
    public_key: bytes
    called: str
    registered_by: str
    registered_at: datetime
    ended_by: str
    ended_at: datetime | None
    ended_reason: str

    @property
    def key(self) -> NoteKey:
        """Its public key."""
        return NoteKey(self.name, self.public_key, COSIGNS)

    @property
    def key_line(self) -> str:
        """Its public key, as a verifier is given it."""
        return self.key.line


@dataclass(frozen=True, slots=True)
class CosignatureView:
    """One witness's line below one checkpoint."""

    witness: str
    name: str
    called: str
    size: int
    root: bytes
    line: str
    signed_at: datetime
    accepted_at: datetime


def witnesses(session: Session, book: int) -> list[WitnessView]:
    """Everybody who is or was a witness of a book, in the order in which they came."""
    rows = session.scalars(
        select(Witness)
        .where(Witness.book == book)
        .order_by(Witness.registered_at, Witness.name)
        .limit(limits.WITNESSES_MAX)
    )
    return [_witness(row) for row in rows]


def witness(session: Session, reference: str) -> WitnessView:
    """One witness.

    Raises:
        Missing: there is none.
    """
    row = session.get(Witness, reference)
    if row is None:
        raise Missing(
            "There is no such witness.", remedy="See the list of witnesses.", place=reference
        )
    return _witness(row)


def _witness(row: Witness) -> WitnessView:
    return WitnessView(
        row.id, row.book, row.name, bytes(row.public_key), row.called, row.registered_by,
        row.registered_at, row.ended_by, row.ended_at, row.ended_reason,
    )  # fmt: skip


def cosignatures(session: Session, book: int, sizes: Collection[int]) -> list[CosignatureView]:
    """The co-signatures below these checkpoints, in the order in which they came."""
    rows = session.execute(
        select(Cosignature, Witness.name, Witness.called)
        .join(Witness, Witness.id == Cosignature.witness)
        .where(Cosignature.book == book, Cosignature.size.in_(sizes))
        .order_by(Cosignature.size, Cosignature.accepted_at, Witness.name)
    )
    return [
        CosignatureView(
            row.witness, name, called, row.size, bytes(row.root), row.line, row.signed_at,
            row.accepted_at,
        )
        for row, name, called in rows
    ]  # fmt: skip


def last_head(session: Session, reference: str) -> Head | None:
    """What a witness has co-signed last; None when nothing yet."""
    row = session.scalars(
        select(Cosignature)
        .where(Cosignature.witness == reference)
        .order_by(Cosignature.size.desc())
        .limit(1)
    ).first()
    return None if row is None else Head(row.size, bytes(row.root), row.signed_at)


def standings(session: Session, rows: Collection[CheckpointRow]) -> dict[int, Standing]:
    """T9: how each of these checkpoints of one book stands with its witnesses, by size."""
    if not rows:
        return {}
    book = next(iter(rows)).book
    terms = [Term(one.id, one.registered_at, one.ended_at) for one in witnesses(session, book)]
    signers: dict[int, list[str]] = {row.size: [] for row in rows}
    for one in cosignatures(session, book, signers):
        signers[one.size].append(one.witness)
    return {
        row.size: standing(terms, cosigned=signers[row.size], made_at=row.made_at) for row in rows
    }


def cosigned_note(session: Session, row: CheckpointRow) -> str:
    """A checkpoint as it was signed, with every co-signature below it."""
    lines = [one.line + "\n" for one in cosignatures(session, row.book, [row.size])]
    return row.note + "".join(lines)
