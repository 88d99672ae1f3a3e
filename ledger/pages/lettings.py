"""Letting a building: offer it, its spaces and terms, opening hours, prices and closures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.assets import queries as assets
from ledger.assets import service as asset_service
from ledger.bookings import queries, rules, service
from ledger.books import queries as books
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import LONDON, london_day, now
from ledger.kernel.errors import LedgerError
from ledger.pages.forms import Form

blueprint = Blueprint("lettings", __name__, url_prefix="/brokers/buildings")

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@blueprint.get("/")
@guarded("asset.list")
def choose() -> str:
    """Find the building to list."""
    form = Form(request.args)
    with reading() as session:
        return render_template(
            "brokers/choose.html", form=form, listed=assets.listings(session),
            rows=assets.public_list(session, search=form.value("q")[:300], limit=25)
            if form.value("q") else [],
        )  # fmt: skip


@blueprint.get("/new")
@guarded("asset.change")
def new() -> str:
    """The form for a building that no file brought."""
    return render_template("brokers/new.html", form=Form())


@blueprint.post("/new")
@guarded("asset.change")
@idempotent
def add() -> Any:
    """Add a building by hand."""
    form = Form(request.form)
    name = form.text("name", what="the building's name", chars=limits.NAME_CHARS_MAX)
    council = form.text("council", what="who owns it", chars=limits.NAME_CHARS_MAX)
    street = form.text("street", what="the street", required=False)
    town = form.text("town", what="the town", required=False)
    postcode = form.text("postcode", what="the postcode", chars=10, required=False)
    if form.errors:
        return render_template("brokers/new.html", form=form), 422
    asset = run_unit(
        lambda session: asset_service.add_building(
            session, name=name, council=council, street=street, town=town, postcode=postcode,
            actor=current_actor(), now=now(),
        )
    )  # fmt: skip
    flash("The building is in the register.", "success")
    return redirect(address("lettings.manage", asset=asset), 303)


@blueprint.get("/<asset>")
@guarded("asset.list")
def manage(asset: str) -> str:
    """Everything about a building's listing, and what to do next."""
    with reading() as session:
        spaces = queries.spaces_of(session, asset)
        return render_template(
            "brokers/manage.html",
            view=assets.public_asset(session, asset),
            listing=assets.listing_of(session, asset),
            spaces=spaces,
            parts=queries.atoms_of_asset(session, asset),
            hours=queries.opening_hours(session, asset),
            weekdays=WEEKDAYS,
            show=rules.show_minute,
            classes=rules.USER_CLASSES,
            rates={one.id: queries.rates(session, one.id) for one in spaces},
        )


def _form_page(asset: str, page: str, form: Form) -> str:
    with reading() as session:
        return render_template(
            f"brokers/{page}.html", form=form, view=assets.public_asset(session, asset),
            spaces=queries.spaces_of(session, asset), classes=rules.USER_CLASSES,
            parts=queries.atoms_of_asset(session, asset), weekdays=WEEKDAYS,
        )  # fmt: skip


def _done(asset: str, page: str, form: Form, unit: Callable[[Session], object], said: str) -> Any:
    """Carry a form out and go back to the building, or show it again with what is wrong."""
    if not form.errors:
        try:
            run_unit(unit)
        except LedgerError as error:
            form.refuse(error)
    if form.errors:
        return _form_page(asset, page, form), 422
    flash(said, "success")
    return redirect(address("lettings.manage", asset=asset), 303)


@blueprint.get("/<asset>/list")
@guarded("asset.list")
def offer(asset: str) -> str:
    """The form to offer a building."""
    return _form_page(asset, "offer", Form())


