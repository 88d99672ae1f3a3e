"""Questions about people: who they are, what they are called, and what everybody may know."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.kernel import keys, limits
from ledger.kernel.errors import Invalid, Missing
from ledger.parties import rules
from ledger.parties.models import Organisation, Person, Vault
from ledger.parties.queries import vault

_BATCH = 1_000


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
    return _people([(found[0], found[1])])[0]


def _people(rows: Sequence[tuple[Person, Vault | None]]) -> list[PersonView]:
    held = [(row.person, row.key_id, row.sealed) for _, row in rows if row is not None]
    known = vault.opened(held)
    return [_person(row, known.get(row.id)) for row, _ in rows]


def _person(row: Person, known: rules.Known | None) -> PersonView:
    return PersonView(
        id=row.id,
        name=known.name if known else rules.ERASED,
        email=known.email if known else "",
        phone=known.phone if known else "",
        address=known.address if known else "",
        born_on=known.born_on if known else None,
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

    ``search`` is part of a name or email address, or a whole reference. The database cannot look
    into the vault: an address is found by its mark, anything else by opening one after another.
    """
    if not search:
        return _after(session, after=after, rows_max=rows_max)
    exact = _exactly(session, search)
    if exact is not None:
        return [person(session, exact)] if exact > after else []
    part = search.casefold()
    found: list[PersonView] = []
    while len(found) < rows_max and (rows := _after(session, after=after, rows_max=_BATCH)):
        found += [row for row in rows if part in f"{row.name}\n{row.email}".casefold()]
        after = rows[-1].id
    return found[:rows_max]


def _exactly(session: Session, search: str) -> str | None:
    """The person with this very reference or email address."""
    known = session.scalar(select(Person.id).where(Person.id == search.upper()))
    if known is None and "@" in search:
        try:
            known = person_by_email(session, search)
        except Invalid:  # part of an address
            return None
    return known


def _after(session: Session, *, after: str, rows_max: int) -> list[PersonView]:
    rows = session.execute(
        select(Person, Vault)
        .outerjoin(Vault, Vault.person == Person.id)
        .where(Person.id > after)
        .order_by(Person.id)
        .limit(rows_max)
    )
    return _people([(row[0], row[1]) for row in rows])


def count_people(session: Session) -> dict[str, int]:
    """How many people there are in each state."""
    rows = session.execute(select(Person.state, func.count()).group_by(Person.state))
    return dict(rows.all())  # a result has keys(), so dict() would take it for a mapping


def states(session: Session, references: Collection[str]) -> dict[str, str]:
    """The state of those of the references that are people."""
    rows = session.execute(select(Person.id, Person.state).where(Person.id.in_(set(references))))
    return {row[0]: row[1] for row in rows}


def person_by_email(session: Session, email: str) -> str | None:
    """P11: the reference of the person with that email address, if there is one."""
    mark = rules.mark_of(rules.contact_key(email), key=keys.store().secret("contact"))
    return session.scalar(select(Vault.person).where(Vault.email_mark == mark))


def person_name(session: Session, reference: str) -> str:
    """The name of a person (or of a job) for colleagues; see `public_name` for everybody."""
    return names(session, [reference])[reference]


def names(session: Session, references: Collection[str]) -> dict[str, str]:
    """The names of people and jobs for colleagues, one for each reference."""
    known = vault.known(session, references)
    return {
        reference: known[reference].name if reference in known else _other(reference)
        for reference in references
    }


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
    shown = session.scalars(
        select(Person.id).where(Person.id.in_(set(references)), Person.show_name.is_(True))
    ).all()
    known = vault.known(session, shown)
    return {
        reference: rules.shown_name(known[reference].name, show=True)
        if reference in known
        else rules.A_NEIGHBOUR
        for reference in references
    }
