"""The service as gunicorn serves it in these tests: the real one, and one address that posts.

``POST /api/v1/bench-journals`` posts one two-leg journal with an id of its own choosing, so that
a second effect of the same key would show as a second journal of the same group.
"""

from __future__ import annotations

import os
import threading
import time
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
from ledger.kernel.db import transact
from ledger.kernel.ids import new_id

posting = Blueprint("bench_journals", __name__)


@posting.post("/api/v1/bench-journals")
@guarded("account.read")
@idempotent
def post() -> Any:
    """Post one journal of the given pence to the given group."""
    body: dict[str, Any] = request.get_json()
    done = run_unit(lambda session: _posted(session, body))
    return jsonify({"seq": done.seq, "id": done.id}), 201


def _posted(session: Session, body: dict[str, Any]) -> books.Posted:
    now = datetime.now(UTC)
    spec = JournalSpec(
        id=new_id("JRN", length=16), kind="receipt", effective_on=london_day(now),
        legs=(debit("Assets:Bank", body["pence"]), credit("Income:Gifts", body["pence"])),
        maker="PER-TESTTEST", group=body["group"], reason="gift",
    )  # fmt: skip
    return books.post(session, book=book_queries.book_id(session, "MAIN"), spec=spec, now=now)


def application() -> Flask:
    """The service with that address."""
    made = create_app(Settings.from_env(os.environ))
    made.register_blueprint(posting)
    return made


def careless() -> Flask:
    """The same address without its protections: what the tests must be able to find.

    A request that is sent again is done again, and every other one is answered before its commit.
    """
    made = create_app(Settings.from_env(os.environ))

    def keep(body: dict[str, Any], after: float) -> None:
        time.sleep(after)
        with made.app_context():
            transact(lambda session: _posted(session, body))

    @made.post("/api/v1/bench-journals")
    @guarded("account.read")
    def post_later() -> Any:
        body = request.get_json()
        if int(body["group"][-1]) % 2:
            threading.Thread(target=keep, args=(body, 0.05), daemon=True).start()
        else:
            keep(body, 0)
            time.sleep(0.03)  # it is kept by now, and not yet answered
        return jsonify({"seq": 0}), 201

    return made
