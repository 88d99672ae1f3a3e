"""An agreement's terms from a filled-in form."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.dividends.rules.terms import Agency, Payee, Terms, check_terms
from ledger.kernel import limits
from ledger.kernel.errors import LedgerError
from ledger.pages.forms import Form

PAYEE_ROWS: Final = 4
AGENCY_ROWS: Final = 4
_UNKNOWN: Final = date(2000, 1, 1)


def per_cent(form: Form, name: str, *, what: str) -> int:
    """Whole per cent as basis points."""
    share = form.whole(name, what=what)
    if share > 100:
        form.wrong(name, "It must be 100 or less")
    return share * 100


def terms_from(form: Form, *, measure_version: str, body: str) -> Terms | None:
    """The terms that were typed, or None with every error beside its field."""
    payees, agencies = _payees(form), _agencies(form)
    days = {
        name: form.day(name, what=what)
        for name, what in (
            ("baseline_from", "the first day of the baseline"),
            ("first_period_from", "the first day of the first year tested"),
            ("selected_on", "the day on which the area was chosen"),
        )
    }
    terms = Terms(
        title=form.text("title", what="a title", chars=limits.NAME_CHARS_MAX),
        measure_version=measure_version, area=form.text("area", what="the area", verb="Select"),
        accountable_body=body, payees=tuple(payees), agencies=tuple(agencies),
        comparators=tuple(form.chosen("comparators")),
        baseline_from=days["baseline_from"] or _UNKNOWN,
        baseline_months=12 * form.whole("baseline_years", what="how many years"),
        first_period_from=days["first_period_from"] or _UNKNOWN,
        periods=form.whole("periods", what="how many years"),
        selected_on=days["selected_on"] or _UNKNOWN,
        threshold_bp=per_cent(form, "threshold", what="the target"),
        expected_fall_bp=per_cent(form, "expected_fall", what="the fall you expect"),
        cap_pence=form.pounds("cap", what="the most that is paid in a year"),
        evidence=form.text("evidence", what="the evidence", chars=limits.TEXT_CHARS_MAX),
        service_effect=form.text(
            "service_effect", what="what it means for staff", chars=limits.TEXT_CHARS_MAX
        ),
        community_bp=per_cent(form, "community_share", what="the community’s share"),
    )  # fmt: skip
    if form.errors:
        return None
    try:
        check_terms(terms)
    except LedgerError as refusal:
        form.refuse(refusal)
        return None
    return terms


def _payees(form: Form) -> list[Payee]:
    rows = []
    for row in range(1, PAYEE_ROWS + 1):
        organisation = form.value(f"payee-{row}")
        if organisation:
            weight = form.whole(f"weight-{row}", what="its weight")
            rows.append(Payee(organisation, weight))
    if not rows:
        form.wrong("payee-1", "Select at least one group to be paid")
    return rows


def _agencies(form: Form) -> list[Agency]:
    rows = []
    for row in range(1, AGENCY_ROWS + 1):
        organisation = form.value(f"agency-{row}")
        if organisation:
            rows.append(
                Agency(
                    organisation,
                    form.pounds(f"unit_cost-{row}", what="what one event costs it"),
                    per_cent(form, f"cashable-{row}", what="how much leaves a budget"),
                    per_cent(form, f"haircut-{row}", what="how much is cut for doubt"),
                    form.pounds(f"puts_in-{row}", what="what it puts in"),
                    form.whole(f"price_year-{row}", what="the year of the prices"),
                )
            )
    if not rows:
        form.wrong("agency-1", "Select at least one agency that saves")
    return rows
