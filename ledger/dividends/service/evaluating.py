"""The job's part: find what is due, test it, propose it. It never decides (D7, D12)."""

from __future__ import annotations

import json
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
from ledger.dividends.service.agreeing import locked
from ledger.kernel.clock import london_day
from ledger.kernel.ids import derived_id
from ledger.messages import service as messages
from ledger.outcomes import queries as outcomes
from ledger.outcomes import service as outcome_service
from ledger.outcomes.queries import WindowSums
from ledger.outcomes.rules.exact import ONE, Counts, falls_by
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


def evaluate_due(session: Session, *, now: datetime, agreement: str = "") -> list[Evaluation]:
    """Find every period that is due, with its counts, in three statements; write nothing.

    One statement sums the windows of all of them in one pass over the readings. The exact test
    follows for each in `judged`.
    """
    today = london_day(now)
    due = queries.due_periods(session, today, agreement=agreement)
    if not due:
        return []
    owners = [one.owner for one in due] if agreement else queries.due_owners(today)
    sums = outcomes.window_sums(session, owners)
    finals = {
        version: outcomes.final_through(session, version) or date.min
        for version in {one.measure_version for one in due}
    }
    return [_evaluation(one, sums.get(one.owner), finals[one.measure_version]) for one in due]


def _evaluation(due: DuePeriod, found: WindowSums | None, final_through: date) -> Evaluation:
    sums = found or WindowSums(missing=1)
    counts = sums.counts(months_before=due.baseline_months, months_after=YEAR_MONTHS)
    return Evaluation(
        due=due, counts=counts, missing=sums.missing,
        final=final_through >= due.to_on.replace(day=1),
        falls=falls_by(counts, due.threshold_bp),
    )  # fmt: skip


def judged(session: Session, *, evaluation: Evaluation, terms: Terms) -> Verdict:
    """The exact test of one period that is ready (O1 to O5)."""
    owner = evaluation.due.owner
    spread = ONE
    if evaluation.falls:
        slots = outcomes.window_readings(session, [owner], slots=["before"])[owner]
        (values,) = slots["before"].values()
        spread = phi([view.value for view in values], seasons=YEAR_MONTHS)
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
    due = evaluation.due
    view = locked(session, due.agreement)
    again = evaluate_due(session, now=now, agreement=due.agreement)
    mine = [one for one in again if one.due.owner == due.owner and one.ready]
    if not mine:
        return None
    verdict, counts = judged(session, evaluation=mine[0], terms=view.terms), mine[0].counts
    frozen = outcome_service.freeze(
        session, owner=due.owner, now=now,
        facts={"agreement": view.id, "period": due.number, "terms": view.digest},
    )  # fmt: skip
    amounts = award_of(
        result=verdict.result, avoided=verdict.avoided, fall=verdict.fall, terms=view.terms,
        available=queries.reserved_pence(session, view),
    )  # fmt: skip
    facts = workings.facts_of(
        agreement=view.id, period=due.number, terms_digest=view.digest,
        snapshot_sha256=frozen.sha256, counts=counts, verdict=verdict, amounts=amounts,
        terms=view.terms,
    )  # fmt: skip
    reference = derived_id("DET", view.id, str(due.number), "0")
    proposal = approvals.propose(
        session, kind="determination", subject=reference, facts=facts,
        quantity_pence=amounts.award_pence, bucket=view.id, maker=maker,
        barred=barred(session, view), now=now,
    )  # fmt: skip
    session.add(
        Determination(
            id=reference, agreement=view.id, period=due.number, revision=0,
            result=verdict.result.value, snapshot=frozen.id,
            facts=json.dumps(facts, sort_keys=True, separators=(",", ":")),
            award_pence=amounts.award_pence, holdback_pence=amounts.holdback_pence,
            proposal=proposal, state=states.TESTED, tested_at=now, released_at=None,
        )
    )  # fmt: skip
    session.flush()
    _tell(session, view, reference, amounts, maker=maker, result=verdict.result.value, now=now)
    return reference


def _tell(
    session: Session, view: AgreementView, reference: str, amounts: Award, *, maker: str,
    result: str, now: datetime,
) -> None:  # fmt: skip
    audit.record(
        session, at=now, actor=maker, action="determination.propose", subject=reference,
        facts={"agreement": view.id, "result": result, "award_pence": amounts.award_pence},
    )  # fmt: skip
    for person in parties.members(session, view.terms.accountable_body, role="officer"):
        messages.enqueue(
            session, key=f"{reference}:verify:{person}", recipient=person,
            template="determination.waiting",
            facts={"determination": reference, "agreement": view.id, "title": view.title},
            now=now,
        )  # fmt: skip


def barred(session: Session, view: AgreementView) -> list[str]:
    """D13: everybody who acts for a group that would be paid."""
    people: set[str] = set()
    for payee in view.terms.payees:
        people.update(parties.members(session, payee.organisation))
    return sorted(people)