@blueprint.post("/<asset>/list")
@guarded("asset.list")
@idempotent
def offered(asset: str) -> Any:
    """Offer a building for hire on behalf of the broker's organisation."""
    form, actor = Form(request.form), current_actor()
    summary = form.text("summary", what="what people should know", chars=limits.TEXT_CHARS_MAX)

    def unit(session: Session) -> None:
        book = books.book_id(session, current_app.extensions["ledger.settings"].book_code)
        asset_service.list_asset(
            session, asset=asset, book=book, organisation=actor.organisation or "",
            summary=summary, actor=actor, now=now(),
        )  # fmt: skip

    return _done(asset, "offer", form, unit, "The building is listed. Now add a space.")


@blueprint.post("/<asset>/state")
@guarded("asset.list")
@idempotent
def move(asset: str) -> Any:
    """Withdraw a listing, or offer it again."""

    def unit(session: Session) -> None:
        listing = assets.listing_of(session, asset)
        if listing is not None:
            to = "withdrawn" if listing.state == "offered" else "offered"
            asset_service.move_listing(
                session, listing=listing.id, was=listing.state, to=to, reason="by the broker",
                actor=current_actor(), now=now(),
            )  # fmt: skip

    run_unit(unit)
    flash("The listing is changed.", "success")
    return redirect(address("lettings.manage", asset=asset), 303)


@blueprint.get("/<asset>/space")
@guarded("asset.list")
def space(asset: str) -> str:
    """The form for a space."""
    usual = {
        "approval": "exclusive", "setup": "0", "cleandown": "0", "notice": "24", "ahead": "400",
        "free_cancel": "48", "retention": "0",
    }  # fmt: skip
    return _form_page(asset, "space", Form(usual))


@blueprint.post("/<asset>/space")
@guarded("asset.list")
@idempotent
def add_space(asset: str) -> Any:
    """Let a space: which parts it takes and on which terms."""
    form = Form(request.form)
    name = form.text("name", what="what the space is called", chars=limits.NAME_CHARS_MAX)
    parts = [part for part in form.text("parts", what="its parts").split(",") if part.strip()]
    capacity = form.whole("capacity", what="how many people it holds")
    approval = form.choice("approval", ("exclusive", "instant"), what="who confirms")
    terms = {
        "setup_minutes": form.whole("setup", what="minutes to set up"),
        "cleandown_minutes": form.whole("cleandown", what="minutes to clean down"),
        "notice_hours": form.whole("notice", what="hours of notice"),
        "advance_days": form.whole("ahead", what="days ahead"),
        "free_cancel_hours": form.whole("free_cancel", what="hours"),
        "retention_percent": form.whole("retention", what="a percentage"),
    }
    _check_terms(form, capacity, terms)
    return _done(
        asset, "space", form,
        lambda session: service.add_space(
            session, asset=asset, name=name, parts=parts, capacity=capacity, approval=approval,
            actor=current_actor(), now=now(), **terms,  # type: ignore[arg-type]
        ),
        "The space is added. Now set its opening hours and its list price.",
    )  # fmt: skip


def _check_terms(form: Form, capacity: int, terms: dict[str, int]) -> None:
    bounds = {
        "capacity": (capacity, 1, 100_000), "setup": (terms["setup_minutes"], 0, 720),
        "cleandown": (terms["cleandown_minutes"], 0, 720),
        "notice": (terms["notice_hours"], 0, 8_784), "ahead": (terms["advance_days"], 1, 1_098),
        "free_cancel": (terms["free_cancel_hours"], 0, 8_784),
        "retention": (terms["retention_percent"], 0, 100),
    }  # fmt: skip
    for field, (value, least, most) in bounds.items():
        if not least <= value <= most:
            form.wrong(field, f"Enter a number from {least:,} to {most:,}")


@blueprint.get("/<asset>/hours")
@guarded("asset.list")
def hours(asset: str) -> str:
    """The form for opening hours, filled in with those of the seven days from today."""
    today = london_day(now())
    typed: dict[str, Any] = {
        "from-day": today.day,
        "from-month": today.month,
        "from-year": today.year,
    }
    with reading() as session:
        sets = queries.opening_hours(session, asset)
    for day in (today + timedelta(days=ahead) for ahead in range(7)):
        for opening in queries.hours_on(sets, day)[:1]:
            closes = opening.closes_minute % rules.DAY_MINUTES
            typed[f"opens-{day.weekday()}"] = rules.show_minute(opening.opens_minute)
            typed[f"closes-{day.weekday()}"] = rules.show_minute(closes)
    return _form_page(asset, "hours", Form(typed))


