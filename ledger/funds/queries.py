"""Questions to match offers. Quantities are whole pence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.funds import rules
from ledger.funds.models import MatchOffer, MatchReservation
from ledger.funds.rules import OfferTerms
from ledger.kernel.errors import Missing


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer as it stands, with what is free of its pot."""

    id: str
    book: int
    title: str
    donor: str
    terms: OfferTerms
    state: str
    proposal: str | None
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    decision_reference: str
    funded_at: datetime | None
    free_pence: int
    version: int


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """What an offer sets aside for a pledge."""

    offer: str
    pledge: str
    title: str
    donor: str
    terms: OfferTerms
    reserved_pence: int
    earned_pence: int
    returned_pence: int
    state: str

    @property
    def left_pence(self) -> int:
        """What can still be earned."""
        return self.reserved_pence - self.earned_pence - self.returned_pence


def terms_of(offer: MatchOffer) -> OfferTerms:
    """The figures of an offer."""
    return OfferTerms(
        offer.pot_pence, offer.rate_match, offer.rate_gift,
        offer.donor_pence_max, offer.pledge_pence_max,
    )  # fmt: skip


def _offer_row(session: Session, offer: MatchOffer) -> OfferRow:
    free = books.owed(session, offer.book, rules.held_account(offer.id).path)
    return OfferRow(
        offer.id, offer.book, offer.title, offer.donor, terms_of(offer), offer.state,
        offer.proposal, offer.proposed_by, offer.proposed_at, offer.approved_by,
        offer.decision_reference, offer.funded_at, free, offer.version,
    )  # fmt: skip


def offer(session: Session, offer_id: str) -> OfferRow:
    """One offer.

    Raises:
        Missing: there is none with this reference.
    """
    found = session.get(MatchOffer, offer_id)
    if found is None:
        raise Missing("There is no such offer.", remedy="Check the reference.", place=offer_id)
    return _offer_row(session, found)


def offers(session: Session, *, after: str = "", limit: int = 50) -> list[OfferRow]:
    """Offers in order of their references, beginning after one (keyset paging)."""
    rows = session.scalars(
        select(MatchOffer).where(MatchOffer.id > after).order_by(MatchOffer.id).limit(limit)
    )
    return [_offer_row(session, row) for row in rows]


def reservations(session: Session, pledge: str) -> list[ReservationRow]:
    """What is set aside for a pledge: one row, or none."""
    return _reservations(session, MatchReservation.pledge == pledge)


def reservations_of(session: Session, offer: str) -> list[ReservationRow]:
    """What an offer has set aside, pledge by pledge, in the order it was reserved."""
    return _reservations(session, MatchReservation.offer == offer)


def _reservations(session: Session, where: ColumnElement[bool]) -> list[ReservationRow]:
    rows = session.execute(
        select(MatchReservation, MatchOffer)
        .join(MatchOffer, MatchOffer.id == MatchReservation.offer)
        .where(where)
        .order_by(MatchReservation.reserved_at, MatchReservation.id)
    ).all()
    return [
        ReservationRow(
            offer.id, kept.pledge, offer.title, offer.donor, terms_of(offer),
            kept.reserved_pence, kept.earned_pence, kept.returned_pence, kept.state,
        )
        for kept, offer in rows
    ]  # fmt: skip
