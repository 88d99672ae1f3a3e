"""Style sheets, scripts and pictures: what is served, from where, and what is left out.

``/static/NAME`` is ours; ``/assets/NAME`` is what npm installed under ``static/vendor``. The
place wears its own name and colour: the GOV.UK typeface and the crown belong to GOV.UK, so
their rules are taken out of the style sheet before it is served.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from flask import Response, abort, current_app, request

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"
VENDORED = frozenset({"govuk-frontend.min.css", "govuk-frontend.min.js", "leaflet.css", "leaflet.js"})
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
CACHE_SECONDS = 31_536_000
_FONT_FACES = re.compile(r"@font-face\{[^}]*\}")
_CREST = re.compile(r"url\(/assets/images/govuk-crest\.svg\)")


def asset_url(name: str) -> str:
    """The address of a style sheet, script or picture, changed whenever its content changes."""
    folder = "assets" if name in VENDORED else "static"
    return f"/{folder}/{name}?v={_version(name)}"


def vendored(name: str) -> Response:
    """Serve one of the files that npm installed."""
    if name not in VENDORED:
        abort(404)
    return _answer(name, _vendored_bytes(name))


def own(name: str) -> Response:
    """Serve one of our own files, or the place's colours."""
    return _answer(name, _own_bytes(name))


def place_css(colour: str) -> str:
    """The place's colour as the variables that every component reads."""
    return (
        f":root{{--govuk-brand-colour:{colour};--govuk-link-colour:{colour};"
        f"--govuk-surface-border-colour:#b1b4b6;--govuk-surface-background-colour:#f3f2f1;"
        f"--govuk-template-background-colour:#f3f2f1;--app-place-colour:{colour}}}\n"
    )


def _answer(name: str, body: bytes | None) -> Response:
    if body is None:
        abort(404)
    answer = Response(body, content_type=TYPES[Path(name).suffix])
    answer.set_etag(_digest(body))
    is_versioned = request.args.get("v") == _digest(body)
    answer.cache_control.public = True
    answer.cache_control.max_age = CACHE_SECONDS if is_versioned else 60
    answer.cache_control.immutable = is_versioned or None
    return answer.make_conditional(request)


def _own_bytes(name: str) -> bytes | None:
    if name == "place.css":
        return place_css(current_app.extensions["ledger.settings"].place_colour).encode()
    return _file_bytes(name)


@cache
def _file_bytes(name: str) -> bytes | None:
    path = (STATIC / name).resolve()
    is_ours = path.parent == STATIC.resolve() and path.suffix in TYPES
    return path.read_bytes() if is_ours and path.is_file() else None


@cache
def _vendored_bytes(name: str) -> bytes | None:
    found = next(iter(sorted(VENDOR.rglob(name))), None)
    if found is None:
        return None
    body = found.read_text(encoding="utf-8")
    if name == "govuk-frontend.min.css":
        body = _CREST.sub("none", _FONT_FACES.sub("", body)).replace("GDS Transport,", "")
    return body.encode()


def _version(name: str) -> str:
    body = _vendored_bytes(name) if name in VENDORED else _own_bytes(name)
    return _digest(body) if body is not None else "missing"


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:12]
