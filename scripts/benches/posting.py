"""Posting: a two-leg journal through the service and through HTTP, beside the bare driver."""

from __future__ import annotations

import io
import itertools
import json
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Flask, jsonify, request
from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.http import guarded, idempotent, run_unit
from ledger.kernel.db import transact
from ledger.parties import service as parties
from scripts.benches.bare import Bare, SameRows
from scripts.benches.measure import Row, in_turn, rate_row, seconds
from scripts.benches.stage import Stage, now

_numbers = itertools.count()
posting = Blueprint("bench_posting", __name__)


def post(stage: Stage) -> list[Row]:
    """One journal a transaction."""
    things, bare = stage.size(200, 60), Bare(stage)
    with stage.app.app_context():
        turns = in_turn(
            lambda: _each(stage, things), lambda: _repeat(bare.post, things),
            things=things, rounds=stage.size(15, 5),
        )  # fmt: skip
    bare.close()
    yardstick = "bare driver: 1 transfer, 2 lines, 2 balances"
    return [rate_row("post", stage.engine, turns, unit="journals/s", yardstick=yardstick)]


def post_same(stage: Stage) -> list[Row]:
    """One journal a transaction, beside the bare driver writing the same rows and triggers."""
    things = stage.size(200, 60)
    with stage.app.app_context():
        same = SameRows(stage)
        turns = in_turn(
            lambda: _each(stage, things), lambda: _repeat(same.post, things),
            things=things, rounds=stage.size(15, 5),
        )  # fmt: skip
    same.close()
    yardstick = "bare driver: the same rows and triggers"
    return [rate_row("post-same-rows", stage.engine, turns, unit="journals/s", yardstick=yardstick)]


def post_batch(stage: Stage) -> list[Row]:
    """A hundred journals a transaction."""
    size, bare = 100, Bare(stage)

    def ours() -> None:
        specs = [stage.spec(next(_numbers), "batch") for _ in range(size)]
        transact(lambda session: books.post_many(session, book=stage.book, specs=specs, now=now()))

    with stage.app.app_context():
        turns = in_turn(ours, lambda: bare.many(size), things=size, rounds=stage.size(30, 6))
    bare.close()
    yardstick = "bare driver: executemany of 100 transfers"
    return [rate_row("post-batch", stage.engine, turns, unit="journals/s", yardstick=yardstick)]


def post_batch_same(stage: Stage) -> list[Row]:
    """A hundred journals a transaction, beside the same rows and triggers by the bare driver."""
    size = 100

    def ours() -> None:
        specs = [stage.spec(next(_numbers), "batch") for _ in range(size)]
        transact(lambda session: books.post_many(session, book=stage.book, specs=specs, now=now()))

    with stage.app.app_context():
        same = SameRows(stage)
        turns = in_turn(ours, lambda: same.many(size), things=size, rounds=stage.size(30, 6))
    same.close()
    yardstick = "bare driver: executemany of the same rows and triggers"
    return [
        rate_row(
            "post-batch-same-rows", stage.engine, turns, unit="journals/s", yardstick=yardstick
        )
    ]


def post_http(stage: Stage) -> list[Row]:
    """One journal a request, with token, right, key and answer kept, in process."""
    bare = Bare(stage)
    row = _by_http(stage, "post-http", bare.post, "a Flask route with the bare driver: a transfer")
    bare.close()
    return [row]


def post_http_same(stage: Stage) -> list[Row]:
    """The same, beside a bare Flask route that writes the same rows: journal and answer."""
    with stage.app.app_context():
        same = SameRows(stage)
    yardstick = "a Flask route with the bare driver: the same rows and triggers"
    row = _by_http(stage, "post-http-same-rows", same.answered, yardstick)
    same.close()
    return [row]


def _by_http(stage: Stage, name: str, write: Callable[[], None], yardstick: str) -> Row:
    things = stage.size(150, 40)
    stage.app.register_blueprint(posting)
    stage.app.extensions["bench.stage"] = stage
    with stage.app.app_context():
        secret = _token()
    ours, theirs = Caller(stage.app, secret), Caller(_bare_app(write), "")
    turns = in_turn(
        lambda: _repeat(ours.post, things), lambda: _repeat(theirs.post, things),
        things=things, rounds=stage.size(11, 4),
    )  # fmt: skip
    times = sorted(ours.times_s)
    return rate_row(
        name, stage.engine, turns, unit="requests/s", yardstick=yardstick,
        p50_ms=1000 * statistics.median(times), p99_ms=1000 * times[int(len(times) * 0.99)],
    )  # fmt: skip


def _repeat(act: Callable[[], object], times: int) -> None:
    for _ in range(times):
        act()


def _each(stage: Stage, things: int) -> None:
    for _ in range(things):
        spec = stage.spec(next(_numbers), "single")
        transact(partial(books.post, book=stage.book, spec=spec, now=now()))


def _token() -> str:
    def unit(session: Session) -> str:
        person = parties.add_person(
            session, name="Bench", email="bench@example.test", roles=("administrator",), now=now()
        )
        _, secret = parties.make_token(
            session, person=person, name="bench", scopes=("read", "write"), days=1, by=person,
            now=now(),
        )  # fmt: skip
        return secret

    return transact(unit)


@posting.post("/api/v1/bench-posts")
@guarded("account.read")
@idempotent
def _post() -> Any:
    from flask import current_app

    stage: Stage = current_app.extensions["bench.stage"]
    spec = stage.spec(int(request.get_json()["number"]), "http")
    done = run_unit(lambda session: books.post(session, book=stage.book, spec=spec, now=now()))
    return jsonify({"seq": done.seq, "id": done.id}), 201


def _bare_app(write: Callable[[], None]) -> Flask:
    app = Flask("bare")

    @app.post("/api/v1/bench-posts")
    def take() -> Any:
        number = int(request.get_json()["number"])
        write()
        return jsonify({"seq": number, "id": f"http-{number}"}), 201

    return app


class Caller:
    """Calls a WSGI application without a network: what is measured is the application."""

    def __init__(self, app: Flask, secret: str) -> None:
        self.app, self.secret = app, secret
        self.times_s: list[float] = []

    def post(self) -> None:
        """Make one request with a key of its own."""
        number = next(_numbers)
        body = json.dumps({"number": number}).encode()
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/api/v1/bench-posts", "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": f"Bearer {self.secret}",
            "HTTP_IDEMPOTENCY_KEY": f"bench-key-{number:012d}", "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
            "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
        }  # fmt: skip
        said: list[str] = []

        def begin(status: str, *_: Any) -> Any:
            said.append(status)

        took = seconds(lambda: b"".join(self.app.wsgi_app(environ, begin)))
        assert said[0].startswith("201"), said
        self.times_s.append(took)
