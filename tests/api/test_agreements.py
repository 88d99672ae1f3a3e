"""Measures, readings, agreements and determinations over the API."""

from __future__ import annotations

import io
from typing import Any

from ledger.dividends import queries
from ledger.kernel.db import transaction
from tests import dividing
from tests.cast import Place


def terms_body(deal: dividing.Deal, **changed: Any) -> dict[str, Any]:
    """The terms of E1 as JSON."""
    facts = deal.terms.facts()
    for name in ("slabs", "reward", "hysteresis_bp", "clawback_bp"):
        facts.pop(name)
    facts["comparators"] = list(facts["comparators"])
    facts["payees"] = list(facts["payees"])
    facts["agencies"] = list(facts["agencies"])
    return facts | changed


def test_an_agreement_goes_from_draft_to_running_over_the_api(place: Place, api) -> None:  # type: ignore[no-untyped-def]
    deal = dividing.stage(place)
    officer, analyst, s151 = api("officer"), api("analyst"), api("s151")
    body = terms_body(
        deal, payees=[{"organisation": place.group, "weight": 1}],
        agencies=[one for one in terms_body(deal)["agencies"] if one["organisation"] != deal.police],
        cap_pence=900_000,
    )  # fmt: skip
    made = officer.post("/api/v1/agreements", json=body)
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    assert made.json["terms"]["cap_pence"] == 900_000
    assert made.json["sentence"].count("will pay") == 1
    stranger = api("resident")
    assert stranger.get(path).status_code == 404
    assert stranger.get("/api/v1/agreements").json["items"] == []
    assert len(officer.get("/api/v1/agreements?state=DRAFT").json["items"]) == 1

    def step(client: Any, name: str, sent: dict[str, Any] | None = None, **headers: str) -> Any:
        return client.post(f"{path}/{name}", json=sent or {}, headers=headers)

    tag = officer.get(path).headers["ETag"]
    assert step(officer, "brokering", **{"If-Match": tag}).status_code == 201
    assert step(officer, "brokering", **{"If-Match": tag}).json["code"].endswith("stale_view")
    power = {"legal_power": "Localism Act 2011, section 1"}
    assert step(officer, "power-check", power).json["odds"]["verdict"] == "warn"
    digest = officer.get(path).json["digest"]
    for client, organisation in (
        (officer, place.council), (analyst, deal.fire), (api("organiser"), place.group),
    ):  # fmt: skip
        signed = step(client, "signatures", {"organisation": organisation, "digest": digest})
        assert signed.status_code == 201, signed.text
    assert signed.json["state"] == "SIGNED"
    assert step(s151, "commitment").status_code == 201
    for agency, pence in ((deal.fire, 720_000), (place.council, 300_000)):
        bank = {"agency": agency, "quantity_pence": pence, "reference": "BACS 1",
                "received_on": "2026-03-02"}  # fmt: skip
        assert step(officer, "receipts", bank).status_code == 201
    assert step(s151, "funding").json["state"] == "FUNDED"
    assert step(officer, "activation").json["state"] == "ACTIVE"
    assert step(officer, "ending", {"reason": "Changed our minds."}).status_code == 409


def test_a_determination_is_decided_over_the_api_by_its_version(place: Place, api) -> None:  # type: ignore[no-untyped-def]
    deal = dividing.running(place)
    officer, s151, stranger = api("officer"), api("s151"), api("resident")
    determination = dividing.proposed(deal)
    at = f"/api/v1/determinations/{determination}"
    shown = officer.get(at)
    sent = {
        "stage": "verify",
        "verdict": "yes",
        "reason": "Checked.",
        "digest": shown.json["digest"],
    }
    done = officer.post(f"{at}/decisions", json=sent, headers={"If-Match": shown.headers["ETag"]})
    assert done.json["state"] == "VERIFIED"
    stale = s151.post(f"{at}/decisions", json=sent, headers={"If-Match": shown.headers["ETag"]})
    assert stale.status_code == 409
    done = s151.post(f"{at}/decisions", json=sent | {"stage": "approve"})
    assert done.json["state"] == "APPROVED"
    assert stranger.get(at).json["digest"] is None
    listed = stranger.get(f"/api/v1/determinations?agreement={deal.agreement}").json
    assert [one["result"] for one in listed["items"]] == ["MET_ASSURED"]
    early = {"payee": place.group, "quantity_pence": 1, "reference": "RUN", "paid_on": "2026-03-02"}
    paid = officer.post(f"/api/v1/agreements/{deal.agreement}/payments", json=early)
    assert paid.status_code == 422


