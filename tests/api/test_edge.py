"""The edge of the API: hostile bodies, headers, methods, and its own description."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger.http import problems
from ledger.kernel import limits

Enter = Callable[[str], FlaskClient]
KEY = {"Idempotency-Key": "one key for all of it"}
PEOPLE = "/api/v1/people"

BODIES: list[tuple[str, bytes, int, str]] = [
    ("not json", b"{", 400, "http.malformed"),
    ("empty", b"", 422, "http.fields"),
    ("NaN", b'{"name": NaN}', 400, "http.malformed"),
    ("infinity", b'{"name": 1e999}', 400, "http.malformed"),
    ("a name twice", b'{"name": "a", "name": "b"}', 400, "http.malformed"),
    ("100,000 deep", b"[" * 100_000, 400, "http.malformed"),
    ("5,000 digits", b'{"name": ' + b"9" * 5_000 + b"}", 400, "http.malformed"),
    ("not UTF-8", b'{"name": "\xff"}', 400, "http.malformed"),
    ("a list", b"[]", 422, "http.fields"),
    ("a text", b'"x"', 422, "http.fields"),
    ("null", b"null", 422, "http.fields"),
    ("an unknown name", b'{"name": "a", "role": "s151"}', 422, "http.fields"),
    ("a number for a text", b'{"name": 5}', 422, "http.fields"),
    ("NUL", b'{"name": "a\\u0000b"}', 422, "http.fields"),
    ("a lone surrogate", b'{"name": "\\ud800"}', 422, "http.fields"),
    ("a turned-round text", b'{"name": "\\u202eevil"}', 422, "http.fields"),
    ("too long", b'{"name": "' + b"x" * 201 + b'"}', 422, "http.fields"),
    ("too large", b'{"name": "' + b"x" * limits.JSON_BYTES_MAX + b'"}', 413, "http.too_large"),
]


@pytest.mark.parametrize("case", BODIES, ids=lambda case: case[0])
def test_a_hostile_body_gets_a_clear_answer(api: Enter, case: tuple[str, bytes, int, str]) -> None:
    _, body, status, code = case
    answer = api("administrator").post(
        PEOPLE, data=body, content_type="application/json", headers=KEY
    )
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["remedy"]


TEXTS = [
    "'; DROP TABLE person;--", "<script>alert(1)</script>", "{{7*7}}", "${7*7}", "../../etc/passwd",
    "=1+1", "%00", "a" * 200, "Робота", "𝕏", "e\u0301" * 50, "\\", '"', "`id`", "$(id)", "\t",
]  # fmt: skip


def test_a_strange_name_is_kept_as_it_is_or_refused_and_never_a_fault(api: Enter) -> None:
    ada = api("administrator")
    for text in TEXTS:
        answer = ada.post(PEOPLE, json={"name": text})
        assert answer.status_code in (201, 422), text
        if answer.status_code == 201:
            page = ada.get(answer.headers["Location"])
            assert page.json["name"].strip()


def test_the_edge_says_what_it_takes(api: Enter) -> None:
    ada = api("administrator")
    form = ada.post(PEOPLE, data={"name": "A"}, headers=KEY)
    assert (form.status_code, form.json["code"]) == (415, "http.media_type")
    method = ada.put(PEOPLE, headers=KEY)
    assert (method.status_code, method.json["code"]) == (405, "http.method")
    assert {"GET", "POST"} <= set(method.headers["Allow"].split(", "))
    nowhere = ada.get("/api/v1/nowhere")
    assert (nowhere.status_code, nowhere.json["code"]) == (404, "http.not_found")
    twice = ada.get(f"{PEOPLE}?limit=1&limit=2")
    assert (twice.status_code, twice.json["code"]) == (400, "http.malformed")
    stranger = ada.get(f"{PEOPLE}?limit=1&colour=red")
    assert (stranger.status_code, stranger.json["code"]) == (422, "http.fields")
    cursor = ada.get(f"{PEOPLE}?after=nonsense")
    assert (cursor.status_code, cursor.json["code"]) == (400, "http.bad_cursor")
    missing = ada.get(f"{PEOPLE}/PER-NOBODY")
    assert (missing.status_code, missing.json["code"]) == (404, "ledger.missing")


def test_a_fault_of_ours_is_one_plain_answer_without_its_insides(
    app: Flask, api: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr("ledger.parties.queries.organisations", broken)
    for path, kind in (("/api/v1/organisations", "application/problem+json"),):
        answer = api("officer").get(path)
        assert (answer.status_code, answer.mimetype) == (500, kind)
        assert answer.json["code"] == "http.fault"
        assert "secret" not in answer.text


def test_every_answer_carries_the_headers_that_protect_it(api: Enter, client: FlaskClient) -> None:
    answers = [
        api("officer").get("/api/v1/me"), client.get("/"), client.get("/nowhere"),
        client.get("/api/v1/nowhere"), client.get("/sign-in"), client.get("/health"),
        client.get("/api/v1/openapi.json"), client.post("/sign-in"),
    ]  # fmt: skip
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_description_lists_exactly_the_routes_there_are(
    app: Flask, client: FlaskClient
) -> None:
    described = client.get("/api/v1/openapi.json").json
    assert described["openapi"].startswith("3.1")
    listed = {
        (path, method.upper())
        for path, operations in described["paths"].items()
        for method in operations
        if method in ("get", "post", "put", "patch", "delete")
    }
    served = {
        (re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", str(rule)), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if str(rule).startswith("/api/v1/") and not rule.endpoint.startswith("api_reader")
    }
    assert {(path.rstrip("/"), method) for path, method in listed} == {
        (path.rstrip("/"), method) for path, method in served
    }


def test_every_unsafe_call_is_described_with_its_key_and_refusals(client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").json
    for operations in described["paths"].values():
        for method, operation in operations.items():
            if method in ("post", "put", "patch", "delete"):
                names = [one.get("name") for one in operation["parameters"]]
                assert "Idempotency-Key" in names
                assert {"400", "401", "403", "409", "422"} <= set(operation["responses"])


def test_a_page_shows_the_description(client: FlaskClient) -> None:
    page = client.get("/api/v1/")
    assert page.status_code == 200
    assert "/api/v1/people" in page.text


def test_every_kind_of_refusal_has_a_status() -> None:
    from ledger.kernel.errors import Kind

    assert set(problems.STATUS) == set(Kind)


def test_every_form_that_is_referred_to_is_described(client: FlaskClient) -> None:
    text = client.get("/api/v1/openapi.json").text
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    described = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    assert named <= set(described)
    assert "Problem" in described
