"""Measures and readings as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.base import Day, Instant, StrictInteger, StrictSchema, Text
from ledger.kernel import limits


class MeasureSchema(StrictSchema):
    """A measure with its newest version."""

    id = fields.String()
    name = fields.String()
    better = fields.String()
    version_id = fields.String()
    version = StrictInteger()
    definition = fields.String()
    source = fields.String()
    supplier = fields.String()
    final_through = Day(allow_none=True)
    counted = fields.String(metadata={"description": "what one of it is, in words"})


class MeasureList(StrictSchema):
    """Measures by name."""

    items = fields.List(fields.Nested(MeasureSchema))


class NewMeasure(StrictSchema):
    """A measure, or a new version of one: two versions never meet in one test."""

    code = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    name = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    definition = Text(limits.TEXT_CHARS_MAX, least=1, lines=True, required=True)
    source = Text(limits.LINE_CHARS_MAX, load_default="")
    supplier = Text(limits.NAME_CHARS_MAX, load_default="")
    better = fields.String(
        load_default="lower", validate=validate.OneOf(("lower", "higher"))
    )  # fmt: skip


class NewMeasureName(StrictSchema):
    """What a measure is called from now on; its code and readings stay as they are."""

    name = Text(limits.NAME_CHARS_MAX, least=limits.REASON_CHARS_MIN, required=True)
    counted = Text(limits.LINE_CHARS_MAX, load_default="")
    better = fields.String(required=True, validate=validate.OneOf(("lower", "higher")))


class FinalMark(StrictSchema):
    """The last month whose readings are complete."""

    through = Day(required=True)


class AreaSchema(StrictSchema):
    """An area that a measure has readings for."""

    id = fields.String()
    name = fields.String()


class AreaList(StrictSchema):
    """Areas by name."""

    items = fields.List(fields.Nested(AreaSchema))


class ReadingQuery(StrictSchema):
    """Which readings are asked for."""

    measure = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    area = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    from_on = Day(required=True, data_key="from")
    to_on = Day(required=True, data_key="to")


class ReadingSchema(StrictSchema):
    """The latest value of a month; null where it is from 1 to 4 and you are not staff."""

    month = Day()
    value = StrictInteger(allow_none=True)
    revision = StrictInteger()


class ReadingList(StrictSchema):
    """Readings, oldest first."""

    items = fields.List(fields.Nested(ReadingSchema))


class ImportSchema(StrictSchema):
    """A file that was read."""

    id = StrictInteger()
    measure = fields.String()
    filename = fields.String()
    sha256 = fields.String()
    rows = StrictInteger()
    added = StrictInteger()
    revised = StrictInteger()
    unchanged = StrictInteger()
    imported_at = Instant()
    imported_by = fields.String()


class ImportList(StrictSchema):
    """Files, newest first."""

    items = fields.List(fields.Nested(ImportSchema))


class ProblemRow(StrictSchema):
    """What is wrong on a line of a file."""

    line = StrictInteger()
    column = fields.String()
    facts = fields.String()
    remedy = fields.String()


class ReadingReport(StrictSchema):
    """What an import did, or would do."""

    measure = fields.String()
    filename = fields.String()
    sha256 = fields.String()
    rows = StrictInteger()
    readings = StrictInteger()
    added = StrictInteger()
    revised = StrictInteger()
    unchanged = StrictInteger()
    same_file = fields.Boolean()
    dry_run = fields.Boolean()
    problems = fields.List(fields.Nested(ProblemRow))
    problem_count = StrictInteger()
