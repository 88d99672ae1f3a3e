"""The terms of an agreement: what is pinned at signing, and the sentence it makes (D1, D2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from ledger.dividends.rules.refusals import Incomplete
from ledger.kernel import limits
from ledger.kernel.money import format_pence
from ledger.outcomes.rules.windows import (
    BASELINE_YEARS_MIN,
    YEAR_MONTHS,
    Window,
    check_window,
    plus_months,
)

WHOLE_BP: Final = 10_000
"""One hundred per cent in basis points; every share in an agreement is a whole number of them."""


@dataclass(frozen=True, slots=True)
class Payee:
    """A community group and its weight in what is paid."""

    organisation: str
    weight: int


@dataclass(frozen=True, slots=True)
class Agency:
    """Who saves: pence saved by one event less, how much of that leaves a budget, and the money
    it puts in. Shares are basis points.
    """

    organisation: str
    unit_cost_pence: int
    cashable_bp: int
    haircut_bp: int
    commitment_pence: int
    price_year: int
    grade: str = "C"
    source: str = ""

    @property
    def saved_pence(self) -> Fraction:
        """What one event less saves this agency, exactly, in pence (D8)."""
        cash = self.cashable_bp * (WHOLE_BP - self.haircut_bp)
        return Fraction(self.unit_cost_pence * cash, WHOLE_BP * WHOLE_BP)


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that is pinned. Money in pence, shares and odds in basis points."""

    title: str
    measure_version: str
    area: str
    accountable_body: str
    payees: tuple[Payee, ...]
    agencies: tuple[Agency, ...]
    comparators: tuple[str, ...]
    baseline_from: date
    baseline_months: int
    first_period_from: date
    periods: int
    selected_on: date
    threshold_bp: int
    expected_fall_bp: int
    cap_pence: int
    evidence: str
    service_effect: str
    community_bp: int = 5_000
    claim_bp: int = WHOLE_BP
    alpha_bp: int = 500
    alpha_target_bp: int = 2_000
    holdback_bp: int = 2_000
    holdback_provisional_bp: int = 5_000
    run_out_days: int = 92
    revision_days: int = 365
    hysteresis_bp: int = 1_000
    clawback_bp: int = 2_500
    slabs: tuple[tuple[int, int], ...] = field(default=())
    reward: str = "cash"

    @property
    def baseline(self) -> Window:
        """The months that a period is compared with."""
        return Window(self.baseline_from, self.baseline_months)

    def period(self, number: int) -> Window:
        """The months of the first, second, … period."""
        return Window(plus_months(self.first_period_from, YEAR_MONTHS * (number - 1)), YEAR_MONTHS)

    def freeze_on(self, number: int) -> date:
        """The day from which late returns no longer wait: the period's end and its run-out."""
        return self.period(number).ends_on + timedelta(days=self.run_out_days)

    @property
    def reserved_pence(self) -> int:
        """All that the agencies put in."""
        return sum(agency.commitment_pence for agency in self.agencies)

    @property
    def organisations(self) -> tuple[str, ...]:
        """Every party, once: the accountable body, agencies, payees."""
        parties = [self.accountable_body]
        parties += [agency.organisation for agency in self.agencies]
        parties += [payee.organisation for payee in self.payees]
        return tuple(dict.fromkeys(parties))

    def facts(self) -> dict[str, Any]:
        """The terms as texts, whole numbers and lists."""
        return {
            key: value.isoformat() if isinstance(value, date) else value
            for key, value in asdict(self).items()
        }


