"""The service as gunicorn serves it in these tests: the real one, and one address that posts.

``POST /api/v1/bench-journals`` posts one two-leg journal with an id of its own choosing, so that
a second effect of the same key would show as a second journal of the same group.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Flask, jsonify, request
from sqlalchemy.orm import Session

from config.settings import Settings
from ledger.app import create_app
from ledger.books import queries as book_queries
from ledger.books import service as books
from ledger.books.rules import JournalSpec, credit, debit
from ledger.http import guarded, idempotent, run_unit
from ledger.kernel.clock import london_day
from ledger.kernel.ids import new_id

posting = Blueprint("bench_journals", __name__)


@posting.post("/api/v1/bench-journals")
@guarded("account.read")
@idempotent
def post() -> Any:
    """Post one journal of the given pence to the given group."""
    body: dict[str, Any] = request.get_json()
    now = datetime.now(UTC)

    def unit(session: Session) -> books.Posted:
        book = book_queries.book_id(session, "MAIN")
        spec = JournalSpec(
            id=new_id("JRN", length=16), kind="receipt", effective_on=london_day(now),
            legs=(debit("Assets:Bank", body["pence"]), credit("Income:Gifts", body["pence"])),
            maker="PER-TESTTEST", group=body["group"], reason="gift",
        )  # fmt: skip
        return books.post(session, book=book, spec=spec, now=now)

    done = run_unit(unit)
    return jsonify({"seq": done.seq, "id": done.id}), 201


def application() -> Flask:
    """The service with that address."""
    made = create_app(Settings.from_env(os.environ))
    made.register_blueprint(posting)
    return made
