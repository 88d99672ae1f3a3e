"""Extracts over the API: listed, downloaded, refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from ledger.exports import extracts
from tests.cast import Place

Enter = Callable[[str], FlaskClient]


def test_every_extract_is_listed_and_can_be_downloaded(api: Enter, place: Place) -> None:
    auditor = api("auditor")
    listed = auditor.get("/api/v1/extracts").json["items"]
    assert [one["name"] for one in listed] == list(extracts.EXTRACTS)
    for one in listed:
        answer = auditor.get(
            f"/api/v1/extracts/{one['name']}?starts_on=2026-03-01&ends_on=2026-03-31&size=0"
        )
        assert answer.status_code == 200, one["name"]
        assert answer.content_length == len(answer.data)
        assert answer.mimetype == one["media_type"]
        name = f"MAIN-2026-03-01-to-2026-03-31-0-{one['name']}.{one['suffix']}"
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"


@pytest.mark.parametrize(
    ("path", "status"),
    [("journal-risks?starts_on=2026-03-01", 422), ("journal-risks?size=1", 422),
     ("journal-risks?starts_on=2026-02-30&ends_on=2026-03-01", 422), ("journal-jokes", 404)],
)  # fmt: skip
def test_what_cannot_be_is_refused(api: Enter, place: Place, path: str, status: int) -> None:
    assert api("s151").get(f"/api/v1/extracts/{path}").status_code == status


def test_only_those_who_may_take_the_books_away_do(api: Enter, place: Place) -> None:
    for role in ("resident", "officer"):
        assert api(role).get("/api/v1/extracts/journal-risks").status_code == 403
