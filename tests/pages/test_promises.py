"""What waits for an institution's answer is on the innovation broker's desk, late things first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact
from ledger.pledges import service as pledges
from tests.cast import Place
from tests.pledging import Stage

Enter = Callable[[FlaskClient, str], FlaskClient]


def submitted(place: Place, clock: FixedClock) -> str:
    stage = Stage(place, clock)
    pledge = stage.draft()
    transact(
        lambda s: pledges.submit(s, pledge=pledge, actor=place.actor("organiser"), now=stage.now)
    )
    return pledge


def test_an_unanswered_pledge_waits_and_is_late_after_its_day(
    place: Place, clock: FixedClock, client: FlaskClient, sign_in: Enter
) -> None:
    submitted(place, clock)
    browser = sign_in(client, "innovation_broker")
    page = browser.get("/promises").text
    assert "Friends of Canal Side" in page
    assert "Waiting" in page
    assert "Late" not in page
    clock.move(timedelta(days=6))
    assert "Late" in sign_in(client, "innovation_broker").get("/promises").text


def test_an_innovation_broker_is_led_to_this_desk(client: FlaskClient, sign_in: Enter) -> None:
    answer = sign_in(client, "innovation_broker").get("/desk")
    assert answer.location.endswith("/promises")


def test_nothing_unanswered_is_said_in_words(client: FlaskClient, sign_in: Enter) -> None:
    page = sign_in(client, "innovation_broker").get("/promises").text
    assert "Everything has been answered." in page


@pytest.mark.parametrize("role", ["resident", "organiser", "broker", "analyst"])
def test_others_have_no_business_there(client: FlaskClient, sign_in: Enter, role: str) -> None:
    assert sign_in(client, role).get("/promises").status_code == 403
