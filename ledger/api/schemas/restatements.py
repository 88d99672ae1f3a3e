"""Two reports of the same days compared, as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.base import Day, Instant, PageQuery, QueryInteger, StrictSchema
from ledger.api.schemas.books import JournalSchema
from ledger.kernel import limits

_WHOLE = {"description": "debits less credits; pence for GBP, minutes for HOUR"}
_KNOWN = {"description": "what had been recorded by this instant; without it and a close: now"}
_CLOSE = {"description": "the number of the journal that closed the period"}


class RestatementQuery(PageQuery):
    """Which two reports are compared: of a period, or of everything up to the end of a day."""

    period = QueryInteger(least=1, load_default=None)
    on = Day(load_default=None, metadata={"description": "what took effect by this London day"})
    first_close = QueryInteger(least=1, load_default=None, metadata=_CLOSE)
    first_known_at = Instant(load_default=None, metadata=_KNOWN)
    second_close = QueryInteger(least=1, load_default=None, metadata=_CLOSE)
    second_known_at = Instant(load_default=None, metadata=_KNOWN)
    account = fields.String(
        load_default="", validate=validate.Length(max=limits.NAME_CHARS_MAX),
        metadata={"description": "only the journals that touch this account"},
    )  # fmt: skip


class ReportSchema(StrictSchema):
    """One of the two reports."""

    journals_known = fields.Integer(attribute="seq", metadata={"description": "up to this number"})
    known_at = Instant(allow_none=True)
    closed_by = fields.Nested(JournalSchema, attribute="close", allow_none=True)
    figures_are_those_signed = fields.Boolean(attribute="agrees", allow_none=True)


class ChangeSchema(StrictSchema):
    """One line on which the reports differ. ``unexplained`` is zero unless books were bent."""

    account = fields.String()
    unit = fields.String()
    fund = fields.String()
    layer = fields.String(validate=validate.OneOf(("P", "H")))
    before = fields.Integer(metadata=_WHOLE)
    after = fields.Integer(metadata=_WHOLE)
    difference = fields.Integer(metadata=_WHOLE)
    explained = fields.Integer(metadata=_WHOLE)
    unexplained = fields.Integer(metadata=_WHOLE)
    journals = fields.Integer(metadata={"description": "how many journals moved it"})


class EffectSchema(StrictSchema):
    """What one journal did to one line."""

    account = fields.String()
    unit = fields.String()
    fund = fields.String()
    layer = fields.String(validate=validate.OneOf(("P", "H")))
    difference = fields.Integer(metadata=_WHOLE)


class ExplainedSchema(StrictSchema):
    """One journal that stands between the reports."""

    journal = fields.Nested(JournalSchema)
    words = fields.String()
    effects = fields.List(fields.Nested(EffectSchema))


class RestatementSchema(StrictSchema):
    """Two reports of the same days, the one that knew less first, and all that moved between."""

    starts_on = Day(allow_none=True)
    ends_on = Day(allow_none=True)
    first = fields.Nested(ReportSchema)
    second = fields.Nested(ReportSchema)
    changes = fields.List(fields.Nested(ChangeSchema))
    wholly_explained = fields.Boolean()
    journals = fields.Integer(attribute="count", metadata={"description": "how many there are"})
    steps = fields.List(fields.Nested(JournalSchema))
    items = fields.List(fields.Nested(ExplainedSchema))
    next = fields.String(allow_none=True)
