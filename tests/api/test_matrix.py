"""Every route as every role, from the map of addresses: who may comes from one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from ledger.http import cookies, csrf
from ledger.http.permissions import SAFE, action_of
from ledger.parties.rules import ACTIONS, ANYONE, ROLES, SIGNED_IN, VISITOR, Actor, may
from tests import stage
from tests.cast import Place

PARTS = ("visitor", *ROLES)
PLAIN = {"static"}


def cells(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Each route and method with the action that guards it."""
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint in PLAIN:
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            action = action_of(app.view_functions[rule.endpoint], method)
            assert action in ACTIONS, f"{method} {rule} has no action: it is not listed"
            yield rule, method, action


def turned_away(answer: TestResponse, action: str) -> bool:
    """Whether the role, rather than the record or the form, was what was refused."""
    if answer.status_code == 303:
        return answer.headers["Location"].startswith("/sign-in")
    if answer.status_code == 401:
        return True
    if answer.status_code != 403 or "Your roles do not allow this" not in answer.text:
        return False
    return (
        answer.is_json and answer.json["place"] == action
    ) or f">ledger.forbidden {action}<" in answer.text


def ask(browser: FlaskClient, rule: Rule, method: str, token: str) -> TestResponse:
    path = stage.filled_path(rule)
    if method in SAFE:
        return browser.open(path, method=method)
    if str(rule).startswith("/api/"):
        return browser.open(path, method=method, json={})
    fields = {"csrf_token": token, "form_key": f"{rule.endpoint}-once-and-only"}
    return browser.open(path, method=method, data=fields)


@pytest.mark.parametrize("part", PARTS)
def test_every_route_lets_in_exactly_those_whom_the_table_names(
    app: Flask,
    place: Place,
    api: Callable[[str], FlaskClient],
    sign_in: Callable[[FlaskClient, str], FlaskClient],
    part: str,
) -> None:
    actor = VISITOR if part == "visitor" else place.actor(part)

    def fresh(*, is_call: bool) -> tuple[FlaskClient, str]:
        if part == "visitor":
            browser = app.test_client()
            browser.keyed = is_call
            browser.set_cookie(cookies.VISIT, "a visit of somebody")
            return browser, csrf.token_for("a visit of somebody")
        if is_call:
            return api(part), ""
        browser = sign_in(app.test_client(), part)
        kept = browser.get_cookie(cookies.SESSION)
        return browser, csrf.token_for(kept.value if kept else "")

    reader, caller = fresh(is_call=False), fresh(is_call=True)
    wrong, count = [], 0
    reading_first = sorted(cells(app), key=lambda cell: cell[1] not in SAFE)
    for rule, method, action in reading_first:
        is_call = str(rule).startswith("/api/")
        browser, token = caller if is_call else reader
        if method not in SAFE and not is_call:
            browser, token = fresh(is_call=False)  # the call before may have ended the session
        answer = ask(browser, rule, method, token)
        count += 1
        if answer.status_code >= 500:
            wrong.append(f"{method} {rule}: {answer.status_code}")
        elif turned_away(answer, action) is may(actor, action):
            wrong.append(f"{method} {rule} as {part}: {answer.status_code} for {action}")
    print(f"COUNT cells={count} wrong={len(wrong)}")
    assert wrong == [], "\n".join(wrong)


def test_the_auditor_changes_nothing_that_is_of_value() -> None:
    auditor = Actor("PER-1", frozenset({"auditor"}), None)
    allowed = {
        action
        for action, roles in ACTIONS.items()
        if may(auditor, action) and not roles & {ANYONE, SIGNED_IN}
    }
    assert {one for one in allowed if not one.endswith(".read")} <= {
        "audit.ask", "checkpoint.make", "export.make", "journal.export",
        "inspection.ask", "inspection.decide",
    }  # fmt: skip


def test_the_administrator_moves_no_value() -> None:
    administrator = Actor("PER-1", frozenset({"administrator"}), None)
    for action in ACTIONS:
        if action.split(".")[0] in ("pledge", "dividend", "journal", "period", "approval", "fund"):
            named = ACTIONS[action] & {ANYONE, SIGNED_IN}
            assert named or not may(administrator, action), action
