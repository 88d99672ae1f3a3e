"""What anybody sees without signing in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from ledger.assets import service
from ledger.kernel.clock import now
from ledger.kernel.db import transact
from ledger.pages import manual, styling
from tests import cast

STILL = ("/help", "/help/proof", "/help/errors", "/accessibility", "/privacy", "/developers")


@pytest.mark.parametrize("path", ["/", "/buildings", *STILL])
def test_everybody_may_read_it_and_it_has_one_heading(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    assert '<main class="govuk-main-wrapper" id="main-content">' in answer.text


def test_an_empty_place_says_so_everywhere_on_its_home_page(client: FlaskClient) -> None:
    said = client.get("/").text
    for words in ("No pledge is open just now", "No rooms are offered yet",
                  "No agreement has been signed yet", "No checkpoint has been made yet"):  # fmt: skip
        assert words in said


def test_no_page_carries_script_or_style_of_its_own(client: FlaskClient) -> None:
    answer = client.get("/buildings")
    assert "<style" not in answer.text
    assert "style=" not in answer.text
    assert "<script>" not in answer.text
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]


def test_a_visitor_is_offered_to_sign_in_and_sees_no_bar(client: FlaskClient) -> None:
    said = client.get("/").text
    assert "Sign in" in said
    assert "Signed in as" not in said


def test_somebody_signed_in_sees_their_name_and_the_way_out(
    client: FlaskClient, sign_in: Callable[[FlaskClient, str], FlaskClient]
) -> None:
    said = sign_in(client, "resident").get("/").text
    assert "Signed in as <strong>Rosa Mead</strong>" in said
    assert 'action="/sign-out"' in said
    assert ">Sign in<" not in said


def test_a_page_that_is_not_there_says_what_to_do(client: FlaskClient) -> None:
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert "What you can do" in answer.text


def test_a_page_asked_in_the_wrong_way_says_so(client: FlaskClient) -> None:
    answer = client.put("/help")
    assert answer.status_code in (403, 405)
    assert "What you can do" in answer.text


def test_a_fault_of_ours_is_a_page_without_its_inside(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> str:
        raise ValueError("the inside")

    broken.ledger_action = "public.read"  # type: ignore[attr-defined]
    monkeypatch.setitem(app.view_functions, "public.help_page", broken)
    answer = client.get("/help")
    assert answer.status_code == 500
    assert "fault in the service" in answer.text
    assert "the inside" not in answer.text


def test_styles_may_be_kept_for_ever_under_their_own_address(
    app: Flask, client: FlaskClient
) -> None:
    with app.test_request_context():
        href = styling.asset_url("app.css")
    answer = client.get(href)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in client.get("/static/app.css").headers["Cache-Control"]
    again = client.get(href, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/static/nothing.css", "/static/..%2f__init__.py", "/assets/app.css", "/static/leaflet.js",
     "/assets/..%2f..%2fapp.py"],
)  # fmt: skip
def test_only_what_is_listed_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_place_wears_its_colour(client: FlaskClient) -> None:
    assert "#00545c" in client.get("/static/place.css").text


def test_the_buildings_are_found_by_every_word_and_kept_in_the_form(
    client: FlaskClient, place: cast.Place
) -> None:
    _list_two(place)
    said = client.get("/buildings?q=lane+hall").text
    assert "Lane End Hall" in said
    assert "Old Depot" not in said
    assert 'value="lane hall"' in said
    assert "<strong>1</strong> of 2" in said


def test_a_search_that_finds_nothing_offers_the_whole_list(
    client: FlaskClient, place: cast.Place
) -> None:
    _list_two(place)
    said = client.get("/buildings?q=cathedral").text
    assert "Nothing matches your search" in said
    assert "See all buildings" in said


def test_a_search_is_shown_as_text_and_never_as_markup(
    client: FlaskClient, place: cast.Place
) -> None:
    _list_two(place)
    said = client.get("/buildings", query_string={"q": '"><script>x</script>'}).text
    assert "<script>x" not in said


def test_the_map_is_offered_the_same_buildings(client: FlaskClient, place: cast.Place) -> None:
    _list_two(place)
    found = client.get("/buildings.geojson?q=lane")
    assert found.mimetype == "application/geo+json"
    assert [one["properties"]["name"] for one in found.get_json()["features"]] == ["Lane End Hall"]
    assert found.get_json()["features"][0]["geometry"]["coordinates"] == [-2.5, 53.25]


def test_the_refusals_page_is_made_of_the_documented_ones(client: FlaskClient) -> None:
    codes = [code for section in manual.refusals() for code, _ in section.refusals]
    assert "ledger.busy" in codes
    assert 'id="ledger.busy"' in client.get("/help/errors").text


def test_a_visitor_is_sent_to_sign_in_for_the_desk(client: FlaskClient) -> None:
    answer = client.get("/desk")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")


def _list_two(place: cast.Place) -> None:
    def unit(session: Session) -> None:
        facts: dict[str, Any] = {
            "council": "Testwick Council",
            "actor": place.actor("broker"),
            "now": now(),
        }
        service.add_building(
            session, name="Lane End Hall", lat_microdegrees=53_250_000,
            lon_microdegrees=-2_500_000, **facts,
        )  # fmt: skip
        service.add_building(session, name="Old Depot", occupancy="vacant", **facts)

    transact(unit)
