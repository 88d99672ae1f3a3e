"""The deadline passes, cooling-off ends, promises fall due, collection ends (PL6, PL7, PL15)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from ledger.books.rules import JournalSpec
from ledger.funds import service as funds
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Invalid
from ledger.kernel.money import format_quantity
from ledger.parties.rules import Actor, require
from ledger.pledges import queries, rules
from ledger.pledges.models import Commitment, Pledge
from ledger.pledges.service import rows
from ledger.pledges.service.ending import dissolve_now, lapse_now
from ledger.pledges.service.joining import due_journals, reach_if_met
from ledger.pledges.service.matching import earn_match

__all__ = ["close_at_deadline", "decide_shortfall", "end_collection", "settle"]


def close_at_deadline(session: Session, *, pledge: str, actor: Actor, now: datetime) -> str:
    """PL6: the deadline has passed: count again under lock, then LAPSED (or REACHED).

    Returns the state it is in. Run again it changes nothing.
    """
    require(actor, "pledge.close")
    row = rows.locked_pledge(session, pledge)
    if row.state != "OPEN" or now < row.deadline_at:
        return row.state
    counted, people, match = queries.recount(session, pledge)
    row.confirmed, row.confirmed_count, row.match_expected = counted, people, match
    session.flush()
    last = row.deadline_at - timedelta(microseconds=1)
    if not reach_if_met(session, row, actor=actor.person, now=last):
        lapse_now(session, row, actor=actor.person, now=now)
    return row.state


def settle(session: Session, *, pledge: str, actor: Actor, now: datetime) -> str:
    """PL7: cooling-off is over: what was promised falls due (rows 3, 3a, 3b; H2).

    Pounds go on to be collected; hours go on to be given. Run again it changes nothing.
    """
    require(actor, "pledge.close")
    row = rows.locked_pledge(session, pledge)
    if row.state != "REACHED" or row.settles_at is None or now < row.settles_at:
        return row.state
    due = rules.due_on(now, row.collect_days)
    until = due + timedelta(days=rules.DEFAULT_AFTER_DAYS)
    rows.move_pledge(
        session, row, "SETTLING", settled_at=now, collect_until_on=until, fell_short=False
    )
    signers = rows.commitments_in(session, pledge, ("CONFIRMED",))
    rows.post(session, row, _settle_journals(row, signers, maker=actor.person, now=now), now)
    _fall_due(session, row, signers, due=due, actor=actor, now=now)
    rows.note(
        session, now=now, actor=actor.person, action="pledge.settle", subject=pledge,
        facts={"due_on": due.isoformat(), "commitments": len(signers), "total": row.confirmed},
    )  # fmt: skip
    if row.unit == "HOUR":
        _deliver(session, row, actor=actor.person, now=now, reason="hours are given, not collected")
    return row.state


def _settle_journals(
    row: Pledge, signers: list[Commitment], *, maker: str, now: datetime
) -> list[JournalSpec]:
    specs = []
    for signer in signers:
        left = signer.quantity - signer.received
        if left:
            specs += due_journals(row, signer, left, maker=maker, now=now)
        ahead = signer.received + signer.extra
        if ahead:
            specs.append(rows.journal(
                row, id=f"{signer.id}:ahead", kind="pledge.settle", maker=maker, now=now,
                legs=rules.prepaid_settled(row.id, ahead), reason="paid ahead, now the pledge’s",
            ))  # fmt: skip
    return specs


def _fall_due(
    session: Session, row: Pledge, signers: list[Commitment], *, due: date, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Each promise by what was paid ahead of it; that earns its match now, and all are told."""
    for state in ("DUE", "PART_MET", "MET"):
        some = [signer for signer in signers if _paid_ahead(signer) == state]
        rows.move_commitments(session, some, state, due_on=due)
    for signer in signers:
        earn_match(
            session, row, signer, receipt=f"{signer.id}:ahead", before=0, pence=signer.received,
            maker=actor.person, now=now,
        )  # fmt: skip
    told = [
        (
            signer.person, signer.id,
            {"amount": format_quantity(signer.quantity - signer.received, row.unit),
             "due": due.isoformat()},
        )
        for signer in signers
    ]  # fmt: skip
    template = "pledge.due_hours" if row.unit == "HOUR" else "pledge.due"
    rows.tell_each(session, told, template=template, pledge=row, now=now)


def _paid_ahead(signer: Commitment) -> str:
    if signer.received == 0:
        return "DUE"
    return "MET" if signer.received == signer.quantity else "PART_MET"


