"""Journals, accounts, checkpoints and packs over the API."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from ledger.audit import rules as audit_rules
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact
from tests.cast import Place

Enter = Callable[[str], FlaskClient]
BANK, GIFTS = "Assets:Bank", "Income:Gifts"


def gifts(place: Place, clock: FixedClock, numbers: range) -> None:
    def unit(session: Any) -> None:
        books.open_accounts(
            session, book=place.book, specs=[AccountSpec(BANK, guard="D"), AccountSpec(GIFTS)]
        )
        specs = [
            JournalSpec(
                id=f"gift-{number}", kind="receipt", effective_on=date(2026, 3, 1 + number % 28),
                legs=(debit(BANK, 100), credit(GIFTS, 100)), maker="PER-A", group=f"G-{number % 2}",
            )
            for number in numbers
        ]  # fmt: skip
        books.post_many(session, book=place.book, specs=specs, now=clock.now())

    transact(unit)


@pytest.fixture
def story(place: Place, clock: FixedClock) -> Place:
    gifts(place, clock, range(12))
    return place


def test_journals_come_in_pages_and_by_group(api: Enter, story: Place) -> None:
    auditor, seen, after = api("auditor"), [], ""
    while after is not None:
        part = auditor.get(f"/api/v1/journals?limit=5&after={after}").json
        seen += [one["seq"] for one in part["items"]]
        after = part["next"]
    assert seen == list(range(1, 13))
    ours = auditor.get("/api/v1/journals?group=G-1").json["items"]
    assert [one["id"] for one in ours] == [f"gift-{number}" for number in range(1, 12, 2)]


def test_a_journal_shows_its_entries_and_its_bytes(api: Enter, story: Place) -> None:
    one = api("auditor").get("/api/v1/journals/3").json
    assert one["entries"][0] == {
        "line": 1, "account": BANK, "fund": "GENERAL", "unit": "GBP", "side": "D", "quantity": 100,
        "layer": "P", "balance_after": 300,
    }  # fmt: skip
    assert audit_rules.leaf_hash(one["leaf"].encode()).hex() == one["leaf_hash"]
    assert one["recorded_at"].endswith("Z")
    assert api("auditor").get("/api/v1/journals/99").status_code == 404


def test_accounts_give_balances_now_and_as_at_a_day(api: Enter, story: Place) -> None:
    auditor = api("auditor")
    first = auditor.get("/api/v1/accounts?limit=1").json
    assert [one["account"] for one in first["items"]] == [BANK]
    rest = auditor.get(f"/api/v1/accounts?limit=5&after={first['next']}").json
    assert (rest["items"][0]["account"], rest["next"]) == (GIFTS, None)
    early = auditor.get("/api/v1/accounts?on=2026-03-03&under=Assets").json["items"]
    assert [(one["account"], one["balance"]) for one in early] == [(BANK, 300)]
    assert auditor.get(f"/api/v1/accounts/{BANK}").json["balance"] == 1_200
    assert auditor.get("/api/v1/accounts/Assets:Attic").status_code == 404
    assert auditor.get("/api/v1/accounts?on=2026-02-30").status_code == 422


def test_a_statement_comes_in_pages_that_join(api: Enter, story: Place) -> None:
    auditor, seen, after = api("auditor"), [], ""
    while after is not None:
        part = auditor.get(f"/api/v1/accounts/{BANK}/entries?limit=5&after={after}").json
        seen += [one["balance_after"] for one in part["items"]]
        after = part["next"]
    assert seen == list(range(100, 1_300, 100))


def test_a_checkpoint_is_made_kept_and_shown_to_be_consistent(
    api: Enter, story: Place, clock: FixedClock, client: FlaskClient
) -> None:
    auditor = api("auditor")
    made = auditor.post("/api/v1/checkpoints", json={})
    assert (made.status_code, made.json["size"]) == (201, 12)
    gifts(story, clock, range(12, 20))
    newer = auditor.post("/api/v1/checkpoints", json={}).json
    again = auditor.post("/api/v1/checkpoints", json={}).json
    assert newer == again
    listed = client.get("/api/v1/checkpoints?limit=1").json
    assert [one["size"] for one in listed["items"]] == [20]
    older = client.get(f"/api/v1/checkpoints?after={listed['next']}").json["items"]
    assert [one["size"] for one in older] == [12]
    proof = client.get("/api/v1/checkpoints/20/consistency?old=12").json
    assert audit_rules.consistency_holds(
        old=12, old_root=bytes.fromhex(made.json["root"]), size=20,
        root=bytes.fromhex(newer["root"]), proof=[bytes.fromhex(one) for one in proof["hashes"]],
    )  # fmt: skip
    assert client.get("/api/v1/checkpoints/12/consistency?old=20").status_code == 404
    assert client.get("/api/v1/checkpoints/7").status_code == 404
    shown = auditor.get("/api/v1/journals/14/proof").json
    assert audit_rules.inclusion_holds(
        leaf=bytes.fromhex(shown["leaf_hash"]), index=13, size=20,
        root=bytes.fromhex(newer["root"]), proof=[bytes.fromhex(one) for one in shown["hashes"]],
    )  # fmt: skip


def test_an_empty_book_has_nothing_to_sign(api: Enter, place: Place) -> None:
    refused = api("auditor").post("/api/v1/checkpoints", json={})
    assert (refused.status_code, refused.json["code"]) == (409, "audit.checkpoint_refused")


def test_a_pack_is_asked_for_watched_and_downloaded(api: Enter, story: Place) -> None:
    auditor = api("auditor")
    asked = auditor.post("/api/v1/exports", json={})
    assert asked.status_code == 202
    where = asked.headers["Location"]
    for _ in range(200):
        if auditor.get(where).json["state"] != "running":
            break
        time.sleep(0.05)
    assert auditor.get(where).json["state"] == "done"
    packed = auditor.get(f"{where}/file")
    names = zipfile.ZipFile(io.BytesIO(packed.data)).namelist()
    assert any(name.endswith("/books.sqlite") for name in names)
    assert where.rsplit("/", 1)[1] in [
        one["name"] for one in auditor.get("/api/v1/exports").json["items"]
    ]


def test_half_a_period_is_refused(api: Enter, story: Place) -> None:
    refused = api("auditor").post("/api/v1/exports", json={"starts_on": "2026-03-01"})
    assert (refused.status_code, refused.json["place"]) == (422, "starts_on")


def test_periods_are_listed(api: Enter, story: Place) -> None:
    transact(
        lambda session: books.open_period(
            session, book=story.book, starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 31)
        )
    )
    items = api("auditor").get("/api/v1/periods").json["items"]
    assert [(one["starts_on"], one["status"]) for one in items] == [("2026-03-01", "OPEN")]


@pytest.mark.parametrize("path", ["journals", "journals/1", "accounts", "exports", "periods"])
def test_only_those_who_may_read_the_books_do(api: Enter, story: Place, path: str) -> None:
    assert api("resident").get(f"/api/v1/{path}").status_code == 403
