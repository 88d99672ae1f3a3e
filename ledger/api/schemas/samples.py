"""What a sample of journals is asked for by, and what it looks like."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.base import Day, Instant, QueryInteger, StrictSchema, Text
from ledger.exports.rules import SIGNS, WAYS
from ledger.exports.sampling import COUNT_USUAL
from ledger.kernel import limits


class SampleQuery(StrictSchema):
    """How to draw, from which journals."""

    seed = Text(limits.SEED_CHARS_MAX, least=1, required=True)
    way = fields.String(load_default="random", validate=validate.OneOf(list(WAYS)))
    sign = fields.String(load_default="", validate=validate.OneOf(["", *SIGNS]))
    count = QueryInteger(least=1, most=limits.SAMPLE_JOURNALS_MAX, load_default=COUNT_USUAL)
    starts_on = Day(load_default=None)
    ends_on = Day(load_default=None)
    size = QueryInteger(load_default=None, metadata={"description": "journals up to this number"})


class DrawnSchema(StrictSchema):
    """A journal of a sample."""

    seq = fields.Integer()
    id = fields.String()
    kind = fields.String()
    group = fields.String()
    effective_on = Day()
    recorded_at = Instant()
    pence = fields.Integer()
    signs = fields.List(fields.String())
    lot = fields.String(metadata={"description": "SHA-256 of seed, colon and number"})
    marks = fields.Integer(metadata={"description": "marked pence in it, when drawn by money"})


class SampleSchema(StrictSchema):
    """A sample, and what it was drawn from."""

    seed = fields.String()
    way = fields.String()
    sign = fields.String()
    size = fields.Integer()
    journals = fields.Integer(metadata={"description": "drawn from so many"})
    pence = fields.Integer(metadata={"description": "that move so many pence together"})
    start = fields.Integer(metadata={"description": "the first marked penny; by money"})
    interval = fields.Integer(metadata={"description": "from mark to mark; by money"})
    items = fields.List(fields.Nested(DrawnSchema))
