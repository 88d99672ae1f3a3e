"""What anybody sees without signing in: home, the map and list of buildings, help."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.assets import queries as assets
from ledger.audit import queries as audit
from ledger.books import queries as books
from ledger.dividends import queries as dividends
from ledger.dividends.rules import states as dividend_rules
from ledger.http import current_actor, guarded, pagination, reading
from ledger.http.cookies import settings
from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.pages import desks, manual
from ledger.pages.agreements import latest
from ledger.pages.forms import Form
from ledger.pledges import queries as pledges

blueprint = Blueprint("public", __name__)

OCCUPANCIES = ("in use", "part", "vacant", "surplus", "unknown")
POINTS_MAX = 2_000
PLEDGES_MAX = 200
SHOWN_AGREEMENTS = ("SIGNED", "FUNDED", "ACTIVE", "CLOSED")


@blueprint.get("/")
@guarded("public.read")
def home() -> str:
    """What this place is, and the newest of everything that anybody may see."""
    with reading() as session:
        return render_template(
            "public/home.html",
            pledges=_soonest(pledges.pledges(session, states=("OPEN",), rows_max=PLEDGES_MAX)),
            agreements=[
                (view, latest(session, view))
                for view in dividends.agreements(session, states_in=SHOWN_AGREEMENTS, limit=3)
            ],
            words=dividend_rules.AGREEMENT_WORDS,
            checkpoint=_checkpoint(session),
            listed=assets.public_list(session, listed=True, limit=3),
            listed_count=assets.public_count(session, listed=True),
            assets_count=assets.public_count(session),
        )


@blueprint.get("/buildings")
@guarded("asset.read")
def buildings() -> str:
    """The register as a map and as its list twin, with search and filter."""
    form = Form(request.args)
    chosen = _narrowing(form)
    with reading() as session:
        rows = assets.public_list(
            session,
            **chosen,
            after=form.value("after"),
            limit=limits.PAGE_ROWS_DEFAULT + 1,
        )
        page = pagination.page(rows, size=limits.PAGE_ROWS_DEFAULT, key=lambda row: [row.id])
        return render_template(
            "public/buildings.html",
            form=form,
            rows=page.items,
            count=assets.public_count(session, **chosen),
            whole=assets.public_count(session),
            next_href=_again(form, after=page.items[-1].id) if page.next else "",
            first_href=_again(form) if form.value("after") else "",
            points_href=_again(form, endpoint="public.points"),
        )


@blueprint.get("/buildings.geojson")
@guarded("asset.read")
def points() -> Response:
    """The same buildings as GeoJSON: for the map, and for anybody's own."""
    form = Form(request.args)
    chosen = _narrowing(form)
    with reading() as session:
        marks = assets.map_points(session, **chosen, limit=POINTS_MAX)
    answer = jsonify({"type": "FeatureCollection", "features": [_feature(mark) for mark in marks]})
    answer.mimetype = "application/geo+json"
    return answer


@blueprint.get("/desk")
@guarded("desk.read")
def desk() -> Any:
    """The way to a person's own desk; somebody with several roles chooses."""
    found = desks.of(current_actor())
    if len(found) == 1:
        return redirect(found[0].href)
    return render_template("public/desks.html", desks=found)


@blueprint.get("/help")
@guarded("public.read")
def help_page() -> str:
    """What this is and what its words mean."""
    return render_template("public/help.html")


@blueprint.get("/help/proof")
@guarded("public.read")
def proof() -> str:
    """How the numbers are proved."""
    return render_template("public/proof.html")


@blueprint.get("/help/errors")
@guarded("public.read")
def errors() -> str:
    """What each refusal means."""
    return render_template("public/errors.html", sections=manual.refusals())


@blueprint.get("/accessibility")
@guarded("public.read")
def accessibility() -> str:
    """The accessibility statement."""
    return render_template("public/accessibility.html", contact_line=_contact_line())


@blueprint.get("/privacy")
@guarded("public.read")
def privacy() -> str:
    """What is kept about people, and what everybody can see."""
    return render_template("public/privacy.html", contact_line=_contact_line())


@blueprint.get("/developers")
@guarded("public.read")
def developers() -> str:
    """Where programs find the same things."""
    return render_template("public/developers.html")


def _soonest(open_pledges: list[pledges.PledgeView]) -> list[pledges.PledgeView]:
    """The three pledges whose last day comes first."""
    return sorted(open_pledges, key=lambda one: one.deadline_at)[:3]


def _checkpoint(session: Session) -> audit.CheckpointRow | None:
    try:
        book = books.book_id(session, settings().book_code)
    except Missing:
        return None
    return audit.latest_checkpoint(session, book)


def _narrowing(form: Form) -> dict[str, Any]:
    occupancy = form.value("use")
    return {
        "search": form.value("q")[: limits.LINE_CHARS_MAX],
        "listed": form.value("book") == "yes",
        "occupancy": occupancy if occupancy in OCCUPANCIES else "",
    }


def _again(form: Form, *, endpoint: str = "public.buildings", **more: str) -> str:
    kept: dict[str, Any] = {n: form.value(n) for n in ("q", "use", "book") if form.value(n)}
    return address(endpoint, **(kept | more))


def _feature(mark: assets.MapPoint) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": mark.id,
        "geometry": {
            "type": "Point",
            "coordinates": [mark.lon_microdegrees / 1_000_000, mark.lat_microdegrees / 1_000_000],
        },
        "properties": {
            "name": mark.name,
            "use": mark.occupancy,
            "listed": mark.listed,
            "href": f"/buildings/{mark.id}",
        },
    }


def _contact_line() -> str:
    contact = settings().contact
    return f"Contact us: {contact}." if contact else "Contact the council that keeps this ledger."
