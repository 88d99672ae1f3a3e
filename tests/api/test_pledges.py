"""Pledges over the API: strict in, exact out, once for each key, and never on an old version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from ledger.kernel.clock import FixedClock
from tests.cast import Place
from tests.pledging import Stage, deal

Enter = Callable[[str], FlaskClient]
DEAL = {
    "sentence": "We will plant forty trees along the canal", "place": "Canal Side",
    "minimum": 2000, "optimum": 3000, "maximum": 50000, "deadline_on": "2026-04-30",
    "too_little": "Nobody pays", "too_much": "More trees", "undeliverable": "All is paid back",
}  # fmt: skip


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


def new_pledge(stage: Stage) -> dict[str, Any]:
    return {
        "group": stage.place.group, "broker": stage.place.people["broker"],
        "neighbourhood": stage.place.neighbourhood, "unit": "GBP", "deal": DEAL,
    }  # fmt: skip


def opened(stage: Stage, api: Enter) -> str:
    made = api("organiser").post("/api/v1/pledges", json=new_pledge(stage))
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    assert api("organiser").post(f"{path}/submission", json={}).status_code == 200
    answer = api("officer").post(f"{path}/moderation", json={"verdict": "open"})
    assert answer.json["state"] == "OPEN"
    return path


def test_a_pledge_is_written_sent_answered_and_read(stage: Stage, api: Enter) -> None:
    path = opened(stage, api)
    view = api("resident").get(path).json
    assert view["confirmed"] == {"unit": "GBP", "quantity": 0}
    assert view["deadline_at"] == "2026-04-30T23:00:00Z"
    assert view["deal"]["too_little"] == "Nobody pays"
    rows = api("resident").get("/api/v1/pledges?state=OPEN").json["items"]
    assert [row["id"] for row in rows] == [view["id"]]


def test_a_draft_is_only_its_organisers_and_the_councils(stage: Stage, api: Enter) -> None:
    made = api("organiser").post("/api/v1/pledges", json=new_pledge(stage)).headers["Location"]
    assert api("resident").get(made).status_code == 404
    assert api("organiser").get(made).status_code == 200
    assert api("officer").get(made).status_code == 200


@pytest.mark.parametrize(
    ("change", "place_"),
    [
        ({"minimum": "2000"}, "minimum"), ({"minimum": 1.5}, "minimum"), ({"minimum": True}, "min"),
        ({"deadline_on": "2026-02-30"}, "deadline_on"), ({"minimum": -1}, "minimum"),
        ({"surprise": 1}, "surprise"),
    ],
)  # fmt: skip
def test_what_looks_like_a_number_or_a_day_is_refused(
    stage: Stage, api: Enter, change: dict[str, Any], place_: str
) -> None:
    body = new_pledge(stage) | {"deal": DEAL | change}
    answer = api("organiser").post("/api/v1/pledges", json=body)
    assert answer.status_code == 422, answer.text
    assert place_ in answer.text


def test_a_promise_is_joined_confirmed_and_withdrawn(stage: Stage, api: Enter) -> None:
    path = opened(stage, api)
    resident = api("resident")
    wrong = resident.post(f"{path}/commitments", json={"promise": {"unit": "HOUR", "quantity": 60}})
    assert wrong.status_code == 422
    made = resident.post(f"{path}/commitments", json={"promise": {"unit": "GBP", "quantity": 1500}})
    assert made.status_code == 201
    assert made.json["state"] == "UNCONFIRMED"
    mine = made.headers["Location"]
    assert api("resident2").get(mine).status_code == 403
    asked = stage.promise(path.rsplit("/", 1)[1], stage.place.people["resident"], 1500)
    for again in (False, True):
        done = resident.post("/api/v1/commitments/confirmations", json={"secret": asked.secret})
        assert done.json["again"] is again
    assert resident.get(path).json["confirmed"]["quantity"] == 1500
    assert resident.get("/api/v1/commitments").json["items"][0]["state"] == "CONFIRMED"
    assert resident.post(f"{mine}/withdrawal", json={}).json["state"] == "WITHDRAWN"


def test_the_same_key_joins_once_and_another_body_is_refused(stage: Stage, api: Enter) -> None:
    path, resident = opened(stage, api), api("resident")
    key = {"Idempotency-Key": "join-by-key-0000001"}
    body = {"promise": {"unit": "GBP", "quantity": 1500}}
    first = resident.post(f"{path}/commitments", json=body, headers=key)
    again = resident.post(f"{path}/commitments", json=body, headers=key)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    other = resident.post(
        f"{path}/commitments", json={"promise": {"unit": "GBP", "quantity": 9}}, headers=key
    )
    assert other.status_code == 422


def test_nobody_decides_on_an_old_version(stage: Stage, api: Enter) -> None:
    path, officer = opened(stage, api), api("officer")
    tag = officer.get(path).headers["ETag"]
    answer = officer.post(
        f"{path}/suspension", json={"reason": "A complaint"}, headers={"If-Match": tag}
    )
    assert answer.json["state"] == "SUSPENDED"
    stale = officer.post(
        f"{path}/resumption", json={"reason": "Cleared"}, headers={"If-Match": tag}
    )
    assert stale.status_code in (409, 412)


def test_money_is_recorded_asked_for_released_and_paid(stage: Stage, api: Enter) -> None:
    pledge = stage.open(deal(minimum=2_000))
    confirmed = stage.join(pledge, stage.place.people["resident"], 2_000)
    stage.move(hours=48)
    stage.settle(pledge)
    line = {
        "commitment": confirmed.commitment, "amount": {"unit": "GBP", "quantity": 2000},
        "reference": "BANK 1", "received_on": "2026-03-04",
    }  # fmt: skip
    made = api("treasurer").post("/api/v1/receipts", json=line)
    assert made.json["amount"] == {"unit": "GBP", "quantity": 2000}
    twice = api("treasurer").post("/api/v1/receipts", json=line)
    assert twice.json["code"] == "pledges.receipt_used"
    assert api("resident").get(made.headers["Location"]).status_code == 200
    assert api("resident2").get(made.headers["Location"]).status_code == 403
    assert api("resident").get(f"/api/v1/receipts?pledge={pledge}").status_code == 403
    assert len(api("auditor").get(f"/api/v1/receipts?pledge={pledge}").json["items"]) == 1
    stage.move(days=20)
    stage.move(days=40)
    stage.end_collection(pledge)
    asked = api("treasurer").post(
        "/api/v1/releases",
        json={"pledge": pledge, "milestone": "Trees bought", "evidence": "Invoice 1",
              "amount": {"unit": "GBP", "quantity": 2000}},
    )  # fmt: skip
    path = asked.headers["Location"]
    assert api("treasurer").post(f"{path}/proposal", json={}).status_code == 403
    proposed = api("officer").post(f"{path}/proposal", json={})
    early = api("officer").post(f"{path}/posting", json={})
    assert early.status_code == 409
    stage.decide(proposed.json["proposal"])
    assert api("officer").post(f"{path}/posting", json={}).json["state"] == "RELEASED"
    paid = api("officer").post(f"{path}/payment", json={"reference": "RUN 1"})
    assert paid.json["state"] == "PAID"


def test_hours_are_logged_and_confirmed(stage: Stage, api: Enter) -> None:
    pledge = stage.open(deal(minimum=60, maximum=6_000), unit="HOUR")
    confirmed = stage.join(pledge, stage.place.people["resident"], 60)
    stage.move(hours=48)
    stage.settle(pledge)
    made = api("resident").post(
        f"/api/v1/commitments/{confirmed.commitment}/hours",
        json={"minutes": 45, "worked_on": "2026-03-04"},
    )
    path = made.headers["Location"]
    assert api("resident").post(f"{path}/confirmation", json={}).status_code == 403
    assert api("organiser").post(f"{path}/confirmation", json={}).json["state"] == "CONFIRMED"


def test_an_offer_is_proposed_decided_funded_and_taken(stage: Stage, api: Enter) -> None:
    def pounds(pence: int) -> dict[str, Any]:
        return {"unit": "GBP", "quantity": pence}

    body = {
        "title": "Match for trees", "donor": stage.place.council, "pot": pounds(50_000),
        "rate_match": 1, "rate_gift": 2, "donor_max": pounds(1_000), "pledge_max": pounds(20_000),
    }  # fmt: skip
    made = api("officer").post("/api/v1/offers", json=body)
    path = made.headers["Location"]
    stage.decide(made.json["proposal"])
    approved = api("officer").post(f"{path}/approval", json={"decision_reference": "CAB/1"})
    assert approved.json["state"] == "APPROVED"
    funded = api("officer").post(f"{path}/funding", json={"receipt_reference": "BACS 1"})
    assert funded.json["free"] == pounds(50_000)
    pledge = stage.open()
    taken = api("officer").post(f"/api/v1/pledges/{pledge}/match", json={"offer": made.json["id"]})
    assert taken.json["match_reserved"] == pounds(20_000)
    assert api("resident").get(path).json["free"] == pounds(30_000)


def test_long_lists_come_in_parts_and_miss_nothing(stage: Stage, api: Enter) -> None:
    made = sorted(stage.open() for _ in range(5))
    found, after = [], ""
    while True:
        part = api("resident").get(f"/api/v1/pledges?limit=2&after={after}").json
        found += [row["id"] for row in part["items"]]
        if not part["next"]:
            break
        after = part["next"]
    assert found == made


def test_refunds_of_what_lapsed_are_proposed_and_paid(stage: Stage, api: Enter) -> None:
    pledge = stage.open()
    confirmed = stage.join(pledge, stage.place.people["resident"], 1_000)
    stage.pay(confirmed.commitment, 1_000, "BANK 1")
    stage.move(days=60)
    stage.at_deadline(pledge)
    made = api("officer").post("/api/v1/refund-runs", json={"pledge": pledge})
    stage.decide(made.json["proposal"])
    path = made.headers["Location"]
    assert api("officer").get(path).json["amount"]["quantity"] == 1_000
    assert api("officer").post(f"{path}/payment", json={"reference": "R"}).json["state"] == "PAID"
