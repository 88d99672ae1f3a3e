"""A host whose requests are killed: it imports the service once, and forks for each request.

Each line on its input is a request: its group, its key, and where it is to die. The child prints
the answer's status, whether it was a replay and its body; one that dies prints nothing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import event

from ledger.audit import queries as audit_queries
from ledger.audit import service as audit
from ledger.http import idempotency
from ledger.kernel.db import db
from tests.reliability.served import application


def die(*_: Any) -> None:
    """End as a process does whose machine is gone."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: str) -> None:
    """Arrange the death: after so many statements, at the commit, or between commit and answer."""
    if point == "commit":
        event.listen(db.engine, "commit", die)
    elif point == "answer":
        whole = idempotency.surround

        def killed(unit: Callable[[Any], Any]) -> None:
            whole(unit)
            die()

        idempotency.surround = killed
    elif point:
        left = [int(point)]

        def count(*_: Any) -> None:
            left[0] -= 1
            if left[0] == 0:
                die()

        if db.engine.dialect.name == "sqlite":  # much of it goes straight to the driver
            event.listen(db.engine, "checkout", lambda wire, *_: wire.set_trace_callback(count))
        else:
            event.listen(db.engine, "checkout", lambda wire, *_: counted(wire, count))


def counted(wire: Any, count: Callable[[], None]) -> None:
    """Count what PostgreSQL's driver is given, whoever gives it."""
    straight = wire.cursor

    def cursor(*words: Any, **more: Any) -> Any:
        count()  # each statement has a cursor of its own
        return straight(*words, **more)

    wire.cursor = cursor


def forget_answers() -> None:
    """What the control takes off: the answer that is kept under its key."""
    audit_queries.answer = lambda *_a, **_k: None
    audit_queries.claim_answer = lambda *_a, **_k: (True, None)
    audit.keep_answer = lambda *_a, **_k: None


def ask(app: Flask, secret: str, wanted: dict[str, str]) -> None:
    """Make one request, dying where it says."""
    with app.app_context():
        die_at(wanted["dies"])
        answer = app.test_client().post(
            "/api/v1/bench-journals", json={"group": wanted["group"], "pence": 5},
            headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": wanted["key"]},
        )  # fmt: skip
    replayed = "Idempotency-Replayed" in answer.headers
    print(json.dumps([answer.status_code, replayed, answer.get_data(as_text=True)]), flush=True)


def main(secret: str, careless: str) -> None:
    """Fork for each line read."""
    app = application()
    with app.app_context():
        db.engine.dispose()
    if careless:
        forget_answers()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            ask(app, secret, json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status):
            print("null", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
