"""The edge: who asks, what they may, one effect for each key, and refusals in plain words."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify

from ledger.http import csrf, headers, permissions, problems, strict_json
from ledger.http.csrf import csrf_field
from ledger.http.idempotency import idempotent
from ledger.http.identities import current_actor, identity
from ledger.http.permissions import guarded
from ledger.http.units import reading, run_unit
from ledger.kernel.db import check_ready, db, transaction

__all__ = [
    "csrf_field",
    "current_actor",
    "guarded",
    "idempotent",
    "identity",
    "install",
    "reading",
    "run_unit",
]

service = Blueprint("service", __name__)


@service.get("/health")
@guarded("public.read")
def health() -> Response:
    """200 when the database answers and every guard in it is in place."""
    with transaction(read_only=True):
        check_ready(db.engine)
    return jsonify({"status": "ok"})


def install(app: Flask) -> None:
    """Attach the edge to the application, before any page or resource."""
    app.config.update(
        SESSION_COOKIE_NAME="ledger_notes",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.extensions["ledger.settings"].secure_cookies,
    )
    app.json = strict_json.StrictProvider(app)
    problems.install(app)
    headers.install(app)
    permissions.install(app)
    csrf.install(app)
    app.register_blueprint(service)
