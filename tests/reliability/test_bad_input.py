"""What people and programs get wrong, in every field of every resource: refused, nothing written.

The fields come from the API's own description, so that a new resource is tried by itself.
"""

from __future__ import annotations

import base64
import contextvars
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from ledger.kernel.db import db
from tests import cast

PARTS = (
    "administrator", "officer", "organiser", "treasurer", "broker", "analyst", "auditor", "s151",
    "head", "resident", "innovation_broker",
)  # fmt: skip
VALUES = (
    "1.5", '"1_000"', '"１２"', "-1", "0.1e1", "true", "null", "[]", "{}", "1" * 26, '"2026-02-30"',
    '"2026-13-01T25:61:00Z"', r'"\u0000"', r'"\ud800"', r'"\u202eevil"', r'"\u200b"', '"=1+1"',
    '"\' OR 1=1 --"', '"<script>alert(1)</script>"', '"{{7*7}}"', '"../../etc/passwd"',
    json.dumps("x" * 20_000),
)  # fmt: skip
"""JSON texts that take the place of each field in turn."""
INERT = {value for value in VALUES if value.startswith('"') and r"\u" not in value} | {"null"}
"""What may be true of some field: words that are only words, and what a field may lack."""
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "half a body": b'{"name": "x',
    "not JSON": b"name=x",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "NaN": b'{"quantity": NaN}',
    "infinity": b'{"quantity": 1e999}',
    "a name given twice": b'{"name": "a", "name": "b"}',
    "an array a hundred thousand deep": b"[" * 100_000 + b"]" * 100_000,
    "objects a thousand deep": b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
    "an integer of five thousand digits": b'{"quantity": ' + b"9" * 5_000 + b"}",
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "an unknown name": b'{"is_admin": true}',
    "two megabytes": b'{"name": "' + b"x" * 2_000_000 + b'"}',
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "a zip": b"PK\x03\x04" + bytes(100),
    "zeros": bytes(4_096),
}
WORDS = {"string": '"Something"', "integer": "5", "boolean": "true", "array": "[]", "object": "{}"}
MADE_BY_REFUSING = {"audit_event", "web_session", "alembic_version"}
"""Refusals leave an event; everything else must stand as it was."""


def rows(app: Flask) -> dict[str, int]:
    tables = [name for name in db.metadata.tables if name not in MADE_BY_REFUSING]
    with db.engine.connect() as wire:
        return {name: wire.scalar(text(f'SELECT COUNT(*) FROM "{name}"')) or 0 for name in tables}


