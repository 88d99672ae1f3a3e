"""Questions about people, their roles and the organisations they act for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.kernel.wire import glance, instant
from ledger.parties import rules
from ledger.parties.models import (
    ApiToken,
    ContactProof,
    Credential,
    DelegatedLimit,
    Neighbourhood,
    Organisation,
    Person,
    RoleGrant,
    Vault,
)


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """An organisation: its reference, name and kind."""

    id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class NeighbourhoodView:
    """A neighbourhood: its reference, name and code."""

    id: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a person holds or held."""

    id: str
    role: str
    organisation: str | None
    granted_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person with everything the vault holds: only for that person and for administrators."""

    id: str
    name: str
    email: str
    phone: str
    address: str
    born_on: date | None
    show_name: bool
    state: str
    added_at: datetime
    contact_proved_at: datetime | None


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


def person(session: Session, reference: str) -> PersonView:
    """One person.

    Raises:
        Missing: nobody has that reference.
    """
    found = session.execute(
        select(Person, Vault)
        .outerjoin(Vault, Vault.person == Person.id)
        .where(Person.id == reference)
    ).first()
    if found is None:
        raise Missing(
            "There is no person with that reference.",
            remedy="Check the reference.",
            place=reference,
        )
    return _person(found[0], found[1])


def _person(row: Person, vault: Vault | None) -> PersonView:
    return PersonView(
        id=row.id,
        name=vault.name if vault else rules.ERASED,
        email=vault.email if vault else "",
        phone=vault.phone if vault else "",
        address=vault.address if vault else "",
        born_on=vault.born_on if vault else None,
        show_name=row.show_name,
        state=row.state,
        added_at=row.added_at,
        contact_proved_at=row.contact_proved_at,
    )


def people(
    session: Session,
    *,
    after: str = "",
    search: str = "",
    rows_max: int = limits.PAGE_ROWS_DEFAULT,
) -> list[PersonView]:
    """People in the order of their references, from the one after ``after``.

    ``search`` is part of a name or email address, or a whole reference.
    """
    query = select(Person, Vault).outerjoin(Vault, Vault.person == Person.id)
    if search:
        part = search.casefold()
        query = query.where(
            or_(
                func.lower(Vault.name).contains(part, autoescape=True),
                Vault.email_key.contains(part, autoescape=True),
                Person.id == search.upper(),
            )
        )
    rows = session.execute(query.where(Person.id > after).order_by(Person.id).limit(rows_max))
    return [_person(row, vault) for row, vault in rows]


def count_people(session: Session) -> dict[str, int]:
    """How many people there are in each state."""
    rows = session.execute(select(Person.state, func.count()).group_by(Person.state))
    return dict(rows.all())  # a result has keys(), so dict() would take it for a mapping


def person_by_email(session: Session, email: str) -> str | None:
    """The reference of the person with that email address, if there is one."""
    return session.scalar(select(Vault.person).where(Vault.email_key == rules.contact_key(email)))


def person_name(session: Session, reference: str) -> str:
    """The name of a person (or of a job) for colleagues; see `public_name` for everybody."""
    return names(session, [reference])[reference]


def names(session: Session, references: Collection[str]) -> dict[str, str]:
    """The names of people and jobs for colleagues, one for each reference."""
    rows = session.execute(
        select(Vault.person, Vault.name).where(Vault.person.in_(set(references)))
    )
    known = {row[0]: row[1] for row in rows}
    return {reference: known.get(reference) or _other(reference) for reference in references}


def called(session: Session, references: Collection[str]) -> dict[str, str]:
    """What those of the references that are people, jobs or organisations are called."""
    asked = set(references)
    people = {one for one in asked if one.startswith(("PER-", "job:"))}
    rows = session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(asked - people))
    )
    return names(session, people) | dict(rows.all())


def _other(reference: str) -> str:
    if reference.startswith("job:"):
        return f"the {reference.removeprefix('job:')} job"
    return rules.ERASED if reference.startswith("PER-") else reference


def public_name(session: Session, reference: str) -> str:
    """P7: the name that everybody may see."""
    return public_names(session, [reference])[reference]


def public_names(session: Session, references: Collection[str]) -> dict[str, str]:
    """P7: the names that everybody may see, one for each reference."""
    rows = session.execute(
        select(Person.id, Person.show_name, Vault.name)
        .join(Vault, Vault.person == Person.id)
        .where(Person.id.in_(set(references)))
    )
    shown = {row[0]: rules.shown_name(row[2], show=row[1]) for row in rows}
    return {reference: shown.get(reference, rules.A_NEIGHBOUR) for reference in references}


def organisation(session: Session, reference: str) -> OrganisationView:
    """One organisation.

    Raises:
        Missing: none has that reference.
    """
    row = session.get(Organisation, reference)
    if row is None:
        raise Missing(
            "There is no organisation with that reference.",
            remedy="Check the reference.",
            place=reference,
        )
    return OrganisationView(row.id, row.name, row.kind)


def organisations(session: Session, *, kind: str | None = None) -> list[OrganisationView]:
    """The organisations by name."""
    query = select(Organisation).order_by(Organisation.name)
    if kind is not None:
        query = query.where(Organisation.kind == kind)
    return [OrganisationView(row.id, row.name, row.kind) for row in session.scalars(query)]


def neighbourhoods(session: Session) -> list[NeighbourhoodView]:
    """The neighbourhoods by name."""
    rows = session.scalars(select(Neighbourhood).order_by(Neighbourhood.name))
    return [NeighbourhoodView(row.id, row.name, row.code) for row in rows]


def members(session: Session, organisation: str, role: str | None = None) -> list[str]:
    """The references of the people who now hold a role (or this one) at an organisation."""
    query = select(RoleGrant.person).where(
        RoleGrant.organisation == organisation, RoleGrant.ended_at.is_(None)
    )
    if role is not None:
        query = query.where(RoleGrant.role == role)
    return sorted(set(session.scalars(query)))


def members_of(
    session: Session, organisations: Collection[str], role: str | None = None
) -> dict[str, list[str]]:
    """The members of several organisations (see `members`), by organisation."""
    query = select(RoleGrant.organisation, RoleGrant.person).where(
        RoleGrant.organisation.in_(sorted(organisations)), RoleGrant.ended_at.is_(None)
    )
    if role is not None:
        query = query.where(RoleGrant.role == role)
    found: dict[str, set[str]] = {one: set() for one in organisations}
    for at, person in session.execute(query):
        found[str(at)].add(person)
    return {one: sorted(people) for one, people in found.items()}


def with_role(session: Session, role: str) -> list[str]:
    """The references of the active people who now hold a role, at any organisation."""
    return sorted(
        set(
            session.scalars(
                select(RoleGrant.person)
                .join(Person, Person.id == RoleGrant.person)
                .where(
                    RoleGrant.role == role,
                    RoleGrant.ended_at.is_(None),
                    Person.state == "active",
                )
            )
        )
    )


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
    select(Vault.name, RoleGrant.role, RoleGrant.organisation)
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
    at = [row[2] for row in rows if row[2]]
    return rules.Actor(
        person=reference,
        roles=frozenset(row[1] for row in rows if row[1]),
        organisation=at[0] if at else None,
        name=rows[0][0] or rules.ERASED,
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
