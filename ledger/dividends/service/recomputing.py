"""A decision made once more from what was stored when it was proposed (D7, D8 to D11)."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.dividends import queries
from ledger.dividends.queries import AgreementView, DeterminationView
from ledger.dividends.rules import postings, workings
from ledger.dividends.rules.amounts import award_of
from ledger.dividends.rules.terms import WHOLE_BP, Terms
from ledger.dividends.rules.workings import Facts
from ledger.kernel.clock import microseconds
from ledger.outcomes import queries as outcomes
from ledger.outcomes.queries import WindowSums
from ledger.outcomes.rules.exact import ONE, Counts, falls_by
from ledger.outcomes.rules.spread import phi
from ledger.outcomes.rules.verdict import Verdict, judge
from ledger.outcomes.rules.windows import YEAR_MONTHS

_SNAPSHOT_VERSION = 1
_INSTANT_US = 1_000_000
_ROWS = 200


def recomputed(session: Session, *, determination: str) -> Facts | None:
    """The workings of a determination made again from its frozen readings and pinned terms.

    Whoever compares them with what was approved must find no difference. None where the inputs
    are not stored in the form that this version writes.
    """
    view = queries.determination(session, determination)
    deal = queries.agreement(session, view.agreement)
    frozen = outcomes.snapshot(session, queries.owner_of(session, deal.id, view.period))
    if frozen is None:
        return None
    stored = json.loads(frozen.body)
    if stored.get("v") != _SNAPSHOT_VERSION or view.facts.get("rules") != workings.VERSION:
        return None
    counts = _counts(stored["readings"], workings.counts_from(view.facts))
    verdict = _verdict(stored["readings"], counts, deal.terms)
    available = _reserved(session, deal, view)
    amounts = award_of(
        result=verdict.result, avoided=verdict.avoided, fall=verdict.fall, terms=deal.terms,
        available=available,
    )  # fmt: skip
    return workings.facts_of(
        agreement=deal.id, period=view.period, terms_digest=deal.digest,
        snapshot_sha256=hashlib.sha256(frozen.body).hexdigest(), counts=counts, verdict=verdict,
        amounts=amounts, terms=deal.terms, available=available,
    )  # fmt: skip


def _counts(readings: dict[str, Any], kept: Counts) -> Counts:
    sums = {
        slot: sum(value for rows in by_area.values() for _month, value, _revision in rows)
        for slot, by_area in readings.items()
    }
    return WindowSums(sums).counts(
        months_before=kept.exposure_before, months_after=kept.exposure_after
    )


def _verdict(readings: dict[str, Any], counts: Counts, terms: Terms) -> Verdict:
    spread = ONE
    if falls_by(counts, terms.threshold_bp):
        (rows,) = readings["before"].values()
        spread = phi([value for _month, value, _revision in rows], seasons=YEAR_MONTHS)
    return judge(
        counts, threshold=Fraction(terms.threshold_bp, WHOLE_BP),
        alpha=Fraction(terms.alpha_bp, WHOLE_BP),
        alpha_target=Fraction(terms.alpha_target_bp, WHOLE_BP), spread=spread,
    )  # fmt: skip


def _reserved(session: Session, deal: AgreementView, view: DeterminationView) -> list[int]:
    """D10: what each agency had reserved when the determination was proposed (pence)."""
    return [
        _before(session, deal.book, postings.reserved(deal.id, agency.organisation), view)
        for agency in deal.terms.agencies
    ]


def _before(session: Session, book: int, path: str, view: DeterminationView) -> int:
    """What an account owed before a determination: its own award, and all later ones, left out.

    Journals of one instant are recorded a microsecond apart, hence the second that is allowed.
    """
    latest_us = microseconds(view.tested_at) + _INSTANT_US
    owed, after = 0, 0
    while lines := books.statement(session, book, path, after=after, limit=_ROWS):
        for line in lines:
            if line.recorded_us > latest_us or line.id.startswith(view.id):
                return owed
            if line.layer == "P":
                owed = -line.balance_after
        after += len(lines)
    return owed