class Description:
    """The API's description, and who may do what by trying."""

    def __init__(self, app: Flask, place: cast.Place) -> None:
        self.app = app
        self.clients = {part: cast.api_client(app, place, part) for part in PARTS}
        self.all = app.test_client().get("/api/v1/openapi.json").get_json()

    def unsafe(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, operations in self.all["paths"].items():
            for method in ("post", "put", "patch", "delete"):
                if method in operations:
                    yield method, self._filled(path), operations[method]

    def _filled(self, path: str) -> str:
        while "{" in path:
            before, _, rest = path.partition("{")
            path = before + "XXX-00000000" + rest.partition("}")[2]
        return path

    def fields(self, operation: dict[str, Any]) -> dict[str, Any]:
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        found = self.all["components"]["schemas"].get(name, schema)
        return dict(found.get("properties", {}))

    def who_may(self, method: str, path: str) -> FlaskClient:
        for client in self.clients.values():
            if (
                client.open(path, method=method.upper(), data=b"{}", content_type=JSON).status_code
                != 403
            ):
                return client
        return self.clients["administrator"]


JSON = "application/json"


@pytest.fixture
def description(app: Flask, place: cast.Place) -> Description:
    return Description(app, place)


def faults_of(client: FlaskClient, method: str, path: str, body: bytes, what: str) -> list[str]:
    answer = client.open(path, method=method.upper(), data=body, content_type=JSON)
    where = f"{method.upper()} {path} with {what}: {answer.status_code}"
    if not 400 <= answer.status_code < 500:
        return [where]
    problem = answer.get_json(silent=True)
    told = isinstance(problem, dict) and problem.get("code") and problem.get("detail")
    return [] if told else [where + " without words"]


@pytest.mark.parametrize("engine_name", ["sqlite"])  # refused before a database is asked
def test_a_body_that_is_none_is_refused_everywhere(
    app: Flask, description: Description, engine_name: str
) -> None:
    before, faults, tried = rows(app), [], 0
    for method, path, operation in description.unsafe():
        if not description.fields(operation):
            continue  # it reads no body, or a file
        client = description.who_may(method, path)
        for what, body in BODIES.items():
            faults += faults_of(client, method, path, body, what)
            tried += 1
    print(f"COUNT bad_bodies={tried} faults={len(faults)}")
    assert faults == []
    assert rows(app) == before


def test_a_wrong_value_is_refused_in_every_field(
    app: Flask, description: Description, engine_name: str
) -> None:
    before, faults, tried = rows(app), [], 0
    taken: list[tuple[str, str]] = []
    for method, path, operation in description.unsafe():
        fields = description.fields(operation)
        client = description.who_may(method, path) if fields else description.clients["officer"]
        plain = {name: WORDS.get(str(facts.get("type")), '"x"') for name, facts in fields.items()}
        for number, name in enumerate(fields):
            # Every field is tried on both engines, each with its share of the values.
            step = 3 if engine_name == "sqlite" else 6
            for value in VALUES[number % step :: step]:
                body = ", ".join(
                    f'"{key}": {text}' for key, text in (plain | {name: value}).items()
                )
                answer = client.open(
                    path, method=method.upper(), data=("{" + body + "}").encode(), content_type=JSON
                )
                tried += 1
                if answer.status_code < 400:
                    taken.append((f"{method} {path} {name}", value))
                if answer.status_code >= 500:
                    faults.append(f"{method} {path} {name}={value[:40]}: {answer.status_code}")
    print(f"COUNT bad_values={tried} faults={len(faults)} inert_words_taken={len(taken)}")
    assert faults == []
    assert [(where, value) for where, value in taken if value not in INERT] == []
    if not taken:
        assert changed(before, rows(app)) == {}
    else:
        assert sum(changed(before, rows(app)).values()) <= 3 * len(taken)


def changed(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - count for name, count in before.items() if after[name] != count}


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("content_type", [JSON, "text/csv", "multipart/form-data; boundary=x"])
def test_two_gigabytes_of_zeros_are_refused_before_they_are_read(
    app: Flask, place: cast.Place, description: Description, content_type: str, tmp_path: Path
) -> None:
    size, secret = 2 * 1024**3, cast.api_secret(place, "broker")
    sparse = tmp_path / "zeros"
    with sparse.open("wb") as file:
        file.truncate(size)  # two gigabytes that take no room
    for method, path, _ in description.unsafe():
        zeros = sparse.open("rb")
        answer = app.test_client().open(
            path, method=method.upper(), input_stream=zeros,
            content_type=content_type,
            headers={
                "Authorization": f"Bearer {secret}", "Content-Length": str(size),
                "Idempotency-Key": "a-key-of-sixteen-or-more",
            },
        )  # fmt: skip
        assert 400 <= answer.status_code < 500, f"{method} {path}: {answer.status_code}"
        with zeros:
            read = zeros.tell()
        assert read < 80 * 1024 * 1024, f"{method} {path} read {read} bytes"


def cursor(path: str, key: list[object]) -> str:
    """A list that is to go on from a place that somebody made up."""
    made = base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
    return f"{path}?after={made}"


ADDRESSES = (
    "/api/v1/%00", "/api/v1/people/%ff", "/pledges/%F0%28%8C%BC", "/%2e%2e/%2e%2e/etc/passwd",
    "/buildings?page=1&page=2", "/pledges?after=" + "A" * 3_000, "/pledges?after=%00",
    "/buildings?q=%ED%A0%80", "/jobs?after=zzz", "/.git/config", "/static/../wsgi.py",
    f"/api/v1/checkpoints/{'9' * 20}", f"/api/v1/journals/{'9' * 40}/proof",
    f"/audit/journals/{'9' * 20}", f"/checkpoints/{'9' * 20}.txt", "/api/v1/journals/%EF%BC%91",
    cursor("/api/v1/checkpoints", [10**30]), cursor("/api/v1/journals", [10**18]),
    cursor("/api/v1/people", ["\ud800"]), cursor("/api/v1/people", ["a\0b"]),
    cursor("/api/v1/jobs/checkpoint/runs", [10**18, "checkpoint"]),
    "/api/v1/jobs/x/runs?limit=1_0", "/api/v1/jobs/x/runs?limit=-1", "/agreements/%0d%0aX: y",
)  # fmt: skip


def test_no_address_is_a_fault(app: Flask, place: cast.Place) -> None:
    client = cast.api_client(app, place, "auditor")
    answers = {
        where: contextvars.Context().run(client.get, where).status_code for where in ADDRESSES
    }
    assert {where: status for where, status in answers.items() if status >= 500} == {}
