"""One effect for each key: replays, other bodies, races, refusals and rights."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from ledger.audit import queries as audit_queries
from ledger.audit import service as audit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.parties import queries, service
from tests.cast import Place

Enter = Callable[[str], FlaskClient]
KEY = "a key that is used once"


def add(client: FlaskClient, name: str = "Zoë", key: str = KEY) -> TestResponse:
    return client.post("/api/v1/people", json={"name": name}, headers={"Idempotency-Key": key})


def people() -> int:
    with transaction(read_only=True) as session:
        return sum(queries.count_people(session).values())


def test_a_hundred_replays_are_the_same_bytes_and_one_effect(api: Enter, place: Place) -> None:
    ada, before = api("administrator"), people()
    first = add(ada)
    for _ in range(100):
        again = add(ada)
        assert (again.status_code, again.data) == (first.status_code, first.data)
        assert again.headers["Location"] == first.headers["Location"]
        assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert people() == before + 1


def test_an_answer_kept_between_look_and_lock_is_found_the_second_time(
    api: Enter, monkeypatch: pytest.MonkeyPatch, engine_name: str
) -> None:
    ada, before = api("administrator"), people()
    first = add(ada)
    name, unseen = ("answer", None) if engine_name == "sqlite" else ("claim_answer", (True, None))
    looks: list[int] = []
    look = getattr(audit_queries, name)

    def blind_at_first(*args: Any, **facts: Any) -> Any:
        looks.append(1)
        return unseen if len(looks) == 1 else look(*args, **facts)

    monkeypatch.setattr(audit_queries, name, blind_at_first)
    again = add(ada)
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert (len(looks), people()) == (2, before + 1)


def test_the_same_body_in_another_order_is_the_same_request(api: Enter) -> None:
    ada, head = api("administrator"), {"Idempotency-Key": KEY}
    facts: dict[str, Any] = {"content_type": "application/json", "headers": head}
    first = ada.post("/api/v1/people", data='{"name": "A", "show_name": true}', **facts)
    again = ada.post("/api/v1/people", data='{"show_name":true,"name":"A"}', **facts)
    assert again.data == first.data


def test_another_body_or_address_with_the_key_is_refused(api: Enter) -> None:
    ada = api("administrator")
    add(ada)
    other = add(ada, name="Yann")
    assert (other.status_code, other.json["code"]) == (422, "http.key_reused")


def test_keys_of_different_people_and_routes_are_apart(api: Enter) -> None:
    rosa, tom = api("resident"), api("resident2")
    body: dict[str, Any] = {
        "json": {"name": "t", "scopes": ["read"], "days": 1}, "headers": {"Idempotency-Key": KEY},
    }  # fmt: skip
    first, second = rosa.post("/api/v1/tokens", **body), tom.post("/api/v1/tokens", **body)
    assert first.json["id"] != second.json["id"]


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 256, "a key with é inside it", "a\tkey with a tab!"]
)
def test_a_key_that_cannot_be_used_is_refused(api: Enter, key: str) -> None:
    answer = add(api("administrator"), key=key)
    assert (answer.status_code, answer.json["code"]) == (400, "http.key_missing")


def test_a_refusal_keeps_nothing_so_that_the_key_can_be_used_again(api: Enter) -> None:
    ada = api("administrator")
    assert add(ada, name="").status_code == 422
    assert add(ada, name="Zoë").status_code == 201


def test_fifty_at_once_are_one_effect(app: Flask, api: Enter, place: Place) -> None:
    before, clients = people(), [api("administrator") for _ in range(50)]
    answers: list[TestResponse] = []
    threads = [threading.Thread(target=lambda one=one: answers.append(add(one))) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = Counter(answer.status_code for answer in answers)
    assert people() == before + 1
    assert set(told) <= {201, 409}
    assert len({answer.data for answer in answers if answer.status_code == 201}) == 1
    assert all(
        answer.headers["Retry-After"] == "1" for answer in answers if answer.status_code == 409
    )
    assert add(clients[0]).headers["Idempotency-Replayed"] == "true"


def test_a_replay_is_only_for_those_who_may_now(
    api: Enter, place: Place, clock: FixedClock
) -> None:
    ada = api("administrator")
    assert add(ada).status_code == 201
    person = place.people["administrator"]
    with transaction(read_only=True) as session:
        grant = queries.grants(session, person)[0].id
    transact(
        lambda session: service.end_role(
            session, grant=grant, person=person, by="PER-X", now=clock.now()
        )
    )
    assert add(ada).status_code == 403


def test_an_answer_whose_body_was_dropped_says_where_the_result_is(
    api: Enter, clock: FixedClock
) -> None:
    ada = api("administrator")
    first = add(ada)
    clock.move(timedelta(days=29))
    ada = api("administrator")
    transact(lambda s: audit.forget_answer_bodies(s, before=clock.now() - timedelta(days=30)))
    assert add(ada).status_code == 201
    clock.move(timedelta(days=2))
    transact(lambda s: audit.forget_answer_bodies(s, before=clock.now() - timedelta(days=30)))
    late = add(ada)
    assert (late.status_code, late.json["code"]) == (410, "http.answer_dropped")
    assert late.json["place"] == first.headers["Location"]


def test_the_effect_and_the_answer_stand_or_fall_together(
    app: Flask, api: Enter, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = people()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the answer cannot be kept")

    ada = api("administrator")
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    with monkeypatch.context() as patch:
        patch.setattr("ledger.audit.service.keep_answer", broken)
        assert add(ada).status_code == 500
    assert people() == before
    assert add(ada).status_code == 201


@pytest.mark.parametrize(
    "sql",
    ["DELETE FROM request_answer", "UPDATE request_answer SET status = 200",
     "UPDATE request_answer SET body = 'x'"],
)  # fmt: skip
def test_the_database_keeps_answers_as_they_were_given(api: Enter, sql: str) -> None:
    from ledger.kernel.errors import RefusedByDatabase

    add(api("administrator"))
    with pytest.raises(RefusedByDatabase):
        transact(lambda session: session.execute(text(sql)))
