"""The job's part: find what is due, test it, propose it. It never decides (D7, D12)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from ledger.approvals import service as approvals
from ledger.audit import service as audit
from ledger.dividends import queries
from ledger.dividends.models import Determination
from ledger.dividends.queries import AgreementView, DuePeriod
from ledger.dividends.rules import states, workings
from ledger.dividends.rules.amounts import Award, award_of
from ledger.dividends.rules.terms import WHOLE_BP, Terms
from ledger.dividends.service.agreeing import locked_many
from ledger.kernel.clock import london_day
from ledger.kernel.db import write_rows
from ledger.kernel.ids import derived_id
from ledger.messages import service as messages
from ledger.outcomes import queries as outcomes
from ledger.outcomes import service as outcome_service
from ledger.outcomes.queries import SnapshotRow, WindowSums
from ledger.outcomes.rules.exact import ONE, Counts, falls_by
from ledger.outcomes.rules.looking import Look
from ledger.outcomes.rules.spread import phi
from ledger.outcomes.rules.verdict import Verdict, judge
from ledger.outcomes.rules.windows import YEAR_MONTHS
from ledger.parties import queries as parties

MAKER = "job:evaluate-agreements"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A due period with its four counts.

    ``missing`` readings, or readings that are not ``final``, mean it must wait (T1); ``falls``
    says whether the fall is large enough to be tested exactly (T2).
    """

    due: DuePeriod
    counts: Counts
    missing: int
    final: bool
    falls: bool

    @property
    def ready(self) -> bool:
        """T1: whether every reading is there and marked final."""
        return self.final and not self.missing


@dataclass(frozen=True, slots=True)
class Tested:
    """A period that was tested, with its workings and amounts, before it is written."""

    reference: str
    view: AgreementView
    period: int
    result: str
    snapshot: str
    facts: workings.Facts
    amounts: Award


@dataclass(frozen=True, slots=True)
class Night:
    """What became of several due periods: determinations made, and periods that wait (T1)."""

    proposed: list[str]
    waiting: list[DuePeriod]


def due(session: Session, *, now: datetime) -> list[DuePeriod]:
    """D7: every period whose run-out is over and that nobody has determined, oldest first."""
    return queries.due_periods(session, london_day(now))


def evaluate_due(session: Session, *, now: datetime, agreement: str = "") -> list[Evaluation]:
    """Find every period that is due, with its counts, in three statements; write nothing.

    One statement sums the windows of all of them in one pass over the readings. The exact test
    follows for each in `propose_many`.
    """
    today = london_day(now)
    found = queries.due_periods(session, today, agreements=[agreement] if agreement else None)
    if not found:
        return []
    owners = [one.owner for one in found] if agreement else queries.due_owners(today)
    sums = outcomes.window_sums(session, owners)
    finals = outcomes.finals(session, sorted({one.measure_version for one in found}))
    return [_evaluation(one, sums.get(one.owner, WindowSums(missing=1)), finals) for one in found]


def _evaluation(due: DuePeriod, found: WindowSums | Look, finals: Mapping[str, date]) -> Evaluation:
    counts = found.counts(months_before=due.baseline_months, months_after=YEAR_MONTHS)
    final_through = finals.get(due.measure_version, date.min)
    return Evaluation(
        due=due, counts=counts, missing=found.missing,
        final=final_through >= due.to_on.replace(day=1),
        falls=falls_by(counts, due.threshold_bp),
    )  # fmt: skip


def judged(evaluation: Evaluation, *, look: Look, terms: Terms) -> Verdict:
    """The exact test of one period that is ready (O1 to O5)."""
    spread = phi(look.baseline, seasons=YEAR_MONTHS) if evaluation.falls else ONE
    return judge(
        evaluation.counts, threshold=Fraction(terms.threshold_bp, WHOLE_BP),
        alpha=Fraction(terms.alpha_bp, WHOLE_BP),
        alpha_target=Fraction(terms.alpha_target_bp, WHOLE_BP), spread=spread,
    )  # fmt: skip


def propose(
    session: Session, *, evaluation: Evaluation, now: datetime, maker: str = MAKER
) -> str | None:
    """Freeze a due period, keep its workings and ask two people to decide. Once a period.

    Returns the determination's reference, or None when readings are missing or not final, or
    when it was determined meanwhile. The period is read and judged again from what is frozen.
    """
    done = propose_many(session, due=[evaluation.due], now=now, maker=maker)
    return done.proposed[0] if done.proposed else None


