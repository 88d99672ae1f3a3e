"""Proposals and decisions as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.base import Instant, Reference, StrictInteger, StrictSchema, Text
from ledger.approvals.rules import STAGES
from ledger.kernel import limits


class DecisionSchema(StrictSchema):
    """One decision that was made."""

    stage = fields.String()
    person = Reference("PER")
    verdict = fields.String()
    reason = fields.String()
    authority = fields.String(allow_none=True)
    decided_at = Instant()


class ProposalSchema(StrictSchema):
    """What is proposed, in exact facts; repeat ``digest`` to decide about it."""

    id = Reference("PRP")
    kind = fields.String()
    subject = fields.String()
    facts = fields.Dict(keys=fields.String())
    digest = fields.String()
    quantity_pence = StrictInteger()
    bucket = fields.String()
    maker = fields.String()
    stages = fields.List(fields.String())
    waits_for = fields.String(allow_none=True)
    state = fields.String()
    proposed_at = Instant()
    barred = fields.List(fields.String())
    decisions = fields.List(fields.Nested(DecisionSchema))


class ProposalList(StrictSchema):
    """Proposals, oldest first."""

    items = fields.List(fields.Nested(ProposalSchema))


class NewDecision(StrictSchema):
    """Yes or no at a stage, about exactly what was shown."""

    stage = fields.String(required=True, validate=validate.OneOf(STAGES))
    verdict = fields.String(required=True, validate=validate.OneOf(("yes", "no")))
    reason = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, lines=True, required=True)
    digest = Text(64, least=64, required=True)


class Withdrawal(StrictSchema):
    """Why a proposal is withdrawn."""

    reason = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, lines=True, required=True)
