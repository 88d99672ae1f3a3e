"""``flask ledger people`` and ``flask ledger tokens``."""

from __future__ import annotations

import re

import pytest
from click.testing import Result
from flask import Flask

from ledger.kernel.db import transaction
from ledger.parties import queries
from tests.cast import PASSWORD, Place


def say(app: Flask, *words: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["ledger", *words], input=typed)


def test_people_are_listed_with_their_roles(app: Flask, place: Place) -> None:
    everybody = say(app, "people", "list")
    assert f"{len(place.people)} people" in everybody.output
    officers = say(app, "people", "list", "--role", "officer").output
    assert "Owen Marsh" in officers
    assert "Rosa Mead" not in officers


def test_a_person_is_added_with_a_link_that_works(app: Flask, place: Place) -> None:
    made = say(app, "people", "add", "Zoë Quist", "--email", "zoe@example.test", "--role", "broker",
               "--organisation", place.council)  # fmt: skip
    person, link = re.search(r"PER-\w+", made.output), re.search(r"/prove/[\w-]+", made.output)
    assert person is not None
    assert link is not None
    assert app.test_client().get(link[0]).status_code == 200
    again = say(app, "people", "link", person[0])
    assert "/prove/" in again.output


def test_a_role_is_given_ended_and_refused(app: Flask, place: Place) -> None:
    rosa = place.people["resident"]
    assert say(app, "people", "grant", rosa, "organiser").output.startswith("GRT-")
    refused = say(app, "people", "grant", rosa, "auditor")
    assert refused.exit_code == 1
    assert "cannot be the same person" in refused.output
    assert "parties.roles_apart" in refused.output
    assert say(app, "people", "end-role", rosa, "organiser").output == "1 ended\n"
    assert say(app, "people", "end-role", rosa, "organiser").exit_code == 1


def test_a_password_is_asked_for_and_weak_ones_are_refused(app: Flask, place: Place) -> None:
    rosa = place.people["resident"]
    kept = say(app, "people", "password", rosa, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert kept.exit_code == 0, kept.output
    weak = say(app, "people", "password", rosa, typed="short\nshort\n")
    assert weak.exit_code == 1
    assert "parties.weak_password" in weak.output


def test_a_person_is_erased_after_a_question(app: Flask, place: Place) -> None:
    rosa = place.people["resident"]
    kept = say(app, "people", "erase", rosa, "--reason", "asked", typed="n\n")
    assert kept.exit_code == 1
    gone = say(app, "people", "erase", rosa, "--reason", "asked", typed="y\n")
    assert "Erased." in gone.output
    with transaction(read_only=True) as session:
        assert queries.person(session, rosa).state == "erased"


def test_a_token_is_made_listed_and_ended(app: Flask, place: Place) -> None:
    owen = place.people["officer"]
    made = say(app, "tokens", "make", owen, "uploads", "--scope", "read", "--days", "3")
    token, secret = made.output.split()
    answer = app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert answer.json["person"] == owen
    listed = say(app, "tokens", "list", owen).output
    assert f"{token}  uploads  read  works until 2026-03-05" in listed
    assert secret not in listed
    assert say(app, "tokens", "end", owen, token).output == "Ended.\n"
    assert "ended 2026-03-02" in say(app, "tokens", "list", owen).output
    assert say(app, "tokens", "end", owen, token).exit_code == 1


@pytest.mark.parametrize("words", [("people", "link", "PER-NONE"), ("tokens", "list", "PER-NONE")])
def test_nobody_is_told_plainly(app: Flask, place: Place, words: tuple[str, ...]) -> None:
    found = say(app, *words)
    assert found.exit_code == 1
    assert "There is no person with that reference." in found.output
