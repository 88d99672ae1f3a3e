"""Letting a building: its spaces and parts, opening hours, rates and closures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ledger.assets import queries as assets
from ledger.audit import service as audit
from ledger.bookings import queries, rules
from ledger.bookings.models import HireRate, OpeningHours, Space, SpaceAtom, SpacePart
from ledger.bookings.rules import Opening, Slot
from ledger.bookings.service.claims import displace, lock_atoms, write_claims
from ledger.kernel.clock import day_in_words
from ledger.kernel.errors import Conflict, Invalid
from ledger.kernel.ids import new_id
from ledger.kernel.texts import clean_line
from ledger.parties.rules import Actor, require

_POLICY: Final = re.compile(r"[A-Z][A-Za-z0-9-]{0,39}", re.ASCII)
PARTS_MAX: Final = 40


def add_space(
    session: Session,
    *,
    asset: str,
    name: str,
    parts: Sequence[str],
    capacity: int,
    actor: Actor,
    now: datetime,
    approval: str = "exclusive",
    setup_minutes: int = 0,
    cleandown_minutes: int = 0,
    notice_hours: int = 0,
    advance_days: int = 400,
    hold_minutes: int = 15,
    free_cancel_hours: int = 48,
    retention_percent: int = 0,
    vat_percent: int = 0,
    keyholder: str = "",
) -> str:
    """Let a space of a listed building; returns its reference (SPC-…).

    ``parts`` names the smallest parts that it takes: a hall of two rooms takes both of the
    rooms' parts, so that booking one room blocks the hall but not the other room.
    """
    require(actor, "asset.list")
    if assets.listing_of(session, asset) is None:
        raise Conflict("The building is not listed.", remedy="List it first.", place=asset)
    wanted = sorted(
        {clean_line(part, place="parts", longest=200) for part in parts if part.strip()}
    )
    name = clean_line(name, place="name", longest=200)
    if not name or not 1 <= len(wanted) <= PARTS_MAX:
        raise Invalid(
            "A space needs a name and at least one part.",
            remedy=f"Name the space and from 1 to {PARTS_MAX} parts of the building.",
            place="name",
        )
    if any(view.name == name.strip() for view in queries.spaces_of(session, asset)):
        raise Conflict(
            f"The building has a space called “{name.strip()}”.",
            remedy="Choose another name.",
            place="name",
        )
    space = Space(
        id=new_id("SPC"), asset=asset, name=name.strip(), capacity=capacity, approval=approval,
        setup_minutes=setup_minutes, cleandown_minutes=cleandown_minutes,
        notice_hours=notice_hours, advance_days=advance_days, hold_minutes=hold_minutes,
        free_cancel_hours=free_cancel_hours, retention_percent=retention_percent,
        vat_percent=vat_percent, keyholder=keyholder, state="open",
    )  # fmt: skip
    session.add(space)
    session.flush()
    atoms = _atoms(session, asset, wanted)
    session.execute(insert(SpacePart), [{"space": space.id, "atom": atom} for atom in atoms])
    audit.record(
        session, at=now, actor=actor.person, action="space.add", subject=space.id,
        facts={"asset": asset, "parts": atoms, "approval": approval},
    )  # fmt: skip
    return space.id


def _atoms(session: Session, asset: str, names: Sequence[str]) -> list[str]:
    known = {name: atom for atom, name in queries.atoms_of_asset(session, asset).items()}
    for name in names:
        if name not in known:
            known[name] = new_id("ATM")
            session.add(SpaceAtom(id=known[name], asset=asset, name=name))
    session.flush()
    return sorted(known[name] for name in names)


def set_hours(
    session: Session,
    *,
    asset: str,
    openings: Sequence[Opening],
    from_on: date,
    actor: Actor,
    now: datetime,
) -> None:
    """Set the opening hours of a building from a day on; earlier days keep theirs.

    Raises:
        Invalid: none, backwards or overlapping hours.
        Conflict: that day has hours of its own already.
    """
    require(actor, "asset.list")
    ordered = sorted(openings, key=lambda opening: (opening.weekday, opening.opens_minute))
    overlap = any(
        first.weekday == second.weekday and second.opens_minute < first.closes_minute
        for first, second in pairwise(ordered)
    )
    backwards = any(
        not 0 <= opening.opens_minute < opening.closes_minute <= rules.DAY_MINUTES
        for opening in ordered
    )
    if not ordered or overlap or backwards:
        raise Invalid(
            "Those are not opening hours: none, closing before opening, or overlapping.",
            remedy="Give at least one weekday with an opening and a later closing time.",
            place="hours",
        )
    if from_on in queries.opening_hours(session, asset):
        raise Conflict(
            f"Hours from {day_in_words(from_on)} are set already.",
            remedy="Set new hours from a later day.",
            place="from",
        )
    session.execute(
        insert(OpeningHours),
        [{"asset": asset, "from_on": from_on, "weekday": opening.weekday,
          "opens_minute": opening.opens_minute, "closes_minute": opening.closes_minute}
         for opening in ordered],
    )  # fmt: skip
    audit.record(
        session, at=now, actor=actor.person, action="space.hours", subject=asset,
        facts={"from": from_on.isoformat(), "stretches": len(ordered)},
    )  # fmt: skip


def set_rate(
    session: Session,
    *,
    space: str,
    user_class: str,
    pence_per_hour: int,
    from_on: date,
    actor: Actor,
    now: datetime,
    policy: str = "LIST",
) -> str:
    """Set a price in pence an hour for a class from a day on; returns the rate (RAT-…).

    ``policy`` is the code of the policy that allows a price below the list price. What was
    booked before keeps its price (K10).
    """
    require(actor, "asset.list")
    if user_class not in rules.USER_CLASSES or not _POLICY.fullmatch(policy):
        raise Invalid(
            "The class or the policy's code is not known.",
            remedy="Use one of the classes, and a code such as COMMUNITY-2026.",
            place="policy",
        )
    rules.check_rate(
        queries.rates(session, space), user_class=user_class, pence_per_hour=pence_per_hour,
        from_on=from_on,
    )  # fmt: skip
    rate = HireRate(
        id=new_id("RAT"), space=space, user_class=user_class, pence_per_hour=pence_per_hour,
        from_on=from_on, policy=policy, set_by=actor.person, set_at=now,
    )  # fmt: skip
    session.add(rate)
    session.flush()
    audit.record(
        session, at=now, actor=actor.person, action="space.rate", subject=space,
        facts={"rate": rate.id, "class": user_class, "pence_per_hour": pence_per_hour,
               "from": from_on.isoformat(), "policy": policy},
    )  # fmt: skip
    return rate.id


def close_building(
    session: Session,
    *,
    asset: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
    displacing: bool = False,
) -> list[str]:
    """Close a building for a stretch of time; returns the dates that it displaced.

    With bookings in the way it is refused, unless ``displacing`` says that they give way:
    then each becomes displaced and what was charged goes back. Nothing is deleted.

    Raises:
        SlotTaken: naming the dates in the way.
    """
    require(actor, "asset.list")
    reason = clean_line(reason, place="reason", shortest=3)
    sane = rules.FIRST_DAY.year <= starts_at.year <= ends_at.year <= rules.LAST_DAY.year
    if ends_at <= starts_at or not sane:
        raise Invalid(
            "A closure ends after it begins, in a year that is near.",
            remedy="Check the times.",
            place="day",
        )
    atoms = list(queries.atoms_of_asset(session, asset))
    slot = Slot(starts_at, ends_at)
    lock_atoms(session, atoms=atoms, now=now)
    moved = displace(
        session, asset=asset, slot=slot, actor=actor, reason=reason, now=now, allowed=displacing
    )
    write_claims(
        session, [(atom, slot, None) for atom in atoms], kind="closure", reason=reason.strip()
    )
    audit.record(
        session, at=now, actor=actor.person, action="space.close", subject=asset,
        facts={"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(),
               "displaced": len(moved)}, reason=reason,
    )  # fmt: skip
    return moved


def keyholder_of(session: Session, space: str) -> str:
    """Who holds the key of a space; empty where nobody is named."""
    return session.scalars(select(Space.keyholder).where(Space.id == space)).one()
