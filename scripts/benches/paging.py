"""A promise through the API, and a pledge's page, in process, beside bare Flask routes."""

from __future__ import annotations

import io
import itertools
import statistics
from typing import Any

from flask import Flask, jsonify, render_template, request
from jinja2 import DictLoader
from sqlalchemy.orm import Session

from ledger.kernel.db import transact
from ledger.parties import service as parties
from scripts.benches import town
from scripts.benches.measure import Row, in_turn, progress, rate_row, seconds
from scripts.benches.stage import Stage, now


class Caller:
    """Calls a WSGI application without a network: what is measured is the application."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.times_s: list[float] = []
        self.numbers = itertools.count()

    def call(self, method: str, path: str, *, secret: str = "", body: bytes = b"") -> bytes:
        """One request; a key of its own when it writes. Anything but success stops the run."""
        said: list[str] = []

        def begin(status: str, *_: Any) -> Any:
            said.append(status)

        number = next(self.numbers)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
            "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
        }  # fmt: skip
        if secret:
            environ |= {"CONTENT_TYPE": "application/json",
                        "HTTP_AUTHORIZATION": f"Bearer {secret}",
                        "HTTP_IDEMPOTENCY_KEY": f"bench-key-{number:012d}"}  # fmt: skip
        answers: list[bytes] = []
        took = seconds(lambda: answers.append(b"".join(self.app.wsgi_app(environ, begin))))
        assert said[0].startswith(("200", "201")), (said, answers)
        self.times_s.append(took)
        return answers[0]


def commit_http(stage: Stage) -> list[Row]:
    """A promise a request: token, right, key, pledge, message, audit and the answer kept."""
    things, rounds = stage.size(40, 10), stage.size(9, 4)
    with stage.app.app_context():
        people = town.settled(stage)
        pledge = town.pledge(people, minimum=1_000_000, at=now())
        secrets = iter(_tokens((rounds + 1) * things + 1))
        path, body = (
            f"/api/v1/pledges/{pledge}/commitments",
            b'{"promise": {"unit": "GBP", "quantity": 1200}}',
        )
        ours, bare = Caller(stage.app), town.BareRows(stage)
        before = town.row_count(stage)
    ours.call("POST", path, secret=next(secrets), body=body)
    with stage.app.app_context():
        rows = town.row_count(stage) - before
    theirs = Caller(_bare_commit(bare, rows))
    turns = in_turn(
        town.times(things, lambda: ours.call("POST", path, secret=next(secrets), body=body)),
        town.times(things, lambda: theirs.call("POST", "/commitments", secret="x", body=body)),  # noqa: S106 - nothing is opened
        things=things, rounds=rounds,
    )  # fmt: skip
    bare.wire.close()
    yardstick = f"a Flask route, the bare driver writing {rows} rows"
    return [rate_row("commit-http", stage.engine, turns, unit="requests/s", yardstick=yardstick,
                     rows=rows, **_tails(ours))]  # fmt: skip


def page_http(stage: Stage) -> list[Row]:
    """The public page of a pledge that forty people joined, made whole for each visitor."""
    things, rounds = stage.size(40, 10), stage.size(11, 5)
    with stage.app.app_context():
        people = town.settled(stage)
        pledge = town.pledge(people, minimum=1_000_000, at=now())
        progress("forty people join")
        for person in town.neighbours(stage.size(40, 8)):
            town.promised(pledge, person, 1_200, at=now())
    ours = Caller(stage.app)
    size = len(ours.call("GET", f"/pledges/{pledge}"))
    ours.times_s.clear()  # the first page compiles its templates
    app, theirs_size = _bare_page(size)
    theirs = Caller(app)
    turns = in_turn(
        town.times(things, lambda: ours.call("GET", f"/pledges/{pledge}")),
        town.times(things, lambda: theirs.call("GET", "/page")),
        things=things, rounds=rounds,
    )  # fmt: skip
    yardstick = "a Flask route and a Jinja template of the same size, from a dict"
    return [rate_row("page-http", stage.engine, turns, unit="pages/s", yardstick=yardstick,
                     bytes=size, bare_bytes=theirs_size, **_tails(ours))]  # fmt: skip


def _tails(caller: Caller) -> dict[str, float]:
    times = sorted(caller.times_s)
    return {"p50_ms": 1000 * statistics.median(times),
            "p99_ms": 1000 * times[int(len(times) * 0.99)]}  # fmt: skip


def _tokens(count: int) -> list[str]:
    """One resident with a token for each promise: nobody joins twice."""
    progress(f"{count} residents with a token each")
    chosen = town.neighbours(count)

    def unit(session: Session) -> list[str]:
        return [
            parties.make_token(
                session, person=person, name="bench", scopes=("read", "write"), days=1, by=person,
                now=now(),
            )[1]
            for person in chosen
        ]  # fmt: skip

    return transact(unit)


def _bare_commit(bare: town.BareRows, rows: int) -> Flask:
    app = Flask("bare")

    @app.post("/commitments")
    def take() -> Any:
        pence = int(request.get_json()["promise"]["quantity"])
        bare.write(rows)
        return jsonify({"pence": pence, "state": "UNCONFIRMED"}), 201

    return app


_ROW = "<tr><th scope='row'>{{ row.title }}</th><td>{{ row.pence }}</td><td>{{ row.words }}</td></tr>\n"
_PAGE = (
    "<!doctype html><html lang='en'><head><title>{{ title }}</title></head><body><h1>{{ title }}"
    "</h1><table>{% for row in rows %}" + _ROW + "{% endfor %}</table></body></html>"
)


def _bare_page(size: int) -> tuple[Flask, int]:
    """A page of about so many bytes from a dict, and how many it has."""
    app = Flask("bare")
    app.jinja_loader = DictLoader({"page.html": _PAGE})
    shown: dict[str, Any] = {"title": "Forty trees along the canal", "rows": []}

    @app.get("/page")
    def page() -> str:
        return render_template("page.html", **shown)

    shown["rows"] = [
        {"title": f"Neighbour {number}", "pence": 1_200, "words": "We will plant trees. " * 6}
        for number in range(size)
    ]
    whole = len(Caller(app).call("GET", "/page"))
    del shown["rows"][size * size // whole :]
    return app, len(Caller(app).call("GET", "/page"))
