"""Pledges, commitments, receipts, releases, refunds and hours as the API shows and takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from ledger.api.schemas.base import (
    Day,
    Instant,
    PageQuery,
    Quantity,
    Reference,
    StrictBoolean,
    StrictInteger,
    StrictSchema,
    Text,
)
from ledger.kernel import limits
from ledger.pledges.rules import PUBLIC, UNITS

LONG = limits.TEXT_CHARS_MAX


class Valued(fields.Field[int]):
    """A whole number shown with its unit: that of the record, or pence where ``unit`` says GBP."""

    def __init__(self, unit: str = "", **options: Any) -> None:
        super().__init__(
            dump_only=True, metadata={"$ref": "#/components/schemas/Quantity"}, **options
        )
        self.unit = unit

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        del attr, kwargs
        held = obj.get("unit") if isinstance(obj, Mapping) else getattr(obj, "unit", "")
        return None if value is None else {"unit": self.unit or held, "quantity": value}


def pence_of(field: str) -> Any:
    """A check that a quantity is in pounds; ``field`` names it."""

    def check(value: dict[str, Any]) -> None:
        if value["unit"] != "GBP" or value["quantity"] < 1:
            raise ValidationError(f"{field} is in GBP, in pence, from 1.")

    return check


class DealSchema(StrictSchema):
    """What people sign: figures in the pledge's unit, and the answers that they read first."""

    sentence = Text(limits.LINE_CHARS_MAX, least=1, required=True)
    description = Text(LONG, lines=True, load_default="")
    place = Text(LONG, lines=True, load_default="")
    minimum = StrictInteger(least=1, required=True)
    optimum = StrictInteger(least=1, required=True)
    maximum = StrictInteger(least=1, required=True)
    deadline_on = Day(required=True)
    too_little = Text(LONG, lines=True, load_default="")
    too_much = Text(LONG, lines=True, load_default="")
    undeliverable = Text(LONG, lines=True, load_default="")


class NewPledge(StrictSchema):
    """A pledge to draft for a group."""

    group = Reference("ORG", required=True)
    broker = Reference("PER", required=True)
    neighbourhood = Reference("NBH", required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))
    match_counts = StrictBoolean(load_default=False)
    collect_days = StrictInteger(least=1, most=limits.PLEDGE_COLLECT_DAYS_MAX, load_default=28)
    deal = fields.Nested(DealSchema, required=True)


class PledgeSchema(StrictSchema):
    """A pledge as everybody may see it."""

    id = Reference("PLG")
    group = Reference("ORG", attribute="group_id")
    neighbourhood = Reference("NBH")
    unit = fields.String()
    state = fields.String()
    wording = fields.Integer()
    deal = fields.Nested(DealSchema)
    deadline_at = Instant(metadata={"description": "the first instant at which it is too late"})
    match_counts = StrictBoolean()
    collect_days = fields.Integer()
    confirmed = Valued()
    counted = Valued()
    people = fields.Integer(attribute="confirmed_count")
    match_reserved = Valued("GBP")
    answer_due_on = Day(allow_none=True)
    opened_at = Instant(allow_none=True)
    reached_at = Instant(allow_none=True)
    settles_at = Instant(allow_none=True)
    settled_at = Instant(allow_none=True)
    collect_until_on = Day(allow_none=True)
    fell_short = StrictBoolean()
    ended_at = Instant(allow_none=True)
    ended_reason = fields.String()


class PledgeQuery(PageQuery):
    """Which pledges are asked for."""

    state = fields.String(validate=validate.OneOf(sorted(PUBLIC)), load_default="")
    neighbourhood = Reference("NBH", load_default="")
    group = Reference("ORG", load_default="")


class PledgeVerdict(StrictSchema):
    """A moderator's answer."""

    verdict = fields.String(required=True, validate=validate.OneOf(("open", "back", "reject")))
    reason = Text(LONG, lines=True, load_default="")


class ShortfallDecision(StrictSchema):
    """What happens when too little was collected."""

    verdict = fields.String(required=True, validate=validate.OneOf(("go_on", "extend", "dissolve")))
    reason = Text(LONG, least=limits.REASON_CHARS_MIN, lines=True, required=True)
    days = StrictInteger(least=1, most=92, load_default=28)


class PledgeReason(StrictSchema):
    """Why it is done."""

    reason = Text(LONG, least=limits.REASON_CHARS_MIN, lines=True, required=True)


class Resumption(PledgeReason):
    """Why it goes on, and perhaps a later last day."""

    deadline_on = Day(load_default=None, allow_none=True)


class Rewording(PledgeReason):
    """A new version of the deal."""

    deal = fields.Nested(DealSchema, required=True)


class TakenOffer(StrictSchema):
    """The match offer that a pledge takes up."""

    offer = Reference("OFR", required=True)


