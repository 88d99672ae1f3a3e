"""What is withheld from public inspection by hand: at the pages, over the API and by command."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from ledger.exports import inspecting
from scripts import verify_inspection
from tests import cast
from tests.cast import Place
from tests.domain.test_inspections import period  # noqa: F401 - a fixture
from tests.pages.test_inspections import opened, people  # noqa: F401 - people is a fixture

MARK, SHOW = "/audit/journals/3/withholding", "/audit/journals/3/showing"
WHY = "It names a price under tender."
MARKED = {"parts": ["reason", "entry.1"], "reason": WHY}
Enter = Callable[[str], FlaskClient]


def packed(browser: Any, path: str, into: Path) -> str:
    """Take a bundle away, prove it, and return its sheet."""
    taken = browser.get(path)
    assert taken.status_code == 200
    into.write_bytes(taken.data)
    assert verify_inspection.main([str(into)]) == 0
    with ZipFile(io.BytesIO(taken.data)) as zipped:
        name = next(one for one in zipped.namelist() if one.endswith(inspecting.SHEET))
        return zipped.read(name).decode()


def test_what_is_marked_on_a_journals_page_is_withheld_with_its_reason_beside_it(
    people: dict[str, Any],  # noqa: F811
    client: FlaskClient,
    period: int,  # noqa: F811
    tmp_path: Path,
) -> None:
    s151 = people["s151"]
    path = opened(people, period)
    assert f'href="{MARK}"' in s151.get("/audit/journals/3").text
    form = s151.get(MARK).text
    assert "open for inspection until 14 April 2026" in form
    assert "=counted twice" in form
    assert "The account of entry 2" in form
    assert "counted twice" in packed(client, f"{path}/bundle.zip", tmp_path / "before.zip")
    marked = s151.submit(MARK, MARKED)
    assert (marked.status_code, marked.headers["Location"]) == (303, "/audit/journals/3")
    public = packed(client, f"{path}/bundle.zip", tmp_path / "public.zip")
    assert "counted twice" not in public
    assert public.count(inspecting.BY_HAND) == 3
    assert "counted twice" in packed(people["auditor"], f"{path}/full.zip", tmp_path / "full.zip")
    for browser in (client, people["resident"], people["auditor"]):
        page = browser.get(path).text
        assert "Withheld as commercially confidential" in page
        assert WHY in page
        assert "Its reason and purpose" in page
        assert cast.NAMES["s151"] not in page.split("<main", 1)[1]
    for part in ("s151", "officer", "auditor"):
        assert "withheld as commercially confidential since 2 March 2026" in (
            people[part].get("/audit/journals/3").text
        )
    assert "The account of entry 1" not in s151.get(MARK).text
    shown = s151.submit(SHOW, {"parts": ["reason"], "reason": "The tender is over."})
    assert shown.status_code == 303
    again = packed(client, f"{path}/bundle.zip", tmp_path / "again.zip")
    assert ("counted twice" in again, again.count(inspecting.BY_HAND)) == (True, 1)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"parts": []}, "Select what is withheld"),
    "no reason": ({"reason": ""}, "Enter a reason"),
    "too short": ({"reason": "no"}, "3 characters or more"),
    "no such part": ({"parts": ["kind"]}, "no part of journal 3"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    people: dict[str, Any],  # noqa: F811
    period: int,  # noqa: F811
    what: str,
) -> None:
    changed, words = WRONG[what]
    answer = people["s151"].submit(MARK, MARKED | changed)
    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert (MARKED | changed)["reason"] in answer.text


def test_a_page_with_nothing_left_to_mark_or_show_says_so(
    people: dict[str, Any],  # noqa: F811
    period: int,  # noqa: F811
) -> None:
    s151 = people["s151"]
    assert "Nothing of this journal is withheld by hand" in s151.get(SHOW).text
    unsaid = s151.submit(SHOW, {"parts": [], "reason": WHY})
    assert (unsaid.status_code, "Select what is shown again" in unsaid.text) == (422, True)
    every = {"parts": ["reason", "group", "entry.1", "entry.2"], "reason": WHY}
    assert s151.submit(MARK, every).status_code == 303
    assert "Everything that may be withheld" in s151.get(MARK).text
    twice = s151.submit(MARK, every)
    assert (twice.status_code, "it is withheld" in twice.text) == (422, True)


@pytest.mark.parametrize("part", ["officer", "auditor", "resident"])
def test_others_neither_mark_nor_are_offered_it(
    people: dict[str, Any],  # noqa: F811
    period: int,  # noqa: F811
    part: str,
) -> None:
    assert MARK not in people[part].get("/audit/journals/3").text
    assert people[part].get(MARK).status_code == 403
    assert people[part].submit(MARK, MARKED).status_code == 403
    assert people[part].submit(SHOW, MARKED).status_code == 403


def test_a_long_list_on_the_page_goes_on_in_the_bundle(
    people: dict[str, Any],  # noqa: F811
    client: FlaskClient,
    period: int,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = opened(people, period)
    people["s151"].submit(MARK, MARKED)
    assert "These are the first" not in client.get(path).text
    monkeypatch.setattr("ledger.pages.inspections.ROWS", 1)
    page = client.get(path).text
    assert "These are the first" in page
    assert page.count(WHY) == 1


def test_the_api_does_the_same(
    api: Enter,
    client: FlaskClient,
    period: int,  # noqa: F811
) -> None:
    base = "/api/v1/withholdings"
    body = {"period": period, "opens_on": "2026-03-02"}
    inspection = api("s151").post("/api/v1/inspections", json=body).json["id"]
    made = api("head").post(f"{base}/journals/3", json=MARKED)
    assert (made.status_code, [one["part"] for one in made.json["items"]]) == (
        200, ["entry.1", "reason"],
    )  # fmt: skip
    listed = client.get(f"{base}/inspections/{inspection}").json["items"]
    assert listed == made.json["items"] == api("auditor").get(f"{base}/journals/3").json["items"]
    assert listed[0] == {
        "journal": 3, "part": "entry.1", "reason": WHY, "withheld_on": "2026-03-02",
    }  # fmt: skip
    twice = api("head").post(f"{base}/journals/3", json=MARKED)
    assert (twice.status_code, twice.json["code"]) == (409, "inspections.withheld_already")
    odd = api("head").post(f"{base}/journals/3", json=MARKED | {"parts": ["kind"]})
    assert (odd.status_code, odd.json["place"]) == (422, "parts")
    assert api("head").post(f"{base}/journals/3", json=MARKED | {"parts": []}).status_code == 422
    shown = api("s151").post(f"{base}/journals/3/showing", json=MARKED)
    assert shown.json["items"] == []
    for part in ("officer", "auditor", "resident"):
        assert api(part).post(f"{base}/journals/3", json=MARKED).status_code == 403
        assert api(part).post(f"{base}/journals/3/showing", json=MARKED).status_code == 403


def test_the_commands_do_the_same(app: Flask, place: Place, period: int) -> None:  # noqa: F811
    token = ["--token", cast.api_secret(place, "s151")]

    def run(*words: str) -> Result:
        return app.test_cli_runner().invoke(args=["ledger", "inspection", *words])

    made = run("open", str(period), "--from", "2026-03-02", *token).output.split()[-1]
    parts = ["--part", "reason", "--part", "entry.2"]
    marked = run("withhold", "3", *parts, "--reason", WHY, *token)
    assert (marked.exit_code, "withheld by hand: 2" in marked.output) == (0, True)
    assert f"3  entry.2  since 2026-03-02: {WHY}" in run("withheld", made).output
    assert run("withhold", "3", *parts, "--reason", WHY, *token).exit_code == 1
    shown = run("show", "3", "--part", "reason", "--reason", "the tender is over", *token)
    assert (shown.exit_code, "withheld by hand: 1" in shown.output) == (0, True)
