"""Drafts of journals as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.approvals import ProposalSchema
from ledger.api.schemas.base import Day, Reference, StrictInteger, StrictSchema, Text
from ledger.kernel import limits

_WHOLE = {"description": "whole pence, minutes or items, in the account's unit"}


class DraftEntrySchema(StrictSchema):
    """One entry of a draft."""

    account = fields.String(attribute="path")
    side = fields.String(validate=validate.OneOf(("D", "C")))
    quantity = fields.Integer(metadata=_WHOLE)
    unit = fields.String()
    fund = fields.String()


class DraftSchema(StrictSchema):
    """A journal that one person drafted, and what became of it."""

    id = Reference("JNL")
    kind = fields.String()
    effective_on = Day()
    reason = fields.String()
    entries = fields.List(fields.Nested(DraftEntrySchema))
    state = fields.String(metadata={"description": "USED: it is posted"})
    journal = fields.Integer(allow_none=True, metadata={"description": "its number once posted"})
    reverses = fields.Integer(
        allow_none=True, metadata={"description": "the journal that it reverses"}
    )
    dated = fields.String(metadata={"description": "of a reversal: original or today"})
    proposal = fields.Nested(ProposalSchema)


class DraftList(StrictSchema):
    """The newest drafts; those that wait first."""

    items = fields.List(fields.Nested(DraftSchema))


class NewDraftEntry(StrictSchema):
    """One entry: an account, a side and a whole quantity."""

    account = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    side = fields.String(required=True, validate=validate.OneOf(("D", "C")))
    quantity = StrictInteger(least=1, required=True, metadata=_WHOLE)


class _WhenAndWhy(StrictSchema):
    effective_on = Day(required=True)
    reason = Text(limits.LINE_CHARS_MAX, least=limits.REASON_CHARS_MIN, required=True)


class NewCorrection(_WhenAndWhy):
    """A correction: entries that balance in each unit and fund."""

    entries = fields.List(
        fields.Nested(NewDraftEntry), required=True,
        validate=validate.Length(min=2, max=limits.DRAFT_LEGS_MAX),
    )  # fmt: skip


class NewLoan(_WhenAndWhy):
    """A loan between two funds, or its paying back, from one bank account into another."""

    what = fields.String(required=True, validate=validate.OneOf(("lend", "pay_back")))
    paid_from = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    paid_into = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    quantity = StrictInteger(least=1, required=True, metadata=_WHOLE)


class NewReversal(StrictSchema):
    """The mirror of one journal, on the day of the original or today."""

    journal = StrictInteger(least=1, required=True)
    dated = fields.String(required=True, validate=validate.OneOf(("original", "today")))
    reason = Text(limits.LINE_CHARS_MAX, least=limits.REASON_CHARS_MIN, required=True)


class DraftDecision(StrictSchema):
    """The second person's yes or no, about the digest of exactly what was shown."""

    verdict = fields.String(required=True, validate=validate.OneOf(("yes", "no")))
    digest = fields.String(required=True, validate=validate.Length(equal=64))
    reason = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, lines=True, required=True)
