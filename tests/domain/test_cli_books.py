"""``flask ledger`` commands that show, sign, prove and export the books."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from ledger.books import service as books
from ledger.books.rules import AccountSpec, Leg, credit, debit
from ledger.jobs import checkpoint as checkpoint_job
from ledger.jobs.registry import job_named
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact
from tests.cast import Place
from tests.raw_books import NOW, spec

BANK, GIFTS = "Assets:Bank", "Income:Gifts"


@pytest.fixture
def story(place: Place) -> Place:
    def unit(session: Any) -> None:
        books.open_accounts(
            session, book=place.book, specs=[AccountSpec(BANK, guard="D"), AccountSpec(GIFTS)]
        )
        gift = spec("gift", debit(BANK, 2_000), credit(GIFTS, 2_000), group="PLG-1", reason="a gift",
                    checker="PER-B")  # fmt: skip
        later = spec("later", debit(BANK, 50), credit(GIFTS, 50), effective_on=date(2026, 4, 1))
        hold = spec("hold", Leg(BANK, "C", 30, "H"), Leg(GIFTS, "D", 30, "H"), kind="hold")
        books.post_many(session, book=place.book, specs=[gift, later, hold], now=NOW)

    transact(unit)
    return place


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["ledger", *words])


def said(app: Flask, *words: str) -> str:
    result = run(app, *words)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_journal_is_shown_with_its_entries(app: Flask, story: Place) -> None:
    shown = said(app, "journal", "1")
    assert "checked by PER-B: a gift" in shown
    assert "debit " in shown
    assert "£20.00  Assets:Bank  [GENERAL]" in shown
    assert "(held)" in said(app, "journal", "3")
    assert said(app, "journal", "--group", "PLG-1").count("recorded") == 1
    assert run(app, "journal", "99").exit_code == 1


def test_the_trial_balance_sums_to_zero_and_goes_back_to_a_day(app: Flask, story: Place) -> None:
    now = said(app, "trial-balance")
    assert "£20.50  Assets:Bank" in now
    assert "£0.00  sum of GBP in fund GENERAL" in now
    assert "(held £0.30)" in now
    march = said(app, "trial-balance", "--on", "2026-03-31", "--under", "Assets")
    assert march.split() == ["£20.00", "Assets:Bank", "[GENERAL]", "(held", "£0.30)"]


def test_a_statement_says_where_it_goes_on(app: Flask, story: Place) -> None:
    first = said(app, "statement", BANK, "--rows", "1")
    assert "more: --after 1" in first
    rest = said(app, "statement", BANK, "--after", "1")
    assert "balance: £20.50" in rest
    assert "more" not in rest


def test_the_books_are_proved_and_a_fault_is_named(
    app: Flask, story: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(app, "verify").startswith("PROVEN: 3 journals")
    monkeypatch.setattr(
        "ledger.exports.checkpoints.faults", lambda *_a, **_k: ["journal 2 is bent"]
    )
    result = run(app, "verify")
    assert (result.exit_code, result.output) == (1, "NOT PROVEN: journal 2 is bent\n")


def test_checkpoints_are_made_listed_and_shown(app: Flask, story: Place) -> None:
    assert run(app, "checkpoint", "show").exit_code == 1
    note = said(app, "checkpoint", "make")
    assert note == said(app, "checkpoint", "show") == said(app, "checkpoint", "show", "3")
    assert said(app, "checkpoint", "show", "--key").startswith("127.0.0.1:8000/MAIN+")
    assert "1 checkpoints" in said(app, "checkpoint", "list")


def test_a_pack_is_written_where_it_was_asked_for(app: Flask, story: Place, tmp_path: Path) -> None:
    whole = said(app, "export", "--into", str(tmp_path)).splitlines()
    assert (tmp_path / "MAIN-all-3" / "books.sqlite").exists()
    assert str(tmp_path / "MAIN-all-3.zip") == whole[-1]
    march = ["--from", "2026-03-01", "--to", "2026-03-31"]
    assert "MAIN-2026-03-01-to-2026-03-31-3" in said(app, "export", *march, "--into", str(tmp_path))
    assert run(app, "export", "--from", "2026-03-01").exit_code == 1


class _Context:
    """What the job needs of a run."""

    book_code, actor = "MAIN", "job:checkpoint"

    def __init__(self, clock: FixedClock) -> None:
        self.now = clock.now()

    def transact(self, unit: Any) -> Any:
        return transact(unit)


def test_the_nightly_job_signs_what_is_new_once(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    job = job_named("checkpoint")
    assert job is checkpoint_job.JOB
    context: Any = _Context(clock)
    assert job.run(context) == "nothing was posted yet"
    accounts = [AccountSpec(BANK), AccountSpec(GIFTS)]
    transact(lambda s: books.open_accounts(s, book=place.book, specs=accounts))
    gift = spec("gift", debit(BANK, 5), credit(GIFTS, 5))
    transact(lambda s: books.post(s, book=place.book, spec=gift, now=clock.now()))
    words = job.run(context)
    assert words.startswith("checkpoint of 1 journals")
    assert job.run(context) == words


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_sqlite_knows_no_roles_and_says_so(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["ledger", "database-role", "ledger_app"])
    assert done.exit_code == 1
    assert "SQLite knows no roles" in done.output
