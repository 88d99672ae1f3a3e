"""From a request to a plan, and from a plan to a booking (K4, K5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ledger.assets import queries as assets
from ledger.audit import service as audit
from ledger.bookings import queries, rules
from ledger.bookings.models import Booking, Occurrence
from ledger.bookings.queries import SpaceView
from ledger.bookings.rules import Plan, PlannedDay, Series, Slot, epoch
from ledger.bookings.service.claims import lock_atoms, move_all, write_claims
from ledger.kernel.clock import day_in_words
from ledger.kernel.errors import Forbidden, Invalid
from ledger.kernel.ids import new_id
from ledger.kernel.texts import clean_line
from ledger.parties.rules import Actor, require


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for: a space at a series of times, for an activity."""

    space: str
    series: Series
    activity: str
    headcount: int = 1
    user_class: str = "standard"
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking that was made, with the plan that it follows."""

    id: str
    state: str
    plan: Plan


def plan(session: Session, *, request: Request, now: datetime, but_for: str = "") -> Plan:
    """Every date of a request as it would be booked now, each ok or left out with a reason.

    ``but_for`` leaves one booking's own claims out of account. Writes nothing.

    Raises:
        SeriesRefused, NotSet, Invalid.
    """
    space = queries.space(session, request.space)
    _check_request(request, space)
    hours = queries.opening_hours(session, space.asset)
    rates = queries.rates(session, space.id)
    if not hours or rules.rate_on(rates, rules.LIST_CLASS, date.max) is None:
        raise rules.NotSet(
            f"“{space.name}” has no opening hours or no list price yet.",
            remedy="Ask the asset broker to set them.",
            place=space.id,
        )
    days = rules.dates(request.series)
    slots = [
        rules.slot_on(
            day, request.series.start_minute, request.series.end_minute,
            start_fold=request.series.start_fold, end_fold=request.series.end_fold,
        )
        for day in days
    ]  # fmt: skip
    taken = _taken(session, space, [slot for slot in slots if isinstance(slot, Slot)], now, but_for)
    planned = []
    for day, slot in zip(days, slots, strict=True):
        if isinstance(slot, str):
            planned.append(PlannedDay(day, None, slot))
            continue
        reason = rules.judge(
            slot, series=request.series, terms=space.terms, now=now,
            today=queries.hours_on(hours, day),
            tomorrow=queries.hours_on(hours, day + timedelta(days=1)),
        )  # fmt: skip
        reason = reason or _clash(taken, space, slot)
        quote = rules.quote(
            rates, user_class=request.user_class, on=day, minutes=slot.minutes,
            vat_percent=space.vat_percent,
        )  # fmt: skip
        planned.append(PlannedDay(day, slot, reason or ("" if quote else "no_price"), quote))
    return Plan(space.id, tuple(planned))


def _check_request(request: Request, space: SpaceView) -> None:
    problems = [
        (space.state != "open", "The space is not let at present.", "space"),
        (request.user_class not in rules.USER_CLASSES, "That class is not known.", "user_class"),
        (not 1 <= request.headcount <= space.capacity,
         f"“{space.name}” holds from 1 to {space.capacity} people.", "headcount"),
    ]  # fmt: skip
    for wrong, facts, place in problems:
        if wrong:
            raise Invalid(facts, remedy="Change it and try again.", place=place)
    clean_line(request.activity, place="activity", shortest=1)


def _taken(
    session: Session, space: SpaceView, slots: Sequence[Slot], now: datetime, but_for: str
) -> dict[str, list[tuple[int, int, str]]]:
    if not slots:
        return {}
    claims = [rules.claimed(slot, space.terms) for slot in slots]
    return queries.taken(
        session, atoms=space.atoms, starts=epoch(min(claim.starts_at for claim in claims)),
        ends=epoch(max(claim.ends_at for claim in claims)), now=now, but_for=but_for,
    )  # fmt: skip


def _clash(taken: dict[str, list[tuple[int, int, str]]], space: SpaceView, slot: Slot) -> str:
    kind = queries.clashes(taken, atoms=space.atoms, slot=rules.claimed(slot, space.terms))
    return {"": "", "closure": "closure"}.get(kind, "conflict")


def book(
    session: Session,
    *,
    request: Request,
    actor: Actor,
    now: datetime,
    mode: str = "all",
    expected: str = "",
    hold: bool = False,
) -> Booked:
    """Ask for a series. Everything is claimed in this unit of work, or nothing is.

    ``mode`` "all" refuses when any date is left out; "skip" books the rest and keeps the
    left-out dates with their reasons. ``expected`` is the digest of the preview that the
    person saw: when the plan is another by now, nothing is booked. With ``hold`` the time is
    only kept for some minutes. A space of instant approval is confirmed at once.

    Raises:
        SlotTaken: naming the dates and what is free instead.
        DatesRefused, NothingToBook, PlanChanged, SeriesRefused, NotSet.
    """
    require(actor, "booking.request")
    _check_hirer(request, actor)
    space = queries.space(session, request.space)
    listing = assets.listing_of(session, space.asset)
    if listing is None or listing.state != "offered":
        raise rules.NotSet(
            "The building is not offered at present.",
            remedy="Ask the asset broker.",
            place=space.asset,
        )
    lock_atoms(session, atoms=space.atoms, now=now)
    _drop_own_holds(session, space, actor)
    found = plan(session, request=request, now=now)
    _check_plan(session, found, space, request, mode=mode, expected=expected, now=now)
    state = "held" if hold else "requested"
    booking = _write(
        session, request=request, space=space, found=found, book=listing.book, state=state,
        actor=actor, now=now,
    )  # fmt: skip
    audit.record(
        session, at=now, actor=actor.person, action=f"booking.{state}", subject=booking,
        facts={"space": space.id, "dates": len(found.bookable), "skipped": len(found.skipped),
               "plan": found.digest},
    )  # fmt: skip
    if state == "requested" and space.approval == "instant":
        from ledger.bookings.service.decide import confirm_at_once

        confirm_at_once(session, booking=booking, now=now)
        state = "confirmed"
    return Booked(booking, state, found)


def _check_hirer(request: Request, actor: Actor) -> None:
    """A person books for themself or for the group they act for; only groups have its class."""
    if request.organisation and request.organisation != actor.organisation:
        raise Forbidden(
            "You do not act for that group.",
            remedy="Book for yourself, or ask the group's organiser.",
            place="organisation",
        )
    if request.user_class == "community" and not request.organisation:
        raise Invalid(
            "The community price is for groups.",
            remedy="Book for your group, or at the list price.",
            place="user_class",
        )


def _drop_own_holds(session: Session, space: SpaceView, actor: Actor) -> None:
    """Somebody who goes back and picks again is not in their own way."""
    held = session.scalars(
        select(Booking).where(
            Booking.booker == actor.person, Booking.state == "held", Booking.asset == space.asset
        )
    ).all()
    for booking in held:
        booking.state, booking.version = "withdrawn", booking.version + 1
        session.flush()
        move_all(session, booking=booking.id, was="held", to="withdrawn")


def _check_plan(
    session: Session, found: Plan, space: SpaceView, request: Request, *, mode: str,
    expected: str, now: datetime,
) -> None:  # fmt: skip
    if expected and expected != found.digest:
        raise rules.PlanChanged(
            "Somebody booked, or a price or the hours changed, since you saw the preview.",
            remedy="Look at the dates again before you book.",
        )
    clashing = [day for day in found.skipped if day.reason == "conflict"]
    if clashing and (mode == "all" or not found.bookable):
        raise _slot_taken(session, clashing, space, request, now)
    if not found.bookable:
        raise rules.NothingToBook(
            "None of the dates can be booked: " + _reasons(found.skipped) + ".",
            remedy="Choose other dates or times.",
            place="dates",
        )
    if found.skipped and mode == "all":
        raise rules.DatesRefused(
            "Some dates cannot be booked: " + _reasons(found.skipped) + ".",
            remedy="Leave them out, or choose another time.",
            place="dates",
        )


def _reasons(days: Sequence[PlannedDay]) -> str:
    shown = [f"{day_in_words(day.on)} ({rules.SKIP_REASONS[day.reason]})" for day in days[:10]]
    more = len(days) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _slot_taken(
    session: Session, clashing: Sequence[PlannedDay], space: SpaceView, request: Request,
    now: datetime,
) -> rules.SlotTaken:  # fmt: skip
    slot = clashing[0].slot
    assert slot is not None
    free = queries.alternatives(
        session, space=space, slot=slot, headcount=request.headcount, now=now
    )
    names = ", ".join(sorted({other.name for other in free}))
    return rules.SlotTaken(
        f"“{space.name}” is taken on {_reasons(clashing)}.",
        remedy=(f"Free around that time: {names}. " if free else "")
        + "Choose another time or space, or leave those dates out.",
        place="dates",
        dates=[day.on.isoformat() for day in clashing],
        alternatives=free,
    )


def _write(
    session: Session, *, request: Request, space: SpaceView, found: Plan, book: int, state: str,
    actor: Actor, now: datetime,
) -> str:  # fmt: skip
    booking = new_id("BKG")
    hold_until = now + timedelta(minutes=space.hold_minutes) if state == "held" else None
    series = request.series
    session.add(
        Booking(
            id=booking, book=book, asset=space.asset, space=space.id,
            organisation=request.organisation, booker=actor.person,
            user_class=request.user_class, activity=clean_line(request.activity, place="activity"),
            headcount=request.headcount, every_weeks=series.every_weeks,
            start_minute=series.start_minute, end_minute=series.end_minute, state=state,
            version=1, plan_digest=found.digest, requested_at=now, hold_until=hold_until,
            decided_by="", decided_at=None, reason="",
        )
    )  # fmt: skip
    session.flush()
    rows = [
        _row(booking, number, day, state, parts=len(space.atoms))
        for number, day in enumerate(found.days, start=1)
    ]
    session.execute(insert(Occurrence), rows)
    claims = [
        (atom, rules.claimed(day.slot, space.terms), str(row["id"]))
        for day, row in zip(found.days, rows, strict=True)
        if day.ok and day.slot
        for atom in space.atoms
    ]
    write_claims(session, claims, kind="hold" if hold_until else "booking", expires_at=hold_until)
    return booking


def _row(booking: str, number: int, day: PlannedDay, state: str, *, parts: int) -> dict[str, Any]:
    quote, slot = day.quote, day.slot
    return {
        "id": new_id("OCC", length=10), "booking": booking, "number": number, "on_day": day.on,
        "starts_at": slot.starts_at if slot else None, "ends_at": slot.ends_at if slot else None,
        "recurrence_at": slot.starts_at if slot else None,
        "state": state if day.ok else "skipped", "skip_reason": day.reason, "sequence": 0,
        "minutes": slot.minutes if slot else 0,
        "space_minutes": slot.minutes * parts if slot else 0,
        "list_pence": quote.list_pence if quote else 0,
        "net_pence": quote.net_pence if quote else 0,
        "vat_pence": quote.vat_pence if quote else 0,
        "list_rate": quote.list_rate if quote else "", "rate": quote.rate if quote else "",
        "policy": quote.policy if quote else "", "quote_digest": quote.digest if quote else "",
        "settled_by": "", "settled_at": None,
    }  # fmt: skip
