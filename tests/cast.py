"""One cast for every test: who lives in Testwick, and how each of them comes in."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.books import service as books
from ledger.http import cookies, passwords
from ledger.kernel import clock as kernel_clock
from ledger.kernel.db import transact
from ledger.kernel.ids import new_secret
from ledger.parties import service as parties
from ledger.parties.rules import Actor

PASSWORD = "a long walk along the canal"

NAMES = {
    "resident": "Rosa Mead",
    "resident2": "Tom Okafor",
    "organiser": "Olu Brandt",
    "treasurer": "Tess Hale",
    "broker": "Bea Lyle",
    "analyst": "Ana Iqbal",
    "officer": "Owen Marsh",
    "officer2": "Odile Crane",
    "head": "Hana Price",
    "s151": "Sam Thorne",
    "innovation_broker": "Ines Ford",
    "auditor": "Abel Stone",
    "administrator": "Ada Quill",
}
"""Who plays each part; ``resident2`` and ``officer2`` are the second of their role."""

ORGANISATIONS = {
    "council": "Testwick Council",
    "agency": "Testwick Fire Service",
    "group": "Friends of Canal Side",
}

HOMES = {
    "council": ("broker", "officer", "officer2", "head", "s151", "innovation_broker", "auditor",
                "administrator"),
    "agency": ("analyst",),
    "group": ("organiser", "treasurer"),
}  # fmt: skip


@dataclass(slots=True)
class Place:
    """The place a test plays in. Ids are the services' own."""

    book: int
    people: dict[str, str] = field(default_factory=dict)
    organisations: dict[str, str] = field(default_factory=dict)
    neighbourhood: str = ""

    @property
    def council(self) -> str:
        """The council's id."""
        return self.organisations["council"]

    @property
    def group(self) -> str:
        """The residents' group's id."""
        return self.organisations["group"]

    def role(self, part: str) -> str:
        """The role that a part plays: ``officer2`` is an officer."""
        return part.rstrip("0123456789") if part != "s151" else part

    def home(self, part: str) -> str | None:
        """The organisation that a part acts for."""
        for kind, parts in HOMES.items():
            if part in parts:
                return self.organisations[kind]
        return None

    def actor(self, part: str) -> Actor:
        """Somebody of the cast as an Actor: ``place.actor("officer")``."""
        return Actor(self.people[part], frozenset({self.role(part)}), self.home(part), NAMES[part])


def people_the_place() -> Place:
    """Make the place by the services, once for each engine."""
    now = kernel_clock.now()
    hashed = passwords.hashed(PASSWORD)

    def unit(session: Session) -> Place:
        book = books.create_book(session, code="MAIN", name="Testwick")
        books.open_unit(session, code="GBP", scale=2, name="Pounds")
        books.open_unit(session, code="HOUR", scale=0, name="Minutes")
        place = Place(book=book)
        place.neighbourhood = parties.add_neighbourhood(session, name="Canal Side", now=now)
        for kind, name in ORGANISATIONS.items():
            place.organisations[kind] = parties.add_organisation(
                session, name=name, kind=kind, now=now
            )
        for part, name in NAMES.items():
            person = parties.add_person(
                session, name=name, email=f"{part}@example.test", roles=(place.role(part),),
                organisation=place.home(part), now=now,
            )  # fmt: skip
            parties.set_password(session, person=person, password_hash=hashed, by=person, now=now)
            place.people[part] = person
        return place

    return transact(unit)


def sign_in(browser: FlaskClient, place: Place, part: str) -> FlaskClient:
    """Sign in by the service's own session, without the form (that has its own tests)."""
    secret = new_secret()
    transact(
        lambda session: audit.start_web_session(
            session, person=place.people[part], secret=secret, browser="test",
            now=kernel_clock.now(),
        )
    )  # fmt: skip
    browser.set_cookie(cookies.SESSION, secret)
    return browser


def api_secret(place: Place, part: str, *, scopes: tuple[str, ...] = ("read", "write")) -> str:
    """The secret of a new token that works for a month."""
    person = place.people[part]
    _, secret = transact(
        lambda session: parties.make_token(
            session, person=person, name="test", scopes=scopes, days=30, by=person,
            now=kernel_clock.now(),
        )
    )  # fmt: skip
    return secret


def api_client(
    app: Flask, place: Place, part: str, *, scopes: tuple[str, ...] = ("read", "write")
) -> FlaskClient:
    """A client with a token that works for a month.

    It brings a fresh ``Idempotency-Key`` to every unsafe call that has none.
    """
    browser = app.test_client()
    secret = api_secret(place, part, scopes=scopes)
    browser.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    assert hasattr(browser, "keyed"), "the stage's own client"
    browser.keyed = True
    return browser
