"""The pages: server-rendered, one task each, useful without script.

``register`` gives the application its templates, words, styles and every page of every audience.
A file of this package that makes a blueprint needs no other mention.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import govuk_frontend_jinja
from flask import Blueprint, Flask, Response, current_app, request
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from sqlalchemy.exc import SQLAlchemyError

from ledger.http import current_actor, guarded, health
from ledger.kernel.errors import LedgerError
from ledger.pages import charts, styling, words
from ledger.safety.rules import Stop

FOOTER = (
    ("Help", "/help"),
    ("How the numbers are proved", "/help/proof"),
    ("Accessibility statement", "/accessibility"),
    ("Privacy", "/privacy"),
    ("Developers", "/developers"),
)
files = Blueprint("files", __name__)


@files.get("/static/<name>")
@guarded("public.read")
def static(name: str) -> Response:
    """One of our own style sheets, scripts or pictures."""
    return styling.own(name)


@files.get("/assets/<name>")
@guarded("public.read")
def assets(name: str) -> Response:
    """One of the vendored style sheets or scripts."""
    return styling.vendored(name)


def register(app: Flask) -> None:
    """Attach templates, filters, styles, headers and every page blueprint."""
    app.jinja_env.loader = ChoiceLoader(
        [
            *([app.jinja_loader] if app.jinja_loader else []),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader(govuk_frontend_jinja.__name__)}),
        ]
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset_url=styling.asset_url, plot=charts.plot, footer_links=FOOTER)
    words.install(app)
    app.context_processor(_every_page)
    app.register_blueprint(files)
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        for blueprint in [item for item in vars(module).values() if isinstance(item, Blueprint)]:
            if blueprint.name not in app.blueprints:
                app.register_blueprint(blueprint)


def _every_page() -> dict[str, Any]:
    who = _who()
    settings = current_app.extensions["ledger.settings"]
    return {
        "place_name": settings.place_name,
        "contact": settings.contact,
        "navigation": _navigation(request.path, visiting=who is None),
        "signed_in": who,
        "stopped": _stopped(),
    }


def _who() -> dict[str, str] | None:
    """Who is signed in, for the bar under the header; nobody when that cannot be found out."""
    try:
        actor = current_actor()
    except (LedgerError, SQLAlchemyError):  # an error page must come whatever is broken
        return None
    if not actor.signed_in:
        return None
    return {"name": actor.name, "desk": "/desk", "account": "/account", "sign_out": "/sign-out"}


def _stopped() -> list[Stop]:
    """Why value stands still, for the banner; nothing when that cannot be found out."""
    try:
        return health.stops()
    except (LedgerError, SQLAlchemyError):
        return []


def _navigation(path: str, *, visiting: bool) -> list[dict[str, Any]]:
    entries = [("Pledges", "/pledges"), ("Buildings", "/buildings"), ("Agreements", "/agreements")]
    entries += [("Sign in", "/sign-in")] if visiting else []
    return [
        {"text": text, "href": href, "active": path == href or path.startswith(href + "/")}
        for text, href in entries
    ]
