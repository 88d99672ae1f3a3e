"""The edge: who asks, what they may, one effect for each key, and refusals in plain words."""

from __future__ import annotations

from flask import Flask

from ledger.http import csrf, headers, health, numbers, permissions, problems, strict_json
from ledger.http.csrf import csrf_field
from ledger.http.idempotency import idempotent, reads_first, was_read
from ledger.http.identities import current_actor, identity
from ledger.http.permissions import guarded
from ledger.http.units import reading, run_unit

__all__ = [
    "csrf_field",
    "current_actor",
    "guarded",
    "idempotent",
    "identity",
    "install",
    "reading",
    "reads_first",
    "run_unit",
    "was_read",
]


def install(app: Flask) -> None:
    """Attach the edge to the application, before any page or resource."""
    app.config.update(
        SESSION_COOKIE_NAME="ledger_notes",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.extensions["ledger.settings"].secure_cookies,
    )
    numbers.install(app)
    app.json = strict_json.StrictProvider(app)
    problems.install(app)
    headers.install(app)
    permissions.install(app)
    csrf.install(app)
    app.register_blueprint(health.service)
