"""Who is asking: a signed-in browser on pages, a bearer token on the API, else a visitor.

A cookie never opens the API and a token never opens a page, so no other site can make a
browser spend somebody's rights.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import request

from ledger.audit import queries as audit_queries
from ledger.audit import service as audit
from ledger.audit.queries import WebSessionView
from ledger.http import cookies
from ledger.http.once import recall, remember
from ledger.kernel.clock import now
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import StorageFull
from ledger.kernel.ids import secret_hash
from ledger.parties import queries as parties
from ledger.parties.rules import VISITOR, Actor, NotSignedIn, session_lives

_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """The actor of this request and by what right: a session, a token's scopes, or nothing."""

    actor: Actor
    session: str | None = None
    scopes: frozenset[str] = frozenset({"read", "write"})
    token: str | None = None


NOBODY = Identity(VISITOR)


def identity() -> Identity:
    """Who asks, looked up once for each request.

    Raises:
        NotSignedIn: a bearer token that does not work (a lost session just makes a visitor).
    """
    found: Identity | None = recall("identity")
    if found is None:
        found = _by_token() if is_api() else _by_cookie()
        remember("identity", found)
    return found


def current_actor() -> Actor:
    """The actor of this request; `VISITOR` when nobody is signed in."""
    return identity().actor


def forget() -> None:
    """Look again at the next question: somebody just signed in or out."""
    remember("identity", None)


def is_api() -> bool:
    """Whether this request is for the API rather than for a page."""
    return request.path.startswith("/api/")


def _by_token() -> Identity:
    header = request.headers.get("Authorization", "")
    if not header:
        return NOBODY
    scheme, _, secret = header.partition(" ")
    return of_token(secret if scheme.lower() == "bearer" else "")


def of_token(secret: str) -> Identity:
    """Whoever a bearer token stands for, with its scopes.

    Raises:
        NotSignedIn: it is unknown, has ended or has expired.
    """
    token, actor = parties.holder_of_token(secret_hash(secret.strip())) or (None, None)
    alive = token is not None and token.ended_at is None and token.expires_at > now()
    if token is None or actor is None or not alive:
        raise NotSignedIn(
            "The bearer token is unknown, has ended or has expired.",
            remedy="Make a new token on your account page, and send it as “Authorization: Bearer …”.",
            place="Authorization",
        )
    return Identity(actor, scopes=frozenset(token.scopes.split()), token=token.id)


def _by_cookie() -> Identity:
    secret = cookies.read(cookies.SESSION)
    if not secret:
        return NOBODY
    at = now()
    with transaction(read_only=True) as session:
        found = audit_queries.web_session(session, secret_hash(secret))
        actor = parties.actor(session, found.person) if found and lives(found, at) else None
    if found is None or actor is None:
        return NOBODY
    if at - found.seen_at >= _SEEN_EVERY:
        with suppress(StorageFull):  # who only reads goes on reading
            transact(lambda s: audit.see_web_session(s, reference=found.id, now=at))
    return Identity(actor, session=found.id)


def lives(session: WebSessionView, at: datetime) -> bool:
    """P5: whether a session still stands at an instant."""
    settings = cookies.settings()
    return session.ended_at is None and session_lives(
        session.started_at,
        session.seen_at,
        at,
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(minutes=settings.session_absolute_minutes),
    )
