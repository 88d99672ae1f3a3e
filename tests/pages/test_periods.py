"""The pages of accounting periods: two people close one, and open it again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger.audit import queries as audit
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from tests.cast import Place
from tests.raw_books import spec

Enter = Callable[[FlaskClient, str], FlaskClient]
BANK, GIFTS = "Assets:Bank", "Income:Gifts"
FEBRUARY = {
    "starts-day": "1", "starts-month": "2", "starts-year": "2026",
    "ends-day": "28", "ends-month": "2", "ends-year": "2026",
}  # fmt: skip


@pytest.fixture
def people(app: Flask, place: Place, sign_in: Enter, clock: FixedClock) -> dict[str, Any]:
    def unit(session: Any) -> None:
        accounts = [AccountSpec(BANK, guard="D"), AccountSpec(GIFTS)]
        books.open_accounts(session, book=place.book, specs=accounts)
        gift = spec("gift", debit(BANK, 700), credit(GIFTS, 700), effective_on=date(2026, 2, 5))
        books.post(session, book=place.book, spec=gift, now=clock.now())

    transact(unit)
    return {
        part: sign_in(app.test_client(), part) for part in ("s151", "head", "officer", "auditor")
    }


def opened(people: dict[str, Any]) -> str:
    made = people["s151"].submit("/council/periods", FEBRUARY)
    assert made.status_code == 303, made.text
    return str(made.headers["Location"])


def digest_on(page: str) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def signed(people: dict[str, Any], path: str) -> str:
    assert people["s151"].submit(f"{path}/closing").status_code == 303
    fields = {"kind": "period.close", "reason": "the bank agrees"}
    assert people["s151"].submit(f"{path}/signature", fields).status_code == 303
    return digest_on(people["head"].get(path).text)


def test_two_people_close_a_period_and_a_checkpoint_is_made(
    people: dict[str, Any], place: Place
) -> None:
    path = opened(people)
    digest = signed(people, path)
    assert "/council/periods/" in people["head"].get("/council").text
    assert "You proposed this yourself" in people["s151"].get(path).text
    fields = {"digest": digest, "reason": "read and agreed"}
    done = people["head"].submit(f"{path}/countersignature", fields, follow_redirects=True)
    assert "a checkpoint was made" in done.text
    assert "Sam Thorne" in done.text
    with transaction(read_only=True) as session:
        checkpoint = audit.latest_checkpoint(session, place.book)
    assert checkpoint is not None
    assert (checkpoint.size, checkpoint.reason) == (2, "close")
    shown = people["auditor"].get("/audit/periods").text
    assert "the bank agrees" in shown
    report = people["auditor"].get(f"/audit/periods/{path.rsplit('/', 1)[1]}/trial-balance.json")
    assert json.loads(report.data) == [
        ["Assets:Bank", "GBP", "GENERAL", 700, 0], ["Income:Gifts", "GBP", "GENERAL", 0, 700],
    ]  # fmt: skip
    assert sha256(report.data).hexdigest() in people["auditor"].get("/audit/journals/2").text


def test_a_closed_period_is_opened_again_by_two_people(people: dict[str, Any]) -> None:
    path = opened(people)
    digest = signed(people, path)
    people["head"].submit(f"{path}/countersignature", {"digest": digest, "reason": "agreed"})
    again = {"kind": "period.reopen", "reason": "a late invoice"}
    assert people["head"].submit(f"{path}/signature", again).status_code == 303
    shown = people["s151"].get(path).text
    assert "a late invoice" in shown
    fields = {"digest": digest_on(shown), "reason": "seen it"}
    done = people["s151"].submit(f"{path}/countersignature", fields, follow_redirects=True)
    assert "Being closed" in done.text


def test_what_was_approved_elsewhere_is_carried_out_here(people: dict[str, Any]) -> None:
    path = opened(people)
    digest = signed(people, path)
    proposal = re.search(r"/approvals/(PRP-\w+)", people["head"].get(path).text)
    assert proposal is not None
    yes = {"digest": digest, "stage": "approve", "verdict": "yes", "reason": "agreed"}
    assert people["head"].submit(f"/approvals/{proposal[1]}", yes).status_code == 303
    assert "Two people have signed" in people["s151"].get(path).text
    done = people["s151"].submit(f"{path}/completion", follow_redirects=True)
    assert "Done, and a checkpoint was made" in done.text


def test_what_was_typed_wrong_is_said_beside_it(people: dict[str, Any]) -> None:
    s151 = people["s151"]
    backwards = {**FEBRUARY, "ends-month": "1", "ends-day": "3"}
    refused = s151.submit("/council/periods", backwards)
    assert (refused.status_code, "is no stretch of days" in refused.text) == (422, True)
    half = s151.submit("/council/periods", {"starts-day": "1"})
    assert (half.status_code, "must include a month" in half.text) == (422, True)
    path = opened(people)
    s151.submit(f"{path}/closing")
    for fields in ({"kind": "period.close"}, {"kind": "period.close", "reason": "ab"}):
        unsaid = s151.submit(f"{path}/signature", fields)
        assert (unsaid.status_code, "There is a problem" in unsaid.text) == (422, True)


def test_a_signature_falls_when_something_is_posted(
    people: dict[str, Any], place: Place, clock: FixedClock
) -> None:
    path = opened(people)
    digest = signed(people, path)
    late = spec("late", debit(BANK, 5), credit(GIFTS, 5), effective_on=date(2026, 2, 6),
                checker="PER-B")  # fmt: skip
    transact(lambda s: books.post(s, book=place.book, spec=late, now=clock.now()))
    assert "the signature holds no more" in people["head"].get(path).text
    fields = {"digest": digest, "reason": "agreed"}
    assert people["head"].submit(f"{path}/countersignature", fields).status_code == 409


def test_an_officer_closes_nothing_and_sees_no_link(people: dict[str, Any]) -> None:
    path = opened(people)
    assert "/council/periods" not in people["officer"].get("/council").text
    assert people["officer"].get(path).status_code == 403
    assert people["officer"].submit(f"{path}/closing").status_code == 403
    assert people["s151"].get("/council/periods/99").status_code == 404
