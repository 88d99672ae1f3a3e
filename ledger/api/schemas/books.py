"""Journals, accounts, periods, checkpoints and packs as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.base import (
    Day,
    Instant,
    PageQuery,
    QueryInteger,
    StrictInteger,
    StrictSchema,
)
from ledger.kernel import limits

_WHOLE = {"description": "debits less credits; pence for GBP, minutes for HOUR"}


class EntrySchema(StrictSchema):
    """One entry of a journal. Layer P is posted, H is held."""

    line = StrictInteger(least=1)
    account = fields.String(attribute="path")
    fund = fields.String()
    unit = fields.String()
    side = fields.String(validate=validate.OneOf(("D", "C")))
    quantity = fields.Integer(attribute="amount", metadata={"description": "whole pence, minutes…"})
    layer = fields.String(validate=validate.OneOf(("P", "H")))
    balance_after = fields.Integer(metadata=_WHOLE)


class JournalSchema(StrictSchema):
    """One journal; people appear by pseudonym."""

    seq = StrictInteger(least=1)
    id = fields.String()
    kind = fields.String()
    effective_on = Day()
    recorded_at = Instant()
    group = fields.String(attribute="group_id")
    reason = fields.String()
    purpose = fields.String()
    maker = fields.String()
    checker = fields.String(allow_none=True)
    resolves = fields.Integer(allow_none=True)
    reverses = fields.Integer(allow_none=True)


class WholeJournalSchema(JournalSchema):
    """One journal with its entries and the bytes by which it is known."""

    reversed_by = fields.Integer(allow_none=True, metadata={"description": "its reversal’s number"})
    resolved_by = fields.Integer(allow_none=True)
    entries = fields.List(fields.Nested(EntrySchema))
    leaf = fields.String(metadata={"description": "the stored bytes, ASCII JSON"})
    leaf_hash = fields.String(metadata={"description": "SHA-256 of 0x00 and the leaf, in hex"})
    chain = fields.String()


class JournalQuery(PageQuery):
    """Which journals are asked for."""

    group = fields.String(load_default="", validate=validate.Length(max=limits.LINE_CHARS_MAX))


class ProofSchema(StrictSchema):
    """The proof that a journal is under a checkpoint (RFC 9162)."""

    index = StrictInteger(metadata={"description": "from 0"})
    leaf_hash = fields.String()
    hashes = fields.List(fields.String())
    checkpoint = fields.String(metadata={"description": "the signed note"})


class AccountSchema(StrictSchema):
    """One account with its balance."""

    account = fields.String(attribute="path")
    type = fields.String()
    unit = fields.String()
    fund = fields.String()
    debits = fields.Integer(attribute="dr")
    credits = fields.Integer(attribute="cr")
    balance = fields.Integer(attribute="net", metadata=_WHOLE)
    held_debits = fields.Integer(attribute="held_dr")
    held_credits = fields.Integer(attribute="held_cr")


class AsAtQuery(StrictSchema):
    """As at the end of which day, and as known at which instant."""

    on = Day(load_default=None, metadata={"description": "what took effect by this London day"})
    known_at = Instant(
        load_default=None, metadata={"description": "what had been recorded by this instant"}
    )


class AccountQuery(PageQuery, AsAtQuery):
    """Which accounts are asked for, as at which day, as known at which instant."""

    under = fields.String(load_default="", validate=validate.Length(max=limits.NAME_CHARS_MAX))


class StatementQuery(PageQuery, AsAtQuery):
    """Which part of a statement, as at which day, as known at which instant."""


class FundLineSchema(StrictSchema):
    """One line of the report by fund: a quantity for each fund, and of all together."""

    name = fields.String()
    by_fund = fields.List(fields.Integer(metadata=_WHOLE))
    total = fields.Integer(metadata=_WHOLE)


class FundTableSchema(StrictSchema):
    """The accounts of one unit in columns by fund."""

    unit = fields.String()
    funds = fields.List(fields.String())
    lines = fields.List(fields.Nested(FundLineSchema))
    holds = fields.Nested(FundLineSchema)


class FundTableList(StrictSchema):
    """One table for each unit."""

    items = fields.List(fields.Nested(FundTableSchema))


class StatementLineSchema(StrictSchema):
    """One entry of an account, with the journal it belongs to."""

    seq = StrictInteger(least=1)
    line = StrictInteger(least=1)
    effective_on = Day()
    id = fields.String()
    kind = fields.String()
    reason = fields.String()
    maker = fields.String()
    checker = fields.String(allow_none=True)
    side = fields.String()
    quantity = fields.Integer(attribute="amount")
    layer = fields.String()
    unit = fields.String()
    balance_after = fields.Integer(metadata=_WHOLE)


class CheckpointSchema(StrictSchema):
    """One signed checkpoint."""

    size = StrictInteger(least=1, metadata={"description": "how many journals it covers"})
    root = fields.Function(lambda row: row.root.hex(), metadata={"type": "string"})
    chain = fields.Function(lambda row: row.chain.hex(), metadata={"type": "string"})
    origin = fields.String()
    key = fields.String(attribute="key_line")
    note = fields.String(metadata={"description": "exactly what was signed"})
    reason = fields.String()
    made_at = Instant()


class ConsistencyQuery(StrictSchema):
    """The older checkpoint to compare with."""

    old = QueryInteger(least=1, required=True)


class ConsistencySchema(StrictSchema):
    """The proof that a checkpoint only added to an older one (RFC 9162)."""

    old = StrictInteger(least=1)
    size = StrictInteger(least=1)
    hashes = fields.List(fields.String())


class NewExport(StrictSchema):
    """A pack to make: both days, or neither for everything."""

    starts_on = Day(load_default=None, allow_none=True)
    ends_on = Day(load_default=None, allow_none=True)


class ExportSchema(StrictSchema):
    """A pack: its state is running, done, stopped or failed."""

    name = fields.String()
    state = fields.String(validate=validate.OneOf(("running", "done", "stopped", "failed")))
    step = fields.String()
    size_bytes = StrictInteger()


class ExportList(StrictSchema):
    """Every pack that is there or being made."""

    items = fields.List(fields.Nested(ExportSchema))
