"""Giving and ending roles, and setting delegated limits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.kernel import limits
from ledger.kernel.errors import Forbidden, Invalid, Missing
from ledger.kernel.ids import new_id
from ledger.parties import queries, rules
from ledger.parties.models import (
    DelegatedLimit,
    Person,
    RoleGrant,
)


def grant_role(
    session: Session,
    *,
    person: str,
    role: str,
    organisation: str | None = None,
    by: str,
    now: datetime,
) -> str:
    """P2: give a person a role, perhaps at an organisation; giving it twice changes nothing.

    Raises:
        Invalid: there is no such role.
        Missing: there is no such person or organisation.
        RolesApart: the person holds a role that must stay apart from it.
    """
    if role not in rules.ROLES:
        raise Invalid(
            f"“{role}” is not a role.",
            remedy="Use one of: " + ", ".join(rules.ROLES) + ".",
            place="role",
        )
    lock_person(session, person)
    if organisation is not None:
        queries.organisation(session, organisation)
    held = [grant for grant in queries.grants(session, person) if grant.ended_at is None]
    for grant in held:
        if (grant.role, grant.organisation) == (role, organisation):
            return grant.id
    rules.check_roles_apart({grant.role for grant in held}, role)
    reference = new_id("GRT")
    session.add(
        RoleGrant(
            id=reference, person=person, role=role, organisation=organisation,
            granted_by=by, granted_at=now,
        )
    )  # fmt: skip
    session.flush()
    facts = {"role": role, "organisation": organisation}
    audit.record(session, at=now, actor=by, action="role.grant", subject=person, facts=facts)
    return reference


def end_role(session: Session, *, grant: str, person: str, by: str, now: datetime) -> None:
    """End a person's role; the grant stays on record.

    Raises:
        Missing: the person has no such role, or it has ended.
    """
    row = session.get(RoleGrant, grant)
    done = session.execute(
        update(RoleGrant)
        .where(RoleGrant.id == grant, RoleGrant.person == person, RoleGrant.ended_at.is_(None))
        .values(ended_by=by, ended_at=now)
    )
    if row is None or done.rowcount != 1:  # type: ignore[attr-defined]
        raise Missing(
            "There is no such role to end.", remedy="Look at the person's roles again.", place=grant
        )
    facts = {"role": row.role, "organisation": row.organisation}
    audit.record(session, at=now, actor=by, action="role.end", subject=row.person, facts=facts)


def set_limit(
    session: Session,
    *,
    role: str,
    kind: str,
    pence_max: int,
    starts_on: date,
    set_by: str,
    agreed_by: str,
    now: datetime,
) -> str:
    """P8: set how many pence a role may approve for one bucket and year, from a day on.

    Raises:
        Invalid: the role holds no limits, or the amount is below zero.
        Forbidden: one person alone tried to set it.
    """
    if role not in ("officer", "head", "s151") or not 0 <= pence_max <= limits.QUANTITY_MAX:
        raise Invalid(
            "A limit is an amount in pence for an officer, a head of service or the s151 officer.",
            remedy="Check the role and the amount.",
            place="role",
        )
    if set_by == agreed_by:
        raise Forbidden(
            "A limit is set by one person and agreed by another.",
            remedy="Ask a second person to agree it.",
            place="agreed_by",
        )
    reference = new_id("LIM")
    session.add(
        DelegatedLimit(
            id=reference, role=role, kind=kind, pence_max=pence_max, starts_on=starts_on,
            set_by=set_by, agreed_by=agreed_by, set_at=now,
        )
    )  # fmt: skip
    session.flush()
    facts = {"role": role, "kind": kind, "pence_max": pence_max, "agreed_by": agreed_by}
    audit.record(session, at=now, actor=set_by, action="limit.set", subject=reference, facts=facts)
    return reference


def lock_person(session: Session, person: str) -> Person:
    """The row of a person, locked until commit.

    Raises:
        Missing: there is no such person.
    """
    row = session.scalars(select(Person).where(Person.id == person).with_for_update()).first()
    if row is None:
        raise Missing(
            "There is no person with that reference.", remedy="Check the reference.", place=person
        )
    return row