def end_collection(session: Session, *, pledge: str, actor: Actor, now: datetime) -> str:
    """Collection ends when its window is over, or when nobody owes anything any more.

    Where what was collected (with its match, if that counts) meets the minimum the pledge is
    delivered; else it is flagged and an officer decides. Unearned match returns (F5).
    """
    require(actor, "pledge.close")
    row = rows.locked_pledge(session, pledge)
    if row.state != "SETTLING" or row.fell_short or row.collect_until_on is None:
        return row.state
    open_states = rules.OWING - {"DEFAULTED"}
    waiting = rows.commitments_in(session, pledge, open_states)
    if london_day(now) <= row.collect_until_on and waiting:
        return row.state
    if london_day(now) <= row.collect_until_on and now < row.deadline_at:
        return row.state
    collected = _collected(session, row)
    if collected >= row.minimum:
        _deliver(session, row, actor=actor.person, now=now, reason="minimum collected")
        return row.state
    row.fell_short = True
    row.version += 1
    session.flush()
    rows.note(
        session, now=now, actor=actor.person, action="pledge.fell_short", subject=pledge,
        facts={"collected": collected, "minimum": row.minimum},
    )  # fmt: skip
    rows.tell(
        session, [row.organiser, row.broker], template="pledge.fell_short", pledge=row, now=now,
        occasion=row.collect_until_on.isoformat(),
        facts={"collected": format_quantity(collected, row.unit)},
    )  # fmt: skip
    return row.state


def _collected(session: Session, row: Pledge) -> int:
    sums = queries.sums(session, row.id)
    return sums["received"] + sums["extra"] + (sums["matched"] if row.match_counts else 0)


def _deliver(session: Session, row: Pledge, *, actor: str, now: datetime, reason: str) -> None:
    rows.move_pledge(session, row, "DELIVERING", fell_short=False)
    funds.end_reservation(session, pledge=row.id, maker=actor, now=now)
    rows.note(session, now=now, actor=actor, action="pledge.deliver", subject=row.id, reason=reason)
    rows.tell(
        session, [row.organiser, row.broker], template="pledge.delivering", pledge=row, now=now
    )


def decide_shortfall(
    session: Session, *, pledge: str, verdict: str, reason: str, actor: Actor, now: datetime,
    days: int = 28,
) -> str:  # fmt: skip
    """What happens when too little was collected: ``go_on``, ``extend`` (once) or ``dissolve``.

    An officer outside the group decides, with a reason that every backer reads.

    Raises:
        NotReady: nothing fell short, or it was extended before. SelfModeration. Invalid.
    """
    require(actor, "pledge.moderate")
    row = rows.locked_pledge(session, pledge)
    rows.check_outsider(session, actor, row)
    words = rows.written(reason)
    rules.check_state(row.state, {"SETTLING"}, place=pledge)
    if not row.fell_short or (verdict == "extend" and row.extended):
        raise rules.NotReady(
            "Collection was extended once already."
            if row.fell_short
            else "Collection has not fallen short.",
            remedy="Choose to go on or to dissolve." if row.fell_short else "Wait until it ends.",
            place=pledge,
        )
    if verdict == "go_on":
        _deliver(session, row, actor=actor.person, now=now, reason=words)
    elif verdict == "extend":
        _extend(session, row, days=days, actor=actor, now=now, reason=words)
    elif verdict == "dissolve":
        dissolve_now(session, row, reason=words, actor=actor.person, now=now)
    else:
        raise Invalid(
            "Choose to go on, to extend once, or to dissolve.",
            remedy="Use go_on, extend or dissolve.",
            place="verdict",
        )
    rows.tell(
        session, rows.backers(session, pledge), template="pledge.shortfall_decided", pledge=row,
        now=now, occasion=now.isoformat(),
        facts={"decision": verdict.replace("_", " "), "reason": words},
    )  # fmt: skip
    return row.state


def _extend(
    session: Session, row: Pledge, *, days: int, actor: Actor, now: datetime, reason: str
) -> None:
    if not 1 <= days <= rules.EXTEND_DAYS_MAX:
        raise Invalid(
            f"{days} days is not a time by which to extend.",
            remedy=f"Choose 1 to {rules.EXTEND_DAYS_MAX} days.",
            place="days",
        )
    row.collect_until_on = london_day(now) + timedelta(days=days)
    row.extended, row.fell_short = True, False
    row.version += 1
    session.flush()
    rows.note(
        session, now=now, actor=actor.person, action="pledge.extend", subject=row.id,
        facts={"until": row.collect_until_on.isoformat()}, reason=reason,
    )  # fmt: skip