def propose_many(
    session: Session, *, due: Sequence[DuePeriod], now: datetime, maker: str = MAKER
) -> Night:
    """Propose several due periods as `propose` does one, all of them or, if one is refused, none.

    Everything is read for all of them at once and written for all of them at once.
    """
    views = locked_many(session, {one.agreement for one in due})
    asked = {one.owner for one in due}
    still = [
        one
        for one in queries.due_periods(session, london_day(now), agreements=list(views))
        if one.owner in asked
    ]
    looks = outcomes.looks(session, [one.owner for one in still])
    finals = outcomes.finals(session, sorted({one.measure_version for one in still}))
    found = [_evaluation(one, looks.get(one.owner, Look(missing=1)), finals) for one in still]
    ready = {one.due.owner: one for one in found if one.ready}
    frozen = outcome_service.freeze_many(
        session, now=now, looks={owner: looks[owner] for owner in ready},
        facts={
            owner: {"agreement": one.due.agreement, "period": one.due.number,
                    "terms": views[one.due.agreement].digest}
            for owner, one in ready.items()
        },
    )  # fmt: skip
    reserved = queries.reserved_many(session, list(views.values()))
    tested = [
        _tested(one, views[one.due.agreement], look=looks[owner], frozen=frozen[owner],
                available=reserved[one.due.agreement])
        for owner, one in ready.items()
    ]  # fmt: skip
    _keep(session, tested, now=now, maker=maker)
    waiting = [one.due for one in found if not one.ready]
    return Night(proposed=[one.reference for one in tested], waiting=waiting)


def _tested(
    evaluation: Evaluation, view: AgreementView, *, look: Look, frozen: SnapshotRow,
    available: Sequence[int],
) -> Tested:  # fmt: skip
    verdict = judged(evaluation, look=look, terms=view.terms)
    amounts = award_of(
        result=verdict.result, avoided=verdict.avoided, fall=verdict.fall, terms=view.terms,
        available=available,
    )  # fmt: skip
    number = evaluation.due.number
    facts = workings.facts_of(
        agreement=view.id, period=number, terms_digest=view.digest,
        snapshot_sha256=frozen.sha256, counts=evaluation.counts, verdict=verdict,
        amounts=amounts, terms=view.terms, available=available,
    )  # fmt: skip
    return Tested(
        reference=derived_id("DET", view.id, str(number), "0"), view=view, period=number,
        result=verdict.result.value, snapshot=frozen.id, facts=facts, amounts=amounts,
    )  # fmt: skip


def _keep(session: Session, tested: Sequence[Tested], *, now: datetime, maker: str) -> None:
    """The proposals, the determinations under them, and word to those who may verify."""
    payees = {one.organisation for made in tested for one in made.view.terms.payees}
    bodies = {made.view.terms.accountable_body for made in tested}
    members = parties.members_of(session, payees)
    proposals = approvals.propose_many(
        session, kind="determination", maker=maker, now=now,
        asked=[
            approvals.Asked(
                made.reference, made.facts, made.amounts.award_pence, made.view.id,
                barred_among(made.view, members),
            )
            for made in tested
        ],
    )  # fmt: skip
    write_rows(
        session,
        Determination,
        [
            {
                "id": made.reference, "agreement": made.view.id, "period": made.period,
                "revision": 0, "result": made.result, "snapshot": made.snapshot,
                "facts": json.dumps(made.facts, sort_keys=True, separators=(",", ":")),
                "award_pence": made.amounts.award_pence,
                "holdback_pence": made.amounts.holdback_pence, "proposal": proposal,
                "state": states.TESTED, "tested_at": now, "released_at": None,
            }
            for made, proposal in zip(tested, proposals, strict=True)
        ],
    )  # fmt: skip
    _tell(
        session, tested, parties.members_of(session, bodies, role="officer"), now=now, maker=maker
    )


def _tell(
    session: Session, tested: Sequence[Tested], officers: Mapping[str, Sequence[str]], *,
    now: datetime, maker: str,
) -> None:  # fmt: skip
    audit.record_many(
        session, at=now, actor=maker, action="determination.propose",
        events=[
            audit.Event(made.reference, {"agreement": made.view.id, "result": made.result,
                                         "award_pence": made.amounts.award_pence})
            for made in tested
        ],
    )  # fmt: skip
    messages.enqueue_many(
        session, template="determination.waiting", now=now,
        letters=[
            messages.Letter(
                f"{made.reference}:verify:{person}", person,
                {"determination": made.reference, "agreement": made.view.id,
                 "title": made.view.title},
            )
            for made in tested
            for person in officers[made.view.terms.accountable_body]
        ],
    )  # fmt: skip


def barred_among(view: AgreementView, members: Mapping[str, Sequence[str]]) -> list[str]:
    """D13, where the members of the organisations are known already."""
    people: set[str] = set()
    for payee in view.terms.payees:
        people.update(members[payee.organisation])
    return sorted(people)
