"""Refusals on their way out: RFC 9457 problems for programs, pages with the same words for people."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask, Response, jsonify, redirect, render_template, request
from jinja2 import TemplateNotFound
from markupsafe import escape
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from ledger.audit import service as audit
from ledger.http import csrf, health
from ledger.http.identities import current_actor, is_api
from ledger.http.permissions import SAFE
from ledger.kernel.clock import now
from ledger.kernel.db import transact
from ledger.kernel.errors import Forbidden, Kind, LedgerError, ValueStopped
from ledger.kernel.limits import TEXT_CHARS_MAX
from ledger.parties.rules import NotSignedIn

log = logging.getLogger("ledger.http")

STATUS = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.TOO_LARGE: 413,
    Kind.INVALID: 422,
    Kind.TOO_MANY: 429,
    Kind.BUSY: 503,
    Kind.FULL: 507,
}
"""The HTTP status of each kind of refusal."""

RETRY_SECONDS = {
    "http.still_running": 1,
    "ledger.busy": 3,
    "ledger.value_stopped": 600,
    "parties.too_many_guesses": 300,
}

UNREAD = (411, 413)
"""Refused because of their size: the body of such a request is never read."""
_SECRET = ("password", "old", "secret", csrf.FIELD, csrf.KEY_FIELD)

PLAIN: dict[int, tuple[str, str, str, str]] = {
    400: ("http.malformed", "The request cannot be read", "Something in the request is not as it"
          " should be.", "Go back and try again."),
    404: ("http.not_found", "Not found", "There is nothing at this address.",
          "Check the address, or begin at the home page."),
    405: ("http.method", "That cannot be done here", "This address does not take that method.",
          "Use one of the methods in the Allow header."),
    406: ("http.not_acceptable", "Not in that form", "This is not offered in the form asked for.",
          "Ask for application/json."),
    408: ("http.too_slow", "The request took too long", "The request did not arrive in time.",
          "Send it again with the same key."),
    411: ("http.length", "The request has no length", "The request does not say how long it is.",
          "Send Content-Length."),
    413: ("http.too_large", "That is too large", "The request is larger than this service takes.",
          "Send a smaller file, or fewer things at once."),
    414: ("http.too_long", "The address is too long", "The address is longer than this service"
          " takes.", "Shorten it."),
    415: ("http.media_type", "Not in that form", "This service cannot read that kind of content"
          " here.", "Send application/json."),
    429: ("http.too_many", "Too many requests", "There were too many requests in a short time.",
          "Wait a minute and try again."),
    500: ("http.fault", "Sorry, there is a fault", "The fault is ours, and it was written down."
          " Nothing was changed.", "Try again later; with the same key it is safe."),
    503: ("http.unavailable", "The service is not available", "The service cannot answer now.",
          "Try again in a few minutes."),
}  # fmt: skip
"""For refusals that Flask makes: code, title, facts, remedy."""


def install(app: Flask) -> None:
    """Answer every refusal and fault in one form."""
    app.register_error_handler(LedgerError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def problem(error: LedgerError) -> Response:
    """A refusal as a response, without writing it down."""
    status = STATUS[error.kind]
    response = _answer(
        status,
        code=error.code,
        title=error.title,
        facts=error.facts,
        remedy=error.remedy,
        place=error.place,
        errors=getattr(error, "errors", None),
    )
    seconds = RETRY_SECONDS.get(error.code)
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    if status == 401 and is_api():
        response.headers["WWW-Authenticate"] = 'Bearer realm="ledger"'
    return response


def _refused(error: LedgerError) -> AnyResponse:
    if type(error) is ValueStopped:
        error = health.with_reason(error)
    _write_down(error)
    if isinstance(error, NotSignedIn) and request.method in SAFE and not is_api():
        here = request.full_path.rstrip("?")
        return redirect("/sign-in" if here == "/" else f"/sign-in?next={_quoted(here)}", 303)
    return problem(error)


def _quoted(path: str) -> str:
    return quote(path, safe="")


def _http(error: HTTPException) -> AnyResponse:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    code, title, facts, remedy = PLAIN.get(status, PLAIN[500 if status >= 500 else 400])
    extra = _fields(error)
    response = _answer(
        status, code=code if not extra else "http.fields", title=title if not extra else
        "Something you sent cannot be used", facts=facts if not extra else
        "; ".join(f"{place}: {words}" for place, words in extra.items()),
        remedy=remedy if not extra else "Correct what is named and send it again.",
        place=next(iter(extra), ""), errors=extra,
    )  # fmt: skip
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _fields(error: HTTPException) -> dict[str, str]:
    """What marshmallow says about each field, flat: ``legs.0.amount.quantity``."""
    messages = (getattr(error, "data", None) or {}).get("messages")
    flat: dict[str, str] = {}

    def walk(found: Any, path: str) -> None:
        if isinstance(found, dict):
            for key, value in found.items():
                skip = key in ("json", "query", "json_or_form") and not path
                walk(value, path if skip else f"{path}.{key}".lstrip("."))
        elif isinstance(found, list):
            flat[path or "body"] = " ".join(str(words) for words in found)[:300]

    walk(messages, "")
    return dict(list(flat.items())[:50])


def _fault(error: Exception) -> AnyResponse:
    log.error("fault while answering %s %s", request.method, request.path, exc_info=error)
    code, title, facts, remedy = PLAIN[500]
    return _answer(500, code=code, title=title, facts=facts, remedy=remedy)


def _answer(
    status: int,
    *,
    code: str,
    title: str,
    facts: str,
    remedy: str,
    place: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    if is_api():
        body: dict[str, Any] = {
            "type": f"/help/errors#{code}",
            "title": title,
            "status": status,
            "detail": facts,
            "code": code,
            "remedy": remedy,
        }
        if place:
            body["place"] = place
        if errors:
            body["errors"] = errors
        response = jsonify(body)
        response.mimetype = "application/problem+json"
    else:
        # Which right was missing is for whoever helps; the words above name the roles.
        quoted = f"{code} {place}" if code == Forbidden.code and place else code
        page = _page(status, code, title, facts, remedy, quoted=quoted)
        response = Response(page, mimetype="text/html")
    response.status_code = status
    return response


def _came_from() -> str:
    """The page of ours that a form was sent from, to go back to after signing in."""
    before = urlsplit(request.referrer or "")
    return _quoted(before.path) if before.netloc == request.host else ""


def _page(
    status: int, code: str, title: str, facts: str, remedy: str, *, quoted: str
) -> str:  # fmt: skip
    try:
        return render_template(
            "errors/problem.html",
            status=status,
            code=code,
            quoted=quoted,
            title=title,
            facts=facts,
            remedy=remedy,
            came_from=_came_from(),
            typed=[] if status in UNREAD else _typed(),
        )
    except (TemplateNotFound, LedgerError):  # the page must come, whatever else is broken
        return (
            f"<!DOCTYPE html><html lang=en><title>{escape(title)}</title><h1>{escape(title)}</h1>"
            f"<p>{escape(facts)}</p><p>{escape(remedy)}</p><p>{escape(code)}</p>"
        )


def _typed() -> list[str]:
    """What a person typed into the form that was refused, so that it can be copied from the page.

    Never what is secret, and nothing when the form itself could not be read.
    """
    if request.method in SAFE:
        return []
    try:
        fields = list(request.form.items(multi=True))
    except HTTPException:
        return []
    return [
        value
        for name, value in fields
        if " " in value.strip() and not name.startswith(_SECRET) and len(value) <= TEXT_CHARS_MAX
    ]


def _write_down(error: LedgerError) -> None:
    """Leave one event for each refusal that tells an auditor something."""
    told = {Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.CONFLICT, Kind.INVALID, Kind.TOO_MANY}
    if error.kind not in told or (request.method in SAFE and error.kind != Kind.FORBIDDEN):
        return
    try:
        actor = current_actor().person
    except LedgerError:
        actor = "visitor"
    facts = {"code": error.code, "place": error.place[:200], "route": str(request.url_rule)}
    try:
        transact(
            lambda session: audit.record(
                session,
                at=now(),
                actor=actor,
                action="request.refused",
                subject=actor,
                facts=facts,
            )
        )
    except LedgerError:
        log.warning("a refusal could not be written down: %s", error.code)
