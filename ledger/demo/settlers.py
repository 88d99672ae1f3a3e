"""How the town begins: its book, councils and groups, people with their roles and passwords."""

from __future__ import annotations

from datetime import date, time

from sqlalchemy.orm import Session

from ledger.books import queries as book_queries
from ledger.books import service as books
from ledger.demo import people, place
from ledger.demo.people import Townsperson
from ledger.demo.story import Story
from ledger.http import passwords
from ledger.parties import queries as party_queries
from ledger.parties import service as parties

NEIGHBOURS = 90


def settle(story: Story) -> None:
    """Found the place and let everybody move in, three years before the visitor's present."""
    story.say("Harrowmere, a town that does not exist, lives through three years …")
    story.go_to(story.begins_on, at=time(9))
    story.do(lambda session: _found(session, story))
    story.do(lambda session: _move_in(session, story))
    story.do(lambda session: _neighbours_move_in(session, story))
    story.say(f"  {len(story.people)} people with a part to play, {NEIGHBOURS} neighbours")


def _found(session: Session, story: Story) -> None:
    place.make(session, code=story.code, name="Harrowmere")
    story.book = book_queries.book_id(session, story.code)
    year = story.begins_on.year - (story.begins_on.month < 4)
    while date(year, 4, 1) <= story.today:
        books.open_period(
            session, book=story.book, starts_on=date(year, 4, 1), ends_on=date(year + 1, 3, 31)
        )
        year += 1
    for name in people.NEIGHBOURHOODS:
        code = name.upper().replace(" ", "-")
        story.neighbourhoods[name] = parties.add_neighbourhood(
            session, name=name, code=code, now=story.now
        )
    for name, kind in people.ORGANISATIONS:
        story.organisations[name] = parties.add_organisation(
            session, name=name, kind=kind, now=story.now
        )


def _move_in(session: Session, story: Story) -> None:
    # One hash serves all: the password is printed on every screen that starts the town.
    hashed = passwords.hashed(people.PASSWORD)
    for one in (*people.TOWNSPEOPLE, *people.ORGANISERS):
        story.people[one.key] = _add(session, story, one, hashed)
        actor = party_queries.actor(session, story.people[one.key])
        assert actor is not None, "somebody who was just added can act"
        story.actors[one.key] = actor


def _add(session: Session, story: Story, one: Townsperson, hashed: str) -> str:
    person = parties.add_person(
        session,
        name=one.name,
        email=one.email,
        roles=(one.role,),
        organisation=story.organisations[one.organisation] if one.organisation else None,
        show_name=one.role in ("organiser", "officer"),
        now=story.now,
    )
    parties.set_password(session, person=person, password_hash=hashed, by=person, now=story.now)
    prove_contact(session, story, person)
    return person


def _neighbours_move_in(session: Session, story: Story) -> None:
    for index, (name, email, address) in enumerate(people.neighbours(NEIGHBOURS)):
        person = parties.add_person(
            session, name=name, email=email, address=address, roles=("resident",),
            show_name=index % 3 == 0, now=story.now,
        )  # fmt: skip
        prove_contact(session, story, person)
        story.neighbours.append(person)


def prove_contact(session: Session, story: Story, person: str) -> None:
    """They open the link that was sent to them."""
    secret = parties.start_contact_proof(
        session, person=person, purpose="first sign-in", next_path="/", now=story.now
    )
    parties.prove_contact(session, secret=secret, now=story.now)
