"""Match offers as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields

from ledger.api.schemas.base import Instant, Quantity, Reference, StrictInteger, StrictSchema, Text
from ledger.api.schemas.pledges import Valued, pence_of
from ledger.kernel import limits


class NewOffer(StrictSchema):
    """An offer to propose."""

    title = Text(limits.LINE_CHARS_MAX, least=3, required=True)
    donor = Reference("ORG", required=True)
    pot = fields.Nested(Quantity, required=True, validate=pence_of("The pot"))
    rate_match = StrictInteger(least=1, most=1000, required=True)
    rate_gift = StrictInteger(least=1, most=1000, required=True)
    donor_max = fields.Nested(Quantity, required=True, validate=pence_of("The cap of a giver"))
    pledge_max = fields.Nested(Quantity, required=True, validate=pence_of("The cap of a pledge"))


class OfferSchema(StrictSchema):
    """An offer with what is free of its pot."""

    id = Reference("OFR")
    title = fields.String()
    donor = Reference("ORG")
    pot = Valued("GBP", attribute="terms.pot_pence")
    rate_match = fields.Integer(attribute="terms.rate_match")
    rate_gift = fields.Integer(attribute="terms.rate_gift")
    donor_max = Valued("GBP", attribute="terms.donor_pence_max")
    pledge_max = Valued("GBP", attribute="terms.pledge_pence_max")
    free = Valued("GBP", attribute="free_pence")
    state = fields.String()
    proposal = Reference("PRP", allow_none=True)
    decision_reference = fields.String()
    proposed_at = Instant()
    funded_at = Instant(allow_none=True)


class OfferApproval(StrictSchema):
    """The number of the published decision."""

    decision_reference = Text(limits.LINE_CHARS_MAX, least=1, required=True)


class OfferFunding(StrictSchema):
    """The reference of the pot on the bank statement."""

    receipt_reference = Text(limits.LINE_CHARS_MAX, least=1, required=True)


class OfferClosing(StrictSchema):
    """Why the offer takes no more pledges."""

    reason = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, lines=True, required=True)
