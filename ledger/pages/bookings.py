"""Booking a space: ask, see every date, book, cancel; and the keyholder's word that it was used."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ledger.assets import queries as assets
from ledger.bookings import queries, rules, service
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import LONDON, now
from ledger.kernel.errors import LedgerError
from ledger.pages.forms import Form
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, may

blueprint = Blueprint("bookings", __name__)

REPEATS = {"once": 0, "weekly": 1, "fortnightly": 2, "four-weekly": 4}
FIELDS = (
    "day-day", "day-month", "day-year", "start", "end", "repeat", "count", "activity",
    "headcount", "user_class", "fold",
)  # fmt: skip
_GROUP = frozenset({"organiser", "treasurer"})


@blueprint.get("/spaces/<space>/book")
@guarded("booking.request")
def ask(space: str) -> str:
    """The form: when, how often, what for."""
    typed = {name: request.args[name] for name in FIELDS if name in request.args}
    on = _iso_day(request.args.get("day", ""))
    if on:
        typed |= {"day-day": str(on.day), "day-month": str(on.month), "day-year": str(on.year)}
    first = {"repeat": "once", "user_class": "community" if _group(current_actor()) else "standard"}
    return _ask(space, Form(first | typed))


def _ask(space: str, form: Form) -> str:
    with reading() as session:
        view = queries.space(session, space)
        return render_template(
            "bookings/ask.html", form=form, space=view, building=assets.public_asset(session, view.asset),
            group=_group_name(session, current_actor()), classes=rules.USER_CLASSES,
        )  # fmt: skip


def _iso_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _group(actor: Actor) -> str:
    return (actor.organisation or "") if actor.roles & _GROUP else ""


def _group_name(session: Session, actor: Actor) -> str:
    group = _group(actor)
    return parties.organisation(session, group).name if group else ""


def _wanted(form: Form, space: str) -> service.Request | None:
    """What was asked for, or nothing while something is wrong."""
    on = form.day("day", what="the first day")
    start = form.clock("start", what="when it begins")
    end = form.clock("end", what="when it ends")
    repeat = form.choice("repeat", REPEATS, what="how often")
    count = 1
    if repeat and repeat != "once":
        count = form.whole("count", what="how many dates")
        if "count" not in form.errors and not 1 <= count <= limits.SERIES_OCCURRENCES_MAX:
            form.wrong(
                "count", f"Enter a number of dates from 1 to {limits.SERIES_OCCURRENCES_MAX}"
            )
    activity = form.text("activity", what="what it is for")
    headcount = form.whole("headcount", what="how many people will come")
    user_class = form.choice("user_class", ("community", "standard"), what="who it is for")
    if form.errors or on is None or start is None or end is None:
        return None
    begins, ends = _minute(start), _minute(end)
    fold = {"first": 0, "second": 1}.get(form.value("fold"))
    series = rules.Series(
        starts_on=on, start_minute=begins,
        end_minute=ends if ends > begins else ends + rules.DAY_MINUTES,
        every_weeks=REPEATS[repeat], count=count if repeat != "once" else None,
        start_fold=fold, end_fold=fold,  # type: ignore[arg-type]
    )  # fmt: skip
    return service.Request(
        space=space, series=series, activity=activity, headcount=headcount,
        user_class=user_class, organisation=_group(current_actor()),
    )  # fmt: skip


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


@blueprint.get("/spaces/<space>/preview")
@guarded("booking.request")
def preview(space: str) -> Any:
    """Every date as it would be booked now, each with its price or the reason to leave it out."""
    return _preview(space, Form(request.args), status=200)


def _preview(space: str, form: Form, *, status: int, refusal: LedgerError | None = None) -> Any:
    wanted = _wanted(form, space)
    if wanted is None:
        return _ask(space, form), 422
    try:
        with reading() as session:
            plan = service.plan(session, request=wanted, now=now())
            view = queries.space(session, space)
            building = assets.public_asset(session, view.asset)
            free = [
                (one, address("bookings.preview", space=one.space, **_typed(form) | _at(one)))
                for one in _alternatives(session, view, wanted, plan)
            ]
    except LedgerError as error:
        form.refuse(error)
        return _ask(space, form), 422
    page = render_template(
        "bookings/preview.html", plan=plan, wanted=wanted, space=view, building=building,
        typed={name: form.value(name) for name in FIELDS}, reasons=rules.SKIP_REASONS, free=free,
        refusal=refusal, back=address("bookings.ask", space=space, **_typed(form)),
        query=_typed(form),
    )  # fmt: skip
    return page, status


def _at(one: rules.Alternative) -> dict[str, str]:
    """The fields of the form that move a request to an alternative's day and time."""
    starts, ends = one.starts_at.astimezone(LONDON), one.ends_at.astimezone(LONDON)
    return {
        "day-day": str(starts.day), "day-month": str(starts.month), "day-year": str(starts.year),
        "start": f"{starts:%H:%M}", "end": f"{ends:%H:%M}",
    }  # fmt: skip


