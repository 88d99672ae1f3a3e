"""The workings of a determination: every number that led to it, as exact texts (what is signed)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from ledger.dividends.rules.amounts import Award
from ledger.dividends.rules.terms import Terms
from ledger.outcomes.rules.exact import Counts, as_text, decimal_text
from ledger.outcomes.rules.verdict import Verdict

Facts = dict[str, Any]

VERSION: Final = "dividends-1"
"""By which rules a determination is reckoned; whoever changes a result changes this name."""


def _exact(value: Fraction | None) -> str:
    return "" if value is None else as_text(value)


def facts_of(
    *, agreement: str, period: int, terms_digest: str, snapshot_sha256: str, counts: Counts,
    verdict: Verdict, amounts: Award, terms: Terms, available: Sequence[int],
) -> Facts:  # fmt: skip
    """What people verify and approve: counts, exact fractions, and pence for each party.

    ``available`` is what each agency still had reserved (pence).
    """
    return {
        "rules": VERSION,
        "available": list(available),
        "agreement": agreement,
        "period": period,
        "terms": terms_digest,
        "snapshot": snapshot_sha256,
        "counts": {
            "before": counts.before,
            "after": counts.after,
            "other_before": counts.other_before,
            "other_after": counts.other_after,
            "months_before": counts.exposure_before,
            "months_after": counts.exposure_after,
        },
        "result": verdict.result.value,
        "counterfactual": _exact(verdict.counterfactual),
        "avoided": _exact(verdict.avoided),
        "fall": _exact(verdict.fall),
        "spread": _exact(verdict.spread),
        "p": _exact(verdict.p),
        "p_target": _exact(verdict.p_target),
        "shown": shown(verdict),
        "amounts": amount_facts(amounts, terms),
    }


def shown(verdict: Verdict) -> dict[str, str]:
    """The same numbers in decimals, for reading."""
    return {
        "counterfactual": decimal_text(verdict.counterfactual, places=2),
        "avoided": decimal_text(verdict.avoided, places=2),
        "fall": decimal_text(verdict.fall * 100, places=1),
        "spread": decimal_text(verdict.spread, places=2),
        "p": "" if verdict.p is None else decimal_text(verdict.p, places=4),
        "p_target": "" if verdict.p_target is None else decimal_text(verdict.p_target, places=4),
    }


def amount_facts(amounts: Award, terms: Terms) -> Facts:
    """Pence for each agency and payee."""
    return {
        "saving_pence": amounts.saving_pence,
        "award_pence": amounts.award_pence,
        "holdback_pence": amounts.holdback_pence,
        "capped_pence": amounts.capped_pence,
        "agencies": [
            {"organisation": agency.organisation, "saving_pence": saving, "award_pence": award,
             "holdback_pence": held}
            for agency, saving, award, held in zip(
                terms.agencies, amounts.savings, amounts.awards, amounts.holdbacks, strict=True
            )
        ],
        "payees": [
            {"organisation": payee.organisation, "payable_pence": due}
            for payee, due in zip(terms.payees, amounts.payables, strict=True)
        ],
    }  # fmt: skip


def award_from(facts: Mapping[str, Any]) -> Award:
    """The amounts of stored workings."""
    amounts = facts["amounts"]
    agencies, payees = amounts["agencies"], amounts["payees"]
    return Award(
        savings=tuple(one["saving_pence"] for one in agencies),
        awards=tuple(one["award_pence"] for one in agencies),
        holdbacks=tuple(one["holdback_pence"] for one in agencies),
        payables=tuple(one["payable_pence"] for one in payees),
        capped_pence=amounts["capped_pence"],
    )


def counts_from(facts: Mapping[str, Any]) -> Counts:
    """The table of stored workings."""
    counts = facts["counts"]
    return Counts(
        counts["before"], counts["after"], counts["other_before"], counts["other_after"],
        counts["months_before"], counts["months_after"],
    )  # fmt: skip
