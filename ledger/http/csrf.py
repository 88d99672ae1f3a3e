"""Forms come from our own pages: a token bound to the browser, and the browser's own word.

The token is an HMAC of the session's (or visit's) secret, so it ends with it; a request that
the browser itself calls cross-site is refused whatever it carries.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from markupsafe import Markup

from ledger.http import cookies
from ledger.http.identities import is_api
from ledger.http.once import recall, remember
from ledger.http.permissions import SAFE
from ledger.http.refusals import FormNotOurs
from ledger.kernel.ids import new_secret

FIELD = "csrf_token"
KEY_FIELD = "form_key"


def token() -> str:
    """The token that a form of this browser must carry; begins a visit when there is none."""
    return token_for(cookies.read(cookies.SESSION) or _visit())


def token_for(secret: str) -> str:
    """The token that belongs to a session's or visit's secret."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, b"csrf\x1f" + secret.encode(), hashlib.sha256).hexdigest()


def csrf_field() -> Markup:
    """The hidden fields of every form: the token, and a key so that a second click does nothing."""
    remember("private", value=True)
    key = new_secret()
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(FIELD, token()) + field.format(KEY_FIELD, key)


def _visit() -> str:
    secret: str = recall("visit") or cookies.read(cookies.VISIT)
    if not secret:
        secret = new_secret()
        remember("visit", secret)
    return secret


def visitor() -> str:
    """A name for a browser that nobody is signed in with, by which its keys are kept apart."""
    secret = cookies.read(cookies.VISIT) or request.remote_addr or "nowhere"
    return "visitor:" + hashlib.sha256(secret.encode()).hexdigest()[:16]


def install(app: Flask) -> None:
    """Check every form, and give templates ``csrf_field()`` and ``csrf_token()``."""
    app.jinja_env.globals.update(csrf_field=csrf_field, csrf_token=token)
    app.before_request(_check)
    app.after_request(_begin_visit)


def _check() -> None:
    if request.method in SAFE or is_api():
        return
    origin = request.headers.get("Origin")
    elsewhere = origin is not None and urlsplit(origin).netloc != request.host
    if request.headers.get("Sec-Fetch-Site") == "cross-site" or elsewhere:
        raise FormNotOurs(
            "The form was sent from another site.",
            remedy="Open the page here and send the form from there.",
            place="form",
        )
    given = request.form.get(FIELD, "")
    secret = cookies.read(cookies.SESSION) or cookies.read(cookies.VISIT)
    if not secret or not hmac.compare_digest(given.encode(), token_for(secret).encode()):
        raise FormNotOurs(
            "The form was made for another visit, or you signed in or out since.",
            remedy="Go back, open the page again, and send it once more. Nothing was changed.",
            place="form",
        )


def _begin_visit(response: Response) -> Response:
    secret = recall("visit")
    if secret:
        cookies.write(response, cookies.VISIT, secret)
    return response
