"""Everything from which a decision can be made again by anybody (D17)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ledger.dividends import queries
from ledger.dividends.queries import AgreementView, DeterminationView
from ledger.dividends.rules import records, states
from ledger.dividends.rules.terms import canonical_text
from ledger.outcomes import queries as outcomes

_ROWS = 200


@dataclass(frozen=True, slots=True)
class Recorded:
    """A released decision: its record, and the terms and readings whose hashes the record holds.

    ``pays`` says whether a journal awards it, whose leaf commits to the record.
    """

    determination: str
    agreement: str
    record: str
    terms: str
    readings: str
    pays: bool
    released_at: datetime


def record_of(session: Session, *, deal: AgreementView, view: DeterminationView) -> str:
    """D17: the record of a determination, the same whenever it is asked for."""
    return _record(session, deal, view, _readings(session, view))


def _readings(session: Session, view: DeterminationView) -> str:
    frozen = outcomes.snapshot(session, queries.owner_of(session, view.agreement, view.period))
    assert frozen is not None, "a determination has its frozen readings"
    return frozen.body.decode("ascii")


def _record(session: Session, deal: AgreementView, view: DeterminationView, frozen: str) -> str:
    readings = json.loads(frozen)["readings"]
    areas = sorted({area for by_area in readings.values() for area in by_area})
    behind = outcomes.files_behind(session, measure_version=deal.terms.measure_version, areas=areas)
    return records.record(view.id, view.facts, records.files_of(readings, behind))


def recorded(session: Session, *, book: int) -> Iterator[Recorded]:
    """Every released decision of a book with all it can be made again from, in order."""
    after, done = "", (states.RELEASED, states.CONFIRMED)
    while page := queries.determinations(session, states_in=done, after=after, limit=_ROWS):
        deals = queries.agreements_named(session, {view.agreement for view in page})
        for view in page:
            deal = deals[view.agreement]
            if deal.book != book:
                continue
            assert view.released_at is not None, "as its state says"
            frozen = _readings(session, view)
            yield Recorded(
                determination=view.id, agreement=deal.id, terms=canonical_text(deal.terms),
                record=_record(session, deal, view, frozen), readings=frozen,
                pays=view.award_pence > 0, released_at=view.released_at,
            )  # fmt: skip
        after = page[-1].id
