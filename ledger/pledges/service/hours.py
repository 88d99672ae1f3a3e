"""Hours are logged and confirmed by both sides (PL14)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.kernel.clock import day_in_words, london_day
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import new_id
from ledger.kernel.money import format_minutes
from ledger.parties import queries as parties
from ledger.parties.rules import Actor
from ledger.pledges import queries, rules
from ledger.pledges.models import Commitment, HoursEntry, Pledge
from ledger.pledges.service import rows

__all__ = ["confirm_hours", "log_hours", "refuse_hours"]

_GIVING = frozenset({"DUE", "PART_MET", "OVERDUE", "DEFAULTED", "MET"})


def log_hours(
    session: Session, *, commitment: str, minutes: int, worked_on: date, work: str = "",
    actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """PL14: the giver or the organiser writes down time that was given; returns the entry.

    It counts when the other side has confirmed it.

    Raises:
        NotReady, NotTheirs, HoursRefused: minutes or day cannot be right.
    """
    row, signer = rows.locked_commitment(session, commitment)
    giver = actor.person == signer.person
    if not giver and actor.person not in parties.members(session, row.group_id, "organiser"):
        raise rules.NotTheirs(
            "These are another person’s hours.",
            remedy="Ask the giver or the group’s organiser to log them.",
        )
    rules.check_state(signer.state, _GIVING, place=commitment)
    _check_hours(row, minutes=minutes, worked_on=worked_on, work=work, now=now)
    entry = HoursEntry(
        id=new_id("HRS"), pledge=row.id, commitment=signer.id, minutes=minutes,
        worked_on=worked_on, work=work.strip(), state="LOGGED", logged_by=actor.person,
        logged_at=now, giver_at=now if giver else None, organiser_at=None if giver else now,
        organiser_by=None if giver else actor.person, refused_reason="",
    )  # fmt: skip
    session.add(entry)
    session.flush()
    rows.note(
        session, now=now, actor=actor.person, action="hours.log", subject=entry.id,
        facts={"pledge": row.id, "commitment": signer.id, "minutes": minutes},
    )  # fmt: skip
    rows.tell(
        session, [row.organiser if giver else signer.person], template="pledge.hours_logged",
        pledge=row, now=now, occasion=entry.id, facts={"time": format_minutes(minutes)},
    )  # fmt: skip
    return entry.id


def _check_hours(row: Pledge, *, minutes: int, worked_on: date, work: str, now: datetime) -> None:
    if row.unit != "HOUR":
        raise rules.NotReady(
            "This pledge is in pounds; it counts no hours.",
            remedy="Record a receipt instead.",
            place=row.id,
        )
    if type(minutes) is not int or not 0 < minutes <= limits.HOURS_ENTRY_MINUTES_MAX:
        raise rules.HoursRefused(
            "One entry is at most one day’s work.",
            remedy="Enter from 1 minute to 24 hours.",
            place="minutes",
        )
    if not london_day(row.made_at) <= worked_on <= london_day(now):
        raise rules.HoursRefused(
            f"{day_in_words(worked_on)} is in the future or before the pledge began.",
            remedy="Enter the day on which the work was done.",
            place="worked_on",
        )
    if len(work.strip()) > limits.LINE_CHARS_MAX:
        raise Invalid(
            "The description is too long.",
            remedy=f"Use at most {limits.LINE_CHARS_MAX} letters.",
            place="work",
        )


def _locked_entry(session: Session, reference: str) -> tuple[Pledge, Commitment, HoursEntry]:
    view = queries.hours_entry(session, reference)
    row, signer = rows.locked_commitment(session, view.commitment)
    entry = session.scalars(
        select(HoursEntry)
        .where(HoursEntry.id == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    return row, signer, entry


def _other_side(session: Session, row: Pledge, signer: Commitment, entry: HoursEntry,
                actor: Actor) -> bool:  # fmt: skip
    """Whether the actor answers for the giver (else for the organiser).

    Raises:
        NotTheirs: the actor is not the side whose answer is missing.
    """
    as_giver = entry.giver_at is None and actor.person == signer.person
    as_group = entry.organiser_at is None and actor.person in parties.members(
        session, row.group_id, "organiser"
    )
    if not (as_giver or as_group) or actor.person == entry.logged_by:
        raise rules.NotTheirs(
            "Hours count when the other side confirms them.",
            remedy="Ask the group’s organiser."
            if entry.organiser_at is None
            else "Ask the person who gave the time.",
        )
    return as_giver


def confirm_hours(session: Session, *, entry: str, actor: Actor, now: datetime) -> None:
    """PL14: the other side confirms: what is due falls (H3) and the work is recorded (H3a).

    Raises:
        NotReady, NotTheirs.
    """
    row, signer, logged = _locked_entry(session, entry)
    rules.check_state(logged.state, {"LOGGED"}, place=entry)
    if _other_side(session, row, signer, logged, actor):
        logged.giver_at = now
    else:
        logged.organiser_at, logged.organiser_by = now, actor.person
    logged.state = "CONFIRMED"
    owed = signer.quantity - signer.received
    counted = min(logged.minutes, owed)
    specs = []
    if counted and signer.state == "DEFAULTED":
        legs = rules.returns_to_paying(row.id, signer.id, row.unit, owed)
        specs.append(("returns", "pledge.default", legs, "late giver returns"))
    if counted:
        legs = rules.hours_confirmed(row.id, signer.id, counted)
        specs.append(("given", "pledge.hours", legs, "hours confirmed by both"))
    legs = rules.work_recorded(row.id, signer.id, logged.minutes)
    specs.append(("work", "pledge.hours", legs, "work recorded"))
    rows.post(
        session, row,
        [rows.journal(
            row, id=f"{entry}:{name}", kind=kind, legs=lines, maker=logged.logged_by,
            checker=actor.person, now=now, reason=reason,
        ) for name, kind, lines, reason in specs], now,
    )  # fmt: skip
    signer.received += counted
    signer.extra += logged.minutes - counted
    session.flush()
    state = "MET" if signer.received == signer.quantity else "PART_MET"
    rows.move_commitment(session, signer, state)
    rows.note(
        session, now=now, actor=actor.person, action="hours.confirm", subject=entry,
        facts={"pledge": row.id, "commitment": signer.id, "minutes": logged.minutes},
    )  # fmt: skip
    rows.tell(
        session, [signer.person], template="pledge.hours_confirmed", pledge=row, now=now,
        occasion=entry, facts={"time": format_minutes(logged.minutes)},
    )  # fmt: skip


def refuse_hours(session: Session, *, entry: str, reason: str, actor: Actor, now: datetime) -> None:
    """PL14: the other side says that the hours are not right; nothing is counted.

    Raises:
        NotReady, NotTheirs, Invalid: no reason.
    """
    row, signer, logged = _locked_entry(session, entry)
    rules.check_state(logged.state, {"LOGGED"}, place=entry)
    _other_side(session, row, signer, logged, actor)
    words = rows.written(reason)
    logged.state, logged.refused_reason = "REFUSED", words
    session.flush()
    rows.note(
        session, now=now, actor=actor.person, action="hours.refuse", subject=entry, reason=words,
        facts={"pledge": row.id, "commitment": signer.id},
    )  # fmt: skip
    rows.tell(
        session, [logged.logged_by], template="pledge.hours_refused", pledge=row, now=now,
        occasion=entry, facts={"reason": words, "time": format_minutes(logged.minutes)},
    )  # fmt: skip
