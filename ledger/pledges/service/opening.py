"""A pledge is drafted, submitted, moderated, reworded, paused and cancelled (PL1, PL2, PL8)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.kernel import limits
from ledger.kernel.clock import day_in_words, end_of_london_day
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import new_id, new_secret, secret_hash
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, require
from ledger.pledges import rules
from ledger.pledges.models import Commitment, Pledge, PledgeWording
from ledger.pledges.rules import Deal, Plan
from ledger.pledges.service import rows

__all__ = ["VERDICTS", "draft", "edit", "moderate", "resume", "reword", "submit", "suspend"]

VERDICTS = {"open": "OPEN", "back": "DRAFT", "reject": "REJECTED"}


def draft(
    session: Session, *, book: int, plan: Plan, deal: Deal, actor: Actor, now: datetime
) -> str:
    """PL1: begin a pledge of a group; only its organiser sees it yet. Returns its reference.

    The answers may still be missing; the figures must fit together.

    Raises:
        DealIncomplete: the figures do not fit. NotYourGroup. Invalid: no such broker or place.
    """
    require(actor, "pledge.open")
    rows.check_member(session, actor, plan.group, "organiser")
    _check_plan(session, plan)
    _check_figures(deal, plan.unit, now)
    row = Pledge(
        id=new_id("PLG"), book=book, group_id=plan.group, organiser=actor.person,
        broker=plan.broker, neighbourhood=plan.neighbourhood, unit=plan.unit,
        collect_days=plan.collect_days, match_counts=plan.match_counts, wording=1,
        state="DRAFT", state_before=None, confirmed=0, confirmed_count=0, match_expected=0,
        match_reserved=0, moderated_by=None, moderation_reason="", answer_due_on=None,
        made_at=now, submitted_at=None, opened_at=None, reached_at=None, settles_at=None,
        settled_at=None, collect_until_on=None, extended=False, fell_short=False, ended_at=None,
        ended_reason="", version=1, **_figures(deal),
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(_wording(row.id, 1, deal, by=actor.person, now=now, reason=""))
    session.flush()
    rows.note(
        session, now=now, actor=actor.person, action="pledge.draft", subject=row.id,
        facts={"group": plan.group, "unit": plan.unit, "minimum": deal.minimum},
    )  # fmt: skip
    return row.id


def _check_plan(session: Session, plan: Plan) -> None:
    if plan.broker not in parties.with_role(session, "broker"):
        raise Invalid(
            "That person is not a broker.", remedy="Choose a broker from the list.", place="broker"
        )
    if plan.neighbourhood not in {place.id for place in parties.neighbourhoods(session)}:
        raise Invalid(
            "There is no such neighbourhood.",
            remedy="Choose one from the list.",
            place="neighbourhood",
        )
    if not 1 <= plan.collect_days <= limits.PLEDGE_COLLECT_DAYS_MAX:
        raise Invalid(
            f"{plan.collect_days} days is not a time in which people can pay.",
            remedy=f"Enter 1 to {limits.PLEDGE_COLLECT_DAYS_MAX} days.",
            place="collect_days",
        )


def _check_figures(deal: Deal, unit: str, now: datetime) -> None:
    faults = rules.faults_of(deal, unit=unit, broker="named", now=now)
    wrong = {
        field: words
        for field, words in faults.items()
        if field in ("unit", "minimum", "optimum", "maximum", "deadline_on", "description")
    }
    if wrong:
        raise rules.DealIncomplete(
            "; ".join(wrong.values()) + ".", remedy="Correct the figures.",
            place=next(iter(wrong)), errors=wrong,
        )  # fmt: skip


def _figures(deal: Deal) -> dict[str, Any]:
    return {
        "minimum": deal.minimum, "optimum": deal.optimum, "maximum": deal.maximum,
        "deadline_on": deal.deadline_on, "deadline_at": deal.deadline_at,
    }  # fmt: skip


def _texts(deal: Deal) -> dict[str, str]:
    return {
        "sentence": deal.sentence.strip(), "description": deal.description.strip(),
        "place": deal.place.strip(), "too_little": deal.too_little.strip(),
        "too_much": deal.too_much.strip(), "undeliverable": deal.undeliverable.strip(),
    }  # fmt: skip


def _wording(
    pledge: str, version: int, deal: Deal, *, by: str, now: datetime, reason: str
) -> PledgeWording:
    figures = {key: value for key, value in _figures(deal).items() if key != "deadline_at"}
    return PledgeWording(
        pledge=pledge, version=version, made_by=by, made_at=now, reason=reason,
        **_texts(deal), **figures,
    )  # fmt: skip


def edit(session: Session, *, pledge: str, deal: Deal, actor: Actor, now: datetime) -> None:
    """Change a draft; nobody has signed it yet, so its wording stays version 1.

    Raises:
        NotReady: it is no draft. NotYourGroup. DealIncomplete: the figures do not fit.
    """
    require(actor, "pledge.change")
    row = rows.locked_pledge(session, pledge)
    rows.check_member(session, actor, row.group_id, "organiser")
    rules.check_state(row.state, {"DRAFT"}, place=pledge)
    _check_figures(deal, row.unit, now)
    for field, value in _figures(deal).items():
        setattr(row, field, value)
    row.version += 1
    wording = rows.wording_of(session, row)
    for field, value in (_texts(deal) | _figures(deal)).items():
        if field != "deadline_at":
            setattr(wording, field, value)
    session.flush()
    rows.note(session, now=now, actor=actor.person, action="pledge.edit", subject=pledge)


def submit(session: Session, *, pledge: str, actor: Actor, now: datetime) -> None:
    """PL1: DRAFT to SUBMITTED, complete; the council answers within three working days.

    Raises:
        DealIncomplete: naming everything that is missing. NotReady. NotYourGroup.
    """
    require(actor, "pledge.change")
    row = rows.locked_pledge(session, pledge)
    rows.check_member(session, actor, row.group_id, "organiser")
    wording = rows.wording_of(session, row)
    rules.check_deal(_deal(wording), unit=row.unit, broker=row.broker, now=now)
    due = rules.answer_due(now)
    rows.move_pledge(session, row, "SUBMITTED", submitted_at=now, answer_due_on=due)
    rows.note(
        session, now=now, actor=actor.person, action="pledge.submit", subject=pledge,
        facts={"wording": row.wording, "answer_due_on": due.isoformat()},
    )  # fmt: skip
    rows.tell(
        session, [row.broker], template="pledge.submitted", pledge=row, now=now,
        occasion=now.isoformat(), facts={"due": due.isoformat()},
    )  # fmt: skip


def _deal(wording: PledgeWording) -> Deal:
    return Deal(
        wording.sentence, wording.description, wording.place, wording.minimum, wording.optimum,
        wording.maximum, wording.deadline_on, wording.too_little, wording.too_much,
        wording.undeliverable,
    )  # fmt: skip


def moderate(
    session: Session, *, pledge: str, verdict: str, reason: str = "", actor: Actor, now: datetime
) -> None:
    """PL2: an officer who is not of the group opens it, sends it back or turns it down.

    ``verdict`` is ``open``, ``back`` or ``reject``; the last two need a reason in writing,
    which the organiser reads.

    Raises:
        SelfModeration, NotReady, Invalid (no reason), DealIncomplete (the day has passed).
    """
    require(actor, "pledge.moderate")
    row = rows.locked_pledge(session, pledge)
    rows.check_outsider(session, actor, row)
    if verdict not in VERDICTS:
        raise Invalid(
            "Choose to open it, send it back or turn it down.",
            remedy="Use open, back or reject.",
            place="verdict",
        )
    to = VERDICTS[verdict]
    words = reason.strip() if to == "OPEN" else rows.written(reason)
    values: dict[str, Any] = {"moderation_reason": words}
    if to == "OPEN":
        deal = _deal(rows.wording_of(session, row))
        rules.check_deal(deal, unit=row.unit, broker=row.broker, now=now)
        values["opened_at"] = now
    if to == "REJECTED":
        values |= {"ended_at": now, "ended_reason": words}
    rows.move_pledge(session, row, to, moderated_by=actor.person, **values)
    if to == "OPEN":
        books.open_accounts(session, book=row.book, specs=rules.pledge_accounts(row.id, row.unit))
    rows.note(
        session, now=now, actor=actor.person, action="pledge.moderate", subject=pledge,
        facts={"verdict": verdict, "wording": row.wording}, reason=words,
    )  # fmt: skip
    rows.tell(
        session, [row.organiser], template=f"pledge.moderated.{verdict}", pledge=row, now=now,
        occasion=now.isoformat(), facts={"reason": words},
    )  # fmt: skip


def reword(
    session: Session, *, pledge: str, deal: Deal, reason: str, actor: Actor, now: datetime,
    link: str = "/pledges/confirm/",
) -> int:  # fmt: skip
    """PL8: change an open pledge; returns the version that people sign from now on.

    An officer outside the group makes the change, so that nobody who gains from it can. Where
    people have signed, the change is a new version: their promises stop counting, and each
    gets a link by which to agree again.

    Raises:
        NotReady, SelfModeration, DealIncomplete.
    """
    require(actor, "pledge.moderate")
    row = rows.locked_pledge(session, pledge)
    rows.check_outsider(session, actor, row)
    rules.check_state(row.state, {"OPEN"}, place=pledge)
    words = rows.written(reason)
    rules.check_deal(deal, unit=row.unit, broker=row.broker, now=now)
    signed = rows.commitments_in(session, pledge, ("UNCONFIRMED", *rules.COUNTED))
    version = row.wording + 1
    session.add(_wording(row.id, version, deal, by=actor.person, now=now, reason=words))
    session.flush()
    session.execute(
        update(Pledge)
        .where(Pledge.id == pledge, Pledge.state == "OPEN")
        .values(
            wording=version, version=Pledge.version + 1, confirmed=0, confirmed_count=0,
            match_expected=0, **_figures(deal),
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    session.refresh(row)
    for signer in signed:
        _ask_again(session, row, signer, actor=actor, now=now, link=link)
    rows.note(
        session, now=now, actor=actor.person, action="pledge.reword", subject=pledge,
        facts={"wording": version, "asked_again": len(signed)}, reason=words,
    )  # fmt: skip
    return version


def _ask_again(
    session: Session, row: Pledge, signer: Commitment, *, actor: Actor, now: datetime, link: str
) -> None:
    left = signer.quantity - signer.received
    if signer.state == "CONFIRMED":
        rows.move_commitment(session, signer, "UNCONFIRMED", match_expected=0)
        if left:
            legs = rules.promise_ended(row.id, signer.id, row.unit, left)
            rows.post(
                session, row,
                [rows.journal(
                    row, id=f"{signer.id}:reword:{row.wording}", kind="pledge.promise.end",
                    legs=legs, maker=actor.person, now=now, reason="wording changed",
                )], now,
            )  # fmt: skip
    secret = new_secret()
    signer.proof_hash = secret_hash(secret)
    session.flush()
    rows.tell(
        session, [signer.person], template="pledge.reworded", pledge=row, now=now,
        occasion=str(row.wording), facts={"secret_link": link + secret},
    )  # fmt: skip


def suspend(session: Session, *, pledge: str, reason: str, actor: Actor, now: datetime) -> None:
    """An officer pauses sign-ups with a reason that everybody can read.

    Raises:
        NotReady, SelfModeration.
    """
    require(actor, "pledge.moderate")
    row = rows.locked_pledge(session, pledge)
    rows.check_outsider(session, actor, row)
    words = rows.written(reason)
    rows.move_pledge(session, row, "SUSPENDED", state_before=row.state, moderation_reason=words)
    rows.note(
        session, now=now, actor=actor.person, action="pledge.suspend", subject=pledge, reason=words
    )
    rows.tell(
        session, [row.organiser, *rows.backers(session, pledge)], template="pledge.suspended",
        pledge=row, now=now, occasion=now.isoformat(), facts={"reason": words},
    )  # fmt: skip


def resume(
    session: Session, *, pledge: str, reason: str, actor: Actor, now: datetime,
    deadline_on: date | None = None,
) -> None:  # fmt: skip
    """A paused pledge goes on; the deadline moves only by this recorded decision.

    Raises:
        NotReady, SelfModeration, Invalid: the new day is earlier than the old.
    """
    require(actor, "pledge.moderate")
    row = rows.locked_pledge(session, pledge)
    rows.check_outsider(session, actor, row)
    words = rows.written(reason)
    rules.check_state(row.state, {"SUSPENDED"}, place=pledge)
    assert row.state_before is not None
    values: dict[str, Any] = {"state_before": None}
    if deadline_on is not None:
        if deadline_on < row.deadline_on:
            raise Invalid(
                "The new deadline is earlier than the one people were told.",
                remedy=f"Choose {day_in_words(row.deadline_on)} or a later day.",
                place="deadline_on",
            )
        values |= {"deadline_on": deadline_on, "deadline_at": end_of_london_day(deadline_on)}
    rows.move_pledge(session, row, row.state_before, **values)
    rows.note(
        session, now=now, actor=actor.person, action="pledge.resume", subject=pledge, reason=words,
        facts={"deadline_on": row.deadline_on.isoformat()},
    )  # fmt: skip
    rows.tell(
        session, [row.organiser, *rows.backers(session, pledge)], template="pledge.resumed",
        pledge=row, now=now, occasion=now.isoformat(),
        facts={"reason": words, "deadline": row.deadline_on.isoformat()},
    )  # fmt: skip
