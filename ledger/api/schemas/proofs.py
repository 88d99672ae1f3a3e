"""Witnesses, co-signatures and receipts as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields

from ledger.api.schemas.base import Day, Instant, StrictInteger, StrictSchema, Text
from ledger.kernel import limits


class WitnessSchema(StrictSchema):
    """Somebody outside who co-signs checkpoints."""

    id = fields.String()
    name = fields.String(metadata={"description": "the name in its key and below checkpoints"})
    key = fields.String(attribute="key_line")
    called = fields.String(metadata={"description": "who it is"})
    registered_at = Instant()
    ended_at = Instant(allow_none=True)
    ended_reason = fields.String()


class WitnessList(StrictSchema):
    """Everybody who is or was a witness."""

    items = fields.List(fields.Nested(WitnessSchema))


class NewWitness(StrictSchema):
    """A witness to register."""

    called = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    key = Text(limits.LINE_CHARS_MAX, least=1, required=True,
               metadata={"description": "NAME+ID+KEY, for co-signing (type 0x04)"})  # fmt: skip


class EndedWitness(StrictSchema):
    """Why a witness is ended."""

    reason = Text(limits.LINE_CHARS_MAX, least=limits.REASON_CHARS_MIN, required=True)


class CosignedNote(StrictSchema):
    """A checkpoint with co-signatures below it."""

    note = Text(
        limits.NOTE_CHARS_MAX, least=1, lines=True, required=True,
        metadata={"description": "the signed note as the witness returned it"},
    )  # fmt: skip


class CosignatureSchema(StrictSchema):
    """One witness's line below a checkpoint."""

    witness = fields.String()
    name = fields.String()
    called = fields.String()
    line = fields.String()
    signed_at = Instant()
    accepted_at = Instant()


class StandingSchema(StrictSchema):
    """How a checkpoint stands with its witnesses."""

    size = StrictInteger(least=1)
    cosigned = StrictInteger(metadata={"description": "how many witnesses have co-signed it"})
    of = StrictInteger(metadata={"description": "of how many"})
    needed = StrictInteger(metadata={"description": "how many must, for it to be witnessed"})
    is_witnessed = fields.Boolean()
    note = fields.String(metadata={"description": "the checkpoint with every co-signature"})
    items = fields.List(fields.Nested(CosignatureSchema))


class ReceiptQuery(StrictSchema):
    """The code on the paper, for whoever holds it."""

    code = Text(40, load_default="")


class ReceiptEntrySchema(StrictSchema):
    """One journal of a receipt, in short."""

    seq = StrictInteger(least=1)
    on = Day()
    kind = fields.String()
    id = fields.String()
    reason = fields.String()
    quantity = StrictInteger()
    unit = fields.String()


class ReceiptProofSchema(StrictSchema):
    """A receipt that proves itself."""

    reference = fields.String()
    title = fields.String()
    about = fields.String()
    holds = fields.Boolean(metadata={"description": "whether everything in it was found to hold"})
    size = StrictInteger(allow_none=True, metadata={"description": "of its checkpoint"})
    key = fields.String(allow_none=True, metadata={"description": "the books' public key"})
    is_witnessed = fields.Boolean(allow_none=True)
    entries = fields.List(fields.Nested(ReceiptEntrySchema))
    waiting = fields.List(StrictInteger(), metadata={"description": "numbers not yet signed"})
    text = fields.String(
        metadata={"description": "for verify_books.py; a C2SP tlog-proof for each journal"}
    )
    address = fields.String(metadata={"description": "of the page, with its code"})
