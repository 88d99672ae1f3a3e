"""Whether the service is well, for machines; and why value stands still, for everybody (N1 to N4)."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from ledger.books import queries as books
from ledger.http.permissions import guarded
from ledger.kernel.clock import now
from ledger.kernel.db import transaction
from ledger.kernel.errors import LedgerError, Missing, NotReady, ValueStopped
from ledger.kernel.grants import check_service
from ledger.safety import queries, rules
from ledger.safety.rules import Check, Stop

_GUARDS_SECONDS: Final = 60
_STOPS_SECONDS: Final = 5
_known: dict[str, tuple[float, Any]] = {}

service = Blueprint("service", __name__)


@service.get("/health")
@guarded("public.read")
def health() -> tuple[Response, int]:
    """200 when all of it works; 503 with the reasons when value stands still.

    ``attention`` (200) is for what must be mended before that: a proof of a backup that is old.
    """
    at = now()
    stopped = _guards_missing() or _stops(at)
    attention = [] if stopped else _attention(at)
    status = "stopped" if stopped else "attention" if attention else "ok"
    problems = [asdict(one) for one in [*stopped, *attention]]
    body = {"status": status} | ({"problems": problems} if problems else {})
    return jsonify(body), 503 if stopped else 200


@service.get("/health/reading")
@guarded("public.read")
def reading() -> Response:
    """200 while the database answers, also when value stands still: for load balancers."""
    with transaction(read_only=True) as session:
        queries.checks(session, book=0)
    return jsonify({"status": "ok"})


def stops() -> list[Stop]:
    """Why value stands still, looked up at most every few seconds; for the banner of each page."""
    found: list[Stop] = _lately("stops", _STOPS_SECONDS, lambda: _stops(now()))
    return found


def check_guards() -> None:
    """Refuse whatever would change something while guards of the database are missing: not only
    value has nothing below it then.

    Raises:
        ValueStopped: naming them.
    """
    missing: list[Stop] = _lately("guards", _GUARDS_SECONDS, _guards_missing)
    if missing:
        raise ValueStopped(missing[0].said, remedy=missing[0].remedy)


def with_reason(error: ValueStopped) -> ValueStopped:
    """The refusal with the reason in one sentence, and what to do (N4)."""
    try:
        found = _stops(now())
    except (LedgerError, SQLAlchemyError):
        return error
    return ValueStopped(found[0].said, remedy=found[0].remedy) if found else error


def _stops(at: datetime) -> list[Stop]:
    with transaction(read_only=True) as session:
        return queries.stops(session, book=_book(session), now=at)


def _book(session: Any) -> int:
    try:
        return books.book_id(session, current_app.extensions["ledger.settings"].book_code)
    except Missing:
        return 0  # a place that has no book yet


def _guards_missing() -> list[Stop]:
    try:
        check_service()
    except NotReady as refusal:
        return [Stop(rules.GUARDS, refusal.facts, rules.REMEDIES[rules.GUARDS])]
    return []


def _attention(at: datetime) -> list[Stop]:
    hours = current_app.extensions["ledger.settings"].backup_proof_hours
    with transaction(read_only=True) as session:
        found = {one.name: one for one in queries.checks(session, book=_book(session))}
    return _old_proof(found.get(rules.BACKUP), at - timedelta(hours=hours))


def _old_proof(check: Check | None, oldest: datetime) -> list[Stop]:
    if check is None or (check.good_at or check.looked_at) >= oldest:
        return []
    since = f"since {check.good_at:%d %B %Y, %H:%M} UTC" if check.good_at else "yet"
    words = f"No backup has been proven {since}. The last run said: {check.said}"
    return [Stop(rules.BACKUP, words, rules.REMEDIES[rules.BACKUP])]


def _lately(name: str, seconds: int, look: Any) -> Any:
    """What a look found, at most so many seconds ago in this process."""
    if current_app.testing:
        return look()
    at, found = _known.get(name, (0.0, None))
    if found is None or time.monotonic() - at > seconds:
        found = look()
        _known[name] = (time.monotonic(), found)
    return found
