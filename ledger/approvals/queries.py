"""Questions about two-person decisions: what is proposed, what waits, what was decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.approvals import rules
from ledger.approvals.models import Barred, Decision, Proposal
from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.parties.models import DelegatedLimit
from ledger.parties.rules import ACTIONS, Actor, may


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision that was made."""

    stage: str
    person: str
    verdict: str
    reason: str
    authority: str | None
    decided_at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal with its decisions. ``digest`` is what a decision must repeat."""

    id: str
    kind: str
    subject: str
    facts: dict[str, object]
    digest: str
    quantity_pence: int
    bucket: str
    maker: str
    stages: tuple[str, ...]
    state: str
    proposed_at: datetime
    barred: tuple[str, ...]
    decisions: tuple[DecisionView, ...]

    def decided_by(self, stage: str) -> str | None:
        """Who said yes at a stage."""
        yes = (one.person for one in self.decisions if one.stage == stage and one.verdict == "yes")
        return next(yes, None)

    @property
    def waits_for(self) -> str | None:
        """The stage it waits for, or None."""
        return {rules.PROPOSED: self.stages[0], rules.VERIFIED: rules.APPROVE}.get(self.state)


@dataclass(frozen=True, slots=True)
class SetLimit:
    """A delegated limit in pence, the kind of proposal it is for, from when, and when it was set."""

    role: str
    kind: str
    pence_max: int
    starts_on: date
    set_at: datetime


def limits_set(session: Session) -> list[SetLimit]:
    """A5: every limit that was ever set, in the order in which they begin."""
    rows = session.scalars(
        select(DelegatedLimit).order_by(DelegatedLimit.starts_on, DelegatedLimit.id)
    )
    return [SetLimit(one.role, one.kind, one.pence_max, one.starts_on, one.set_at) for one in rows]


def get(session: Session, reference: str) -> ProposalView:
    """One proposal.

    Raises:
        Missing: there is none with that reference.
    """
    row = session.get(Proposal, reference)
    if row is None:
        raise Missing(
            "There is no proposal with that reference.",
            remedy="Check the reference.",
            place=reference,
        )
    return _views(session, [row])[0]


def for_subject(session: Session, subject: str) -> list[ProposalView]:
    """Every proposal about a record, oldest first."""
    rows = session.scalars(
        select(Proposal)
        .where(Proposal.subject == subject)
        .order_by(Proposal.proposed_at, Proposal.id)
    )
    return _views(session, list(rows))


def of_kinds(session: Session, kinds: Sequence[str]) -> list[ProposalView]:
    """The newest proposals of some kinds, newest first."""
    rows = session.scalars(
        select(Proposal)
        .where(Proposal.kind.in_(kinds))
        .order_by(Proposal.proposed_at.desc(), Proposal.id)
        .limit(limits.PAGE_ROWS_MAX)
    )
    return _views(session, list(rows))


def waiting_for(session: Session, actor: Actor) -> list[ProposalView]:
    """What waits for this person's decision, oldest first: nothing they made, gain from, or
    decided about before, and only stages that their roles allow.
    """
    rows = session.scalars(
        select(Proposal)
        .where(
            Proposal.state.in_((rules.PROPOSED, rules.VERIFIED)),
            Proposal.maker != actor.person,
            Proposal.id.not_in(select(Barred.proposal).where(Barred.person == actor.person)),
            Proposal.id.not_in(select(Decision.proposal).where(Decision.person == actor.person)),
        )
        .order_by(Proposal.proposed_at, Proposal.id)
        .limit(limits.PAGE_ROWS_MAX)
    )
    views = _views(session, list(rows))
    return [
        view for view in views if view.waits_for and may(actor, action(view.kind, view.waits_for))
    ]


def waiting_of_kind(session: Session, kind: str) -> list[ProposalView]:
    """What of a kind is proposed or approved and not carried out yet, oldest first."""
    rows = session.scalars(
        select(Proposal)
        .where(
            Proposal.kind == kind,
            Proposal.state.in_((rules.PROPOSED, rules.VERIFIED, rules.APPROVED)),
        )
        .order_by(Proposal.proposed_at, Proposal.id)
        .limit(limits.PAGE_ROWS_MAX)
    )
    return _views(session, list(rows))


def about(session: Session, *, kind: str, subject: str) -> list[ProposalView]:
    """The proposals of a kind about one thing, the newest first."""
    references = session.scalars(
        select(Proposal.id)
        .where(Proposal.kind == kind, Proposal.subject == subject)
        .order_by(Proposal.proposed_at.desc(), Proposal.id)
        .limit(limits.PAGE_ROWS_MAX)
    )
    return [get(session, reference) for reference in references.all()]


def action(kind: str, stage: str) -> str:
    """The action that a decision needs: the kind's own (``determination.verify``) if the table
    of actions names it, else the general one (``approval.verify``).
    """
    own = f"{kind}.{stage}"
    return own if own in ACTIONS else f"approval.{stage}"


def approved_pence(session: Session, *, bucket: str, financial_year: int) -> int:
    """A5: how many pence were approved in a bucket in a financial year."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(Proposal.quantity_pence), 0))
            .join(Decision, Decision.proposal == Proposal.id)
            .where(
                Proposal.bucket == bucket,
                Proposal.state.in_((rules.APPROVED, rules.USED)),
                Decision.stage == rules.APPROVE,
                Decision.verdict == "yes",
                Decision.financial_year == financial_year,
            )
        )
        or 0
    )


def _views(session: Session, rows: list[Proposal]) -> list[ProposalView]:
    references = [row.id for row in rows]
    barred: dict[str, list[str]] = {reference: [] for reference in references}
    for one in session.scalars(
        select(Barred).where(Barred.proposal.in_(references)).order_by(Barred.person)
    ):
        barred[one.proposal].append(one.person)
    decided: dict[str, list[DecisionView]] = {reference: [] for reference in references}
    for made in session.scalars(
        select(Decision)
        .where(Decision.proposal.in_(references))
        .order_by(Decision.decided_at, Decision.stage.desc())
    ):
        decided[made.proposal].append(
            DecisionView(
                made.stage,
                made.person,
                made.verdict,
                made.reason,
                made.authority,
                made.decided_at,
                made.digest,
            )
        )
    return [
        ProposalView(
            id=row.id,
            kind=row.kind,
            subject=row.subject,
            facts=json.loads(row.facts),
            digest=row.digest,
            quantity_pence=row.quantity_pence,
            bucket=row.bucket,
            maker=row.maker,
            stages=tuple(row.stages.split(",")),
            state=row.state,
            proposed_at=row.proposed_at,
            barred=tuple(barred[row.id]),
            decisions=tuple(decided[row.id]),
        )
        for row in rows
    ]
