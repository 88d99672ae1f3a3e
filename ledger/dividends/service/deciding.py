"""What people decide about a determination: verify, then approve, never by one person or a job."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.approvals import service as approvals
from ledger.audit import service as audit
from ledger.dividends import queries
from ledger.dividends.models import Determination
from ledger.dividends.queries import DeterminationView
from ledger.dividends.rules import states
from ledger.dividends.rules.refusals import WrongState
from ledger.parties.rules import Actor

_STEPS = {
    states.VERIFIED: (states.VERIFIED,),
    states.APPROVED: (states.VERIFIED, states.APPROVED),
    states.REFUSED: (states.REFUSED,),
}


def decide(
    session: Session, *, determination: str, stage: str, actor: Actor, verdict: str,
    reason: str, digest: str, now: datetime,
) -> str:  # fmt: skip
    """Say yes or no to a determination at a stage; returns its new state.

    ``digest`` is the one shown with the workings. Who may, and within which limit, is the
    business of approvals: three different people, none of whom gains (D12, D13).
    """
    view = locked(session, determination)
    approvals.decide(
        session, proposal=view.proposal, stage=stage, actor=actor, verdict=verdict,
        reason=reason, digest=digest, now=now,
    )  # fmt: skip
    return follow(session, determination, actor=actor.person, now=now)


def follow(session: Session, determination: str, *, actor: str, now: datetime) -> str:
    """Write down where people's decisions have brought it, step by step; returns the state.

    A decision may also be made among all others, on the page of decisions: it counts the same.
    """
    row = session.get_one(Determination, determination, populate_existing=True)
    state = queries.determination(session, determination).state
    for step in _STEPS.get(state, ()):
        if step in states.DETERMINATION_MOVES[row.state]:
            move(session, determination, step, was=row.state, actor=actor, now=now)
            session.refresh(row)
    return state


def locked(session: Session, determination: str) -> DeterminationView:
    """The determination, held until this unit ends."""
    session.execute(
        select(Determination.id).where(Determination.id == determination).with_for_update()
    )
    return queries.determination(session, determination)


def move(
    session: Session, determination: str, to: str, *, was: str, actor: str, now: datetime
) -> None:
    """Take one step of the table of moves, if nobody took another meanwhile."""
    released = {"released_at": now} if to == states.RELEASED else {}
    done = session.execute(
        update(Determination)
        .where(Determination.id == determination, Determination.state == was)
        .values(state=to, **released)
    )
    if to not in states.DETERMINATION_MOVES[was] or done.rowcount != 1:  # type: ignore[attr-defined]
        raise WrongState(
            f"The determination {states.DETERMINATION_WORDS[was]}.",
            remedy="Look at it again: somebody may have moved it.",
            place=determination,
        )
    audit.record(
        session, at=now, actor=actor, action="determination.move", subject=determination,
        facts={"from": was, "to": to},
    )  # fmt: skip
