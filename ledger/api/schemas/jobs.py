"""Jobs and their runs as the API shows them."""

from __future__ import annotations

from marshmallow import fields

from ledger.api.schemas.base import Day, Instant, StrictInteger, StrictSchema


class RunSchema(StrictSchema):
    """One slot of a job and what became of it."""

    job = fields.String()
    slot = fields.String(metadata={"description": "a London day, or a minute in UTC"})
    slot_at = Instant()
    state = fields.String(metadata={"description": "ASKED, RUNNING, RETRY, DONE or FAILED"})
    attempts = StrictInteger()
    started_at = Instant(allow_none=True)
    finished_at = Instant(allow_none=True)
    retry_at = Instant(allow_none=True)
    asked_by = fields.String()
    said = fields.String()


class RunPage(StrictSchema):
    """Runs, newest slot first."""

    items = fields.List(fields.Nested(RunSchema))
    next = fields.String(allow_none=True)


class JobSchema(StrictSchema):
    """A job, when it is due, and its newest run."""

    name = fields.String()
    says = fields.String()
    due = fields.String()
    newest = fields.Nested(RunSchema, allow_none=True)


class JobList(StrictSchema):
    """Every job there is."""

    items = fields.List(fields.Nested(JobSchema))


class NewRun(StrictSchema):
    """For which London day a job is to run."""

    on = Day(required=True)
