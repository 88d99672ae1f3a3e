"""Style sheets, scripts and pictures: what is served, from where, and for how long.

``/static/NAME`` is ours; ``/assets/NAME`` is what ``scripts/page_assets.py`` installed from npm,
without the typeface and the crest, which belong to GOV.UK. The place wears its own colour.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, abort, current_app, request

STATIC = Path(__file__).resolve().parent / "static"
VENDORED = {
    "govuk-frontend.min.css": STATIC / "vendor" / "govuk-frontend.min.css",
    "govuk-frontend.min.js": STATIC / "vendor" / "govuk-frontend.min.js",
    "leaflet.css": STATIC / "vendor" / "leaflet" / "leaflet.css",
    "leaflet.js": STATIC / "vendor" / "leaflet" / "leaflet.js",
}
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
CACHE_SECONDS = 31_536_000
CACHE_UNVERSIONED_SECONDS = 60


def asset_url(name: str) -> str:
    """The address of a style sheet or script, changed whenever its content changes."""
    folder = "assets" if name in VENDORED else "static"
    body = _body(name)
    return f"/{folder}/{name}?v={_digest(body) if body is not None else 'missing'}"


def vendored(name: str) -> Response:
    """Serve one of the files that npm installed."""
    return _answer(name) if name in VENDORED else abort(404)


def own(name: str) -> Response:
    """Serve one of our own files, or the place's colours."""
    return _answer(name) if name not in VENDORED else abort(404)


def place_css(colour: str) -> str:
    """The place's colour as the variables that every component reads."""
    return (
        f":root{{--govuk-brand-colour:{colour};--govuk-link-colour:{colour};"
        f"--govuk-surface-border-colour:#b1b4b6;--govuk-surface-background-colour:#f3f2f1;"
        f"--govuk-template-background-colour:#f3f2f1;--app-place-colour:{colour}}}\n"
    )


def _answer(name: str) -> Response:
    body = _body(name)
    if body is None:
        abort(404)
    answer = Response(body, content_type=TYPES[Path(name).suffix])
    answer.set_etag(_digest(body))
    answer.cache_control.public = True
    answer.cache_control.max_age = CACHE_UNVERSIONED_SECONDS
    if request.args.get("v") == _digest(body):
        answer.cache_control.max_age = CACHE_SECONDS
        answer.cache_control.immutable = True
    answer.make_conditional(request)
    return answer


def _body(name: str) -> bytes | None:
    if name == "place.css":
        return place_css(current_app.extensions["ledger.settings"].place_colour).encode()
    return _file(name)


@cache
def _file(name: str) -> bytes | None:
    path = VENDORED.get(name, STATIC / name)
    is_served = name in VENDORED or (path.resolve().parent == STATIC and path.suffix in TYPES)
    return path.read_bytes() if is_served and path.is_file() else None


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:12]
