"""Naming a measure after its file was read, and where measures are listed (O12)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import dividing
from tests.cast import Place
from tests.dividing import MEASURE

Enter = Callable[[FlaskClient, str], FlaskClient]
PATH = f"/measures/{MEASURE}/name"
NAMED = {"name": "Deliberate fires", "counted": "a fire set on purpose", "better": "lower"}


@pytest.fixture
def people(app: Flask, place: Place, sign_in: Enter) -> dict[str, Any]:
    parts = ("analyst", "officer", "resident", "auditor")
    return {part: sign_in(app.test_client(), part) for part in parts}


def upload(people: dict[str, Any], content: bytes) -> str:
    file = (io.BytesIO(content), "fires.csv")
    done = people["analyst"].submit("/analyst/readings", {"measure": MEASURE, "file": file})
    assert done.status_code == 303, done.text
    return str(done.headers["Location"])


def test_a_name_is_offered_after_the_upload_and_shown_from_then_on(people: dict[str, Any]) -> None:
    analyst = people["analyst"]
    assert upload(people, dividing.readings_file()) == PATH
    form = analyst.get(PATH).text
    assert "288 readings added" in form
    assert "pages call it by its code" in form
    assert "Not now" in form
    listed = analyst.get("/analyst").text
    assert "Not named yet" in listed
    assert f'href="{PATH}"' in listed
    said = analyst.submit(PATH, NAMED)
    assert (said.status_code, said.headers["Location"]) == (303, "/analyst")
    listed = analyst.get("/analyst").text
    assert "Deliberate fires: a fire set on purpose" in listed
    assert "Not named yet" not in listed
    assert 'value="Deliberate fires"' in analyst.get(PATH).text
    assert upload(people, dividing.readings_file(after=30)) == "/analyst"


def test_an_officer_names_one_where_an_agreement_begins(people: dict[str, Any]) -> None:
    upload(people, dividing.readings_file())
    officer, start = people["officer"], "/council/agreements/new"
    assert f"{MEASURE} has no name yet" in officer.get(start).text
    said = officer.submit(PATH, NAMED)
    assert (said.status_code, said.headers["Location"]) == (303, start)
    page = officer.get(start).text
    assert "Deliberate fires" in page
    assert "has no name yet" not in page
    assert "Deliberate fires" in officer.get(f"{start}?measure={MEASURE}").text


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no name": ({"name": ""}, "Enter a name"),
    "too short": ({"name": "no"}, "3 characters or more"),
    "no letters": ({"name": "???"}, "has no letters"),
    "neither way": ({"better": ""}, "Select which way is better"),
    "too many words": ({"counted": "x" * 1_001}, "characters or fewer"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(people: dict[str, Any], what: str) -> None:
    upload(people, dividing.readings_file())
    changed, words = WRONG[what]
    typed = NAMED | changed
    answer = people["analyst"].submit(PATH, typed)
    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert typed["counted"] in answer.text


@pytest.mark.parametrize("part", ["resident", "auditor"])
def test_others_name_nothing(people: dict[str, Any], part: str) -> None:
    upload(people, dividing.readings_file())
    assert people[part].get(PATH).status_code == 403
    assert people[part].submit(PATH, NAMED).status_code == 403


def test_a_measure_that_is_not_there_is_missing(people: dict[str, Any]) -> None:
    assert people["analyst"].get("/measures/litter/name").status_code == 404
    assert people["analyst"].submit("/measures/litter/name", NAMED).status_code == 404


def test_the_api_and_the_command_do_the_same(
    app: Flask, place: Place, api: Callable[[str], FlaskClient], people: dict[str, Any]
) -> None:
    upload(people, dividing.readings_file())
    path = f"/api/v1/measures/{MEASURE}"
    assert api("analyst").get(path).json["name"] == MEASURE
    made = api("officer").post(f"{path}/name", json=NAMED)
    assert (made.status_code, made.json["name"], made.json["counted"]) == (
        201, "Deliberate fires", "a fire set on purpose",
    )  # fmt: skip
    assert api("analyst").post(f"{path}/name", json=NAMED | {"better": "x"}).status_code == 422
    assert api("resident").post(f"{path}/name", json=NAMED).status_code == 403
    run = app.test_cli_runner().invoke
    done = run(args=["ledger", "readings", "name", MEASURE, "--name", "Arson"])
    assert (done.exit_code, done.output) == (0, f"{MEASURE} is called Arson.\n")
    assert "Arson; final through" in run(args=["ledger", "readings", "measures"]).output
    assert run(args=["ledger", "readings", "name", "litter", "--name", "Arson"]).exit_code == 1
