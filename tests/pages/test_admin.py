"""The administrator's desk, and decisions by two people as pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from ledger.approvals import queries as approval_queries
from ledger.approvals import service as approvals
from ledger.kernel.clock import FixedClock, now
from ledger.kernel.db import transact, transaction
from ledger.parties import queries, service
from tests.cast import Place
from tests.pages.test_people import hidden, send

SignIn = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture
def ada(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """The administrator's browser."""
    return sign_in(client, "administrator")


def test_a_person_is_added_with_a_link_given_a_role_and_relieved_of_it(
    ada: FlaskClient, place: Place
) -> None:
    made = send(ada, "/admin/people/new", name="Zoë Quist", email="zoe@example.test", role="broker",
                organisation=place.council)  # fmt: skip
    where = made.headers["Location"]
    page = ada.get(where)
    assert "A link was sent" in page.text
    assert "Asset broker" in page.text
    person = where.rsplit("/", 1)[1]
    assert send(ada, f"{where}/roles", at=where, role="organiser").status_code == 303
    refused = send(ada, f"{where}/roles", at=where, role="auditor")
    assert refused.status_code == 422
    assert "cannot be the same person" in refused.text
    with transaction(read_only=True) as session:
        grant = next(one for one in queries.grants(session, person) if one.role == "organiser")
    assert send(ada, f"{where}/roles/{grant.id}/end", at=where).status_code == 303
    assert "ended 2 March 2026" in ada.get(where).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"name": ""}, "Enter their name"), ({"name": "A", "email": "x"}, "not an email address"),
     ({"name": "A", "email": "officer@example.test"}, "already known"),
     ({"name": "A", "role": "king"}, "Select a role"), ({"name": "a\x07b"}, "hidden character")],
)  # fmt: skip
def test_a_bad_person_is_refused_and_what_was_typed_is_kept(
    ada: FlaskClient, fields: dict[str, str], words: str
) -> None:
    answer = send(ada, "/admin/people/new", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    if fields.get("email"):
        assert f'value="{fields["email"]}"' in answer.text


def approve_erasure(place: Place, whose: str, who: str) -> None:
    def unit(session: Session) -> None:
        (view,) = approval_queries.about(session, kind="erasure", subject=place.people[whose])
        approvals.decide(
            session, proposal=view.id, stage="approve", actor=place.actor(who), verdict="yes",
            reason="they asked", digest=view.digest, now=now(),
        )  # fmt: skip

    transact(unit)


def test_an_account_is_closed_opened_and_erased_with_a_reason(
    app: Flask, ada: FlaskClient, sign_in: SignIn, place: Place
) -> None:
    rosa = sign_in(app.test_client(), "resident")
    where = f"/admin/people/{place.people['resident']}"
    assert send(ada, f"{where}/close", reason="").status_code == 422
    assert send(ada, f"{where}/close", reason="asked to").status_code == 303
    assert rosa.get("/account").status_code == 303
    assert send(ada, f"{where}/open", reason="came back").status_code == 303
    assert rosa.get("/account").status_code == 303, "the old session does not come back"
    assert "What stays, and why" in ada.get(f"{where}/erase").text
    assert send(ada, f"{where}/erase", reason="asked to").status_code == 303
    assert "Rosa Mead" in ada.get(where).text, "one person alone erases nobody"
    assert "waits for a second person" in ada.get(f"{where}/erase").text
    approve_erasure(place, "resident", "officer")
    assert "A second person has approved it" in ada.get(f"{where}/erase").text
    assert send(ada, f"{where}/erase", reason="asked to").status_code == 303
    assert "a person whose details were erased" in ada.get(where).text
    assert send(ada, f"{where}/erase", reason="again").status_code == 409
    assert ada.get(f"{where}/promote").status_code == 404


def test_people_are_found_and_listed(ada: FlaskClient, place: Place) -> None:
    page = ada.get("/admin/people")
    assert "Rosa Mead" in page.text
    found = ada.get("/admin/people?q=owen")
    assert "Owen Marsh" in found.text
    assert "Rosa Mead" not in found.text
    assert "Nobody was found" in ada.get("/admin/people?q=zzz").text


def test_the_desk_adds_organisations_and_neighbourhoods(ada: FlaskClient) -> None:
    assert send(ada, "/admin/organisations", at="/admin/", name="Repair Club",
                kind="group").status_code == 303  # fmt: skip
    assert (
        send(ada, "/admin/neighbourhoods", at="/admin/", neighbourhood="Hill Top").status_code
        == 303
    )
    page = ada.get("/admin/").text
    assert "Repair Club" in page
    assert "Hill Top" in page
    again = send(ada, "/admin/neighbourhoods", at="/admin/", neighbourhood="Hill Top")
    assert again.status_code == 422
    assert 'value="Hill Top"' in again.text
    assert 'href="#neighbourhood"' in again.text
    wrong = send(ada, "/admin/organisations", at="/admin/", name="Tool\u202eLibrary", kind="group")
    assert wrong.status_code == 422
    assert 'value="Tool\u202eLibrary"' in wrong.text
    assert "hidden character" in wrong.text


def test_a_refusal_without_a_form_gives_back_what_was_typed(ada: FlaskClient, place: Place) -> None:
    where = f"/admin/people/{place.people['resident']}/nothing-of-that-kind"
    answer = ada.submit(where, {"reason": "A <b>long</b> story", "password": "not to be shown"})  # type: ignore[attr-defined]
    assert answer.status_code == 404
    assert "A &lt;b&gt;long&lt;/b&gt; story</blockquote>" in answer.text
    assert "not to be shown" not in answer.text


def test_a_lost_token_is_ended_and_a_link_is_sent(
    ada: FlaskClient, place: Place, clock: FixedClock
) -> None:
    person = place.people["officer"]
    made, _ = transact(
        lambda session: service.make_token(
            session, person=person, name="lost", scopes=["read"], days=9, by=person, now=clock.now()
        )
    )
    where = f"/admin/people/{person}"
    assert send(ada, f"{where}/tokens/{made}/end", at=where).status_code == 303
    assert send(ada, f"{where}/link", at=where).status_code == 303


def propose(place: Place, clock: FixedClock, **more: Any) -> str:
    facts: dict[str, Any] = {
        "kind": "test.release", "subject": "PLG-1", "quantity_pence": 5_000, "bucket": "b",
        "facts": {"amount_pence": 5_000, "payees": [{"to": place.council}], "urgent": True, "tags": []},
        "maker": place.people["officer"], "barred": [place.people["s151"]], "now": clock.now(),
    }  # fmt: skip
    return transact(lambda session: approvals.propose(session, **{**facts, **more}))


def test_three_people_decide_on_pages_and_each_sees_exactly_what_is_signed(
    app: Flask, sign_in: SignIn, place: Place, clock: FixedClock
) -> None:
    proposal = propose(place, clock)
    where = f"/approvals/{proposal}"
    odile = sign_in(app.test_client(), "officer2")
    assert where in odile.get("/approvals").text
    page = odile.get(where)
    assert "£50.00" in page.text
    assert "£0.00 since 1 April" in page.text
    assert "Testwick Council (ORG-" in page.text
    assert "Sam Thorne" in page.text
    again = odile.post(where, data={**hidden(page), "verdict": "", "reason": ""})
    assert again.status_code == 422
    assert send(odile, where, verdict="yes", reason="I saw the invoice").status_code == 303
    assert "already made the other decision" in odile.get(where).text
    hana = sign_in(app.test_client(), "head")
    assert "£5,000.00" in hana.get(where).text, "her own limit"
    assert send(hana, where, verdict="yes", reason="Within budget").status_code == 303
    assert "I saw the invoice" in hana.get(where).text
    owen = sign_in(app.test_client(), "officer")
    assert "does not wait for a decision" in owen.get(where).text
    late = owen.post(
        where, data={**hidden(page), **hidden(owen.get(where)), "verdict": "", "reason": "a\x00b"}
    )
    assert (late.status_code, "somebody may have decided already" in late.text) == (409, True)


@pytest.mark.parametrize(
    "case",
    [("officer", "You proposed this yourself"), ("s151", "somebody who gains"),
     ("broker", "roles do not allow")],
)  # fmt: skip
def test_whoever_may_not_decide_is_told_why_and_is_refused_all_the_same(
    client: FlaskClient, sign_in: SignIn, place: Place, clock: FixedClock, case: tuple[str, str]
) -> None:
    part, words = case
    proposal = propose(place, clock)
    browser, where = sign_in(client, part), f"/approvals/{proposal}"
    page = browser.get(where)
    assert words in page.text
    with transaction(read_only=True) as session:
        from ledger.approvals import queries as proposals

        digest = proposals.get(session, proposal).digest
    forced = browser.post(
        where,
        data={**hidden(page), "digest": digest, "stage": "verify", "verdict": "yes",
              "reason": "I insist"},
    )  # fmt: skip
    assert forced.status_code == 403


def test_a_page_that_shows_something_old_decides_nothing(
    client: FlaskClient, sign_in: SignIn, place: Place, clock: FixedClock
) -> None:
    hana = sign_in(client, "head")
    where = f"/approvals/{propose(place, clock)}"
    old = {**hidden(hana.get(where)), "digest": "0" * 64, "verdict": "yes", "reason": "fine"}
    assert hana.post(where, data=old).status_code == 409
