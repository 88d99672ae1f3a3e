"""Passwords, links that prove contact, tokens, and the counting of guesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.kernel import limits
from ledger.kernel.clock import from_microseconds, microseconds
from ledger.kernel.db import is_sqlite
from ledger.kernel.errors import Invalid, Missing
from ledger.kernel.ids import new_id, new_secret, secret_hash
from ledger.kernel.texts import clean_line
from ledger.parties import queries, rules
from ledger.parties.models import (
    ApiToken,
    ContactProof,
    Credential,
    SignInGuard,
)
from ledger.parties.service.roles import lock_person


def set_password(
    session: Session, *, person: str, password_hash: str, by: str, now: datetime
) -> None:
    """Keep the argon2id hash of a new password (the edge has checked and hashed it)."""
    lock_person(session, person)
    row = session.get(Credential, person)
    if row is None:
        session.add(Credential(person=person, password_hash=password_hash, changed_at=now))
    else:
        row.password_hash, row.changed_at = password_hash, now
    session.flush()
    audit.record(session, at=now, actor=by, action="account.password", subject=person)


def start_contact_proof(
    session: Session, *, person: str, purpose: str, next_path: str, now: datetime
) -> str:
    """P9: make a link that proves contact, and return its secret (kept only as a hash).

    ``next_path`` is where the person goes on afterwards, within this service.

    Raises:
        Invalid: ``next_path`` leads elsewhere.
    """
    if not next_path.startswith("/") or next_path.startswith("//") or "\\" in next_path:
        raise Invalid(
            "A link may only go on within this service.", remedy="Use a path.", place="next"
        )
    secret = new_secret()
    session.add(
        ContactProof(
            secret_hash=secret_hash(secret), person=person, purpose=purpose, next_path=next_path,
            made_at=now, expires_at=now + rules.CONTACT_PROOF_LIVES,
        )
    )  # fmt: skip
    session.flush()
    return secret


def prove_contact(session: Session, *, secret: str, now: datetime) -> tuple[str, str, str]:
    """P9: use a contact link once: gives back the person, its purpose and where to go on.

    Raises:
        LinkUsed: it was used, has ended, or never was.
    """
    row = session.get(ContactProof, secret_hash(secret))
    done = session.execute(
        update(ContactProof)
        .where(
            ContactProof.secret_hash == secret_hash(secret),
            ContactProof.used_at.is_(None),
            ContactProof.expires_at > now,
        )
        .values(used_at=now)
    )
    if row is None or done.rowcount != 1:  # type: ignore[attr-defined]
        raise rules.LinkUsed(
            "The link was used already, is older than two days, or is not complete.",
            remedy="Ask for a new link, or sign in.",
            place="link",
        )
    person = lock_person(session, row.person)
    person.contact_proved_at = person.contact_proved_at or now
    session.flush()
    facts = {"purpose": row.purpose}
    audit.record(
        session, at=now, actor=row.person, action="contact.prove", subject=row.person, facts=facts
    )
    return row.person, row.purpose, row.next_path


def make_token(
    session: Session,
    *,
    person: str,
    name: str,
    scopes: Sequence[str],
    days: int,
    by: str,
    now: datetime,
) -> tuple[str, str]:
    """P6: make a bearer token for a person, and return its reference and its secret.

    The secret is shown once and kept only as a hash. ``days`` is how long it works.

    Raises:
        Invalid: the name, scopes or days cannot be used.
    """
    clean_line(name, place="name", shortest=1, longest=limits.NAME_CHARS_MAX)
    if not 1 <= days <= rules.TOKEN_DAYS_MAX:
        raise Invalid(
            f"A token works for 1 to {rules.TOKEN_DAYS_MAX} days, not {days}.",
            remedy="Choose a number of days in that range.",
            place="days",
        )
    chosen = rules.clean_scopes(scopes)
    queries.person(session, person)
    reference, secret = new_id("TOK"), new_secret()
    session.add(
        ApiToken(
            id=reference, person=person, name=name.strip(), secret_hash=secret_hash(secret),
            scopes=" ".join(chosen), made_at=now, expires_at=now + timedelta(days=days),
        )
    )  # fmt: skip
    session.flush()
    facts = {"token": reference, "scopes": list(chosen), "days": days}
    audit.record(session, at=now, actor=by, action="token.make", subject=person, facts=facts)
    return reference, secret


def end_token(session: Session, *, token: str, person: str, by: str, now: datetime) -> None:
    """End a person's token at once.

    Raises:
        Missing: the person has no such token, or it has ended.
    """
    row = session.get(ApiToken, token)
    done = session.execute(
        update(ApiToken)
        .where(ApiToken.id == token, ApiToken.person == person, ApiToken.ended_at.is_(None))
        .values(ended_at=now)
    )
    if row is None or done.rowcount != 1:  # type: ignore[attr-defined]
        raise Missing(
            "There is no such token, or it has ended.", remedy="Look at the list.", place=token
        )
    facts = {"token": token}
    audit.record(session, at=now, actor=by, action="token.end", subject=row.person, facts=facts)


def count_guess(session: Session, *, buckets: Mapping[str, int], now: datetime) -> None:
    """P3: count one guess in each bucket (a hash, and the most it takes in five minutes).

    Raises:
        TooManyGuesses: a bucket is full; nothing is counted then.
    """
    add = sqlite.insert if is_sqlite(session) else postgresql.insert
    for bucket in sorted(buckets):
        session.execute(add(SignInGuard).values(bucket=bucket, guesses="").on_conflict_do_nothing())
    rows = session.scalars(
        select(SignInGuard)
        .where(SignInGuard.bucket.in_(buckets))
        .order_by(SignInGuard.bucket)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        past = [from_microseconds(int(count)) for count in row.guesses.split()]
        if rules.guesses_left(past, now, buckets[row.bucket]) == 0:
            raise rules.TooManyGuesses(
                "There were too many attempts to sign in during the last five minutes.",
                remedy="Wait five minutes, then try again.",
                place="password",
            )
        recent = [at for at in past if now - at < rules.GUESS_WINDOW]
        row.guesses = " ".join(str(microseconds(at)) for at in [*recent, now])


def forget_guesses(session: Session, *, bucket: str) -> None:
    """Begin counting anew: the right password was given."""
    session.execute(delete(SignInGuard).where(SignInGuard.bucket == bucket))
