"""Our cookies: HTTP-only, same-site, for the whole host, and secure where the service is."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, current_app, request

from config.settings import Settings

SESSION = "ledger_session"
VISIT = "ledger_visit"
DEVICE = "ledger_device"


def settings() -> Settings:
    """The settings of the running service."""
    found: Settings = current_app.extensions["ledger.settings"]
    return found


def name(plain: str) -> str:
    """A cookie's full name: with the ``__Host-`` prefix when cookies are secure."""
    return f"__Host-{plain}" if settings().secure_cookies else plain


def read(plain: str) -> str:
    """The value of one of our cookies, or nothing."""
    value = request.cookies.get(name(plain), "")
    return value if len(value) <= 200 else ""


def write(response: Response, plain: str, value: str, *, lasts: timedelta | None = None) -> None:
    """Set one of our cookies; without ``lasts`` it goes when the browser closes."""
    response.set_cookie(
        name(plain),
        value,
        max_age=lasts,
        secure=settings().secure_cookies,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop(response: Response, plain: str) -> None:
    """Remove one of our cookies."""
    response.delete_cookie(
        name(plain), path="/", secure=settings().secure_cookies, httponly=True, samesite="Lax"
    )
