"""What every answer carries, and how large a request may be."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import LengthRequired

from ledger.http import cookies
from ledger.http.identities import is_api
from ledger.http.once import recall
from ledger.kernel import limits

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"


def install(app: Flask) -> None:
    """Set the headers of every answer, and the limit of every JSON body."""
    app.before_request(_limit)
    app.after_request(_headers)


def _limit() -> None:
    """A body says how long it is before it is read.

    One that comes in chunks of unsaid length would be read up to the limit and cut there, and
    what was cut off might never be missed.
    """
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired
    if is_api() and request.is_json:
        request.max_content_length = limits.JSON_BYTES_MAX


def _headers(response: Response) -> Response:
    page = response.mimetype == "text/html"
    headers = response.headers
    headers.setdefault("Content-Security-Policy", PAGE_POLICY if page else DATA_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(), camera=(), microphone=()")
    if cookies.settings().secure_cookies:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if _private():
        headers["Cache-Control"] = "no-store"
    return response


def _private() -> bool:
    """Whether an answer is for one person only: nobody may keep a copy of it."""
    who = recall("identity")
    return bool(recall("private") or recall("visit")) or (who is not None and who.actor.signed_in)
