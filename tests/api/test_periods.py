"""Accounting periods over the API and by command: two people, each by a token of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact
from tests import cast
from tests.cast import Place
from tests.raw_books import spec

Enter = Callable[[str], FlaskClient]
BANK, GIFTS = "Assets:Bank", "Income:Gifts"
FEBRUARY = {"starts_on": "2026-02-01", "ends_on": "2026-02-28"}


@pytest.fixture
def gift(place: Place, clock: FixedClock) -> Place:
    def unit(session: Any) -> None:
        accounts = [AccountSpec(BANK, guard="D"), AccountSpec(GIFTS)]
        books.open_accounts(session, book=place.book, specs=accounts)
        made = spec("gift", debit(BANK, 700), credit(GIFTS, 700), effective_on=date(2026, 2, 5))
        books.post(session, book=place.book, spec=made, now=clock.now())

    transact(unit)
    return place


def test_a_period_is_closed_and_opened_again_over_the_api(api: Enter, gift: Place) -> None:
    s151, head = api("s151"), api("head")
    path = s151.post("/api/v1/periods", json=FEBRUARY).headers["Location"]
    assert s151.post(f"{path}/closing", json={}).json["status"] == "ADJUSTING"
    signed = s151.post(f"{path}/signatures", json={"what": "close", "reason": "the bank agrees"})
    assert signed.status_code == 201
    digest = signed.json["signed"]["digest"]
    own = s151.post(f"{path}/countersignature", json={"digest": digest, "reason": "agreed"})
    assert (own.status_code, own.json["code"]) == (403, "approvals.same_person")
    closed = head.post(f"{path}/countersignature", json={"digest": digest, "reason": "agreed"})
    assert closed.json["status"] == "CLOSED"
    assert (
        sha256(closed.json["report"].encode()).hexdigest() == (closed.json["trial_balance_sha256"])
    )
    assert closed.json["movements"][0] == {
        "account": BANK, "unit": "GBP", "fund": "GENERAL", "debits": 700, "credits": 0,
    }  # fmt: skip
    listed = api("auditor").get("/api/v1/periods").json["items"][0]
    assert listed["trial_balance_sha256"] == closed.json["trial_balance_sha256"]
    assert api("auditor").get("/api/v1/checkpoints").json["items"][0]["size"] == 2
    again = head.post(f"{path}/signatures", json={"what": "reopen", "reason": "a late invoice"})
    body = {"digest": again.json["signed"]["digest"], "reason": "seen it"}
    assert s151.post(f"{path}/countersignature", json=body).json["status"] == "ADJUSTING"


def test_what_was_approved_among_the_decisions_is_completed(api: Enter, gift: Place) -> None:
    s151, head = api("s151"), api("head")
    path = s151.post("/api/v1/periods", json=FEBRUARY).headers["Location"]
    s151.post(f"{path}/closing", json={})
    signed = s151.post(f"{path}/signatures", json={"what": "close", "reason": "checked"}).json
    decision = {"stage": "approve", "verdict": "yes", "reason": "agreed",
                "digest": signed["signed"]["digest"]}  # fmt: skip
    where = f"/api/v1/approvals/{signed['signed']['id']}/decisions"
    assert head.post(where, json=decision).status_code == 201
    assert s151.post(f"{path}/completion", json={}).json["status"] == "CLOSED"


def test_an_old_view_of_a_period_moves_nothing(api: Enter, gift: Place) -> None:
    s151 = api("s151")
    path = s151.post("/api/v1/periods", json=FEBRUARY).headers["Location"]
    tag = s151.get(path).headers["ETag"]
    s151.post(f"{path}/closing", json={})
    stale = s151.post(
        f"{path}/signatures", json={"what": "close", "reason": "x y"}, headers={"If-Match": tag}
    )
    assert (stale.status_code, stale.json["place"]) == (409, "If-Match")


@pytest.mark.parametrize("part", ["officer", "auditor", "administrator"])
def test_only_those_who_may_close_do(api: Enter, gift: Place, part: str) -> None:
    assert api(part).post("/api/v1/periods", json=FEBRUARY).status_code == 403


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["ledger", "periods", *words])


def said(app: Flask, *words: str) -> str:
    result = run(app, *words)
    assert result.exit_code == 0, result.output
    return result.output


def test_two_people_close_a_period_by_command(app: Flask, gift: Place) -> None:
    s151, head = (["--token", cast.api_secret(gift, part)] for part in ("s151", "head"))
    assert said(app, "open", "--from", "2026-02-01", "--to", "2026-02-28", *s151) == (
        "period 1 is open\n"
    )
    assert "being closed" in said(app, "begin", "1", *s151)
    digest = said(app, "sign", "1", "--reason", "the bank agrees", *s151).strip()
    agree = ["countersign", "1", "--digest", digest, "--reason", "agreed"]
    assert run(app, *agree, *s151).exit_code == 1
    assert said(app, *agree, *head) == "period 1 is closed\n"
    assert "CLOSED" in said(app, "list")
    report = said(app, "report", "1")
    assert "Assets:Bank  [GENERAL]" in report
    exact = said(app, "report", "1", "--bytes")
    assert sha256(exact.encode()).hexdigest() in report
    again = said(app, "sign", "1", "--reopen", "--reason", "a late invoice", *head).strip()
    agree = ["countersign", "1", "--digest", again, "--reason", "seen it"]
    assert said(app, *agree, *s151) == "period 1 is being closed\n"


def test_a_token_that_may_only_read_or_is_unknown_signs_nothing(app: Flask, gift: Place) -> None:
    days = ["open", "--from", "2026-02-01", "--to", "2026-02-28", "--token"]
    for token in (cast.api_secret(gift, "s151", scopes=("read",)), "not a token"):
        assert run(app, *days, token).exit_code == 1
