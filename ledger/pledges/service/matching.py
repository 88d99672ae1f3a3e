"""A pledge takes up a match offer, and receipts earn it (PL5, PL11)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ledger.funds import queries as fund_queries
from ledger.funds import rules as fund_rules
from ledger.funds import service as funds
from ledger.parties.rules import Actor, require
from ledger.pledges import rules
from ledger.pledges.models import Commitment, Pledge
from ledger.pledges.service import rows
from ledger.pledges.service.joining import reach_if_met

__all__ = ["take_offer"]


def take_offer(session: Session, *, pledge: str, offer: str, actor: Actor, now: datetime) -> int:
    """Set part of a funded offer aside for an open pledge; returns the pence.

    An officer outside the group does it. Where the deal says that match counts, the promises
    made already are counted again with it, and the pledge may be reached at once.

    Raises:
        NotReady, SelfModeration, OfferNotReady, PotEmpty.
    """
    require(actor, "offer.make")
    row = rows.locked_pledge(session, pledge)
    rows.check_outsider(session, actor, row)
    rules.check_state(row.state, {"OPEN", "REACHED"}, place=pledge)
    if row.unit != "GBP":
        raise rules.NotReady(
            "Match is for pledges in pounds.", remedy="Choose a pledge in pounds.", place=pledge
        )
    pence = funds.reserve(session, offer=offer, pledge=pledge, actor=actor, now=now)
    terms = fund_queries.offer(session, offer).terms
    counted = rows.commitments_in(session, pledge, rules.COUNTED)
    for signer in counted:
        signer.match_expected = fund_rules.donor_match(signer.quantity, terms)
    row.match_expected = sum(signer.match_expected for signer in counted)
    row.match_reserved = pence
    row.version += 1
    session.flush()
    reach_if_met(session, row, actor=actor.person, now=now)
    return pence


def earn_match(
    session: Session, row: Pledge, signer: Commitment, *, receipt: str, before: int, pence: int,
    maker: str, now: datetime,
) -> int:  # fmt: skip
    """PL11: what a receipt earns, in pence: nothing for members of the group, nor for extra."""
    if pence == 0 or signer.person in rows.members(session, row.group_id):
        return 0
    earned = funds.earn(
        session, pledge=row.id, escrow=rules.escrow(row.id), receipt=receipt,
        gifts_before_pence=before, gift_pence=pence, earned_before_pence=signer.earned_match,
        maker=maker, now=now,
    )  # fmt: skip
    signer.earned_match += earned
    session.flush()
    return earned
