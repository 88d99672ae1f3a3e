"""One building: what it is, its spaces and prices, the week's calendar, and a feed of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.assets import queries as assets
from ledger.bookings import queries, rules
from ledger.books import queries as books
from ledger.http import current_actor, guarded, reading
from ledger.http.cookies import settings
from ledger.kernel.clock import LONDON, london_day, london_midnight, now
from ledger.kernel.errors import Missing
from ledger.pages.weeks import Entry, Week, monday_of, week_grid
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, may

blueprint = Blueprint("buildings", __name__)

FEED_DAYS = 92
_TAKEN = {"booking": "Booked", "hold": "Kept for somebody", "closure": "Closed", "lease": "Let"}


@blueprint.get("/buildings/<asset>")
@guarded("asset.read")
def building(asset: str) -> str:
    """What anybody may know of a building, and when its spaces are free."""
    at, actor = now(), current_actor()
    with reading() as session:
        view = assets.public_asset(session, asset)
        listing = assets.listing_of(session, asset)
        spaces = queries.spaces_of(session, asset) if view.listing else []
        space = next((one for one in spaces if one.id == request.args.get("space")), None)
        shown = space or (spaces[0] if spaces else None)
        book = books.book_id(session, settings().book_code) if spaces else 0
        monday = monday_of(_day(request.args.get("week", "")) or london_day(at))
        return render_template(
            "bookings/building.html",
            view=view,
            listing=listing,
            owner=parties.organisation(session, listing.organisation).name if listing else "",
            spaces=[_described(session, one, london_day(at)) for one in spaces],
            space=shown,
            hours=_hours(session, asset, london_day(at)),
            today=london_day(at),
            week=_week(session, shown, monday, actor, at) if shown else None,
            before=address("buildings.building", asset=asset, space=shown.id if shown else None,
                           week=monday - timedelta(days=7)),
            after=address("buildings.building", asset=asset, space=shown.id if shown else None,
                          week=monday + timedelta(days=7)),
            bookable=may(actor, "booking.request") or not actor.signed_in,
            usage=queries.usage(session, book=book, asset=asset) if spaces else None,
            versions=assets.versions(session, asset)[:10],
            broker=may(actor, "asset.list"),
        )  # fmt: skip


def _described(session: Session, space: queries.SpaceView, on: date) -> dict[str, Any]:
    """A space with its prices of a day, in pence an hour."""
    rates = queries.rates(session, space.id)
    listed, community = (
        rules.rate_on(rates, user_class, on) for user_class in (rules.LIST_CLASS, "community")
    )
    return {
        "space": space,
        "list_pence": listed.pence_per_hour if listed else None,
        "community_pence": community.pence_per_hour if community else None,
    }


def _hours(session: Session, asset: str, on: date) -> list[tuple[str, str]]:
    """The opening hours of the seven days from a day on, in words."""
    sets = queries.opening_hours(session, asset)
    monday = monday_of(on)
    days = [monday + timedelta(days=number) for number in range(7)] if sets else []
    return [
        (
            f"{day:%A}",
            ", ".join(
                f"{rules.show_minute(opening.opens_minute)} to"
                f" {rules.show_minute(opening.closes_minute)}"
                for opening in queries.hours_on(sets, day)
            )
            or "Closed",
        )
        for day in days
    ]


def _week(
    session: Session, space: queries.SpaceView, monday: date, actor: Actor, at: datetime
) -> Week:
    slot = rules.Slot(london_midnight(monday), london_midnight(monday + timedelta(days=7)))
    busy = queries.week_busy(session, asset_atoms=space.atoms, slot=slot, now=at)
    return week_grid(monday, _entries(session, busy, actor))


def _entries(session: Session, busy: Sequence[queries.Busy], actor: Actor) -> list[Entry]:
    """One entry for each stretch, whichever parts it takes; strangers see only that it is."""
    found: dict[tuple[datetime, datetime, str], Entry] = {}
    for one in busy:
        key = (one.starts_at, one.ends_at, one.booking)
        if key not in found:
            found[key] = _entry(session, one, actor)
    return list(found.values())


def _entry(session: Session, one: queries.Busy, actor: Actor) -> Entry:
    ours = bool(one.organisation) and one.organisation == actor.organisation
    staff = bool(actor.roles & rules.SEES_ALL) and bool(one.booking)
    state = {"closure": "closed", "lease": "closed"}.get(one.kind, one.state)
    words = "" if one.kind != "booking" else rules.OCCURRENCE_STATES.get(one.state, "")
    if not (ours or staff):
        return Entry(
            one.starts_at, one.ends_at, _TAKEN[one.kind], "confirmed" if one.booking else state
        )
    return Entry(
        one.starts_at, one.ends_at, queries.booking(session, one.booking).activity,
        "mine" if ours and one.state == "confirmed" else state, words,
        address("bookings.one", booking=one.booking),
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if rules.FIRST_DAY <= day <= rules.LAST_DAY else None


@blueprint.get("/buildings/<asset>/calendar.ics")
@guarded("asset.read")
def feed(asset: str) -> Response:
    """The building's calendar for other programs; it says "Busy" and never by whom."""
    at = now()
    with reading() as session:
        view = assets.public_asset(session, asset)
        if view.listing is None:
            raise Missing(
                "This building cannot be booked, so it has no calendar.",
                remedy="Look at the list of buildings that can be booked.",
                place=asset,
            )
        rows = queries.feed(session, asset=asset, since=at - timedelta(days=FEED_DAYS))
        names = {space.id: space.name for space in queries.spaces_of(session, asset)}
    host = settings().base_url.split("//")[-1]
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Community Ledger//Bookings//EN",
        "CALSCALE:GREGORIAN", f"X-WR-CALNAME:{_escaped(view.name)}", *_LONDON,
    ]  # fmt: skip
    for of, date_ in rows:
        lines += _event(date_, names.get(of.space, ""), host, at)
    lines.append("END:VCALENDAR")
    body = "".join(_folded(line) for line in lines)
    answer = current_app.response_class(body, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = f'inline; filename="{asset}.ics"'
    return answer


_LONDON = (
    "BEGIN:VTIMEZONE", "TZID:Europe/London",
    "BEGIN:DAYLIGHT", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0100", "TZNAME:BST",
    "DTSTART:19810329T010000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT",
    "BEGIN:STANDARD", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0000", "TZNAME:GMT",
    "DTSTART:19961027T020000", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD",
    "END:VTIMEZONE",
)  # fmt: skip
"""London's clock as RFC 5545 wants it: times carry the zone, never a fixed offset."""
_STATUS = {
    "confirmed": "CONFIRMED",
    "used": "CONFIRMED",
    "no_show": "CONFIRMED",
    "requested": "TENTATIVE",
}


def _event(at: queries.OccurrenceView, space: str, host: str, stamp: datetime) -> list[str]:
    assert at.starts_at is not None
    assert at.ends_at is not None
    return [
        "BEGIN:VEVENT", f"UID:{at.id}@{host}", f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"DTSTART;TZID=Europe/London:{at.starts_at.astimezone(LONDON):%Y%m%dT%H%M%S}",
        f"DTEND;TZID=Europe/London:{at.ends_at.astimezone(LONDON):%Y%m%dT%H%M%S}",
        f"SEQUENCE:{at.sequence}", f"STATUS:{_STATUS.get(at.state, 'CANCELLED')}",
        f"SUMMARY:Busy: {_escaped(space)}", "CLASS:PUBLIC", "END:VEVENT",
    ]  # fmt: skip


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", " ")


def _folded(line: str) -> str:
    """RFC 5545: lines of at most 75 bytes, continued with a space."""
    pieces, rest = [], line
    while len(rest.encode()) > 74:
        cut = 74
        while len(rest[:cut].encode()) > 74:
            cut -= 1
        pieces.append(rest[:cut])
        rest = " " + rest[cut:]
    return "\r\n".join([*pieces, rest]) + "\r\n"
