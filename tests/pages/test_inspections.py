"""Inspection at the pages, over the API and by command: opened, taken away, asked, answered."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact
from scripts import verify_inspection
from tests import cast
from tests.cast import NAMES, Place
from tests.domain.test_inspections import period  # noqa: F401 - a fixture
from tests.raw_books import spec

Enter = Callable[[FlaskClient, str], FlaskClient]
FIRST = {"opens_on-day": "2", "opens_on-month": "3", "opens_on-year": "2026"}
PARTS = ("s151", "officer", "resident", "resident2", "auditor")


@pytest.fixture
def people(app: Flask, place: Place, sign_in: Enter) -> dict[str, Any]:
    return {part: sign_in(app.test_client(), part) for part in PARTS}


def opened(people: dict[str, Any], number: int) -> str:
    made = people["s151"].submit("/inspections/new", FIRST | {"period": str(number)})
    assert made.status_code == 303, made.text
    return str(made.headers["Location"])


def test_the_books_are_opened_and_anybody_takes_them_away(
    people: dict[str, Any],
    client: FlaskClient,
    period: int,  # noqa: F811 - the fixture
    tmp_path: Path,
) -> None:
    assert "No books have been opened" in client.get("/inspections").text
    assert "Open the books of a period" in people["s151"].get("/inspections").text
    path = opened(people, period)
    page = client.get(path).text
    assert "From 2 March 2026 to 14 April 2026" in page
    assert "Sign in to ask or object" in page
    assert "full.zip" not in page
    taken = client.get(f"{path}/bundle.zip")
    assert taken.status_code == 200
    with ZipFile(io.BytesIO(taken.data)) as packed:
        assert not packed.testzip()
        assert NAMES["resident"] not in "".join(
            packed.read(one).decode() for one in packed.namelist()
        )
    (tmp_path / "public.zip").write_bytes(taken.data)
    for program in ("verify_books.py", "verify_inspection.py"):
        (tmp_path / program).write_bytes(client.get(f"/{program}").data)
    proved = subprocess.run(
        [sys.executable, "-I", "verify_inspection.py", "public.zip"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert proved.stdout.splitlines()[-1] == "PROVEN", proved.stdout + proved.stderr
    whole = people["auditor"].get(f"{path}/full.zip")
    (tmp_path / "full.zip").write_bytes(whole.data)
    assert verify_inspection.main([str(tmp_path / "full.zip")]) == 0
    assert people["resident"].get(f"{path}/full.zip").status_code == 403
    again = people["s151"].submit("/inspections/new", FIRST | {"period": str(period)})
    assert (again.status_code, "opened for inspection before" in again.text) == (422, True)
    assert "none is closed" in people["s151"].get("/inspections/new").text


def test_what_was_typed_wrong_is_said_beside_it(
    people: dict[str, Any],
    period: int,  # noqa: F811 - the fixture
) -> None:
    s151 = people["s151"]
    for fields, words in (
        ({}, "Select a period"),
        (FIRST | {"period": str(period), "opens_on-day": "1"}, "The first day has passed"),
        (FIRST | {"period": str(period), "more_days": "11"}, "cannot be added"),
    ):
        refused = s151.submit("/inspections/new", fields)
        assert (refused.status_code, words in refused.text) == (422, True)
    path = opened(people, period)
    asking = {"kind": "question", "seq": "1", "words": "Why?"}
    for change, words in (
        ({"kind": ""}, "Select whether you ask or object"),
        ({"seq": "4"}, "is not part of it"),
        ({"line": "9"}, "is not part of it"),
        ({"words": ""}, "Enter your words"),
    ):
        refused = people["resident"].submit(f"{path}/ask", asking | change)
        assert (refused.status_code, words in refused.text) == (422, True)


def asked(people: dict[str, Any], path: str, **changed: str) -> str:
    fields = {"kind": "question", "seq": "1", "words": "Where did it come from?"} | changed
    made = people["resident"].submit(f"{path}/ask", fields)
    assert made.status_code == 303, made.text
    return str(made.headers["Location"])


def test_a_question_is_asked_answered_and_then_read_by_all(
    people: dict[str, Any],
    client: FlaskClient,
    period: int,  # noqa: F811 - the fixture
) -> None:
    path = opened(people, period)
    assert "Ask or object" in people["resident"].get(path).text
    assert 'value="3"' in people["resident"].get(f"{path}/ask?journal=3").text
    matter = asked(people, path, line="1")
    assert "Question about journal 1, entry 1" in people["resident"].get(path).text
    assert "1 question or objection waits" in client.get(path).text
    assert client.get(matter).status_code == people["resident2"].get(matter).status_code == 404
    assert "Publish the answer" in people["officer"].get(matter).text
    unsaid = people["officer"].submit(f"{matter}/answer", {"words": ""})
    assert (unsaid.status_code, "Enter your answer" in unsaid.text) == (422, True)
    said = people["officer"].submit(f"{matter}/answer", {"words": "From a neighbour."})
    assert said.status_code == 303
    for browser in (client, people["resident2"]):
        page = browser.get(matter).text
        assert "From a neighbour." in page
        assert NAMES["resident"] not in page
    assert people["officer"].submit(f"{matter}/answer", {"words": "again"}).status_code == 409


def test_a_long_list_goes_on_and_nobody_asks_without_end(
    people: dict[str, Any],
    client: FlaskClient,
    period: int,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ledger.pages.inspections.ROWS", 1)
    monkeypatch.setattr("ledger.kernel.limits.MATTERS_WAITING_MAX", 2)
    path = opened(people, period)
    first, second = sorted([asked(people, path), asked(people, path)])
    fields = {"kind": "question", "seq": "1", "words": "And why?"}
    refused = people["resident"].submit(f"{path}/ask", fields)
    assert (refused.status_code, "wait for an answer" in refused.text) == (422, True)
    page = people["officer"].get(path).text
    assert (first in page, second in page) == (True, False)
    assert "More" in page
    rest = people["officer"].get(f"{path}?after={first.rsplit('/', 1)[1]}").text
    assert (first in rest, second in rest) == (False, True)
    assert "2 questions and objections wait" in people["officer"].get("/council").text


def test_an_objection_is_replied_to_and_decided_and_one_may_be_withdrawn(
    people: dict[str, Any],
    client: FlaskClient,
    period: int,  # noqa: F811 - the fixture
) -> None:
    path = opened(people, period)
    matter = asked(people, path, kind="objection")
    assert "1 objection to decide" in people["auditor"].get("/audit").text
    assert "to decide" not in people["s151"].get("/audit").text
    assert "Publish the decision" in people["auditor"].get(matter).text
    people["officer"].submit(f"{matter}/answer", {"words": "It was lawful."})
    people["auditor"].submit(f"{matter}/decision", {"words": "It was not."})
    page = client.get(matter).text
    assert "The council’s reply" in page
    assert "The auditor’s decision" in page
    other = asked(people, path, kind="objection")
    assert "Withdraw it" in people["resident"].get(other).text
    done = people["resident"].submit(f"{other}/withdrawal", follow_redirects=True)
    assert "It is withdrawn" in done.text
    assert client.get(other).status_code == 404


def test_nobody_asks_before_or_after(
    people: dict[str, Any],
    period: int,  # noqa: F811 - the fixture
) -> None:
    later = FIRST | {"opens_on-day": "9", "period": str(period), "more_days": "1"}
    path = str(people["s151"].submit("/inspections/new", later).headers["Location"])
    assert "It begins on 9 March 2026" in people["resident"].get(path).text
    assert "is not open today" in people["resident"].get(f"{path}/ask").text
    fields = {"kind": "question", "seq": "1", "words": "Why?"}
    refused = people["resident"].submit(f"{path}/ask", fields)
    assert (refused.status_code, "begins on 9 March" in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("today", "words"),
    [
        ("2026-07-01", "begin on a day from <strong>3 June 2026"),
        ("2026-07-02", "it had to begin by"),
    ],
)
def test_the_days_on_which_a_years_inspection_may_begin_are_said_and_whether_it_is_late(
    app: Flask, place: Place, sign_in: Enter, client: FlaskClient, clock: FixedClock, today: str,
    words: str,
) -> None:  # fmt: skip
    """I1: the first ten working days of July are among the thirty."""
    days = {"starts_on": date(2025, 4, 1), "ends_on": date(2026, 3, 31)}

    def close(session: Session) -> int:
        accounts = [AccountSpec("Assets:Bank"), AccountSpec("Income:Gifts")]
        books.open_accounts(session, book=place.book, specs=accounts)
        gift = spec("gift", debit("Assets:Bank", 5), credit("Income:Gifts", 5),
                    effective_on=date(2026, 3, 1))  # fmt: skip
        books.post(session, book=place.book, spec=gift, now=clock.now())
        number = books.open_period(session, book=place.book, **days)
        books.begin_closing(session, period=number)
        books.close_period(
            session, period=number, signed_by="PER-A", countersigned_by="PER-B", reason="in",
            now=clock.now(),
        )  # fmt: skip
        return number

    number = transact(close)
    clock.at = datetime.fromisoformat(f"{today}T09:00:00+00:00")
    s151 = sign_in(app.test_client(), "s151")
    assert words in s151.get("/inspections/new").text
    first = dict(
        zip(("opens_on-year", "opens_on-month", "opens_on-day"), today.split("-"), strict=True)
    )
    made = s151.submit("/inspections/new", first | {"period": str(number)})
    assert made.status_code == 303, made.text
    held = "Included, 1 July 2026 to 14 July 2026"
    page, is_late = client.get(made.headers["Location"]).text, today == "2026-07-02"
    assert ("Not included: 1 July 2026" in page, held in page) == (is_late, not is_late)
    shown = client.get(f"/api/v1{made.headers['Location']}").json
    assert shown["holds_july"] is not is_late


def test_the_api_does_the_same(
    api: Callable[[str], FlaskClient],
    client: FlaskClient,
    period: int,  # noqa: F811 - the fixture
) -> None:
    base = "/api/v1/inspections"
    body = {"period": period, "opens_on": "2026-03-02"}
    made = api("s151").post(base, json=body)
    assert (made.status_code, made.json["closes_on"]) == (201, "2026-04-14")
    path = made.headers["Location"]
    assert client.get(path).json["root"] == made.json["root"]
    assert [one["id"] for one in client.get(base).json["items"]] == [made.json["id"]]
    asking = {"kind": "objection", "journal": 3, "entry": 2, "words": "This was paid twice."}
    matter = api("resident").post(f"{path}/matters", json=asking)
    assert (matter.status_code, matter.json["state"]) == (201, "ASKED")
    own = matter.headers["Location"]
    assert client.get(f"{path}/matters").json["items"] == []
    assert client.get(own).status_code == 404
    replied = api("officer").post(f"{own}/answer", json={"words": "Once."})
    assert replied.json["state"] == "REPLIED"
    decided = api("auditor").post(f"{own}/decision", json={"words": "Once indeed."})
    assert [one["state"] for one in decided.json["answers"]] == ["REPLIED", "DECIDED"]
    assert client.get(own).json == decided.json
    gone = api("resident").post(f"{own}/withdrawal", json={})
    assert (gone.status_code, gone.json["code"]) == (409, "inspections.wrong_step")
    second = api("resident").post(f"{path}/matters", json=asking | {"kind": "question"})
    back = api("resident").post(f"{second.headers['Location']}/withdrawal", json={})
    assert back.json["state"] == "WITHDRAWN"


def test_one_command_writes_each_bundle(
    app: Flask,
    place: Place,
    clock: FixedClock,
    period: int,  # noqa: F811 - the fixture
    tmp_path: Path,
) -> None:
    def run(*words: str) -> str:
        result = app.test_cli_runner().invoke(args=["ledger", "inspection", *words])
        assert result.exit_code == 0, result.output
        return result.output

    token = cast.api_secret(place, "s151")
    made = run("open", str(period), "--from", "2026-03-02", "--token", token).split()[-1]
    assert made in run("list")
    roots = set()
    for extra in ((), ("--full",)):
        said = run("bundle", made, "--into", str(tmp_path), *extra)
        folder, root = re.fullmatch(r"(.*)\nroot ([0-9a-f]{64})\n", said).groups()  # type: ignore[union-attr]
        assert verify_inspection.verify(Path(folder), say=lambda _words: None) == []
        roots.add(root)
    assert len(roots) == 1
    reader = cast.api_secret(place, "s151", scopes=("read",))
    refused = app.test_cli_runner().invoke(
        args=[
            "ledger",
            "inspection",
            "open",
            str(period),
            "--from",
            "2026-03-02",
            "--token",
            reader,
        ]
    )
    assert (refused.exit_code, "may only read" in refused.output) == (1, True)
