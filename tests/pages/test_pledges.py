"""Pledges as anybody meets them: the list, one pledge, joining it by the link, the poster."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transaction
from ledger.messages import queries as messages
from ledger.parties import queries as parties
from tests.cast import Place
from tests.pledging import Stage, deal


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the last form on a page."""
    form = page[page.rindex("<form") :]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def fill(client: FlaskClient, path: str, **typed: str) -> str:
    """Open a form, fill it in, send it, and give back the page that comes."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    sent = client.post(path, data={**hidden(page.text), **typed}, follow_redirects=True)
    return sent.text


def test_the_list_begins_with_what_can_be_joined(stage: Stage, client: FlaskClient) -> None:
    assert "No pledge is open just now" in client.get("/pledges").text
    pledge = stage.open()
    page = client.get("/pledges").text
    assert f"/pledges/{pledge}" in page
    assert "Friends of Canal Side" in page
    assert "Thursday 30 April 2026 at 23:59:59 (BST)" in page
    assert pledge not in client.get("/pledges?show=ended").text


def test_a_draft_is_not_there_for_the_public(stage: Stage, client: FlaskClient) -> None:
    pledge = stage.draft()
    for path in ("", "/join", "/poster", "/wordings", "/joined"):
        assert client.get(f"/pledges/{pledge}{path}").status_code == 404


def test_the_deal_stands_above_the_button(stage: Stage, client: FlaskClient) -> None:
    page = client.get(f"/pledges/{stage.open()}").text
    button = page.index("Join this pledge")
    for words in ("Nobody pays anything", "More trees are planted", "Everybody is paid back",
                  "23:59:59 (BST)", "£100"):  # fmt: skip
        assert page.index(words) < button
    assert "Nobody has promised anything yet." in page


def test_a_stranger_joins_by_the_link_and_counts_once(stage: Stage, client: FlaskClient) -> None:
    pledge = stage.open(deal(minimum=2_000))
    page = fill(
        client, f"/pledges/{pledge}/join", quantity="20", name="Nia Stranger",
        email="nia@example.test", agree="yes",
    )  # fmt: skip
    assert "Nearly done" in page
    assert stage.pledge(pledge).confirmed == 0
    with transaction(read_only=True) as s:
        person = parties.person_by_email(s, "nia@example.test")
        assert person is not None
        letter = messages.for_person(s, person)[0]
    path = str(letter.facts["secret_link"]).split("//", 1)[1].split("/", 1)[1]
    assert client.get("/" + path).status_code == 200
    assert stage.pledge(pledge).confirmed == 0
    page = fill(client, "/" + path)
    assert "Yours was the promise that reached it" in page
    assert stage.pledge(pledge).state == "REACHED"
    assert "used already" in client.get("/" + path).text
    page = client.get(f"/pledges/{pledge}").text
    assert "Nia" not in page
    assert "1 neighbour" in page


def test_what_was_typed_stays_when_something_is_wrong(stage: Stage, client: FlaskClient) -> None:
    pledge = stage.open()
    page = fill(
        client, f"/pledges/{pledge}/join", quantity="1.5", name="Nia", email="nia@example.test"
    )
    assert "There is a problem" in page
    assert 'value="1.5"' in page
    assert 'value="nia@example.test"' in page
    assert "tick the box" in page


def test_joining_past_the_maximum_is_refused_beside_the_field(
    stage: Stage, client: FlaskClient
) -> None:
    pledge = stage.open(deal(minimum=1_000, maximum=5_000))
    page = fill(
        client, f"/pledges/{pledge}/join", quantity="60", name="Nia", email="n@example.test",
        agree="yes",
    )  # fmt: skip
    assert "There is room for £50.00 more" in page


def test_too_late_is_said_in_words(stage: Stage, client: FlaskClient) -> None:
    pledge = stage.open()
    stage.clock.at = datetime(2026, 4, 30, 23, 0, 0, tzinfo=UTC)
    answer = client.get(f"/pledges/{pledge}/join")
    assert answer.status_code == 410
    assert "Thursday 30 April 2026 at 23:59:59 (BST)" in answer.text


def test_the_poster_says_it_all_in_large_letters(stage: Stage, client: FlaskClient) -> None:
    pledge = stage.open()
    page = client.get(f"/pledges/{pledge}/poster").text
    assert f"/pledges/{pledge}" in page
    assert "app-poster__code" in page


def test_every_version_can_be_read(stage: Stage, client: FlaskClient) -> None:
    page = client.get(f"/pledges/{stage.open()}/wordings").text
    assert "Version 1" in page


def test_nobody_learns_by_asking_whether_an_address_has_joined(
    stage: Stage, client: FlaskClient
) -> None:
    pledge = stage.open()
    stage.join(pledge, stage.place.people["resident"], 1_000)
    pages = [
        fill(client, f"/pledges/{pledge}/join", quantity="5", name="X", email=email, agree="yes")
        for email in ("resident@example.test", "organiser@example.test", "new@example.test")
    ]
    assert all("Nearly done" in page for page in pages)
    assert stage.pledge(pledge).confirmed == 1_000
    with transaction(read_only=True) as s:
        letters = messages.for_person(s, stage.place.people["resident"])
    assert "pledge.joined_again" in [letter.template for letter in letters]
