"""Every form of the demonstration town, filled in and then broken in one field at a time.

The forms are found by walking from the front page and from everybody's desk, so that a new one
is tried by itself. What cannot be used is refused beside its field with what was typed kept.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ledger.audit import service as audit
from ledger.demo import people, town
from ledger.http import cookies, csrf
from ledger.kernel import clock as kernel_clock
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.ids import new_secret
from ledger.parties import queries as parties
from tests import walking
from tests.walking import FoundForm

VALUES = (
    "", "1.5", "1_000", "-1", "NaN", "9" * 26, "30/02/2026", "a\x00b", "a\u202eb",
    "<script>alert(1)</script>", "=1+1", "x" * 6_000,
)  # fmt: skip
USUAL = (
    ("-day", "7"), ("-month", "12"), ("-year", "2026"), ("email", "new@example.test"),
    ("amount", "20"), ("pounds", "20"), ("rate", "20"), ("price", "20"), ("hours", "2"),
    ("minutes", "30"), ("start", "19:00"), ("end", "21:00"), ("headcount", "10"), ("count", "4"),
    ("days", "30"), ("capacity", "20"), ("target", "10"), ("percent", "20"),
    ("through", "2024-12"), ("password", "three unrelated words"), ("postcode", "TW1 1AA"),
)  # fmt: skip
LEFT_ALONE = ("people.sign_out", "people.end_sessions")  # they end what the walk needs
FORMS_MIN = 45


def browsers(app: Flask) -> Iterator[tuple[str, FlaskClient]]:
    yield "visitor", app.test_client()
    for one in people.TOWNSPEOPLE:
        browser, secret = app.test_client(), new_secret()
        with transaction(read_only=True) as session:
            person = parties.person_by_email(session, one.email)
        assert person is not None
        transact(
            lambda s, person=person, secret=secret: audit.start_web_session(
                s, person=person, secret=secret, browser="test", now=kernel_clock.now()
            )
        )
        browser.set_cookie(cookies.SESSION, secret)
        yield one.key, browser


def filled(form: FoundForm) -> dict[str, str]:
    """What somebody would usually enter: what stands there, the first offer, or a likely value."""
    made = {}
    for name, one in form.fields.items():
        offered = next(filter(None, one.options), "")
        likely = next((value for part, value in USUAL if part in name), "Something ordinary")
        made[name] = one.value or (offered if one.options else likely)
    return made


def send(browser: FlaskClient, form: FoundForm, typed: dict[str, str]) -> TestResponse:
    data: dict[str, object] = {**typed, csrf.KEY_FIELD: new_secret()}
    for name, one in form.fields.items():
        if one.kind == "file":
            data[name] = (io.BytesIO(b"area,period,value\nCanal Side,2024-01,3\n"), "readings.csv")
    if form.method == "get":
        answer: TestResponse = browser.get(form.action, query_string=typed)
        return answer
    sent: TestResponse = browser.post(form.action, data=data)
    return sent


def faults_of(
    answer: TestResponse, form: FoundForm, name: str, typed: str, *, done: bool
) -> Iterator[str]:
    """What is wrong with an answer. Of what is ``done`` already, the form may be gone."""
    if answer.status_code >= 500 or "constraint" in answer.text:
        yield f"{answer.status_code}"
    if done:
        return
    kind = form.fields[name].kind
    if answer.status_code != 422 or kind == "hidden":  # nobody types into a hidden field
        return
    if "govuk-error-summary" not in answer.text:
        yield "the error stands nowhere"
    if kind in walking.HIDDEN or not typed:
        return
    shown = [
        one.fields[name].value for one in walking.Page(answer.text).forms if name in one.fields
    ]
    if typed not in [value.strip() for value in shown]:
        yield "what was typed is lost"


def broken(
    browser: FlaskClient, form: FoundForm, first: int, step: int
) -> Iterator[tuple[str, str, TestResponse]]:
    """Each field with each of its share of wrong values, and the answer."""
    usual = filled(form)
    for number, name in enumerate(form.fields):
        if name in (csrf.FIELD, csrf.KEY_FIELD) or form.fields[name].kind == "file":
            continue
        for typed in VALUES[(number + first) % step :: step]:
            yield name, typed, send(browser, form, usual | {name: typed})


@pytest.mark.slow
def test_what_cannot_be_used_stands_beside_its_field_in_every_form(
    app: Flask, clock: FixedClock, engine_name: str
) -> None:
    town.load(code="MAIN", now=clock.now(), say=lambda _: None)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    tried, faults, kinds = 0, list[str](), set[tuple[str, ...]]()
    for who, browser in browsers(app):
        for form in list(walking.forms(app, browser)):
            kind = (walking.route_of(app, form.action, form.method), *sorted(form.fields))
            if kind in kinds or kind[0] in LEFT_ALONE:
                continue
            kinds.add(kind)
            # Every field is tried on both engines, each with its share of the values.
            answers = list(broken(browser, form, len(kinds), 3 if engine_name == "sqlite" else 6))
            tried += len(answers)
            done = False
            for name, typed, answer in answers:
                faults += [
                    f"{who}: {kind[0]} {name}={typed[:20]!r}: {fault}"
                    for fault in faults_of(answer, form, name, typed, done=done)
                ]
                done = done or (form.method == "post" and answer.status_code < 400)
    app.config["PROPAGATE_EXCEPTIONS"] = None
    print(f"COUNT forms={len(kinds)} broken_fields={tried} faults={len(faults)}")
    assert not faults, "\n".join(faults)
    assert len(kinds) >= FORMS_MIN
