"""The pages on which one person drafts a correction or a loan, and another posts it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from tests.cast import Place
from tests.raw_books import spec

Enter = Callable[[FlaskClient, str], FlaskClient]
BANK, RIVER, GIFTS, HOURS, GIVEN = (
    "Assets:Bank", "Assets:Bank:River", "Income:Gifts", "Assets:Hours", "Income:Hours",
)  # fmt: skip
TODAY = {"effective-day": "2", "effective-month": "3", "effective-year": "2026"}
CORRECTION = TODAY | {
    "reason": "a gift that nobody entered",
    "account-1": BANK, "debit-1": "2.50", "account-2": GIFTS, "credit-2": "2.50",
}  # fmt: skip
LOAN = TODAY | {
    "kind": "fund.lend", "paid_from": BANK, "paid_into": RIVER, "amount": "7",
    "reason": "until the grant arrives",
}  # fmt: skip


@pytest.fixture
def people(app: Flask, place: Place, sign_in: Enter, clock: FixedClock) -> dict[str, Any]:
    def unit(session: Any) -> None:
        books.open_fund(
            session, book=place.book, code="RIVER", fund_class="restricted", name="River",
            purpose="flood",
        )  # fmt: skip
        accounts = [
            AccountSpec(BANK, guard="D"), AccountSpec(GIFTS),
            AccountSpec(RIVER, fund="RIVER", guard="D"),
            AccountSpec(HOURS, unit="HOUR"), AccountSpec(GIVEN, unit="HOUR"),
        ]  # fmt: skip
        books.open_accounts(session, book=place.book, specs=accounts)
        gift = spec("gift", debit(BANK, 1_000), credit(GIFTS, 1_000), effective_on=date(2026, 2, 5))
        books.post(session, book=place.book, spec=gift, now=clock.now())

    transact(unit)
    return {
        part: sign_in(app.test_client(), part) for part in ("s151", "head", "officer", "auditor")
    }


def drafted(people: dict[str, Any], fields: dict[str, str], form: str = "new") -> str:
    made = people["s151"].submit(f"/council/drafts/{form}", fields)
    assert made.status_code == 303, made.text
    return str(made.headers["Location"])


def decided(people: dict[str, Any], path: str, verdict: str = "yes", part: str = "head") -> Any:
    page = people["head"].get(path).text
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    digest = found[1] if found else "0" * 64
    fields = {"digest": digest, "verdict": verdict, "reason": "seen the slip"}
    return people[part].submit(f"{path}/decision", fields)


def net(place: Place, path: str) -> int:
    with transaction(read_only=True) as session:
        return queries.net(session, place.book, path)


def test_a_correction_is_drafted_approved_and_posted(people: dict[str, Any], place: Place) -> None:
    path = drafted(people, CORRECTION)
    own = people["s151"].get(path).text
    assert "You proposed this yourself" in own
    assert "£2.50" in own
    desk = people["head"].get("/council").text
    assert path in desk
    assert "Correction of the books, £2.50" in desk
    posted = decided(people, path)
    assert (posted.status_code, net(place, BANK)) == (303, 1_250)
    page = people["auditor"].get(path).text
    assert "journal 2" in page
    assert "seen the slip" in page
    assert "a gift that nobody entered" in people["auditor"].get("/council/drafts").text


def test_hours_are_typed_as_hours(people: dict[str, Any], place: Place) -> None:
    fields = CORRECTION | {
        "account-1": HOURS, "debit-1": "1:30", "account-2": GIVEN, "credit-2": "1.5",
    }  # fmt: skip
    assert decided(people, drafted(people, fields)).status_code == 303
    assert net(place, HOURS) == 90


def test_one_fund_lends_another_and_is_paid_back(people: dict[str, Any], place: Place) -> None:
    assert "Assets:Bank:River (RIVER, £0)" in people["s151"].get("/council/drafts/loan").text
    assert decided(people, drafted(people, LOAN, "loan")).status_code == 303
    assert (net(place, BANK), net(place, RIVER)) == (300, 700)
    back = LOAN | {"kind": "fund.settle", "paid_from": RIVER, "paid_into": BANK}
    assert decided(people, drafted(people, back, "loan")).status_code == 303
    assert (net(place, BANK), net(place, RIVER)) == (1_000, 0)


def test_a_refused_draft_ends_there(people: dict[str, Any], place: Place) -> None:
    path = drafted(people, CORRECTION)
    assert decided(people, path, "no").status_code == 303
    assert "refused it" in people["head"].get(path).text
    assert net(place, BANK) == 1_000


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no entries": (TODAY | {"reason": "nothing"}, "Enter at least two entries"),
    "no such account": (CORRECTION | {"account-1": "Assets:Mine"}, "no account Assets:Mine"),
    "no account": (CORRECTION | {"account-1": ""}, "Enter an account"),
    "both sides": (CORRECTION | {"credit-1": "1"}, "a debit or a credit"),
    "neither side": (CORRECTION | {"debit-1": ""}, "a debit or a credit"),
    "not money": (CORRECTION | {"debit-1": "lots"}, "lots"),
    "nothing": (CORRECTION | {"debit-1": "0"}, "above zero"),
    "out of balance": (CORRECTION | {"debit-1": "3"}, "does not balance"),
    "no day": (CORRECTION | {"effective-day": ""}, "must include a day"),
    "tomorrow": (CORRECTION | {"effective-day": "3"}, "has not come yet"),
    "no reason": (CORRECTION | {"reason": ""}, "Enter a reason"),
    "a hand on what steps keep": (
        CORRECTION | {"account-1": "Assets:DueFrom:RIVER:GENERAL"}, "no account",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(people: dict[str, Any], what: str) -> None:
    fields, words = WRONG[what]
    answer = people["s151"].submit("/council/drafts/new", fields)
    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert fields["reason"] in answer.text


WRONG_LOANS: dict[str, tuple[dict[str, str], str]] = {
    "neither": (LOAN | {"kind": ""}, "Select lend or pay back"),
    "no account": (LOAN | {"paid_into": ""}, "Select the account that is paid"),
    "another account": (LOAN | {"paid_into": GIFTS}, "Select the account that is paid"),
    "one fund": (LOAN | {"paid_into": BANK}, "not two funds"),
    "nothing": (LOAN | {"amount": "0"}, "above zero"),
    "too much": (LOAN | {"amount": "10.01"}, "short by"),
    "never lent": (
        LOAN | {"kind": "fund.settle", "paid_from": RIVER, "paid_into": BANK}, "short by",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG_LOANS)
def test_a_wrong_loan_is_said_beside_its_field(people: dict[str, Any], what: str) -> None:
    fields, words = WRONG_LOANS[what]
    answer = people["s151"].submit("/council/drafts/loan", fields)
    assert (answer.status_code, words in answer.text) == (422, True), answer.text


def test_a_decision_needs_a_verdict_and_a_reason(people: dict[str, Any], place: Place) -> None:
    path = drafted(people, CORRECTION)
    answer = people["head"].submit(f"{path}/decision", {"digest": "0" * 64})
    assert (answer.status_code, net(place, BANK)) == (422, 1_000)
    assert "Select yes or no" in answer.text


def test_above_the_limit_is_said_on_the_page(people: dict[str, Any], place: Place) -> None:
    path = drafted(people, CORRECTION | {"debit-1": "5001", "credit-2": "5001"})
    answer = decided(people, path)
    assert (answer.status_code, net(place, BANK)) == (422, 1_000)
    assert "more than you may approve" in answer.text


def test_what_was_approved_among_the_decisions_is_posted(
    people: dict[str, Any], place: Place
) -> None:
    path = drafted(people, CORRECTION)
    found = re.search(r"/approvals/(PRP-[0-9A-Z]+)", people["head"].get(path).text)
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', people["head"].get(path).text)
    assert found is not None
    assert digest is not None
    fields = {"stage": "approve", "verdict": "yes", "reason": "seen it", "digest": digest[1]}
    assert people["head"].submit(f"/approvals/{found[1]}", fields).status_code == 303
    assert "Post it now" in people["s151"].get(path).text
    assert "Post it now" not in people["auditor"].get(path).text
    assert people["s151"].submit(f"{path}/posting").status_code == 303
    assert net(place, BANK) == 1_250


@pytest.mark.parametrize("part", ["officer", "auditor"])
def test_others_read_and_do_not_write(people: dict[str, Any], part: str) -> None:
    path = drafted(people, CORRECTION)
    assert people[part].get(path).status_code == 200
    assert "Draft a correction" not in people[part].get("/council/drafts").text
    assert people[part].get("/council/drafts/new").status_code == 403
    assert decided(people, path, part=part).status_code == 403
