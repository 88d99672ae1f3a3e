"""An empty place: its book, the units every book knows, and its first administrator."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from ledger.books import queries as book_queries
from ledger.books import service as books
from ledger.demo import people
from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.kernel.texts import clean_line
from ledger.parties import queries as party_queries
from ledger.parties import service as parties

UNITS: Final = (("GBP", "Pounds", 2), ("HOUR", "Hours, kept in minutes", 0))


def make(session: Session, *, code: str, name: str) -> list[str]:
    """Make the book and its units where they are missing; says what it did, line by line."""
    name = clean_line(name, place="name", shortest=1, longest=limits.NAME_CHARS_MAX)
    for unit, words, scale in UNITS:
        books.open_unit(session, code=unit, name=words, scale=scale)
    try:
        book_queries.book_id(session, code)
    except Missing:
        books.create_book(session, code=code, name=name)
        return [f"Opened the book {code} of {name}."]
    return [f"The book {code} is open already; nothing was changed."]


def first_administrator(
    session: Session, *, name: str, email: str, base_url: str, now: datetime
) -> list[str]:
    """Add somebody who may add the others, with a link that works once; never a second time."""
    if party_queries.person_by_email(session, email):
        return ["Somebody is known by that email address already; nothing was changed."]
    person = parties.add_person(
        session, name=name, email=email, roles=("administrator",), show_name=False, now=now
    )
    secret = parties.start_contact_proof(
        session, person=person, purpose="first sign-in", next_path="/account/password", now=now
    )
    return [
        f"{name} is the administrator. Within two days, open this link to choose a password:",
        f"  {base_url}/prove/{secret}",
    ]


def is_empty(session: Session, *, code: str) -> bool:
    """Whether nothing has happened here: no book, or a book without a single entry or person."""
    try:
        book = book_queries.book_id(session, code)
    except Missing:
        return True
    untouched = book_queries.head(session, book).next_seq == 1
    return untouched and not party_queries.people(session, rows_max=1)


def is_demonstration(session: Session) -> bool:
    """Whether the demonstration town lives in this database."""
    return party_queries.person_by_email(session, people.TOWNSPEOPLE[0].email) is not None
