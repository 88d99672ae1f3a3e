"""Agreements and determinations as the API shows and takes them. Money is in whole pence."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from ledger.api.schemas.base import (
    Day,
    Instant,
    PageQuery,
    Reference,
    StrictInteger,
    StrictSchema,
    Text,
)
from ledger.dividends.rules.states import AGREEMENT_MOVES
from ledger.dividends.rules.terms import WHOLE_BP, Agency, Payee, Terms
from ledger.kernel import limits

_MOST = limits.AGREEMENT_PARTIES_MAX


class PayeeSchema(StrictSchema):
    """A group that is paid, and its weight."""

    organisation = Reference("ORG", required=True)
    weight = StrictInteger(least=1, most=1_000_000, required=True)

    @post_load
    def made(self, data: dict[str, Any], **_options: Any) -> Payee:
        """As the terms hold it."""
        return Payee(**data)


class AgencySchema(StrictSchema):
    """Who saves: pence an event, shares in basis points, and the money put in."""

    organisation = Reference("ORG", required=True)
    unit_cost_pence = StrictInteger(required=True)
    cashable_bp = StrictInteger(most=WHOLE_BP, required=True)
    haircut_bp = StrictInteger(most=WHOLE_BP, required=True)
    commitment_pence = StrictInteger(required=True)
    price_year = StrictInteger(least=1990, most=2100, required=True)
    grade = Text(20, load_default="C")
    source = Text(limits.LINE_CHARS_MAX, load_default="")

    @post_load
    def made(self, data: dict[str, Any], **_options: Any) -> Agency:
        """As the terms hold it."""
        return Agency(**data)


class TermsSchema(StrictSchema):
    """Everything that is pinned when an agreement is drafted. Shares are in basis points."""

    title = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    measure_version = Text(limits.LINE_CHARS_MAX, least=1, required=True)
    area = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    accountable_body = Reference("ORG", required=True)
    payees = fields.List(
        fields.Nested(PayeeSchema), required=True, validate=validate.Length(min=1, max=_MOST)
    )
    agencies = fields.List(
        fields.Nested(AgencySchema), required=True, validate=validate.Length(min=1, max=_MOST)
    )
    comparators = fields.List(
        Text(limits.NAME_CHARS_MAX, least=1), load_default=list, validate=validate.Length(max=_MOST)
    )
    baseline_from = Day(required=True)
    baseline_months = StrictInteger(least=1, most=1_200, required=True)
    first_period_from = Day(required=True)
    periods = StrictInteger(least=1, most=limits.AGREEMENT_PERIODS_MAX, required=True)
    selected_on = Day(required=True)
    threshold_bp = StrictInteger(most=WHOLE_BP, required=True)
    expected_fall_bp = StrictInteger(most=WHOLE_BP, required=True)
    cap_pence = StrictInteger(required=True)
    evidence = Text(limits.TEXT_CHARS_MAX, least=1, lines=True, required=True)
    service_effect = Text(limits.TEXT_CHARS_MAX, least=1, lines=True, required=True)
    community_bp = StrictInteger(most=WHOLE_BP, load_default=5_000)
    claim_bp = StrictInteger(most=WHOLE_BP, load_default=WHOLE_BP)
    alpha_bp = StrictInteger(most=WHOLE_BP, load_default=500)
    alpha_target_bp = StrictInteger(most=WHOLE_BP, load_default=2_000)
    holdback_bp = StrictInteger(most=WHOLE_BP, load_default=2_000)
    holdback_provisional_bp = StrictInteger(most=WHOLE_BP, load_default=5_000)
    run_out_days = StrictInteger(most=2_000, load_default=92)
    revision_days = StrictInteger(most=2_000, load_default=365)


class NewAgreement(TermsSchema):
    """The terms of an agreement to be drafted."""

    @post_load
    def made(self, data: dict[str, Any], **_options: Any) -> Terms:
        """As the service takes them."""
        lists = {name: tuple(data[name]) for name in ("payees", "agencies", "comparators")}
        return Terms(**(data | lists))


class AgreementSchema(StrictSchema):
    """An agreement: its sentence, terms, odds, and who has signed."""

    id = Reference("AGR")
    title = fields.String()
    sentence = fields.String()
    terms = fields.Nested(TermsSchema)
    digest = fields.String()
    state = fields.String()
    odds = fields.Dict(keys=fields.String())
    legal_power = fields.String()
    drafted_at = Instant()
    signatures = fields.Dict(keys=fields.String(), values=Instant())
    unsigned = fields.List(fields.String())


class AgreementQuery(PageQuery):
    """Which agreements are asked for."""

    state = fields.String(
        load_default="", validate=validate.OneOf(("", *AGREEMENT_MOVES))
    )  # fmt: skip


class LegalPower(StrictSchema):
    """The legal power under which the body pays."""

    legal_power = Text(limits.TEXT_CHARS_MAX, least=1, lines=True, required=True)


class NewSignature(StrictSchema):
    """A party's signature under exactly these terms."""

    organisation = Reference("ORG", required=True)
    digest = Text(64, least=64, required=True)


class NewBudgetReceipt(StrictSchema):
    """A bank line: money of an agency came in."""

    agency = Reference("ORG", required=True)
    quantity_pence = StrictInteger(least=1, required=True)
    reference = Text(limits.LINE_CHARS_MAX, least=1, required=True)
    received_on = Day(required=True)


class NewPayment(StrictSchema):
    """A bank line: a payee was paid."""

    payee = Reference("ORG", required=True)
    quantity_pence = StrictInteger(least=1, required=True)
    reference = Text(limits.LINE_CHARS_MAX, least=1, required=True)
    paid_on = Day(required=True)


class Ending(StrictSchema):
    """Why an agreement ends early."""

    reason = Text(limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN, lines=True, required=True)


class DeterminationQuery(PageQuery):
    """Which determinations are asked for."""

    agreement = Reference("AGR", load_default="")


class DeterminationSchema(StrictSchema):
    """A determination; counts and amounts are null where a small count could be worked out."""

    id = Reference("DET")
    agreement = Reference("AGR")
    period = StrictInteger()
    revision = StrictInteger()
    result = fields.String()
    state = fields.String()
    sentence = fields.String()
    award_pence = StrictInteger(allow_none=True)
    facts = fields.Dict(keys=fields.String(), allow_none=True)
    proposal = Reference("PRP", allow_none=True)
    digest = fields.String(allow_none=True)
    tested_at = Instant()
    released_at = Instant(allow_none=True)
