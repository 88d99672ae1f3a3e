"""The register by the API: read by anybody, files by brokers, bad files refused in words."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.cast import Place

REGISTER = Path(__file__).resolve().parent.parent / "files" / "testwick_register.csv"
Api = Callable[[str], FlaskClient]


def send(
    api: FlaskClient, raw: bytes, name: str = "register.csv", **fields: str
) -> dict[str, object]:
    answer = api.post(
        "/api/v1/assets/imports", data={"file": (io.BytesIO(raw), name), **fields},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert answer.json is not None
    return {"status": answer.status_code, **answer.json}


def test_a_broker_sends_a_file_and_anybody_finds_its_buildings(
    api: Api, place: Place, client: FlaskClient
) -> None:
    broker = api("broker")
    tried = send(broker, REGISTER.read_bytes(), dry_run="yes")
    made = send(broker, REGISTER.read_bytes())
    again = send(broker, REGISTER.read_bytes())
    assert (tried["status"], tried["dry_run"], tried["added"]) == (201, True, 11)
    assert (made["added"], again["same_file"], again["import_id"]) == (11, True, made["import_id"])
    first = client.get("/api/v1/assets?limit=6").json
    assert first is not None
    rest = client.get(f"/api/v1/assets?limit=6&after={first['next']}").json
    assert rest is not None
    assert len({row["id"] for row in first["items"] + rest["items"]}) == 11
    found = client.get("/api/v1/assets?search=wharf%20hall").json
    assert found is not None
    assert [row["name"] for row in found["items"]] == ["Wharf Hall"]
    notes = broker.get(f"/api/v1/assets/imports/{made['import_id']}/notes?kind=point_swapped").json
    assert notes is not None
    assert [(note["line"], note["mended"]) for note in notes["items"]] == [(6, True)]


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"%PDF-1.7", 422, "assets.file_not_text"),
        (b"colour,shape\nred,round\n", 422, "assets.headings_unknown"),
        (b"name,postcode,lon,lat\nHall,TW1", 422, "assets.file_truncated"),
        (b"", 422, "assets.file_not_text"),
        (b"a\x00b", 422, "assets.file_not_text"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_with_a_remedy(
    api: Api, place: Place, raw: bytes, status: int, code: str
) -> None:
    answer = send(api("broker"), raw)
    assert (answer["status"], answer["code"]) == (status, code)
    assert answer["remedy"]


def test_only_brokers_and_administrators_import(api: Api, place: Place) -> None:
    assert send(api("resident"), b"x")["status"] == 403


def test_a_building_is_added_listed_and_given_hours(api: Api, place: Place) -> None:
    broker = api("broker")
    made = broker.post("/api/v1/assets", json={"name": "Wharf Hall", "council": "Testwick Council"})
    assert made.status_code == 201, made.json
    asset = made.json["id"]
    listing = broker.post(f"/api/v1/assets/{asset}/listing", json={"summary": "A hall."})
    hours = broker.post(
        f"/api/v1/assets/{asset}/hours",
        json={"from_on": "2026-01-01",
              "openings": [{"weekday": 0, "opens_minute": 480, "closes_minute": 1320}]},
    )  # fmt: skip
    assert (listing.status_code, hours.status_code) == (201, 204)
    bad = broker.post("/api/v1/assets", json={"name": "X", "council": "Y", "secret": 1})
    assert bad.status_code == 422
    half = {"name": "X", "council": "Y", "lat_microdegrees": 53_388_000}
    answer = broker.post("/api/v1/assets", json=half)
    assert (answer.status_code, answer.json["place"]) == (422, "lon_microdegrees")
    swapped = half | {"lat_microdegrees": -2_352_000, "lon_microdegrees": 53_388_000}
    assert broker.post("/api/v1/assets", json=swapped).status_code == 422
