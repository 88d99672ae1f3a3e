"""Public inspections, questions and objections as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.base import Day, Instant, StrictInteger, StrictSchema, Text
from ledger.kernel import limits


class InspectionSchema(StrictSchema):
    """One inspection of a closed period."""

    id = fields.String()
    period = fields.Integer()
    starts_on = Day()
    ends_on = Day()
    opens_on = Day()
    closes_on = Day()
    holds_july = fields.Boolean(
        allow_none=True,
        metadata={
            "description": "the first ten working days of July; null: not the year to 31 March"
        },
    )
    journals = fields.Integer()
    checkpoint = fields.Integer(attribute="size", metadata={"description": "its size"})
    root = fields.Function(
        lambda view: view.root.hex(),
        metadata={"type": "string", "description": "over all commitments, in hex"},
    )
    seal = fields.String(metadata={"description": "the signed note"})


class InspectionList(StrictSchema):
    """Every inspection, the newest first."""

    items = fields.List(fields.Nested(InspectionSchema))


class NewInspection(StrictSchema):
    """Which closed period is opened, from which London day."""

    period = StrictInteger(least=1, required=True)
    opens_on = Day(required=True)
    more_days = StrictInteger(
        most=10, load_default=0, metadata={"description": "beyond thirty working days"}
    )


class AnswerSchema(StrictSchema):
    """What was said, and the state that it gave."""

    state = fields.String(attribute="gives")
    words = fields.String()
    said_at = Instant()


class MatterSchema(StrictSchema):
    """A question or objection with its answers; without a name."""

    id = fields.String()
    inspection = fields.String()
    kind = fields.String()
    journal = fields.Integer(attribute="seq")
    entry = fields.Integer(attribute="line", allow_none=True)
    words = fields.String()
    state = fields.String()
    asked_at = Instant()
    answers = fields.List(fields.Nested(AnswerSchema))


class WithheldSchema(StrictSchema):
    """A part of a journal that is withheld from the public by hand; without who did it."""

    journal = fields.Integer(attribute="seq")
    part = fields.String(metadata={"description": "reason, group, or entry.N for its account"})
    reason = fields.String()
    withheld_on = Day(attribute="said_on")


class WithheldList(StrictSchema):
    """What is withheld by hand, by journal and part."""

    items = fields.List(fields.Nested(WithheldSchema))


class NewWithholding(StrictSchema):
    """Parts of a journal, and why they are withheld or shown again."""

    parts = fields.List(
        Text(limits.NAME_CHARS_MAX, least=1), required=True,
        validate=validate.Length(min=1, max=limits.PAGE_ROWS_MAX),
        metadata={"description": "reason, group, entry.1, entry.2, …"},
    )  # fmt: skip
    reason = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, lines=True, required=True)


class NewMatter(StrictSchema):
    """A question or an objection about a journal, or one of its entries."""

    kind = fields.String(required=True, validate=validate.OneOf(("question", "objection")))
    journal = StrictInteger(least=1, required=True)
    entry = StrictInteger(least=1, load_default=None)
    words = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, lines=True, required=True)


class NewAnswer(StrictSchema):
    """What is said to it; everybody can read it."""

    words = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, lines=True, required=True)
