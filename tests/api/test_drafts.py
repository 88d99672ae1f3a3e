"""Corrections, reversals and loans between funds over the API and by command, by two people's tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
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
BANK, RIVER, GIFTS = "Assets:Bank", "Assets:Bank:River", "Income:Gifts"
CORRECTION = {
    "effective_on": "2026-03-02", "reason": "a gift that nobody entered",
    "entries": [
        {"account": BANK, "side": "D", "quantity": 250},
        {"account": GIFTS, "side": "C", "quantity": 250},
    ],
}  # fmt: skip
LOAN = {
    "what": "lend", "paid_from": BANK, "paid_into": RIVER, "quantity": 700,
    "effective_on": "2026-03-02", "reason": "until the grant arrives",
}  # fmt: skip


@pytest.fixture
def funds(place: Place, clock: FixedClock) -> Place:
    def unit(session: Any) -> None:
        books.open_fund(
            session, book=place.book, code="RIVER", fund_class="restricted", name="River",
            purpose="flood",
        )  # fmt: skip
        accounts = [AccountSpec(BANK, guard="D"), AccountSpec(GIFTS),
                    AccountSpec(RIVER, fund="RIVER", guard="D")]  # fmt: skip
        books.open_accounts(session, book=place.book, specs=accounts)
        made = spec("gift", debit(BANK, 1_000), credit(GIFTS, 1_000), effective_on=date(2026, 2, 5))
        books.post(session, book=place.book, spec=made, now=clock.now())

    transact(unit)
    return place


def yes(shown: Any) -> dict[str, str]:
    return {"verdict": "yes", "digest": shown["proposal"]["digest"], "reason": "seen the slip"}


def test_a_correction_is_drafted_and_posted_over_the_api(api: Enter, funds: Place) -> None:
    s151, head = api("s151"), api("head")
    made = s151.post("/api/v1/drafts/corrections", json=CORRECTION)
    assert (made.status_code, made.json["state"], made.json["journal"]) == (201, "PROPOSED", None)
    path = made.headers["Location"]
    own = s151.post(f"{path}/decision", json=yes(made.json))
    assert (own.status_code, own.json["code"]) == (403, "approvals.same_person")
    done = head.post(f"{path}/decision", json=yes(made.json))
    assert (done.status_code, done.json["state"], done.json["journal"]) == (200, "USED", 2)
    again = head.post(f"{path}/posting", json={})
    assert (again.status_code, again.json["code"]) == (409, "drafts.not_waiting")
    journal = api("auditor").get("/api/v1/journals/2").json
    assert (journal["id"], journal["kind"]) == (made.json["id"], "adjustment")
    assert api("auditor").get("/api/v1/drafts").json["items"][0]["id"] == made.json["id"]


def test_a_loan_is_made_and_paid_back_over_the_api(api: Enter, funds: Place) -> None:
    s151, head = api("s151"), api("head")
    made = s151.post("/api/v1/drafts/loans", json=LOAN)
    assert head.post(f"{made.headers['Location']}/decision", json=yes(made.json)).status_code == 200
    back = LOAN | {"what": "pay_back", "paid_from": RIVER, "paid_into": BANK}
    more = s151.post("/api/v1/drafts/loans", json=back | {"quantity": 701})
    assert (more.status_code, more.json["code"]) == (409, "books.not_enough")
    made = head.post("/api/v1/drafts/loans", json=back)
    done = s151.post(f"{made.headers['Location']}/decision", json=yes(made.json)).json
    assert (done["kind"], done["state"]) == ("fund.settle", "USED")


REVERSAL = {"journal": 1, "dated": "original", "reason": "entered twice"}


def test_a_journal_is_reversed_over_the_api_and_names_its_reversal(
    api: Enter, funds: Place
) -> None:
    s151, head, auditor = api("s151"), api("head"), api("auditor")
    made = s151.post("/api/v1/drafts/reversals", json=REVERSAL)
    assert (made.status_code, made.json["reverses"], made.json["dated"]) == (201, 1, "original")
    twice = head.post("/api/v1/drafts/reversals", json=REVERSAL)
    assert (twice.status_code, twice.json["code"]) == (409, "drafts.not_reversible")
    done = head.post(f"{made.headers['Location']}/decision", json=yes(made.json)).json
    assert (done["state"], done["journal"]) == ("USED", 2)
    original, reversal = (auditor.get(f"/api/v1/journals/{seq}").json for seq in (1, 2))
    assert (original["reversed_by"], original["resolved_by"]) == (2, None)
    assert (reversal["reverses"], reversal["reversed_by"]) == (1, None)
    again = s151.post("/api/v1/drafts/reversals", json=REVERSAL)
    assert (again.status_code, again.json["code"]) == (409, "books.already_reversed")
    other = s151.post("/api/v1/drafts/reversals", json=REVERSAL | {"dated": "tomorrow"})
    assert other.status_code == 422


def test_what_was_approved_among_the_decisions_is_posted(api: Enter, funds: Place) -> None:
    s151, head = api("s151"), api("head")
    made = s151.post("/api/v1/drafts/corrections", json=CORRECTION)
    where = f"/api/v1/approvals/{made.json['proposal']['id']}/decisions"
    assert head.post(where, json=yes(made.json) | {"stage": "approve"}).status_code == 201
    posted = s151.post(f"{made.headers['Location']}/posting", json={})
    assert (posted.status_code, posted.json["journal"]) == (200, 2)


def test_a_decision_upon_an_old_view_is_refused(api: Enter, funds: Place) -> None:
    made = api("s151").post("/api/v1/drafts/corrections", json=CORRECTION)
    path = made.headers["Location"]
    tag = api("head").get(path).headers["ETag"]
    refused = api("head").post(f"{path}/decision", json=yes(made.json) | {"verdict": "no"})
    assert refused.json["state"] == "REFUSED"
    stale = api("head").post(f"{path}/decision", json=yes(made.json), headers={"If-Match": tag})
    assert (stale.status_code, stale.json["place"]) == (409, "If-Match")


@pytest.mark.parametrize("part", ["officer", "auditor", "administrator", "treasurer"])
def test_only_finance_drafts_and_decides(api: Enter, funds: Place, part: str) -> None:
    made = api("s151").post("/api/v1/drafts/corrections", json=CORRECTION)
    path, asker = made.headers["Location"], api(part)
    assert asker.post("/api/v1/drafts/corrections", json=CORRECTION).status_code == 403
    assert asker.post("/api/v1/drafts/loans", json=LOAN).status_code == 403
    assert asker.post("/api/v1/drafts/reversals", json=REVERSAL).status_code == 403
    assert asker.post(f"{path}/decision", json=yes(made.json)).status_code == 403


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["ledger", "drafts", *words])


def said(app: Flask, *words: str) -> str:
    result = run(app, *words)
    assert result.exit_code == 0, result.output
    return result.output


def test_two_people_correct_and_lend_by_command(app: Flask, funds: Place) -> None:
    s151, head = (["--token", cast.api_secret(funds, part)] for part in ("s151", "head"))
    when = ["--on", "2026-03-02", "--reason", "a gift that nobody entered"]
    entries = ["--debit", BANK, "250", "--credit", GIFTS, "250"]
    draft, digest = said(app, "correct", *entries, *when, *s151).split()
    decide = ["decide", draft, "--digest", digest, "--reason", "seen the slip"]
    assert run(app, *decide, "--verdict", "yes", *s151).exit_code == 1
    assert "posted as journal 2" in said(app, *decide, "--verdict", "yes", *head)
    shown = said(app, "show", draft)
    assert "debit" in shown
    assert "£2.50  Assets:Bank  [GENERAL]" in shown
    assert digest in shown

    loan = ["lend", "--from", BANK, "--into", RIVER, "--quantity", "700", *when]
    draft, digest = said(app, *loan, *s151).split()
    decide = ["decide", draft, "--digest", digest, "--reason", "seen the slip"]
    assert "posted as journal 3" in said(app, *decide, "--verdict", "yes", *head)
    back = ["lend", "--back", "--from", RIVER, "--into", BANK, "--quantity", "700", *when]
    draft, digest = said(app, *back, *head).split()
    refuse = ["decide", draft, "--digest", digest, "--reason", "not yet", "--verdict", "no"]
    assert "refused" in said(app, *refuse, *s151)
    assert said(app, "list").endswith("3 drafts\n")
    assert run(app, "decide", draft, "--digest", digest, "--reason", "x y", *s151).exit_code == 2


def test_two_people_reverse_a_journal_by_command(app: Flask, funds: Place) -> None:
    s151, head = (["--token", cast.api_secret(funds, part)] for part in ("s151", "head"))
    ask = ["reverse", "1", "--dated", "today", "--reason", "entered twice"]
    draft, digest = said(app, *ask, *s151).split()
    assert f"The draft {draft} reverses it" in run(app, *ask, *head).output
    decide = ["decide", draft, "--digest", digest, "--reason", "seen the slip"]
    assert "posted as journal 2" in said(app, *decide, "--verdict", "yes", *head)
    assert "credit" in said(app, "show", draft)
    assert run(app, *ask, *s151).exit_code == 1
    assert run(app, "reverse", "1", "--dated", "then", "--reason", "x y", *s151).exit_code == 2
