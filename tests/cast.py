"""One cast for every test: who lives in Testwick, and how each of them comes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from ledger.books import service as books
from ledger.kernel import clock as kernel_clock
from ledger.kernel.db import transact
from ledger.parties import rules as parties_rules
from ledger.parties import service as parties

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

    def actor(self, part: str) -> Any:
        """Somebody of the cast as an Actor: ``place.actor("officer")``."""
        facts = {
            "person": self.people[part],
            "roles": frozenset({self.role(part)}),
            "organisation": self.home(part),
            "name": NAMES[part],
        }
        maker = getattr(parties_rules, "Actor", SimpleNamespace)
        return maker(**facts)


def people_the_place() -> Place:
    """Make the place by the services, once for each engine."""
    now = kernel_clock.now()

    def unit(session: Any) -> Place:
        book = books.create_book(session, code="MAIN", name="Testwick")
        books.open_unit(session, code="GBP", scale=2, name="Pounds")
        books.open_unit(session, code="HOUR", scale=0, name="Minutes")
        place = Place(book=book)
        if not hasattr(parties, "add_person"):
            place.people = {part: f"PER-{part.upper():0>8}" for part in NAMES}
            place.organisations = {kind: f"ORG-{kind.upper():0>8}" for kind in HOMES}
            place.neighbourhood = "NBH-00000001"
            return place
        place.neighbourhood = parties.add_neighbourhood(session, name="Canal Side", now=now)
        for kind, name in (
            ("council", "Testwick Council"),
            ("agency", "Testwick Fire Service"),
            ("group", "Friends of Canal Side"),
        ):
            place.organisations[kind] = parties.add_organisation(
                session, name=name, kind=kind, now=now
            )
        for part, name in NAMES.items():
            place.people[part] = parties.add_person(
                session, name=name, email=f"{part}@example.test",
                roles=(place.role(part),), organisation=place.home(part), now=now,
            )  # fmt: skip
        return place

    return transact(unit)


def sign_in(app: Flask, browser: FlaskClient, place: Place, part: str) -> FlaskClient:
    """Sign in by the service's own session, without the form (that has its own tests)."""
    raise NotImplementedError("sessions have not landed yet")


def api_client(app: Flask, place: Place, part: str) -> FlaskClient:
    """A client with a token of every scope, which expires tomorrow."""
    raise NotImplementedError("tokens have not landed yet")
