"""Proposing, deciding and using: the one way in which two people release anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ledger.approvals import queries, rules
from ledger.approvals.models import Barred, Bucket, Decision, Proposal
from ledger.audit import service as audit
from ledger.kernel import limits
from ledger.kernel.clock import london_day
from ledger.kernel.db import is_sqlite, write_rows
from ledger.kernel.errors import Invalid, Missing
from ledger.kernel.ids import new_id
from ledger.parties import queries as parties
from ledger.parties.rules import SYSTEM, Actor, financial_year, require


@dataclass(frozen=True, slots=True)
class Used:
    """Who proposed, verified and approved what was now used. Verifier is empty when the only
    stage was approval.
    """

    maker: str
    verifier: str
    approver: str


class Asked(NamedTuple):
    """One thing that is proposed; see `propose`."""

    subject: str
    facts: Mapping[str, object]
    quantity_pence: int
    bucket: str
    barred: Sequence[str]


def propose(
    session: Session,
    *,
    kind: str,
    subject: str,
    facts: Mapping[str, object],
    quantity_pence: int,
    bucket: str,
    maker: str,
    barred: Sequence[str],
    stages: Sequence[str] = rules.STAGES,
    now: datetime,
) -> str:
    """Propose something in exact facts, and return the reference of the proposal.

    ``quantity_pence`` is what would be released (0 for a decision about no money), ``bucket``
    what it counts towards together with others (an agreement's year, or a payee), ``barred``
    the people who gain from it. ``maker`` is a person or ``job:NAME``.

    Raises:
        Invalid: facts, stages or quantity cannot be used.
    """
    asked = Asked(subject, facts, quantity_pence, bucket, barred)
    (reference,) = propose_many(
        session, kind=kind, asked=[asked], maker=maker, stages=stages, now=now
    )
    return reference


def propose_many(
    session: Session, *, kind: str, asked: Sequence[Asked], maker: str,
    stages: Sequence[str] = rules.STAGES, now: datetime,
) -> list[str]:  # fmt: skip
    """Propose several things of one kind, in a few statements; their references, in order.

    Raises:
        Invalid: facts, stages or quantity cannot be used.
    """
    proposals, people, events = [], [], []
    steps = rules.check_stages(stages)
    for one in asked:
        row = _proposal(one, kind=kind, maker=maker, stages=steps)
        proposals.append(row | {"state": rules.PROPOSED, "proposed_at": now})
        people += [{"proposal": row["id"], "person": person} for person in sorted(set(one.barred))]
        facts = {"proposal": row["id"], "kind": kind, "quantity_pence": one.quantity_pence,
                 "digest": row["digest"]}  # fmt: skip
        events.append(audit.Event(subject=one.subject, facts=facts))
    write_rows(session, Proposal, proposals)
    write_rows(session, Barred, people)
    audit.record_many(session, at=now, actor=maker, action="approval.propose", events=events)
    return [str(row["id"]) for row in proposals]


def _proposal(one: Asked, *, kind: str, maker: str, stages: str) -> dict[str, object]:
    if not 0 <= one.quantity_pence <= limits.QUANTITY_MAX:
        raise Invalid(
            "A proposal is about zero pence or more.",
            remedy="Check the amount.",
            place="quantity_pence",
        )
    text = rules.canonical(one.facts)
    bound = rules.text_digest(
        kind=kind, subject=one.subject, text=text, quantity_pence=one.quantity_pence,
        bucket=one.bucket, maker=maker, stages=stages, barred=one.barred,
    )  # fmt: skip
    return {
        "id": new_id("PRP"), "kind": kind, "subject": one.subject, "facts": text, "digest": bound,
        "quantity_pence": one.quantity_pence, "bucket": one.bucket, "maker": maker, "stages": stages,
    }  # fmt: skip


def decide(
    session: Session,
    *,
    proposal: str,
    stage: str,
    actor: Actor,
    verdict: str,
    reason: str,
    digest: str,
    now: datetime,
) -> str:
    """Say yes or no at a stage, about exactly what was shown; returns the new state.

    ``digest`` is the one that came with what the person was shown (A3).

    Raises:
        Missing: there is no such proposal.
        Forbidden, SamePerson, Interested, NoJobDecides, OverLimit: this person may not.
        Changed: something else was shown than is stored.
        NotWaiting: it does not wait for this stage.
        Invalid: no reason, or an unknown verdict.
    """
    _lock(session, proposal)
    view = queries.get(session, proposal)
    rules.check_decider(
        person=actor.person,
        is_job=SYSTEM in actor.roles or actor.person.startswith("job:"),
        maker=view.maker,
        barred=view.barred,
        # Of one that is decided it is said so, also to whoever sends a decision twice.
        earlier=[made.person for made in view.decisions] if view.waits_for else (),
    )
    rules.check_shown(shown=digest, stored=view.digest)
    state = rules.next_state(
        state=view.state, stages=",".join(view.stages), stage=stage, verdict=verdict
    )
    require(actor, queries.action(view.kind, stage))
    words = rules.check_reason(reason)
    within = _authority(session, view, actor, now=now) if state == rules.APPROVED else None
    session.execute(
        insert(Decision).values(
            proposal=proposal, stage=stage, person=actor.person, verdict=verdict, reason=words,
            digest=digest, decided_at=now, financial_year=financial_year(london_day(now)),
            authority=within,
        )
    )  # fmt: skip
    _move(session, view, state)
    audit.record(
        session,
        at=now,
        actor=actor.person,
        action=f"approval.{stage}",
        subject=view.subject,
        facts={"proposal": proposal, "verdict": verdict, "digest": digest, "state": state},
        reason=words,
        authority=within or ", ".join(sorted(actor.roles)),
    )
    return state


def _authority(
    session: Session, view: queries.ProposalView, actor: Actor, *, now: datetime
) -> str | None:
    """A5: the limit under which this approval falls, with the bucket locked until commit."""
    add = sqlite.insert if is_sqlite(session) else postgresql.insert
    session.execute(add(Bucket).values(bucket=view.bucket).on_conflict_do_nothing())
    session.execute(select(Bucket).where(Bucket.bucket == view.bucket).with_for_update())
    on = london_day(now)
    mine = {
        role: limit
        for role, limit in parties.limits_on(session, kind=view.kind, on=on).items()
        if role in actor.roles
    }
    role = rules.check_limit(
        quantity_pence=view.quantity_pence,
        before_pence=queries.approved_pence(
            session, bucket=view.bucket, financial_year=financial_year(on)
        ),
        limits_pence={role: limit.pence_max for role, limit in mine.items()},
    )
    return mine[role].id if role else None


def use(
    session: Session, *, proposal: str, facts: Mapping[str, object], actor: str = "", now: datetime
) -> Used:
    """A4: use what was approved, once, with the very facts that were approved.

    The caller does what was approved in the same transaction.

    Raises:
        Missing: there is no such proposal.
        NotWaiting: it is not approved, or was used already.
        Changed: the facts are not those that were approved.
    """
    _lock(session, proposal)
    view = queries.get(session, proposal)
    if view.state != rules.APPROVED:
        raise rules.NotWaiting(
            f"The proposal {rules.STATE_WORDS[view.state]}; only what is approved can be used.",
            remedy="Look at the proposal again.",
            place=proposal,
        )
    bound = rules.digest(
        kind=view.kind, subject=view.subject, facts=facts, quantity_pence=view.quantity_pence,
        bucket=view.bucket, maker=view.maker, stages=",".join(view.stages), barred=view.barred,
    )  # fmt: skip
    # The decisions are about a digest: one about any other is void, whoever moved the row.
    decided = {made.digest for made in view.decisions if made.verdict == "yes"}
    if bound != view.digest or decided != {view.digest}:
        raise rules.Changed(
            "The facts are not those that were approved.",
            remedy="Withdraw the proposal and propose the new facts.",
            place=proposal,
        )
    _move(session, view, rules.USED)
    used = Used(
        maker=view.maker,
        verifier=view.decided_by(rules.VERIFY) or "",
        approver=view.decided_by(rules.APPROVE) or "",
    )
    audit.record(
        session,
        at=now,
        actor=actor or used.approver,
        action="approval.use",
        subject=view.subject,
        facts={"proposal": proposal, "digest": bound},
        authority=proposal,
    )
    return used


def void(session: Session, *, proposal: str, reason: str, actor: Actor, now: datetime) -> None:
    """Withdraw a proposal that was not used, whatever was decided about it.

    Its maker may, and whoever may do "approval.void".

    Raises:
        Missing: there is no such proposal.
        NotWaiting: it was used, refused or withdrawn already.
        Forbidden: this person may not withdraw it.
    """
    _lock(session, proposal)
    view = queries.get(session, proposal)
    if actor.person != view.maker:
        require(actor, "approval.void")
    if rules.VOID not in rules.MOVES[view.state]:
        raise rules.NotWaiting(
            f"The proposal is {rules.STATE_WORDS[view.state]} and cannot be withdrawn.",
            remedy="Look at the proposal again.",
            place=proposal,
        )
    words = rules.check_reason(reason)
    _move(session, view, rules.VOID)
    audit.record(
        session,
        at=now,
        actor=actor.person,
        action="approval.void",
        subject=view.subject,
        facts={"proposal": proposal},
        reason=words,
    )


def _lock(session: Session, proposal: str) -> None:
    found = session.scalars(
        select(Proposal)
        .where(Proposal.id == proposal)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise Missing(
            "There is no proposal with that reference.",
            remedy="Check the reference.",
            place=proposal,
        )


def _move(session: Session, view: queries.ProposalView, state: str) -> None:
    assert state in rules.MOVES[view.state], "next_state and the table of moves agree"
    moved = session.execute(
        update(Proposal)
        .where(Proposal.id == view.id, Proposal.state == view.state)
        .values(state=state)
        .execution_options(synchronize_session="fetch")
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise rules.NotWaiting(
            "Somebody else decided about this just now.",
            remedy="Look at the proposal again.",
            place=view.id,
        )
