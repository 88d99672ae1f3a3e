"""The demonstration town: three years told by the services, whole, and never told twice."""

from __future__ import annotations

import time
from collections import defaultdict

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import queries as books
from ledger.books import service as book_service
from ledger.demo import people, place, town
from ledger.http import passwords
from ledger.kernel.clock import FixedClock, microseconds
from ledger.kernel.db import transaction
from ledger.parties import queries as parties
from tests import stage

pytestmark = pytest.mark.both_roles

TOLD_SECONDS_MAX = 60


@pytest.fixture
def told(app: Flask, clock: FixedClock) -> int:
    """The town is told; returns its book."""
    said: list[str] = []
    began = time.process_time()
    town.load(code="MAIN", now=clock.now(), say=said.append)
    assert time.process_time() - began < TOLD_SECONDS_MAX
    with transaction(read_only=True) as session:
        return books.book_id(session, "MAIN")


@pytest.mark.slow
def test_the_town_is_told_whole_and_once(told: int, app: Flask, clock: FixedClock) -> None:
    with transaction(read_only=True) as session:
        assert book_service.self_check(session, book=told) == []
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for row in books.trial_balance(session, told):
            sums[row.unit, row.fund] += row.dr - row.cr
        assert set(sums.values()) == {0}
        head = books.head(session, told)
        assert head.next_seq > 300
        assert head.last_us <= microseconds(clock.now()) + head.next_seq
        states = set(session.scalars(text("SELECT state FROM pledge")))
        assert {"OPEN", "DELIVERING", "LAPSED", "SUBMITTED"} <= states
        verdicts = session.execute(text("SELECT result, state FROM determination")).all()
        assert len(verdicts) == 3
        assert {state for _, state in verdicts} >= {"CONFIRMED", "VERIFIED"}
        assert "NOT_PROVEN" in {result for result, _ in verdicts}
        closed = [row for row in books.periods(session, told) if row["status"] == "CLOSED"]
        assert [row["starts_on"].isoformat() for row in closed] == ["2022-04-01", "2023-04-01"]
        assert not place.is_empty(session, code="MAIN")
        assert place.is_demonstration(session)
    everybody_can_sign_in()
    a_place_in_use_is_never_filled(app)


def everybody_can_sign_in() -> None:
    with transaction(read_only=True) as session:
        for one in people.TOWNSPEOPLE:
            person = parties.person_by_email(session, one.email)
            assert person is not None
            actor = parties.actor(session, person)
            assert actor is not None
            assert actor.roles == {one.role}
            kept = parties.password_hash(session, person)
            assert kept is not None
            assert passwords.matches(people.PASSWORD, kept)


def a_place_in_use_is_never_filled(app: Flask) -> None:
    again = app.test_cli_runner().invoke(args=["ledger", "demo"])
    assert again.exit_code == 1
    assert "only for an empty one" in again.output
    quiet = app.test_cli_runner().invoke(args=["ledger", "demo", "--if-empty"])
    assert (quiet.exit_code, quiet.output) == (0, "")
    shown = app.test_cli_runner().invoke(args=["ledger", "demo", "--sign-ins"])
    assert people.PASSWORD in shown.output
    assert all(one.email in shown.output for one in people.TOWNSPEOPLE)


def test_a_place_begins_empty_and_is_made_once(app: Flask) -> None:
    runner = app.test_cli_runner()
    first = runner.invoke(
        args=["ledger", "place", "--admin-name", "Ada Quill", "--admin-email", "ada@example.test"]
    )
    assert first.exit_code == 0, first.output
    link = first.output.split()[-1]
    browser = app.test_client()
    assert isinstance(browser, stage.Browser)
    path = link.removeprefix("http://127.0.0.1:8000")
    assert browser.get(path).status_code == 200
    assert browser.submit(path).location == "/account/password"
    assert browser.get("/account/password").status_code == 200
    again = runner.invoke(
        args=["ledger", "place", "--admin-name", "Ada Quill", "--admin-email", "ada@example.test"]
    )
    assert again.exit_code == 0
    assert again.output.count("nothing was changed") == 2
    assert runner.invoke(args=["ledger", "demo", "--sign-ins"]).output == ""