def test_a_draft_with_a_part_missing_is_unprocessable(place: Place, api) -> None:  # type: ignore[no-untyped-def]
    # D1: must-have 1.
    deal = dividing.stage(place)
    officer = api("officer")
    for changed in ({"payees": []}, {"evidence": ""}, {"threshold_bp": "2000"},
                    {"threshold_bp": 20.5}, {"baseline_from": "2021-02-30"}, {"bonus": 1},
                    {"baseline_months": 30}, {"area": "atlantis"}, {"cap_pence": 9_999_999}):  # fmt: skip
        refused = officer.post("/api/v1/agreements", json=terms_body(deal, **changed))
        assert refused.status_code == 422, changed
        assert refused.json["code"]
    with transaction(read_only=True) as session:
        assert queries.agreements(session) == []


def test_readings_go_in_as_a_file_and_come_out_without_small_counts(place: Place, api) -> None:  # type: ignore[no-untyped-def]
    analyst = api("analyst")

    def upload(content: bytes, **typed: str) -> Any:
        data = {"measure": dividing.MEASURE, "file": (io.BytesIO(content), "fires.csv")} | typed
        return analyst.post("/api/v1/readings/imports", data=data)

    tried = upload(dividing.readings_file(), dry_run="yes")
    assert (tried.json["added"], tried.json["dry_run"]) == (288, True)
    first = upload(dividing.readings_file())
    assert (first.status_code, first.json["added"]) == (201, 288)
    again = upload(dividing.readings_file())
    assert (again.json["same_file"], again.json["unchanged"]) == (True, 288)
    bad = upload(b"area,period,value\nCanal Side,2024-01,-1\n")
    assert (bad.status_code, bad.json["code"]) == (422, "outcomes.rows_refused")
    listed = upload(b"area,period,value\nCanal Side,2024-01,-1\n", dry_run="yes")
    assert listed.json["problems"][0]["line"] == 2
    assert upload(b"x", dry_run="maybe").status_code == 422
    assert upload(b"x", measure="Fires!").status_code == 422
    assert len(analyst.get("/api/v1/readings/imports").json["items"]) == 1

    query = (
        f"/api/v1/readings?measure={dividing.MEASURE}&area=canal-side&from=2021-01-01&to=2021-12-01"
    )
    mine = [one["value"] for one in analyst.get(query).json["items"]]
    public = [one["value"] for one in api("resident").get(query).json["items"]]
    assert len(mine) == 12
    assert public == [None if 1 <= value <= 4 else value for value in mine]
    assert analyst.get(query.replace("canal-side", "atlantis")).json["items"] == []


def test_measures_are_defined_versioned_and_marked_final(place: Place, api) -> None:  # type: ignore[no-untyped-def]
    analyst = api("analyst")
    body = {"code": "fires.bins", "name": "Bin fires", "definition": "Fires in bins."}
    first = analyst.post("/api/v1/measures", json=body)
    assert (first.status_code, first.json["version_id"]) == (201, "fires.bins@1")
    second = analyst.post("/api/v1/measures", json=body)
    assert second.json["version"] == 2
    marked = analyst.post("/api/v1/measures/fires.bins/final", json={"through": "2026-01-31"})
    assert marked.json["final_through"] == "2026-01-01"
    for through in ("2026-01-01", "2026-04-01"):
        refused = analyst.post("/api/v1/measures/fires.bins/final", json={"through": through})
        assert refused.status_code in (409, 422)
    assert analyst.get("/api/v1/measures/fires.bins").json["name"] == "Bin fires"
    assert analyst.get("/api/v1/measures/fires.none").status_code == 404
    assert analyst.get("/api/v1/measures/fires.bins/areas").json["items"] == []
    assert [one["id"] for one in analyst.get("/api/v1/measures").json["items"]] == ["fires.bins"]
    assert api("officer").post("/api/v1/measures", json=body).status_code == 403
    assert analyst.post("/api/v1/measures", json=body | {"code": "Bins!"}).status_code == 422
