"""The page on which an auditor asks for an extract."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from ledger.exports import extracts
from tests.cast import Place

SignIn = Callable[[FlaskClient, str], FlaskClient]
PERIOD = "&starts-day=1&starts-month=3&starts-year=2026&ends-day=31&ends-month=3&ends-year=2026"


@pytest.fixture
def auditor(client: FlaskClient, place: Place, sign_in: SignIn) -> FlaskClient:
    return sign_in(client, "auditor")


def test_an_auditor_comes_from_the_desk_to_every_extract(auditor: FlaskClient) -> None:
    assert "/audit/extracts" in auditor.get("/audit").text
    page = auditor.get("/audit/extracts").text
    for one in extracts.EXTRACTS.values():
        assert one.title in page
        got = auditor.get(f"/audit/extracts/file?kind={one.name}{PERIOD}")
        assert (got.status_code, got.content_length) == (200, len(got.data)), one.name
        assert f"-{one.name}.{one.suffix}" in got.headers["Content-Disposition"]
    assert auditor.get("/audit/extracts/file?kind=journal-risks").status_code == 200


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "Select what the file holds"),
        ("kind=journal-jokes", "Select what the file holds"),
        ("kind=journal-risks&starts-day=1&starts-month=3&starts-year=2026", "first and a last day"),
        ("kind=journal-risks&starts-day=31&starts-month=2&starts-year=2026", "must be a real day"),
    ],
)
def test_what_is_wrong_stands_beside_the_form(auditor: FlaskClient, asked: str, said: str) -> None:
    page = auditor.get(f"/audit/extracts/file?{asked}")
    assert (page.status_code, said in page.text) == (422, True)


def test_an_officer_may_not_take_the_books_away(
    client: FlaskClient, place: Place, sign_in: SignIn
) -> None:
    assert (
        sign_in(client, "officer").get("/audit/extracts/file?kind=journal-risks").status_code == 403
    )
