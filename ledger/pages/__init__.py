"""The pages: server-rendered, one task each, useful without script.

``register`` gives the application its templates, words, styles and every page of every audience.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from ledger.http import guarded
from ledger.pages import charts, styling, words

MODULES = (
    "public", "people", "groups", "bookings", "brokers", "council", "analysts", "auditors", "jobs",
)  # fmt: skip
FOOTER = (
    ("Help", "/help"),
    ("How the numbers are proved", "/help/proof"),
    ("Accessibility statement", "/accessibility"),
    ("Privacy", "/privacy"),
    ("Developers", "/developers"),
)
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
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
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset_url=styling.asset_url, plot=charts.plot, footer_links=FOOTER)
    words.install(app)
    app.context_processor(_every_page)
    app.after_request(_headers)
    app.register_blueprint(files)
    for name in MODULES:
        if find_spec(f"ledger.pages.{name}") is None:
            continue
        module = import_module(f"ledger.pages.{name}")
        for blueprint in {
            id(v): v for v in vars(module).values() if isinstance(v, Blueprint)
        }.values():
            if blueprint.name not in app.blueprints:
                app.register_blueprint(blueprint)


def _every_page() -> dict[str, Any]:
    return {
        "place_name": current_app.extensions["ledger.settings"].place_name,
        "navigation": _navigation(request.path),
    }


def _navigation(path: str) -> list[dict[str, Any]]:
    entries = (("Pledges", "/pledges"), ("Buildings", "/buildings"), ("Agreements", "/agreements"))
    return [
        {"text": text, "href": href, "active": path == href or path.startswith(href + "/")}
        for text, href in entries
    ]


def _headers(answer: Response) -> Response:
    if answer.mimetype == "text/html":
        answer.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("X-Frame-Options", "DENY")
    return answer
