"""Questions about roles, tokens, limits, and who somebody is to the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from ledger.kernel.wire import glance, instant
from ledger.parties import rules
from ledger.parties.models import (
    ApiToken,
    ContactProof,
    Credential,
    DelegatedLimit,
    Person,
    RoleGrant,
    Vault,
)
from ledger.parties.queries import vault


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a person holds or held."""

    id: str
    role: str
    organisation: str | None
    granted_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenView:
    """A bearer token without its secret."""

    id: str
    person: str
    name: str
    scopes: str
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A delegated limit in pence for each bucket and financial year."""

    id: str
    role: str
    kind: str
    pence_max: int
    starts_on: date


# Asked on every request, so built once: columns, not objects, and names bound at the call.
_GRANTS = (
    select(
        RoleGrant.id,
        RoleGrant.role,
        RoleGrant.organisation,
        RoleGrant.granted_at,
        RoleGrant.ended_at,
    )
    .where(RoleGrant.person == bindparam("person"))
    .order_by(RoleGrant.granted_at, RoleGrant.id)
)
_WHO = (
    select(Vault.key_id, Vault.sealed, RoleGrant.role, RoleGrant.organisation)
    .select_from(Person)
    .outerjoin(Vault, Vault.person == Person.id)
    .outerjoin(RoleGrant, (RoleGrant.person == Person.id) & RoleGrant.ended_at.is_(None))
    .where(Person.id == bindparam("person"), Person.state == "active")
    .order_by(RoleGrant.granted_at, RoleGrant.id)
)


def grants(session: Session, reference: str) -> list[Grant]:
    """Every role a person holds or held, oldest first."""
    return [Grant(*row) for row in session.execute(_GRANTS, {"person": reference})]


def actor(session: Session, reference: str) -> rules.Actor | None:
    """Who a person is to the rules now, or None when the account is closed."""
    rows = session.execute(_WHO, {"person": reference}).all()
    if not rows:
        return None
    key_id, sealed = rows[0][:2]
    known = vault.opened([(reference, key_id, sealed)]) if key_id else {}
    at = [row[3] for row in rows if row[3]]
    return rules.Actor(
        person=reference,
        roles=frozenset(row[2] for row in rows if row[2]),
        organisation=at[0] if at else None,
        name=known[reference].name if reference in known else rules.ERASED,
    )


def password_hash(session: Session, reference: str) -> str | None:
    """The stored hash of a person's password, if one was set."""
    return session.scalar(select(Credential.password_hash).where(Credential.person == reference))


def tokens(session: Session, person: str) -> list[TokenView]:
    """A person's tokens, newest first."""
    rows = session.scalars(
        select(ApiToken)
        .where(ApiToken.person == person)
        .order_by(ApiToken.made_at.desc(), ApiToken.id)
    )
    return [_token(row) for row in rows]


_HOLDER = (
    "SELECT t.id, t.person, t.name, t.scopes, t.made_at, t.expires_at, t.ended_at, p.state, g.role,"
    " g.organisation FROM api_token t JOIN person p ON p.id = t.person"
    " LEFT JOIN role_grant g ON g.person = p.id AND g.ended_at IS NULL"
    " WHERE t.secret_hash = ? ORDER BY g.granted_at, g.id"
)
"""Asked with every request of a program, and by itself."""


def holder_of_token(secret_hash: str) -> tuple[TokenView, rules.Actor | None] | None:
    """The token with that hash as committed now, and who holds it (None: the account is closed).

    The actor comes without a name: what programs do is decided by roles alone.
    """
    rows = glance(_HOLDER, (secret_hash,))
    if not rows:
        return None
    reference, person, name, scopes, made, expires, ended, state = rows[0][:8]
    token = TokenView(
        reference, person, name, scopes, instant(made), instant(expires),
        instant(ended) if ended else None,
    )  # fmt: skip
    if state != "active":
        return token, None
    roles = frozenset(row[8] for row in rows if row[8])
    at = next((row[9] for row in rows if row[9]), None)
    return token, rules.Actor(token.person, roles, at)


def _token(row: ApiToken) -> TokenView:
    return TokenView(
        row.id, row.person, row.name, row.scopes, row.made_at, row.expires_at, row.ended_at
    )


def limits_on(session: Session, *, kind: str, on: date) -> dict[str, Limit]:
    """The limit of each role for a kind of proposal on a day; a kind's own row beats ``*``."""
    rows = session.scalars(
        select(DelegatedLimit)
        .where(
            or_(DelegatedLimit.kind == kind, DelegatedLimit.kind == "*"),
            DelegatedLimit.starts_on <= on,
        )
        .order_by(DelegatedLimit.kind != "*", DelegatedLimit.starts_on)
    )
    return {
        row.role: Limit(row.id, row.role, row.kind, row.pence_max, row.starts_on) for row in rows
    }


def contact_proof_person(session: Session, secret_hash: str) -> str | None:
    """Whom a contact link was sent to, if the link was ever made."""
    return session.scalar(
        select(ContactProof.person).where(ContactProof.secret_hash == secret_hash)
    )
