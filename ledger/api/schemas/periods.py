"""Accounting periods as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.approvals import ProposalSchema
from ledger.api.schemas.base import Day, StrictSchema, Text
from ledger.kernel import limits


class PeriodSchema(StrictSchema):
    """One accounting period."""

    id = fields.Integer()
    starts_on = Day()
    ends_on = Day()
    status = fields.String(validate=validate.OneOf(("OPEN", "ADJUSTING", "CLOSED")))
    signed_by = fields.String(allow_none=True)
    countersigned_by = fields.String(allow_none=True)
    reason = fields.String()
    seq_at_close = fields.Integer(
        allow_none=True, metadata={"description": "the journal that closed it"}
    )
    trial_balance_sha256 = fields.String(allow_none=True)


class PeriodList(StrictSchema):
    """Every period of the book."""

    items = fields.List(fields.Nested(PeriodSchema))


class MovementSchema(StrictSchema):
    """What one account moved within a period."""

    account = fields.String(attribute="path")
    unit = fields.String()
    fund = fields.String()
    debits = fields.Integer(attribute="dr")
    credits = fields.Integer(attribute="cr")


class OnePeriodSchema(PeriodSchema):
    """One period with its trial balance and what waits to be countersigned."""

    movements = fields.List(fields.Nested(MovementSchema))
    report = fields.Function(
        lambda view: view.report.decode("ascii"),
        metadata={"type": "string", "description": "the bytes that trial_balance_sha256 is of"},
    )
    signed = fields.Nested(ProposalSchema, attribute="live", allow_none=True)


class NewPeriod(StrictSchema):
    """A period to open."""

    starts_on = Day(required=True)
    ends_on = Day(required=True)


class Signature(StrictSchema):
    """What the first person signs, and why."""

    what = fields.String(required=True, validate=validate.OneOf(("close", "reopen")))
    reason = Text(limits.LINE_CHARS_MAX, least=limits.REASON_CHARS_MIN, required=True)


class Countersignature(StrictSchema):
    """The second person's yes, about the digest of exactly what was shown."""

    digest = fields.String(required=True, validate=validate.Length(equal=64))
    reason = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, required=True)