class NewCommitment(StrictSchema):
    """A promise of the person who calls."""

    promise = fields.Nested(Quantity, required=True)
    show_name = StrictBoolean(load_default=False)


class PaperCommitment(NewCommitment):
    """A signed paper form, entered by an officer."""

    person = Reference("PER", required=True)
    form_number = Text(60, least=1, required=True)


class CommitmentSchema(StrictSchema):
    """One person's part in a pledge, for that person and for those who keep its money."""

    id = Reference("CMT")
    pledge = Reference("PLG")
    person = Reference("PER")
    state = fields.String()
    promised = Valued(attribute="quantity")
    received = Valued()
    extra = Valued()
    earned_match = Valued("GBP")
    wording = fields.Integer()
    show_name = StrictBoolean()
    via = fields.String()
    joined_at = Instant()
    confirmed_at = Instant(allow_none=True)
    due_on = Day(allow_none=True)


class CommitmentQuery(PageQuery):
    """Whose commitments: your own, or a pledge's where you keep its money."""

    pledge = Reference("PLG", load_default="")


class ContactSecret(StrictSchema):
    """The secret at the end of the link in a message."""

    secret = Text(limits.KEY_CHARS_MAX, least=16, required=True)


class ConfirmedSchema(StrictSchema):
    """What following the link did."""

    commitment = Reference("CMT")
    pledge = Reference("PLG")
    again = StrictBoolean()
    reached = StrictBoolean()


class NewHours(StrictSchema):
    """Time that was given."""

    minutes = StrictInteger(least=1, most=limits.HOURS_ENTRY_MINUTES_MAX, required=True)
    worked_on = Day(required=True)
    work = Text(limits.LINE_CHARS_MAX, load_default="")


class HoursSchema(StrictSchema):
    """Time that was given, and who has confirmed it."""

    id = Reference("HRS")
    pledge = Reference("PLG")
    commitment = Reference("CMT")
    minutes = fields.Integer()
    worked_on = Day()
    work = fields.String()
    state = fields.String()
    giver_at = Instant(allow_none=True)
    organiser_at = Instant(allow_none=True)
    refused_reason = fields.String()


class NewPledgeReceipt(StrictSchema):
    """A bank line for a commitment."""

    commitment = Reference("CMT", required=True)
    amount = fields.Nested(Quantity, required=True, validate=pence_of("A receipt"))
    reference = Text(limits.LINE_CHARS_MAX, least=1, required=True)
    received_on = Day(required=True)
    accept_extra = StrictBoolean(load_default=False)


class PledgeReceiptSchema(StrictSchema):
    """Money that came in."""

    id = Reference("RCT")
    pledge = Reference("PLG")
    commitment = Reference("CMT")
    reference = fields.String()
    amount = Valued("GBP", attribute="pence")
    due_part = Valued("GBP", attribute="due_pence")
    extra_part = Valued("GBP", attribute="extra_pence")
    match = Valued("GBP", attribute="match_pence")
    received_on = Day()
    recorded_at = Instant()


class PledgeLine(PageQuery):
    """Of which pledge."""

    pledge = Reference("PLG", required=True)


class NewPledgeRelease(StrictSchema):
    """Money that a group asks for."""

    pledge = Reference("PLG", required=True)
    milestone = Text(limits.LINE_CHARS_MAX, least=3, required=True)
    evidence = Text(LONG, least=limits.REASON_CHARS_MIN, lines=True, required=True)
    amount = fields.Nested(Quantity, required=True, validate=pence_of("A release"))


class PledgeReleaseSchema(StrictSchema):
    """A milestone for which money is asked, released or paid."""

    id = Reference("REL")
    pledge = Reference("PLG")
    payee = Reference("ORG")
    milestone = fields.String()
    evidence = fields.String()
    amount = Valued("GBP", attribute="pence")
    state = fields.String()
    proposal = Reference("PRP", allow_none=True)
    requested_at = Instant()
    released_at = Instant(allow_none=True)
    paid_at = Instant(allow_none=True)
    payment_reference = fields.String(allow_none=True)
    refused_reason = fields.String()


class BankReference(StrictSchema):
    """The reference of a payment on the bank statement."""

    reference = Text(limits.LINE_CHARS_MAX, least=1, required=True)


class NewRefundRun(StrictSchema):
    """The pledge whose refunds are to be paid."""

    pledge = Reference("PLG", required=True)


class RefundRunSchema(StrictSchema):
    """A list of refunds that two people agree to pay."""

    id = Reference("RUN")
    pledge = Reference("PLG")
    proposal = Reference("PRP")
    amount = Valued("GBP", attribute="pence")
    state = fields.String()
    proposed_at = Instant()
    paid_at = Instant(allow_none=True)
    payment_reference = fields.String()
