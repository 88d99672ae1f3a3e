"""Tables of match offers and of what they set aside. Quantities are whole pence."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards


class MatchOffer(Base):
    """An institution's promise to match gifts, within its pot and caps."""

    __tablename__ = "match_offer"
    __table_args__ = (
        CheckConstraint("state IN ('PROPOSED', 'APPROVED', 'FUNDED', 'CLOSED')", name="state"),
        CheckConstraint("pot_pence > 0 AND pot_pence <= 9000000000000", name="pot"),
        CheckConstraint(
            "rate_match BETWEEN 1 AND 1000 AND rate_gift BETWEEN 1 AND 1000", name="rate"
        ),
        CheckConstraint("donor_pence_max > 0 AND donor_pence_max <= pot_pence", name="donor_cap"),
        CheckConstraint(
            "pledge_pence_max > 0 AND pledge_pence_max <= pot_pence", name="pledge_cap"
        ),
        CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="two_people"),
        CheckConstraint(
            "state <> 'FUNDED' OR (approved_by IS NOT NULL AND funded_at IS NOT NULL)",
            name="funded_after_approval",
        ),
        CheckConstraint("length(title) BETWEEN 3 AND 300", name="title"),
        UniqueConstraint("book", "receipt_reference"),
        Index("ix_match_offer_donor", "donor"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    title: Mapped[str]
    donor: Mapped[str]
    pot_pence: Mapped[int]
    rate_match: Mapped[int]
    rate_gift: Mapped[int]
    donor_pence_max: Mapped[int]
    pledge_pence_max: Mapped[int]
    state: Mapped[str]
    proposal: Mapped[str | None]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    decision_reference: Mapped[str]
    receipt_reference: Mapped[str | None]
    funded_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int]


class MatchReservation(Base):
    """What one offer sets aside for one pledge, and what became of it."""

    __tablename__ = "match_reservation"
    __table_args__ = (
        UniqueConstraint("pledge"),
        CheckConstraint("state IN ('RESERVED', 'EARNED', 'RETURNED')", name="state"),
        CheckConstraint("reserved_pence > 0", name="reserved"),
        CheckConstraint(
            "earned_pence >= 0 AND returned_pence >= 0"
            " AND earned_pence + returned_pence <= reserved_pence",
            name="within",
        ),
        Index("ix_match_reservation_offer", "offer"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    offer: Mapped[str] = mapped_column(ForeignKey("match_offer.id"))
    pledge: Mapped[str]
    reserved_pence: Mapped[int]
    earned_pence: Mapped[int]
    returned_pence: Mapped[int]
    state: Mapped[str]
    reserved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


declare_guards(["match_offer_terms", "match_reservation_keeps"])
