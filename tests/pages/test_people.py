"""Signing in and out, sessions, forms that are ours, and the account pages."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ledger.audit import queries as audit
from ledger.http import cookies, csrf, passwords
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.messages import queries as messages
from ledger.parties import service
from tests.cast import PASSWORD, Place

SignIn = Callable[[FlaskClient, str], FlaskClient]
_HASH = passwords.hashed(PASSWORD)
NEW = "violet harbour lantern nine"


@pytest.fixture
def owen(place: Place, clock: FixedClock) -> str:
    """An officer with a password."""
    person = place.people["officer"]
    transact(
        lambda session: service.set_password(
            session, person=person, password_hash=_HASH, by=person, now=clock.now()
        )
    )
    return person


def hidden(page: TestResponse) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))


def send(browser: FlaskClient, path: str, at: str = "", **fields: Any) -> TestResponse:
    """Open the page that holds the form, and send the form."""
    return browser.post(path, data={**hidden(browser.get(at or path)), **fields})


def enter(browser: FlaskClient, password: str = PASSWORD, **more: Any) -> TestResponse:
    return send(browser, "/sign-in", email="officer@example.test", password=password, **more)


def cookie(browser: FlaskClient, name: str = cookies.SESSION) -> str:
    found = browser.get_cookie(name)
    return found.value if found else ""


def test_the_right_password_begins_a_session_and_leads_on(client: FlaskClient, owen: str) -> None:
    answer = enter(client, next="/account")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "Owen Marsh" in client.get("/account").text
    set_cookie = next(one for one in answer.headers.getlist("Set-Cookie") if cookies.SESSION in one)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(set_cookie.split("; "))


@pytest.mark.parametrize(
    ("asked", "led"),
    [("https://evil.example/", "/desk"), ("//evil.example", "/desk"), ("/\\evil.example", "/desk"),
     ("/pledges?q=a", "/pledges?q=a"), ("/a\r\nSet-Cookie: x=y", "/desk"), ("", "/desk")],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(
    client: FlaskClient, owen: str, asked: str, led: str
) -> None:
    assert enter(client, next=asked).headers["Location"] == led


@pytest.mark.parametrize(
    ("email", "password"),
    [("officer@example.test", "wrong"), ("nobody@example.test", PASSWORD), ("nonsense", PASSWORD),
     ("officer@example.test", PASSWORD + " ")],
)  # fmt: skip
def test_whatever_is_wrong_the_answer_is_the_same(
    client: FlaskClient, owen: str, email: str, password: str
) -> None:
    answer = send(client, "/sign-in", email=email, password=password)
    assert answer.status_code == 422
    assert "do not belong together" in answer.text
    assert cookie(client) == ""


def test_what_was_typed_is_kept_but_never_the_password(client: FlaskClient, owen: str) -> None:
    answer = enter(client, password="my wrong secret")
    assert 'value="officer@example.test"' in answer.text
    assert "my wrong secret" not in answer.text
    empty = send(client, "/sign-in")
    assert empty.status_code == 422
    assert "Enter your password" in empty.text


def test_signing_in_gives_a_new_session_and_ends_the_one_before(
    app: Flask, client: FlaskClient, owen: str
) -> None:
    enter(client)
    first = cookie(client)
    client.post("/sign-in", data={"csrf_token": csrf.token_for(first), "email": "officer@example.test",
                                  "password": PASSWORD})  # fmt: skip
    assert cookie(client) not in ("", first)
    thief = app.test_client()
    thief.set_cookie(cookies.SESSION, first)
    assert thief.get("/account").status_code == 303


def test_a_session_that_was_chosen_by_somebody_else_is_worth_nothing(
    client: FlaskClient, owen: str
) -> None:
    client.set_cookie(cookies.SESSION, "chosen-by-an-attacker")
    enter(client)
    assert cookie(client) != "chosen-by-an-attacker"


def stolen(app: Flask, browser: FlaskClient) -> FlaskClient:
    thief = app.test_client()
    thief.set_cookie(cookies.SESSION, cookie(browser))
    assert thief.get("/account").status_code == 200
    return thief


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(
    app: Flask, client: FlaskClient, owen: str
) -> None:
    enter(client)
    thief = stolen(app, client)
    out = send(client, "/sign-out", at="/account")
    assert out.headers["Clear-Site-Data"] == '"cache"'
    assert thief.get("/account").status_code == 303
    assert client.get("/account").headers["Location"] == "/sign-in?next=%2Faccount"


def test_a_stolen_cookie_is_worth_nothing_after_a_new_password(
    app: Flask, client: FlaskClient, owen: str
) -> None:
    enter(client)
    thief = stolen(app, client)
    done = send(client, "/account/password", old=PASSWORD, password=NEW)
    assert done.status_code == 303
    assert thief.get("/account").status_code == 303
    assert client.get("/account").status_code == 200
    fresh = app.test_client()
    assert enter(fresh).status_code == 422
    assert enter(fresh, password=NEW).status_code == 303


@pytest.mark.parametrize(
    "case",
    [(timedelta(minutes=59), 11, True), (timedelta(minutes=60), 1, False),
     (timedelta(minutes=50), 15, False)],
    ids=["used often", "idle", "too old"],
)  # fmt: skip
def test_a_session_ends_when_idle_or_old(
    client: FlaskClient, owen: str, clock: FixedClock, case: tuple[timedelta, int, bool]
) -> None:
    step, times, lives = case
    enter(client)
    for _ in range(times):
        clock.move(step)
        last = client.get("/account").status_code
    assert (last == 200) is lives


def test_other_sessions_are_listed_and_ended_by_their_owner(
    app: Flask, client: FlaskClient, owen: str
) -> None:
    enter(client)
    other, third = app.test_client(), app.test_client()
    enter(other)
    enter(third)
    with transaction(read_only=True) as session:
        mine = [one.id for one in audit.web_sessions(session, owen)]
    assert len(mine) == 3
    send(client, "/account/sessions/end", at="/account", session="")
    assert other.get("/account").status_code == third.get("/account").status_code == 303
    assert client.get("/account").status_code == 200


def test_nobody_ends_the_sessions_of_another(
    app: Flask, client: FlaskClient, owen: str, sign_in: SignIn
) -> None:
    enter(client)
    with transaction(read_only=True) as session:
        his = audit.web_sessions(session, owen)[0].id
    rosa = sign_in(app.test_client(), "resident")
    send(rosa, "/account/sessions/end", at="/account", session=his)
    assert client.get("/account").status_code == 200


FORGED: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("no token", {}, {}),
    ("an empty token", {"csrf_token": ""}, {}),
    ("a made-up token", {"csrf_token": "0" * 64}, {}),
    ("a token that is not text", {"csrf_token": "é" * 64}, {}),
    ("another site by Origin", {"csrf_token": "good"}, {"Origin": "https://evil.example"}),
    ("an Origin of null", {"csrf_token": "good"}, {"Origin": "null"}),
    ("another port", {"csrf_token": "good"}, {"Origin": "http://localhost:1"}),
    ("cross-site by the browser", {"csrf_token": "good"}, {"Sec-Fetch-Site": "cross-site"}),
]


@pytest.mark.parametrize("forged", FORGED, ids=lambda forged: forged[0])
def test_a_form_that_is_not_ours_changes_nothing(
    client: FlaskClient, owen: str, forged: tuple[str, dict[str, str], dict[str, str]]
) -> None:
    enter(client)
    _, fields, headers = forged
    good = csrf.token_for(cookie(client))
    fields = {name: good if value == "good" else value for name, value in fields.items()}
    answer = client.post(
        "/account/name", data={**fields, "form_key": "k" * 20, "show_name": "yes"}, headers=headers
    )
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text or "another site" in answer.text
    assert "No: you appear" in client.get("/account").text


def test_whoever_signs_in_again_comes_back_to_the_form(
    client: FlaskClient, owen: str, clock: FixedClock
) -> None:
    enter(client)
    fields = hidden(client.get("/account"))
    clock.move(timedelta(days=2))
    sent = {**fields, "work": "Two hours of <b>digging</b>"}
    answer = client.post(
        "/account/name", data=sent, headers={"Referer": "http://localhost/account"}
    )
    assert answer.status_code == 401
    assert "Two hours of &lt;b&gt;digging&lt;/b&gt;" in answer.text
    assert "/sign-in?next=%2Faccount" in answer.text
    elsewhere = {"Referer": "http://other.example/account"}
    assert "next=" not in client.post("/account/name", data=sent, headers=elsewhere).text


def test_the_token_of_one_browser_is_worth_nothing_in_another(
    app: Flask, client: FlaskClient, owen: str, sign_in: SignIn
) -> None:
    enter(client)
    rosa = sign_in(app.test_client(), "resident")
    fields = hidden(rosa.get("/account"))
    assert client.post("/account/name", data={**fields, "show_name": "yes"}).status_code == 403


def test_our_own_form_is_taken_and_its_second_click_does_nothing(
    client: FlaskClient, owen: str
) -> None:
    enter(client)
    fields = {**hidden(client.get("/account")), "show_name": "yes"}
    first, second = (client.post("/account/name", data=fields) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert second.headers["Idempotency-Replayed"] == "true"
    with transaction(read_only=True) as session:
        assert len(audit.events(session, subject=owen, action="account.shown")) == 1


def test_ten_guesses_are_tried_and_the_eleventh_is_not(
    app: Flask, owen: str, clock: FixedClock
) -> None:
    stranger = app.test_client()
    told = [enter(stranger, password=f"guess {n}").status_code for n in range(12)]
    assert Counter(told) == {422: 10, 429: 2}
    assert enter(stranger).status_code == 429, "even the right one is not tried"
    clock.move(timedelta(minutes=5))
    assert enter(stranger).status_code == 303


def test_the_owner_on_a_known_device_is_not_locked_out(
    app: Flask, client: FlaskClient, owen: str
) -> None:
    enter(client)
    send(client, "/sign-out", at="/account")
    stranger = app.test_client()
    for number in range(11):
        enter(stranger, password=f"guess {number}")
    assert enter(client).status_code == 303


def test_guesses_at_once_are_counted_before_they_are_tried(
    app: Flask, owen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def note(password: str, stored: str | None) -> bool:
        del stored
        tried.append(password)
        return False

    monkeypatch.setattr(passwords, "matches", note)
    page = app.test_client().get("/sign-in")
    secret = next(
        one.split(";")[0].split("=", 1)[1]
        for one in page.headers.getlist("Set-Cookie")
        if one.startswith(cookies.VISIT)
    )
    fields = {**hidden(page), "email": "officer@example.test"}

    def guess(number: int) -> None:
        browser = app.test_client()
        browser.set_cookie(cookies.VISIT, secret)
        browser.post("/sign-in", data={**fields, "password": f"guess {number}"})

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tried) <= 10


def test_a_link_signs_in_once_and_lets_choose_a_password(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    assert send(client, "/sign-in/link", email="resident@example.test").status_code == 200
    with transaction(read_only=True) as session:
        sent = messages.for_person(session, place.people["resident"])
    path = "/prove/" + str(sent[0].facts["secret_link"]).rsplit("/", 1)[1]
    assert client.get(path).status_code == 200
    proved = send(client, path)
    assert (proved.status_code, proved.headers["Location"]) == (303, "/account/password")
    assert "present password" not in client.get("/account/password").text
    assert send(client, "/account/password", password=NEW).status_code == 303
    assert "present password" in client.get("/account/password").text
    again = app.test_client()
    used = send(again, path)
    assert used.status_code == 410
    assert "Ask for a new link" in used.text


def test_asking_for_a_link_does_not_tell_who_is_known(client: FlaskClient, place: Place) -> None:
    known = send(client, "/sign-in/link", email="resident@example.test")
    unknown = send(client, "/sign-in/link", email="nobody@example.test")
    assert known.status_code == unknown.status_code == 200
    assert re.sub(r"value=\"[^\"]*\"", "", known.text) == re.sub(
        r"value=\"[^\"]*\"", "", unknown.text
    )
    assert send(client, "/sign-in/link", email="nonsense").status_code == 422


def test_a_bad_new_password_is_refused_beside_its_field(client: FlaskClient, owen: str) -> None:
    enter(client)
    for old, new, words in (
        ("wrong", NEW, "not your present password"),
        (PASSWORD, "short", "has 5 characters"),
        (PASSWORD, "owen marsh owen marsh", "tried first"),
    ):
        answer = send(client, "/account/password", old=old, password=new)
        assert answer.status_code == 422
        assert words in answer.text


def test_a_token_is_made_shown_once_and_ended(client: FlaskClient, owen: str) -> None:
    enter(client)
    made = send(client, "/account/tokens/new", name="uploads", days="30", scopes="read")
    secret = re.search(r"<code class=\"app-code\">([\w-]{43})</code>", made.text)
    token = re.search(r"TOK-\w+", made.text)
    assert secret is not None
    assert token is not None
    account = client.get("/account").text
    assert "uploads" in account
    assert secret[1] not in account
    assert send(client, f"/account/tokens/{token[0]}/end", at="/account").status_code == 303
    assert "ended 2 March 2026" in client.get("/account").text
    bad = send(client, "/account/tokens/new", name="", days="x", scopes="all")
    assert bad.status_code == 422


def test_messages_to_you_are_read_without_their_links(client: FlaskClient, owen: str) -> None:
    enter(client)
    assert "Nothing has been written to you" in client.get("/account/messages").text
    send(client, "/account/password", old=PASSWORD, password=NEW)
    assert "Your password was changed" in client.get("/account/messages").text


def test_whoever_is_signed_in_goes_on_from_the_sign_in_page(client: FlaskClient, owen: str) -> None:
    enter(client)
    assert client.get("/sign-in").headers["Location"] == "/desk"


def test_nothing_private_may_be_kept_by_anybody(client: FlaskClient, owen: str) -> None:
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"
    enter(client)
    for path in ("/account", "/", "/account/messages"):
        assert client.get(path).headers["Cache-Control"] == "no-store"


def test_a_refusal_on_a_page_is_a_page_with_the_same_words(
    client: FlaskClient, sign_in: SignIn
) -> None:
    rosa = sign_in(client, "resident")
    answer = rosa.get("/admin/")
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert "It is for: administrator" in answer.text
    assert "ledger.forbidden" in answer.text


def test_two_clicks_at_once_are_one_effect_and_both_go_on(
    app: Flask, client: FlaskClient, owen: str
) -> None:
    enter(client)
    fields = {**hidden(client.get("/account")), "show_name": "yes"}
    secret, told = cookie(client), []

    def click() -> None:
        browser = app.test_client()
        browser.set_cookie(cookies.SESSION, secret)
        told.append(browser.post("/account/name", data=fields).status_code)

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [303] * 8
    with transaction(read_only=True) as session:
        assert len(audit.events(session, subject=owen, action="account.shown")) == 1


def test_a_form_without_its_key_is_refused_in_words_for_people(
    client: FlaskClient, owen: str
) -> None:
    enter(client)
    answer = client.post("/account/name", data={"csrf_token": csrf.token_for(cookie(client))})
    assert answer.status_code == 403
    assert "The form did not arrive whole" in answer.text


def test_behind_https_cookies_are_bound_to_the_host_and_the_browser_stays_there(
    app: Flask, client: FlaskClient, owen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(app.extensions["ledger.settings"], secure_cookies=True)
    monkeypatch.setitem(app.extensions, "ledger.settings", settings)
    page = client.get("/sign-in", base_url="https://localhost")
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    sent = page.headers.getlist("Set-Cookie")
    assert [one.split("=")[0] for one in sent] == ["__Host-ledger_visit"]
    assert "Secure" in sent[0].split("; ")
    assert "Domain" not in sent[0]


def test_an_old_hash_is_made_anew_at_the_next_sign_in(
    client: FlaskClient, place: Place, clock: FixedClock
) -> None:
    from argon2 import PasswordHasher

    from ledger.parties import queries

    person = place.people["officer"]
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    transact(
        lambda session: service.set_password(
            session, person=person, password_hash=weak, by=person, now=clock.now()
        )
    )
    assert enter(client).status_code == 303
    with transaction(read_only=True) as session:
        stored = queries.password_hash(session, person) or ""
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_route_without_a_guard_is_served_to_nobody(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.view_functions, "service.health", lambda: "open to all")
    answer = client.get("/health")
    assert answer.status_code == 403
    assert "http.unguarded" in answer.text


def test_the_type_of_every_problem_leads_to_its_meaning(client: FlaskClient, place: Place) -> None:
    refused = client.get("/api/v1/me").json
    page = client.get(refused["type"].split("#")[0])
    assert page.status_code == 200
    for code in (refused["code"], "ledger.busy", "approvals.over_limit"):
        assert f'id="{code}"' in page.text
