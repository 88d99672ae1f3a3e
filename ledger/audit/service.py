"""Writing down what was done, in the transaction that does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from ledger.audit import queries, rules
from ledger.audit.models import (
    Answer,
    AuditEvent,
    Checkpoint,
    Cosignature,
    WebSession,
    Witness,
)
from ledger.audit.queries import CheckpointRow
from ledger.kernel import limits, sealing
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import new_id, secret_hash
from ledger.kernel.texts import clean_line
from ledger.kernel.wire import bound_instant, run

NO_FACTS: Mapping[str, object] = {}


class Event(NamedTuple):
    """What was done to one record; see `record`."""

    subject: str
    facts: Mapping[str, object] = NO_FACTS
    reason: str = ""
    authority: str = ""


# Statements of every request, built once: nothing here is an object to keep.
_RECORD = insert(AuditEvent.__table__).inline()  # type: ignore[arg-type]
_KEEP = (
    "INSERT INTO request_answer (caller, route, key, fingerprint, status, location, content_type,"
    " body, answered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


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
    called = "".join(letter for letter in browser if letter.isprintable())[:200]
    session.execute(
        insert(WebSession).values(
            id=reference,
            secret_hash=secret_hash(secret),
            person=person,
            browser=sealing.seal_text(called, now=now),
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
    connection = session.connection()
    at = bound_instant(connection, now)
    run(
        connection,
        _KEEP,
        (caller, route, key, fingerprint, status, location, content_type, body, at),
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


def seal_browsers_again(session: Session) -> None:
    """Seal under newer keys with which browsers people signed in (`sealing.renew`)."""
    for reference, browser in session.execute(
        select(WebSession.id, WebSession.browser).where(WebSession.browser != "")
    ).all():
        session.execute(
            update(WebSession)
            .where(WebSession.id == reference)
            .values(browser=sealing.text_again(browser))
        )


def forget_browsers(session: Session, *, person: str) -> None:
    """Forget with which browsers somebody signed in; that they did stays."""
    session.execute(update(WebSession).where(WebSession.person == person).values(browser=""))


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


def register_witness(
    session: Session, *, book: int, called: str, key_line: str, by: str, now: datetime
) -> str:
    """T7: let somebody outside co-sign checkpoints by the key on ``key_line``; returns a reference.

    ``called`` is who it is, in words that people know.

    Raises:
        NotAKey: the line is no key, or not one for co-signing.
        WitnessTaken: the name or the key is registered already.
        Invalid: there are too many witnesses.
    """
    key = rules.read_key(key_line, kind=rules.COSIGNS)
    called = clean_line(called, place="called", shortest=1, longest=limits.NAME_CHARS_MAX)
    taken = select(Witness.id).where(
        Witness.book == book, or_(Witness.name == key.name, Witness.public_key == key.public)
    )
    if session.scalar(taken.limit(1)) is not None:
        raise rules.WitnessTaken(
            f"A witness is registered as {key.name}, or with this key.",
            remedy="See the list of witnesses; each has a name and a key of its own.",
            place="key",
        )
    if len(queries.witnesses(session, book)) >= limits.WITNESSES_MAX:
        raise Invalid(
            f"There are {limits.WITNESSES_MAX} witnesses already.",
            remedy="Ask the administrator whether so many are needed.",
            place="key",
        )
    reference = new_id("WIT")
    session.add(
        Witness(
            id=reference, book=book, name=key.name, public_key=key.public, called=called,
            registered_by=by, registered_at=now, ended_by="", ended_reason="",
        )
    )  # fmt: skip
    session.flush()
    facts = {"witness": reference, "key": key.line}
    record(session, at=now, actor=by, action="witness.register", subject=reference, facts=facts)
    return reference


def end_witness(session: Session, *, witness: str, reason: str, by: str, now: datetime) -> None:
    """Let a witness co-sign no more; what it has co-signed stays.

    Raises:
        WitnessEnded: it has ended before.
        Missing: there is none.
    """
    queries.witness(session, witness)
    reason = clean_line(reason, place="reason", shortest=limits.REASON_CHARS_MIN)
    done = session.execute(
        update(Witness)
        .where(Witness.id == witness, Witness.ended_at.is_(None))
        .values(ended_at=now, ended_by=by, ended_reason=reason)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise _has_ended(witness)
    record(session, at=now, actor=by, action="witness.end", subject=witness, reason=reason)


def _has_ended(place: str) -> rules.WitnessEnded:
    return rules.WitnessEnded(
        "This witness has ended.", remedy="Register it anew under a new name.", place=place
    )


def keep_cosignature(
    session: Session,
    *,
    witness: str,
    checkpoint: CheckpointRow,
    given: rules.Cosignature,
    goes_on: Callable[[rules.Head], bool],
    now: datetime,
) -> bool:
    """T8: keep one witness's line below a checkpoint; whether it is new.

    ``goes_on`` proves that the checkpoint only added to what the witness co-signed last.

    Raises:
        WitnessEnded, WitnessWentBack, NotWitnessed: as the rules say.
        ForkFound: the checkpoint is not the one the witness's last one leads to.
    """
    if queries.witness(session, witness).ended_at is not None:
        raise _has_ended(given.key.name)
    before = queries.last_head(session, witness)
    rules.check_goes_on(given, size=checkpoint.size, before=before, now=now)
    if before is not None and before.size == checkpoint.size and before.root == checkpoint.root:
        return False
    if before is not None and not goes_on(before):
        raise rules.fork(
            f"The {checkpoint.size} journals do not begin with the {before.size} that"
            f" {given.key.name} has co-signed."
        )
    session.add(
        Cosignature(
            witness=witness, size=checkpoint.size, book=checkpoint.book, root=checkpoint.root,
            line=given.line, signed_at=given.signed_at, accepted_at=now,
        )
    )  # fmt: skip
    session.flush()
    facts = {"size": checkpoint.size, "root": checkpoint.root.hex()}
    record(session, at=now, actor=witness, action="checkpoint.cosign",
           subject=f"{checkpoint.origin}@{checkpoint.size}", facts=facts)  # fmt: skip
    return True
