"""What extracts are asked for by, and how they are listed."""

from __future__ import annotations

from marshmallow import fields

from ledger.api.schemas.base import Day, QueryInteger, StrictSchema


class ExtractQuery(StrictSchema):
    """A period: both days, or neither for all; and up to which journal."""

    starts_on = Day(load_default=None)
    ends_on = Day(load_default=None)
    size = QueryInteger(load_default=None, metadata={"description": "journals up to this number"})


class ExtractSchema(StrictSchema):
    """A kind of extract."""

    name = fields.String()
    title = fields.String()
    words = fields.String()
    suffix = fields.String()
    media_type = fields.String()


class ExtractList(StrictSchema):
    """What can be asked for."""

    items = fields.List(fields.Nested(ExtractSchema))
