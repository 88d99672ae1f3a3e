"""Every route there is: guarded, and safe to send twice or known to come from our own form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from ledger.http.permissions import SAFE, action_of, is_idempotent
from ledger.parties.rules import ACTIONS
from tests import stage

PLAIN = {"static"}
REPEATABLE = {
    "people.sign_in": "signing in twice gives two sessions, and neither harms",
    "people.sign_out": "signing out twice is signing out",
    "auditors.make_checkpoint": "the same journals give the same checkpoint",
    "auditors.make_pack": "the same period under the same checkpoint is the same pack",
}
"""Unsafe pages that may be sent twice without a key, and why."""


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            if rule.endpoint not in PLAIN:
                yield rule, method


def test_every_route_names_an_action_of_the_table(app: Flask) -> None:
    bare = [
        f"{method} {rule}"
        for rule, method in routes(app)
        if action_of(app.view_functions[rule.endpoint], method) not in ACTIONS
    ]
    assert bare == []


def test_every_unsafe_call_of_the_api_can_be_sent_twice(app: Flask) -> None:
    loose = [
        f"{method} {rule}"
        for rule, method in routes(app)
        if method not in SAFE
        and str(rule).startswith("/api/")
        and not is_idempotent(app.view_functions[rule.endpoint], method)
    ]
    assert loose == []


def test_every_unsafe_page_refuses_a_form_that_is_not_ours(app: Flask) -> None:
    client = app.test_client()
    taken = []
    for rule, method in routes(app):
        if method in SAFE or str(rule).startswith("/api/"):
            continue
        path = stage.filled_path(rule)
        answer = client.open(path, method=method, data={"any": "thing"})
        if answer.status_code not in (400, 403):
            taken.append(f"{method} {rule} answered {answer.status_code}")
    assert taken == []


def test_every_safe_route_answers_a_visitor_without_a_fault(app: Flask) -> None:
    client = app.test_client()
    faults = []
    for rule, method in routes(app):
        if method != "GET" or str(rule) == "/health":
            continue
        answer = client.get(stage.filled_path(rule))
        if answer.status_code >= 500:
            faults.append(f"{rule} answered {answer.status_code}")
    assert faults == []


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_is_for_somebody(action: str) -> None:
    assert ACTIONS[action]
