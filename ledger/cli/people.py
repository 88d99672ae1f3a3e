"""``flask ledger people``: add people, see who has which role, give and end roles."""

from __future__ import annotations

from datetime import datetime

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from ledger.backups import erasing
from ledger.cli import ledger_group
from ledger.http import passwords
from ledger.kernel import clock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Missing
from ledger.parties import queries, rules, service

BY = "command line"

people = AppGroup("people", help="People, their roles and the links by which they sign in.")
ledger_group.add_command(people)


@people.command("list")
@click.option("--role", type=click.Choice(tuple(rules.ROLES)), help="Only people with this role.")
def list_people(role: str | None) -> None:
    r"""Show people by reference, with their roles.

    \b
    Example:
      flask ledger people list --role officer
    """
    with transaction(read_only=True) as session:
        chosen = queries.with_role(session, role) if role else _everybody(session)
        names = queries.names(session, chosen)
        for reference in chosen:
            held = sorted({one.role for one in queries.grants(session, reference) if _open(one)})
            click.echo(f"{reference}  {names[reference]}  {', '.join(held) or 'no role'}")
    click.echo(f"{len(chosen)} people")


def _everybody(session: Session) -> list[str]:
    found: list[str] = []
    while rows := queries.people(session, after=found[-1] if found else "", rows_max=200):
        found += [row.id for row in rows]
    return found


def _open(grant: queries.Grant) -> bool:
    return grant.ended_at is None


@people.command("add")
@click.argument("name")
@click.option("--email", default="", help="Where the person signs in.")
@click.option("--role", "roles", multiple=True, type=click.Choice(tuple(rules.ROLES)))
@click.option("--organisation", default=None, help="Reference of where the roles are held.")
def add(name: str, email: str, roles: tuple[str, ...], organisation: str | None) -> None:
    r"""Add a person and print the reference; with an address, also the link to sign in by.

    \b
    Example:
      flask ledger people add "Olu Brandt" --email olu@example.org --role organiser
    """
    now = clock.now()

    def unit(session: Session) -> tuple[str, str]:
        person = service.add_person(
            session, name=name, email=email, roles=roles, organisation=organisation, now=now, by=BY
        )
        return person, _link(session, person, now) if email else ""

    person, link = transact(unit)
    click.echo(person)
    if link:
        click.echo(f"Choose a password within two days: {link}")


def _link(session: Session, person: str, now: datetime) -> str:
    secret = service.start_contact_proof(
        session, person=person, purpose="sign in", next_path="/account/password", now=now
    )
    return f"{current_app.extensions['ledger.settings'].base_url}/prove/{secret}"


@people.command("link")
@click.argument("person")
def link(person: str) -> None:
    r"""Print a fresh link by which a person signs in and chooses a password.

    \b
    Example:
      flask ledger people link PER-7K2M9QXA
    """
    now = clock.now()

    def unit(session: Session) -> str:
        return _link(session, queries.person(session, person).id, now)

    click.echo(transact(unit))


@people.command("password")
@click.argument("person")
@click.password_option(help="Asked for when it is not given.")
def password(person: str, password: str) -> None:
    r"""Set a person's password (for the demonstration; otherwise send a link).

    \b
    Example:
      flask ledger people password PER-7K2M9QXA
    """
    rules.check_password(password)
    stored = passwords.hashed(password)
    transact(
        lambda session: service.set_password(
            session, person=person, password_hash=stored, by=BY, now=clock.now()
        )
    )
    click.echo("The password is kept.")


@people.command("grant")
@click.argument("person")
@click.argument("role", type=click.Choice(tuple(rules.ROLES)))
@click.option("--organisation", default=None, help="Reference of where the role is held.")
def grant(person: str, role: str, organisation: str | None) -> None:
    r"""Give a person a role; giving it twice changes nothing.

    \b
    Example:
      flask ledger people grant PER-7K2M9QXA treasurer --organisation ORG-2N8V4T1C
    """
    made = transact(
        lambda session: service.grant_role(
            session, person=person, role=role, organisation=organisation, by=BY, now=clock.now()
        )
    )
    click.echo(made)


@people.command("end-role")
@click.argument("person")
@click.argument("role", type=click.Choice(tuple(rules.ROLES)))
def end_role(person: str, role: str) -> None:
    r"""End a person's role, wherever it is held; it stays on record.

    \b
    Example:
      flask ledger people end-role PER-7K2M9QXA treasurer
    """

    def unit(session: Session) -> int:
        held = [one for one in queries.grants(session, person) if _open(one) and one.role == role]
        for one in held:
            service.end_role(session, grant=one.id, person=person, by=BY, now=clock.now())
        return len(held)

    ended = transact(unit)
    if not ended:
        raise Missing(
            "The person does not hold that role.", remedy="See: flask ledger people list."
        )
    click.echo(f"{ended} ended")


@people.command("erase")
@click.argument("person")
@click.option("--reason", required=True, help="Why, for the record.")
@click.confirmation_option(prompt="Name and address are erased for ever. Go on?")
def erase(person: str, reason: str) -> None:
    r"""Erase what is known of a person, and destroy the key to it; every balance and proof stays.

    Whoever may run commands here could read the database as it is, so that no second person is
    asked; on the pages and the API one is.

    \b
    Example:
      flask ledger people erase PER-7K2M9QXA --reason "asked on 3 March"
    """
    transact(
        lambda session: erasing.erase(session, person=person, by=BY, reason=reason, now=clock.now())
    )
    click.echo("Erased.")
