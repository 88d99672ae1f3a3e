"""Every route tried as everybody: whoever the table does not name is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger.http.permissions import SAFE, action_of
from ledger.parties.rules import VISITOR, may
from tests import cast, stage
from tests.house.test_routes import routes

PARTS = sorted(set(cast.NAMES) - {"resident2", "officer2"})
ONCE = pytest.mark.parametrize("engine_name", ["sqlite"])
"""Rights are decided before the database is asked: one engine is enough."""


def refusals_missing(
    app: Flask, browser: FlaskClient, allowed: Callable[[str], bool], *, api: bool
) -> list[str]:
    wrong = []
    for rule, method in routes(app):
        action = action_of(app.view_functions[rule.endpoint], method)
        if action is None or allowed(action) or str(rule).startswith("/api/") is not api:
            continue
        path = stage.filled_path(rule)
        if method in SAFE or api:
            answer = browser.open(path, method=method, json={} if method not in SAFE else None)
        else:
            assert isinstance(browser, stage.Browser)
            answer = browser.submit(path)
        if answer.status_code not in (401, 403) and not to_sign_in(answer):
            wrong.append(f"{method} {rule} ({action}) answered {answer.status_code}")
    return wrong


def to_sign_in(answer: object) -> bool:
    location = getattr(answer, "location", None) or ""
    return "sign-in" in location


@ONCE
@pytest.mark.parametrize("part", PARTS)
def test_a_token_opens_only_what_its_owner_may(
    part: str, app: Flask, place: cast.Place, api: Callable[[str], FlaskClient]
) -> None:
    actor = place.actor(part)
    assert refusals_missing(app, api(part), lambda action: may(actor, action), api=True) == []


@ONCE
@pytest.mark.parametrize("part", PARTS)
def test_a_signed_in_browser_opens_only_what_its_person_may(
    part: str, app: Flask, place: cast.Place, sign_in: Callable[[FlaskClient, str], FlaskClient]
) -> None:
    actor = place.actor(part)
    browser = sign_in(app.test_client(), part)
    assert refusals_missing(app, browser, lambda action: may(actor, action), api=False) == []


@ONCE
@pytest.mark.parametrize("api_side", [True, False])
def test_a_visitor_opens_only_what_anyone_may(app: Flask, api_side: bool) -> None:
    browser = app.test_client()
    found = refusals_missing(app, browser, lambda action: may(VISITOR, action), api=api_side)
    assert found == []


@ONCE
def test_a_token_of_reading_changes_nothing(app: Flask, place: cast.Place) -> None:
    browser = cast.api_client(app, place, "administrator", scopes=("read",))
    assert refusals_missing_for_writes(app, browser) == []


def refusals_missing_for_writes(app: Flask, browser: FlaskClient) -> list[str]:
    return [
        f"{method} {rule}"
        for rule, method in routes(app)
        if method not in SAFE
        and str(rule).startswith("/api/")
        and browser.open(stage.filled_path(rule), method=method, json={}).status_code != 403
    ]
