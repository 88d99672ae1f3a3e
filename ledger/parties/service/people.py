"""Adding people, showing or hiding names, and closing accounts."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.kernel import limits
from ledger.kernel.errors import Conflict
from ledger.kernel.ids import new_id
from ledger.kernel.texts import clean_line
from ledger.parties import queries, rules
from ledger.parties.models import Person, PersonSalt, Vault
from ledger.parties.rules import Known
from ledger.parties.service.roles import grant_role, lock_person
from ledger.parties.service.vault import keep

SET_UP = "set-up"


def add_person(
    session: Session,
    *,
    name: str,
    email: str = "",
    phone: str = "",
    address: str = "",
    roles: Sequence[str] = (),
    organisation: str | None = None,
    born_on: date | None = None,
    show_name: bool = False,
    now: datetime,
    by: str = SET_UP,
) -> str:
    """Add a person, with the roles given, and return the pseudonym that stands for them.

    Raises:
        Invalid: the name or a way to reach them cannot be used.
        ContactTaken: somebody already has that email address.
        RolesApart: the roles must be held by different people.
    """
    clean_line(name, place="name", shortest=1, longest=limits.NAME_CHARS_MAX)
    clean_line(phone, place="phone")
    clean_line(address, place="address")
    key = rules.contact_key(email) if email else None
    if key and queries.person_by_email(session, email):
        raise rules.ContactTaken(
            "Somebody is already known by that email address.",
            remedy="Use another address, or find the person who is there already.",
            place="email",
        )
    person = new_id("PER")
    session.add(Person(id=person, state="active", show_name=show_name, added_at=now))
    session.flush()
    facts = Known(name.strip(), email.strip(), phone, address, born_on)
    keep(session, person=person, known=facts, contact=key, now=now)
    audit.record(session, at=now, actor=by, action="people.add", subject=person)
    for role in roles:
        grant_role(session, person=person, role=role, organisation=organisation, by=by, now=now)
    return person


def choose_shown(session: Session, *, person: str, show_name: bool, by: str, now: datetime) -> None:
    """P7: choose whether the public sees the name."""
    lock_person(session, person).show_name = show_name
    session.flush()
    facts = {"show_name": show_name}
    audit.record(session, at=now, actor=by, action="account.shown", subject=person, facts=facts)


def disable_person(session: Session, *, person: str, by: str, reason: str, now: datetime) -> None:
    """Close an account: it signs in no more and its tokens stop; what it did stays."""
    lock_person(session, person).state = "disabled"
    session.flush()
    audit.record(session, at=now, actor=by, action="people.disable", subject=person, reason=reason)


def enable_person(session: Session, *, person: str, by: str, reason: str, now: datetime) -> None:
    """Open a closed account again.

    Raises:
        Conflict: the person was erased, which cannot be undone.
    """
    row = lock_person(session, person)
    if row.state == "erased":
        raise Conflict(
            "The details of this person were erased.", remedy="Add the person anew.", place=person
        )
    row.state = "active"
    session.flush()
    audit.record(session, at=now, actor=by, action="people.enable", subject=person, reason=reason)


def salts_of(session: Session, *, people: Collection[str]) -> dict[str, bytes]:
    """The secrets that salt what names these people; whoever has none is left out."""
    rows = session.execute(
        select(PersonSalt.person, PersonSalt.salt).where(PersonSalt.person.in_(set(people)))
    )
    return {row[0]: bytes(row[1]) for row in rows}


def make_salts(session: Session, *, people: Collection[str]) -> dict[str, bytes]:
    """The same, made first for whoever has none yet. Whoever was erased gets none."""
    known = salts_of(session, people=people)
    lacking = sorted(set(people) - set(known))
    active = session.scalars(select(Vault.person).where(Vault.person.in_(lacking))).all()
    made = {person: secrets.token_bytes(32) for person in sorted(active)}
    session.add_all([PersonSalt(person=person, salt=salt) for person, salt in made.items()])
    session.flush()
    return known | made


def person_for_contact(
    session: Session, *, name: str, email: str, now: datetime, by: str = "visitor"
) -> str:
    """The person with that email address: the one who is known already, or a new resident.

    So nobody who comes twice by the same address is counted twice.
    """
    known = queries.person_by_email(session, email)
    if known is not None:
        return known
    return add_person(session, name=name, email=email, roles=("resident",), now=now, by=by)