def _typed(form: Form) -> dict[str, Any]:
    return {name: form.value(name) for name in FIELDS if form.value(name)}


def _alternatives(
    session: Session, view: queries.SpaceView, wanted: service.Request, plan: rules.Plan
) -> list[rules.Alternative]:
    clash = next((day for day in plan.days if day.reason == "conflict" and day.slot), None)
    if clash is None or clash.slot is None:
        return []
    return queries.alternatives(
        session, space=view, slot=clash.slot, headcount=wanted.headcount, now=now()
    )


@blueprint.post("/spaces/<space>/book")
@guarded("booking.request")
@idempotent
def book(space: str) -> Any:
    """Book what the preview showed, or show the preview again with what changed."""
    form = Form(request.form)
    wanted = _wanted(form, space)
    if wanted is None:
        return _ask(space, form), 422
    mode = "skip" if form.value("mode") == "skip" else "all"
    try:
        made = run_unit(
            lambda session: service.book(
                session, request=wanted, actor=current_actor(), now=now(), mode=mode,
                expected=form.value("expected")[:64],
            )
        )  # fmt: skip
    except LedgerError as error:
        return _preview(space, form, status=409, refusal=error)
    flash(
        "Your booking is confirmed." if made.state == "confirmed"
        else "Your request was sent. The time is yours until it is answered.", "success",
    )  # fmt: skip
    return redirect(address("bookings.one", booking=made.id), 303)


@blueprint.get("/bookings")
@guarded("booking.read")
def mine() -> str:
    """A person's and their group's bookings, and the dates that wait for the keyholder's word."""
    actor = current_actor()
    with reading() as session:
        rows = queries.bookings_of(
            session, booker=actor.person, organisation=actor.organisation or actor.person
        )
        keys = queries.awaiting_use(session, now=now(), keyholder=actor.person)
        return render_template(
            "bookings/mine.html", rows=rows, keys=keys, states=rules.BOOKING_STATES,
            names=assets.names(session, [row.asset for row in rows] + [of.asset for of, _ in keys]),
        )  # fmt: skip


@blueprint.get("/bookings/<booking>")
@guarded("booking.read")
def one(booking: str) -> str:
    """A booking with every date, and what this person can do about each."""
    return _one(booking, Form())


def _one(booking: str, form: Form) -> str:
    actor, at = current_actor(), now()
    with reading() as session:
        view = queries.booking_for(session, booking, actor)
        space = queries.space(session, view.space)
        ours = actor.person == view.booker or bool(
            view.organisation and actor.organisation == view.organisation
        )
        return render_template(
            "bookings/one.html", view=view, space=space, form=form, at=at,
            dates=queries.occurrences(session, booking),
            building=assets.public_asset(session, view.asset),
            hirer=parties.organisation(session, view.organisation).name if view.organisation
            else parties.person_name(session, view.booker),
            states=rules.OCCURRENCE_STATES, booking_states=rules.BOOKING_STATES,
            reasons=rules.SKIP_REASONS, ours=ours,
            decides=may(actor, "booking.decide") and actor.person != view.booker,
            witness=not ours and ("broker" in actor.roles or actor.person == space.keyholder),
        )  # fmt: skip


def _acted(booking: str, unit: Any, said: str) -> Any:
    """Do something to a booking and go back to its page, or say why it was refused."""
    with reading() as session:
        queries.booking_for(session, booking, current_actor())
    try:
        run_unit(unit)
    except LedgerError as error:
        form = Form(request.form)
        form.refuse(error, field="reason" if error.place == "reason" else "top")
        return _one(booking, form), 422
    flash(said, "success")
    return redirect(address("bookings.one", booking=booking), 303)


@blueprint.post("/bookings/<booking>/confirm")
@guarded("booking.decide")
@idempotent
def confirm(booking: str) -> Any:
    """The broker says yes."""
    return _acted(
        booking,
        lambda session: service.confirm(session, booking=booking, actor=current_actor(), now=now()),
        "The booking is confirmed, and the group is told.",
    )


