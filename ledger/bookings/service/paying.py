"""Money that hirers paid: matched to what they owe, once for each line of the bank (K11)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.bookings import queries
from ledger.bookings.rules import postings
from ledger.bookings.service.posting import Event, post_events
from ledger.books import queries as books
from ledger.kernel.errors import Conflict, Invalid
from ledger.kernel.ids import derived_id
from ledger.kernel.limits import QUANTITY_MAX
from ledger.kernel.texts import clean_line
from ledger.parties.rules import Actor, require


def receive_payment(
    session: Session,
    *,
    booking: str,
    reference: str,
    quantity_pence: int,
    received_on: date,
    actor: Actor,
    now: datetime,
) -> str:
    """Write down that the hirer of a booking paid; returns the journal's id.

    ``reference`` is the bank's own and makes the posting happen once; after two people reversed
    it, once more. What is paid over what the hirer owes is owed back.

    Raises:
        Invalid: no amount, or no reference.
        Conflict: the reference was used for another amount.
    """
    require(actor, "fund.receive")
    known = clean_line(reference, place="reference", shortest=3, longest=100)
    if not 1 <= quantity_pence <= QUANTITY_MAX:
        raise Invalid(
            "That is no payment.", remedy="Give whole pence above zero.", place="quantity"
        )
    view = queries.booking(session, booking)
    owed = books.net(session, view.book, postings.receivable(view.hirer))
    journal = _journal_id(session, view.book, view.hirer, known)
    event = Event(
        id=journal, kind="receipt", effective_on=received_on,
        legs=postings.paid(view.hirer, quantity_pence, still_owed=owed), group=booking,
        reason="hire paid",
    )  # fmt: skip
    before = books.posted(session, view.book, [journal])
    if before:
        _check_same(session, view.book, before[journal][0], quantity_pence, known)
    else:
        post_events(session, book=view.book, events=[event], maker=actor.person, now=now)
        audit.record(
            session, at=now, actor=actor.person, action="booking.pay", subject=booking,
            facts={"journal": journal, "pence": quantity_pence},
        )  # fmt: skip
    return journal


def _journal_id(session: Session, book: int, hirer: str, reference: str) -> str:
    """The id under which a bank line stands, or will: a new one where the last was reversed."""
    parts = [hirer, reference]
    while True:
        journal = derived_id("RCT", *parts)
        posted = books.posted(session, book, [journal]).get(journal)
        reversal = books.answering(session, book, posted[0]).reversed_by if posted else None
        if reversal is None:
            return journal
        parts.append(str(reversal))


def _check_same(session: Session, book: int, seq: int, quantity_pence: int, reference: str) -> None:
    _, entries = books.journal(session, book, seq)
    if quantity_pence not in [one.amount for one in entries if one.path == postings.BANK]:
        raise Conflict(
            f"The payment {reference} was written down with another amount.",
            remedy="Look at the bank line again, or use its own reference.",
            place="reference",
        )