@blueprint.post("/<asset>/hours")
@guarded("asset.list")
@idempotent
def set_hours(asset: str) -> Any:
    """Set opening hours from a day on; a weekday left empty is closed."""
    form = Form(request.form)
    from_on = form.day("from", what="the first day of these hours") or date.min
    openings = []
    for number, weekday in enumerate(WEEKDAYS):
        opens = _minute(form, f"opens-{number}", what=f"when it opens on {weekday}")
        closes = _minute(form, f"closes-{number}", what=f"when it closes on {weekday}")
        if opens is not None and closes is not None:
            openings.append(rules.Opening(number, opens, closes or rules.DAY_MINUTES))
        elif (opens is None) != (closes is None):
            form.wrong(f"opens-{number}", f"Enter both times for {weekday}, or neither")
    return _done(
        asset, "hours", form,
        lambda session: service.set_hours(
            session, asset=asset, openings=openings, from_on=from_on, actor=current_actor(),
            now=now(),
        ),
        "The opening hours are set.",
    )  # fmt: skip


def _minute(form: Form, name: str, *, what: str) -> int | None:
    at = form.clock(name, what=what, required=False)
    return None if at is None else at.hour * 60 + at.minute


@blueprint.get("/<asset>/rate")
@guarded("asset.list")
def rate(asset: str) -> str:
    """The form for a price."""
    today = london_day(now())
    usual = {
        "user_class": "standard", "policy": "LIST", "from-day": today.day,
        "from-month": today.month, "from-year": today.year,
        "space": request.args.get("space", ""),
    }  # fmt: skip
    return _form_page(asset, "rate", Form(usual))


@blueprint.post("/<asset>/rate")
@guarded("asset.list")
@idempotent
def set_rate(asset: str) -> Any:
    """Set a price for a class from a day on; what was booked keeps its own."""
    form = Form(request.form)
    with reading() as session:
        spaces = [one.id for one in queries.spaces_of(session, asset)]
    chosen = form.choice("space", spaces, what="a space")
    user_class = form.choice("user_class", rules.USER_CLASSES, what="who pays it")
    pence = form.pounds("price", what="the price of an hour")
    from_on = form.day("from", what="the first day of this price") or date.min
    policy = form.text("policy", what="the policy's code", chars=40)
    return _done(
        asset, "rate", form,
        lambda session: service.set_rate(
            session, space=chosen, user_class=user_class, pence_per_hour=pence, from_on=from_on,
            policy=policy, actor=current_actor(), now=now(),
        ),
        "The price is set.",
    )  # fmt: skip


@blueprint.get("/<asset>/closure")
@guarded("asset.list")
def closure(asset: str) -> str:
    """The form for a closure."""
    return _form_page(asset, "closure", Form())


@blueprint.post("/<asset>/closure")
@guarded("asset.list")
@idempotent
def close(asset: str) -> Any:
    """Close a building for some hours of a day; bookings give way only if the broker says so."""
    form = Form(request.form)
    on = form.day("day", what="the day")
    start, end = form.clock("start", what="when it closes"), form.clock("end", what="when it opens")
    reason = form.text("reason", what="why it is closed")
    displacing = form.ticked("displacing")
    return _done(
        asset, "closure", form,
        lambda session: service.close_building(
            session, asset=asset, starts_at=_at(on, start), ends_at=_at(on, end), reason=reason,
            actor=current_actor(), now=now(), displacing=displacing,
        ),
        "The closure is in the calendar.",
    )  # fmt: skip


def _at(on: date | None, at: time | None) -> datetime:
    assert on is not None
    assert at is not None
    return datetime.combine(on, at, tzinfo=LONDON).astimezone(UTC)