@blueprint.post("/bookings/<booking>/decline")
@guarded("booking.decide")
@idempotent
def decline(booking: str) -> Any:
    """The broker says no, and why."""
    return _acted(
        booking,
        lambda session: service.decline(
            session, booking=booking, reason=request.form.get("reason", "")[:300],
            actor=current_actor(), now=now(),
        ),
        "The request is declined, and the group is told why.",
    )  # fmt: skip


@blueprint.post("/bookings/<booking>/withdraw")
@guarded("booking.cancel")
@idempotent
def withdraw(booking: str) -> Any:
    """The person takes the request back."""
    return _acted(
        booking,
        lambda session: service.withdraw(
            session, booking=booking, actor=current_actor(), now=now()
        ),
        "Your request is withdrawn, and the time is free again.",
    )


@blueprint.get("/bookings/<booking>/dates/<occurrence>")
@guarded("booking.read")
def date_page(booking: str, occurrence: str) -> str:
    """One date: say that it was used, or cancel it."""
    return _date(booking, occurrence, Form())


def _date(booking: str, occurrence: str, form: Form) -> str:
    actor, at = current_actor(), now()
    with reading() as session:
        view = queries.booking_for(session, booking, actor)
        date_ = _of(session, booking, occurrence)
        space = queries.space(session, view.space)
        assert date_.starts_at is not None or date_.state == "skipped"
        ours = actor.person == view.booker or bool(
            view.organisation and actor.organisation == view.organisation
        )
        begun = date_.starts_at is not None and date_.starts_at <= at
        return render_template(
            "bookings/date.html", view=view, date=date_, space=space, form=form,
            building=assets.public_asset(session, view.asset), states=rules.OCCURRENCE_STATES,
            reasons=rules.SKIP_REASONS,
            settles=begun and date_.state == "confirmed" and not ours
            and ("broker" in actor.roles or actor.person == space.keyholder),
            cancels="" if begun or date_.state != "confirmed" else "hirer" if ours
            else "provider" if may(actor, "booking.decide") else "",
            readds=ours and date_.state == "skipped" and date_.skip_reason == "conflict",
        )  # fmt: skip


def _of(session: Session, booking: str, occurrence: str) -> queries.OccurrenceView:
    found = queries.occurrence(session, occurrence)
    if found.booking != booking:
        return queries.occurrence(session, f"{booking}/{occurrence}")  # refuses
    return found


@blueprint.post("/bookings/<booking>/dates/<occurrence>/use")
@guarded("booking.confirm_use")
@idempotent
def use(booking: str, occurrence: str) -> Any:
    """The keyholder or a broker says that the space was used, or that nobody came."""
    form = Form(request.form)
    said = form.choice("used", ("yes", "no"), what="whether the space was used")
    settle = service.confirm_use if said == "yes" else service.mark_no_show
    return _settled(
        booking, occurrence, form,
        lambda session: settle(session, occurrence=occurrence, actor=current_actor(), now=now()),
        "Thank you. The use is in the books." if said == "yes"
        else "Thank you. It is written down that nobody came.",
    )  # fmt: skip


@blueprint.post("/bookings/<booking>/dates/<occurrence>/cancel")
@guarded("booking.cancel")
@idempotent
def cancel(booking: str, occurrence: str) -> Any:
    """The group or the broker cancels one date."""
    form = Form(request.form)
    reason = form.text("reason", what="why it is cancelled")
    side = "provider" if form.value("side") == "provider" else "hirer"
    return _settled(
        booking, occurrence, form,
        lambda session: service.cancel_occurrence(
            session, occurrence=occurrence, side=side, reason=reason, actor=current_actor(),
            now=now(),
        ),
        "The date is cancelled.",
    )  # fmt: skip


@blueprint.post("/bookings/<booking>/dates/<occurrence>/return")
@guarded("booking.request")
@idempotent
def readd(booking: str, occurrence: str) -> Any:
    """A date that was left out is asked for again."""
    return _settled(
        booking, occurrence, Form(request.form),
        lambda session: service.readd(
            session, occurrence=occurrence, actor=current_actor(), now=now()
        ),
        "The date is yours again, until the request is answered.",
    )  # fmt: skip


def _settled(booking: str, occurrence: str, form: Form, unit: Any, said: str) -> Any:
    if not form.errors:
        with reading() as session:
            queries.booking_for(session, booking, current_actor())
            _of(session, booking, occurrence)
        try:
            run_unit(unit)
        except LedgerError as error:
            form.refuse(error, field=error.place if error.place in ("reason", "used") else "top")
    if form.errors:
        return _date(booking, occurrence, form), 422
    flash(said, "success")
    return _back(booking)


def _back(booking: str) -> Response:
    return redirect(address("bookings.one", booking=booking), 303)
