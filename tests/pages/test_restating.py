"""Why figures moved: the page, the API and the command say the same in plain words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from tests.cast import Place
from tests.raw_books import spec
from tests.unguarded import allow

BANK, RENT = "Assets:Bank", "Expenses:Rent"


@pytest.fixture
def february(place: Place, clock: FixedClock) -> int:
    """February closed with a rent of £7, opened again for one of £2 more, and closed again."""
    s151, head = place.people["s151"], place.people["head"]

    def unit(session: Any) -> int:
        accounts = [AccountSpec(BANK), AccountSpec(RENT)]
        books.open_accounts(session, book=place.book, specs=accounts)
        paid = spec("paid", debit(RENT, 700), credit(BANK, 700), effective_on=date(2026, 2, 5))
        books.post(session, book=place.book, spec=paid, now=clock.now())
        period = books.open_period(
            session, book=place.book, starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 28)
        )
        books.begin_closing(session, period=period)
        signers = {"signed_by": s151, "countersigned_by": head}
        books.close_period(session, period=period, **signers, reason="all in", now=clock.now())
        clock.move(timedelta(days=3))
        books.reopen_period(session, period=period, **signers, reason="a bill", now=clock.now())
        late = spec(
            "late", debit(RENT, 200), credit(BANK, 200), effective_on=date(2026, 2, 20),
            kind="adjustment", maker=s151, checker=head, reason="the landlord's late bill",
        )  # fmt: skip
        books.post(session, book=place.book, spec=late, now=clock.now())
        books.close_period(session, period=period, **signers, reason="again", now=clock.now())
        return period

    return transact(unit)


@pytest.fixture
def auditor(
    february: int, client: FlaskClient, sign_in: Callable[[FlaskClient, str], FlaskClient]
) -> FlaskClient:
    return sign_in(client, "auditor")


def said(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["ledger", "explain", *words])
    return result.exit_code, result.output


def test_two_closes_are_compared_in_plain_words(auditor: FlaskClient, february: int) -> None:
    listed = auditor.get("/audit/periods").text
    assert f'href="/audit/explain?period={february}"' in listed
    assert "Both reports say the same" in auditor.get(f"/audit/explain?period={february}").text
    page = auditor.get(f"/audit/explain?period={february}&first=2&second=5").text
    assert "made by Sam Thorne and approved by Hana Price" in page
    assert "was known only on 5 March 2026, 13 days later" in page
    assert "the landlord&#39;s late bill" in page
    assert f"{RENT}: +£2.00" in page
    assert "explain every difference, to the penny" in page
    assert "opened the period again" in page
    one = auditor.get(f"/audit/explain?period={february}&first=2&second=5&account=Assets:None").text
    assert "None of them touches this account" in one


def test_a_trial_balance_as_known_leads_to_what_came_later(
    auditor: FlaskClient, february: int
) -> None:
    known = "known-day=3&known-month=3&known-year=2026"
    shown = auditor.get(f"/audit/trial-balance?{known}").text
    assert "What was recorded since then, and why" in shown
    page = auditor.get(f"/audit/explain?{known}&at=10:30").text
    assert "the landlord&#39;s late bill" in page
    assert "as it stands now" in page.lower()
    then = "&then-day=4&then-month=3&then-year=2026&then_at=9:00&on-day=28&on-month=2&on-year=2026"
    assert "Both reports say the same" in auditor.get(f"/audit/explain?{known}{then}").text


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 200, "Choose the two reports"),
        ("at=10:30", 422, "Enter the first day"),
        ("known-day=3", 422, "must include a month"),
        ("period=abc", 404, "There is no such period"),
        ("period=999", 404, "There is no period 999"),
        ("period={}&first=4&second=now", 422, "Select the first report"),
    ],
)
def test_what_is_asked_wrongly_is_said_where_it_was_asked(
    auditor: FlaskClient, february: int, query: str, status: int, words: str
) -> None:
    answer = auditor.get("/audit/explain?" + query.format(february))
    assert (answer.status_code, words in answer.text) == (status, True)


def test_a_period_that_nobody_closed_has_no_reports(auditor: FlaskClient, place: Place) -> None:
    period = transact(
        lambda s: books.open_period(
            s, book=place.book, starts_on=date(2026, 4, 1), ends_on=date(2026, 4, 30)
        )
    )
    assert "Nobody has closed this period" in auditor.get(f"/audit/explain?period={period}").text


def test_the_api_explains_the_same(api: Callable[[str], FlaskClient], february: int) -> None:
    ask = api("auditor").get
    found = ask(f"/api/v1/restatements?period={february}&first_close=5&second_close=2").json
    assert (found["first"]["closed_by"]["seq"], found["second"]["journals_known"]) == (2, 5)
    assert found["second"]["figures_are_those_signed"] is found["wholly_explained"] is True
    assert {one["account"]: one["difference"] for one in found["changes"]} == {
        BANK: -200,
        RENT: 200,
    }
    assert [one["journal"]["id"] for one in found["items"]] == ["late"]
    assert [step["kind"] for step in found["steps"]] == ["period.reopen", "period.close"]
    assert (found["starts_on"], found["next"]) == ("2026-02-01", None)
    part = ask("/api/v1/restatements?first_known_at=2026-03-02T09:00:00Z&limit=1").json
    assert (part["starts_on"], part["ends_on"], len(part["items"])) == (None, None, 1)
    rest = ask(
        f"/api/v1/restatements?first_known_at=2026-03-02T09:00:00Z&after={part['next']}"
    ).json
    assert len(rest["items"]) + 1 == part["journals"]
    both = ask("/api/v1/restatements?first_close=2&first_known_at=2026-03-02T09:00:00Z")
    assert (both.status_code, both.json["code"]) == (422, "ledger.invalid")
    assert ask("/api/v1/restatements?first_close=2").status_code == 404


@pytest.mark.owner_only("it bends what only an owner can")
def test_the_command_explains_the_same_and_fails_for_what_was_bent(
    app: Flask, place: Place, february: int
) -> None:
    code, words = said(app, "--period", str(february), "--first", "close:2", "--second", "close:5")
    assert (code, "+£2.00  Expenses:Rent" in words) == (0, True)
    assert "between: journal 3 (period.reopen) of Sam Thorne and Hana Price: a bill" in words
    assert "1 journals explain all of it, to the penny" in words
    assert said(app, "--period", str(february), "--first", "now")[1].endswith("nothing differs\n")
    assert "more: --after" in said(app, "--first", "2026-03-01T00:00:00Z", "--rows", "1")[1]
    wrong = [said(app, "--first", one)[0] for one in ("close:x", "yesterday", "close:2")]
    assert wrong == [2, 2, 1]
    allow("a balance moves only with an entry")
    with transaction(read_only=True) as session:
        balance = books_queries.balance(session, place.book, BANK)
    assert balance.net == -900
    bend = text(
        "UPDATE balance SET dr = dr + 1 WHERE account = (SELECT id FROM account WHERE path = :p)"
    )
    transact(lambda s: s.execute(bend, {"p": BANK}))
    code, words = said(app, "--first", "2026-03-02T09:00:00Z")
    assert (code, "NOT EXPLAINED: +£0.01 of Assets:Bank" in words) == (1, True)