def canonical_text(terms: Terms) -> str:
    """D2: the terms in their one canonical form: ASCII JSON, sorted keys, no spaces."""
    return json.dumps(terms.facts(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(terms: Terms) -> str:
    """D2: SHA-256 over the terms in their one canonical form (hex)."""
    return hashlib.sha256(canonical_text(terms).encode("ascii")).hexdigest()


def check_terms(terms: Terms) -> None:
    """D1, D7: every part of the sentence is there and can be used.

    Raises:
        Incomplete, BadPeriod: naming the part.
    """
    _check_texts(terms)
    _check_parties(terms)
    _check_shares(terms)
    check_window(terms.baseline, what="baseline", years_min=BASELINE_YEARS_MIN)
    check_window(terms.period(1), what="first period")
    if not 1 <= terms.periods <= limits.AGREEMENT_PERIODS_MAX:
        raise _missing("by when", "no number of years", "Give from 1 to 240 years.", "periods")
    if terms.baseline.ends_on >= terms.selected_on:
        raise Incomplete(
            f"The baseline ends on {terms.baseline.ends_on:%d %B %Y}, after the area was chosen.",
            remedy="End the baseline before the day on which the area was chosen, so that a bad"
            " year is not its own excuse.",
            place="baseline_from",
        )
    if terms.first_period_from <= terms.baseline.last_month:
        raise _missing(
            "compared with what", "a first period inside the baseline",
            "Begin the first period after the baseline.", "first_period_from",
        )  # fmt: skip


def _missing(part: str, facts: str, remedy: str, place: str) -> Incomplete:
    return Incomplete(f"The part “{part}” has {facts}.", remedy=remedy, place=place)


def _check_texts(terms: Terms) -> None:
    for part, place, text in (
        ("for which cohort", "title", terms.title),
        ("for which area", "area", terms.area),
        ("shown by what evidence", "evidence", terms.evidence),
        ("who answers for it", "accountable_body", terms.accountable_body),
        ("what it means for staff and service", "service_effect", terms.service_effect),
        ("reaching what level", "measure_version", terms.measure_version),
    ):
        if not text.strip() or len(text) > limits.TEXT_CHARS_MAX:
            raise _missing(part, "no words, or too many", "Write it in plain words.", place)


def _check_parties(terms: Terms) -> None:
    organisations = [payee.organisation for payee in terms.payees]
    agencies = [agency.organisation for agency in terms.agencies]
    if not 1 <= len(organisations) <= limits.AGREEMENT_PARTIES_MAX:
        raise _missing("paid to whom", "no payee", "Name at least one group.", "payees")
    if not 1 <= len(agencies) <= limits.AGREEMENT_PARTIES_MAX:
        raise _missing("paid by whom", "no agency", "Name who saves.", "agencies")
    if len({*organisations, *agencies}) != len(organisations) + len(agencies):
        raise _missing(
            "who pays whom", "an organisation twice", "Name each party once: a payer is not paid.",
            "payees",
        )  # fmt: skip
    if any(payee.weight < 1 for payee in terms.payees):
        raise _missing("paid to whom", "a weight below one", "Give whole weights.", "payees")
    for agency in terms.agencies:
        shares = (agency.cashable_bp, agency.haircut_bp)
        if min(agency.unit_cost_pence, agency.commitment_pence) < 0 or not all(
            0 <= share <= WHOLE_BP for share in shares
        ):
            raise _missing(
                "how much", "an amount or share that cannot be used",
                "Give pounds of zero or more, and shares from 0 to 100%.", agency.organisation,
            )  # fmt: skip


def _check_shares(terms: Terms) -> None:
    for part, place, share in (
        ("reaching what level", "threshold", terms.threshold_bp),
        ("reaching what level", "expected_fall", terms.expected_fall_bp),
        ("how much", "community_share", terms.community_bp),
        ("how much", "claim", terms.claim_bp),
        ("shown by what evidence", "alpha", terms.alpha_bp),
        ("shown by what evidence", "alpha_target", terms.alpha_target_bp),
    ):
        if not 0 < share <= WHOLE_BP - (place in ("threshold", "expected_fall")):
            raise _missing(part, "no share from 0 to 100%", "Give it in per cent.", place)
    if not 0 < terms.cap_pence <= terms.reserved_pence:
        raise _missing(
            "how much",
            f"a cap of {format_pence(terms.cap_pence)} and {format_pence(terms.reserved_pence)}"
            " put in",
            "The agencies together must put in at least the cap.", "cap",
        )  # fmt: skip
    days = (terms.run_out_days, terms.revision_days)
    holdbacks = (terms.holdback_bp, terms.holdback_provisional_bp, terms.clawback_bp)
    if min(days) < 0 or max(days) > 2 * limits.SERIES_DAYS_MAX:
        raise _missing("by when", "days that cannot be used", "Use 0 to 2,000 days.", "run_out")
    if not all(0 <= share <= WHOLE_BP for share in holdbacks):
        raise _missing("how much", "a holdback above all", "Use 0 to 100%.", "holdback")


def percent(share_bp: int) -> str:
    """Basis points as people write them: 2000 is ``20%``, 1250 is ``12.5%``."""
    whole, rest = divmod(share_bp, 100)
    return f"{whole}{f'.{rest:02d}'.rstrip('0') if rest else ''}%"


def plain_pounds(quantity_pence: int) -> str:
    """Pounds as in a sentence: whole ones without their noughts."""
    return format_pence(quantity_pence).removesuffix(".00")


def listed(words: list[str]) -> str:
    """Words as in a sentence: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def sentence(terms: Terms, names: Mapping[str, str]) -> str:
    """D1: the whole deal in one sentence of seven parts. ``names`` are of parties and areas."""
    payers = listed([names[agency.organisation] for agency in terms.agencies])
    payees = listed([names[payee.organisation] for payee in terms.payees])
    against = (
        f"the {terms.baseline_months} months from {terms.baseline_from:%B %Y}"
        + (f" and what happened in {listed([names[one] for one in terms.comparators])}"
           if terms.comparators else "")
    )  # fmt: skip
    until = terms.period(terms.periods).ends_on
    return (
        f"{payers} will pay {payees} {percent(terms.community_bp)} of the money saved,"
        f" at most {plain_pounds(terms.cap_pence)} a year,"
        f" if {names[terms.measure_version]} in {names[terms.area]}"
        f" falls by {percent(terms.threshold_bp)} or more"
        f" compared with {against},"
        f" in each year from {terms.first_period_from:%B %Y} to {until:%B %Y},"
        f" as shown by {terms.evidence.strip().rstrip('.')}."
    )
