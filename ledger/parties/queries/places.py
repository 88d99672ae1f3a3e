"""Questions about organisations, neighbourhoods, and who acts where."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.kernel.errors import Missing
from ledger.parties.models import Neighbourhood, Organisation, Person, RoleGrant


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
