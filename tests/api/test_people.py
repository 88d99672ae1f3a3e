"""People, tokens and decisions over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger.approvals import service as approvals
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.parties import queries
from tests.cast import Place

Enter = Callable[[str], FlaskClient]


def test_you_are_told_who_you_are(api: Enter, place: Place) -> None:
    answer = api("officer").get("/api/v1/me")
    assert answer.json == {
        "person": place.people["officer"], "name": "Owen Marsh", "organisation": place.council,
        "roles": ["officer"], "scopes": ["read", "write"],
    }  # fmt: skip
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_person_is_added_given_a_role_and_erased(api: Enter, place: Place) -> None:
    ada = api("administrator")
    made = ada.post("/api/v1/people", json={"name": "Zoë Quist", "email": "zoe@example.test"})
    assert made.status_code == 201
    where = made.headers["Location"]
    assert ada.get(where).json["name"] == "Zoë Quist"
    role = ada.post(f"{where}/roles", json={"role": "organiser", "organisation": place.group})
    assert (role.status_code, role.json["role"]) == (201, "organiser")
    clash = ada.post(f"{where}/roles", json={"role": "auditor"})
    assert (clash.status_code, clash.json["code"]) == (403, "parties.roles_apart")
    assert ada.delete(f"{where}/roles/{role.json['id']}").status_code == 204
    assert [one["ended_at"] is None for one in ada.get(f"{where}/roles").json] == [False]
    assert ada.post(f"{where}/closing", json={"reason": "left"}).status_code == 204
    asked = ada.post(f"{where}/erasure", json={"reason": "asked"})
    assert (asked.status_code, asked.json["done"]) == (202, False)
    proposal = asked.headers["Location"]
    shown = api("officer").get(proposal).json
    assert (shown["kind"], shown["facts"]["reason"]) == ("erasure", "asked")
    decision = {
        "stage": "approve",
        "verdict": "yes",
        "reason": "they asked",
        "digest": shown["digest"],
    }
    assert api("officer").post(f"{proposal}/decisions", json=decision).status_code in (200, 201)
    assert ada.get(where).json["name"] == "Zoë Quist"
    again = ada.post(f"{where}/erasure", json={"reason": "asked"})
    assert (again.status_code, again.json["done"]) == (202, True)
    assert ada.get(where).json["name"] == "a person whose details were erased"


def test_people_come_in_pages_that_join_up(api: Enter, place: Place) -> None:
    ada, seen, after = api("administrator"), [], ""
    for _ in range(20):
        answer = ada.get(f"/api/v1/people?limit=4&after={after}").json
        seen += [one["id"] for one in answer["items"]]
        after = answer["next"]
        if after is None:
            break
    assert seen == sorted(place.people.values())


def test_organisations_and_neighbourhoods_are_added_and_listed(api: Enter) -> None:
    ada = api("administrator")
    assert ada.post(
        "/api/v1/organisations", json={"name": "Repair Club", "kind": "group"}
    ).status_code == 201  # fmt: skip
    assert ada.post("/api/v1/neighbourhoods", json={"name": "Hill Top"}).status_code == 201
    assert "Repair Club" in [one["name"] for one in ada.get("/api/v1/organisations").json["items"]]
    places = api("resident").get("/api/v1/neighbourhoods").json["items"]
    assert [one["name"] for one in places] == ["Canal Side", "Hill Top"]
    again = ada.post("/api/v1/neighbourhoods", json={"name": "Hill Top"})
    assert (again.status_code, again.json["code"]) == (409, "ledger.conflict")


def test_a_token_does_what_its_scopes_say_until_it_ends(
    app: Flask, api: Enter, clock: FixedClock
) -> None:
    rosa = api("resident")
    made = rosa.post("/api/v1/tokens", json={"name": "look", "scopes": ["read"], "days": 2})
    reader = app.test_client()
    reader.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.json['secret']}"
    assert reader.get("/api/v1/me").json["scopes"] == ["read"]
    refused = reader.post(
        "/api/v1/tokens", json={"name": "x", "scopes": ["write"], "days": 2},
        headers={"Idempotency-Key": "k" * 16},
    )  # fmt: skip
    assert (refused.status_code, refused.json["code"]) == (403, "parties.unscoped")
    clock.move(timedelta(days=2))
    late = reader.get("/api/v1/me")
    assert (late.status_code, late.headers["WWW-Authenticate"]) == (401, 'Bearer realm="ledger"')
    assert "secret" not in str(rosa.get("/api/v1/tokens").json)
    assert rosa.delete(f"/api/v1/tokens/{made.json['id']}").status_code == 204


def test_a_secret_is_not_kept_in_the_stored_answer(api: Enter, app: Flask) -> None:
    from sqlalchemy import text

    rosa = api("resident")
    facts: dict[str, Any] = {
        "json": {"name": "t", "scopes": ["read"], "days": 1},
        "headers": {"Idempotency-Key": "the same key twice"},
    }
    first, again = rosa.post("/api/v1/tokens", **facts), rosa.post("/api/v1/tokens", **facts)
    assert first.json["secret"]
    assert again.json == {"id": first.json["id"], "secret": None}
    with transaction(read_only=True) as session:
        bodies = session.scalars(text("SELECT body FROM request_answer")).all()
    assert all(first.json["secret"].encode() not in bytes(body) for body in bodies)


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Basic YTpi", "Bearer", "Bearer " + "x" * 500]
)
def test_a_token_that_is_none_opens_nothing(client: FlaskClient, place: Place, header: str) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": header})
    assert (answer.status_code, answer.json["code"]) == (401, "parties.not_signed_in")


def test_a_closed_account_has_no_token_and_no_session(
    api: Enter, client: FlaskClient, sign_in: Callable[..., FlaskClient], place: Place
) -> None:
    owen, browser = api("officer"), sign_in(client, "officer")
    assert browser.get("/account").status_code == 200
    where = f"/api/v1/people/{place.people['officer']}"
    assert api("administrator").post(f"{where}/closing", json={"reason": "left"}).status_code == 204
    assert owen.get("/api/v1/me").status_code == 401
    assert browser.get("/account").status_code == 303


def test_a_session_cookie_opens_no_api_and_a_token_no_page(
    api: Enter, client: FlaskClient, sign_in: Callable[..., FlaskClient]
) -> None:
    assert sign_in(client, "officer").get("/api/v1/me").status_code == 401
    assert api("officer").get("/account").status_code == 303


def test_a_decision_names_the_version_it_is_about(
    api: Enter, place: Place, clock: FixedClock
) -> None:
    proposal = transact(
        lambda session: approvals.propose(
            session, kind="test", subject="PLG-1", facts={"amount_pence": 5}, quantity_pence=5,
            bucket="b", maker=place.people["officer"], barred=[], now=clock.now(),
        )
    )  # fmt: skip
    hana, where = api("head"), f"/api/v1/approvals/{proposal}"
    assert [one["id"] for one in hana.get("/api/v1/approvals").json["items"]] == [proposal]
    shown = hana.get(where)
    body = {
        "stage": "verify",
        "verdict": "yes",
        "reason": "checked",
        "digest": shown.json["digest"],
    }
    stale = hana.post(f"{where}/decisions", json=body, headers={"If-Match": '"other"'})
    assert (stale.status_code, stale.json["code"]) == (409, "http.stale_view")
    done = hana.post(f"{where}/decisions", json=body, headers={"If-Match": shown.headers["ETag"]})
    assert (done.status_code, done.json["state"]) == (201, "VERIFIED")
    assert done.headers["ETag"] != shown.headers["ETag"]
    own = api("officer").post(f"{where}/decisions", json={**body, "stage": "approve"})
    assert (own.status_code, own.json["code"]) == (403, "approvals.same_person")
    gone = hana.post(f"{where}/withdrawal", json={"reason": "not needed"})
    assert (gone.status_code, gone.json["state"]) == (200, "VOID")


def test_every_refusal_leaves_one_event(api: Enter, place: Place) -> None:
    from ledger.audit import queries as audit

    api("resident").get("/api/v1/people")
    with transaction(read_only=True) as session:
        event = audit.events(session, action="request.refused")[0]
        assert queries.person_name(session, event.actor) == "Rosa Mead"
    assert event.facts["code"] == "ledger.forbidden"
