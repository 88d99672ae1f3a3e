"""Adding people and organisations, giving and ending roles, and keeping the vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.kernel import limits
from ledger.kernel.clock import from_microseconds, microseconds
from ledger.kernel.db import is_sqlite
from ledger.kernel.errors import Conflict, Forbidden, Invalid, Missing
from ledger.kernel.ids import new_id, new_secret, secret_hash
from ledger.kernel.texts import clean_line
from ledger.parties import queries, rules
from ledger.parties.models import (
    ApiToken,
    ContactProof,
    Credential,
    DelegatedLimit,
    Neighbourhood,
    Organisation,
    Person,
    RoleGrant,
    SignInGuard,
    Vault,
)

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
    _check_line(name, "name", shortest=1, longest=limits.NAME_CHARS_MAX)
    _check_line(phone, "phone")
    _check_line(address, "address")
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
    session.add(
        Vault(
            person=person, name=name.strip(), email=email.strip(), email_key=key, phone=phone,
            address=address, born_on=born_on, changed_at=now,
        )
    )  # fmt: skip
    session.flush()
    audit.record(session, at=now, actor=by, action="people.add", subject=person)
    for role in roles:
        grant_role(session, person=person, role=role, organisation=organisation, by=by, now=now)
    return person


def _check_line(text: str, place: str, *, shortest: int = 0, longest: int = 300) -> None:
    clean_line(text, place=place, shortest=shortest, longest=longest)


def add_organisation(
    session: Session, *, name: str, kind: str, now: datetime, by: str = SET_UP
) -> str:
    """Add a council, agency, group or provider, and return its reference.

    Raises:
        Invalid: the name or kind cannot be used.
        Conflict: an organisation has that name.
    """
    _check_line(name, "name", shortest=1, longest=limits.NAME_CHARS_MAX)
    if kind not in rules.ORGANISATION_KINDS:
        raise Invalid(
            f"“{kind}” is not a kind of organisation.",
            remedy="Use one of: " + ", ".join(rules.ORGANISATION_KINDS) + ".",
            place="kind",
        )
    if session.scalar(select(Organisation.id).where(Organisation.name == name.strip())):
        raise Conflict(
            "An organisation has that name already.", remedy="Use its record.", place="name"
        )
    organisation = new_id("ORG")
    session.add(Organisation(id=organisation, name=name.strip(), kind=kind, added_at=now))
    session.flush()
    audit.record(session, at=now, actor=by, action="organisation.add", subject=organisation)
    return organisation


def add_neighbourhood(
    session: Session, *, name: str, code: str = "", now: datetime, by: str = SET_UP
) -> str:
    """Add a neighbourhood, and return its reference.

    Raises:
        Invalid: the name cannot be used.
        Conflict: a neighbourhood has that name.
    """
    _check_line(name, "name", shortest=1, longest=limits.NAME_CHARS_MAX)
    if session.scalar(select(Neighbourhood.id).where(Neighbourhood.name == name.strip())):
        raise Conflict(
            "A neighbourhood has that name already.", remedy="Use its record.", place="name"
        )
    neighbourhood = new_id("NBH")
    session.add(Neighbourhood(id=neighbourhood, name=name.strip(), code=code, added_at=now))
    session.flush()
    audit.record(session, at=now, actor=by, action="neighbourhood.add", subject=neighbourhood)
    return neighbourhood


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
    _lock_person(session, person)
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


def _lock_person(session: Session, person: str) -> Person:
    row = session.scalars(select(Person).where(Person.id == person).with_for_update()).first()
    if row is None:
        raise Missing(
            "There is no person with that reference.", remedy="Check the reference.", place=person
        )
    return row


def set_password(
    session: Session, *, person: str, password_hash: str, by: str, now: datetime
) -> None:
    """Keep the argon2id hash of a new password (the edge has checked and hashed it)."""
    _lock_person(session, person)
    row = session.get(Credential, person)
    if row is None:
        session.add(Credential(person=person, password_hash=password_hash, changed_at=now))
    else:
        row.password_hash, row.changed_at = password_hash, now
    session.flush()
    audit.record(session, at=now, actor=by, action="account.password", subject=person)


def choose_shown(session: Session, *, person: str, show_name: bool, by: str, now: datetime) -> None:
    """P7: choose whether the public sees the name."""
    _lock_person(session, person).show_name = show_name
    session.flush()
    facts = {"show_name": show_name}
    audit.record(session, at=now, actor=by, action="account.shown", subject=person, facts=facts)


def disable_person(session: Session, *, person: str, by: str, reason: str, now: datetime) -> None:
    """Close an account: it signs in no more and its tokens stop; what it did stays."""
    _lock_person(session, person).state = "disabled"
    session.flush()
    audit.record(session, at=now, actor=by, action="people.disable", subject=person, reason=reason)


def enable_person(session: Session, *, person: str, by: str, reason: str, now: datetime) -> None:
    """Open a closed account again.

    Raises:
        Conflict: the person was erased, which cannot be undone.
    """
    row = _lock_person(session, person)
    if row.state == "erased":
        raise Conflict(
            "The details of this person were erased.", remedy="Add the person anew.", place=person
        )
    row.state = "active"
    session.flush()
    audit.record(session, at=now, actor=by, action="people.enable", subject=person, reason=reason)


def erase_person(session: Session, *, person: str, by: str, reason: str, now: datetime) -> None:
    """Erase what is known of a person; the pseudonym and every balance stay as they were."""
    _lock_person(session, person).state = "erased"
    for table in (Vault, Credential, ContactProof):
        session.execute(delete(table).where(table.person == person))
    session.execute(
        update(ApiToken)
        .where(ApiToken.person == person, ApiToken.ended_at.is_(None))
        .values(ended_at=now)
    )
    session.flush()
    audit.record(session, at=now, actor=by, action="people.erase", subject=person, reason=reason)


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
    person = _lock_person(session, row.person)
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
    _check_line(name, "name", shortest=1, longest=limits.NAME_CHARS_MAX)
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
