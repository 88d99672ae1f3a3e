"""The asset broker's pages: read a file, list a hall, set hours and prices, close, see what idles."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.assets import queries as assets
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transaction
from tests.cast import Place
from tests.hall import open_hall
from tests.stage import Browser

SignIn = Callable[[Browser, str], Browser]
REGISTER = Path(__file__).resolve().parent.parent / "files" / "testwick_register.csv"


def upload(raw: bytes, **fields: str) -> dict[str, object]:
    return {"file": (io.BytesIO(raw), "register.csv"), "profile": "auto", **fields}


@pytest.fixture
def broker(client: Browser, place: Place, sign_in: SignIn) -> Browser:
    return sign_in(client, "broker")


def test_an_empty_desk_says_so(broker: Browser) -> None:
    page = broker.get("/brokers/").text
    for words in ("No request waits for you", "No building is listed yet", "No file was read yet"):
        assert words in page


def test_a_file_is_tried_then_kept_and_its_oddities_shown_line_by_line(
    broker: Browser,
) -> None:
    tried = broker.submit("/brokers/imports", fields=upload(REGISTER.read_bytes(), dry_run="yes"))
    assert tried.status_code == 200
    assert "Nothing was kept" in tried.text
    kept = broker.submit(
        "/brokers/imports", fields=upload(REGISTER.read_bytes()), follow_redirects=True
    )
    assert kept.status_code == 200
    assert "the register is up to date" in kept.text
    assert "Longitude and latitude are swapped" in kept.text
    found = re.search(r'href="(/brokers/imports/[^"?]+\?kind=uprn_repeat)', kept.text)
    assert found is not None
    assert "first on line 3" in broker.get(found[1]).text
    again = broker.submit(
        "/brokers/imports", fields=upload(REGISTER.read_bytes()), follow_redirects=True
    )
    assert "this same file was read before" in again.text


@pytest.mark.parametrize(
    ("raw", "says"),
    [(b"%PDF-1.7", "a PDF"), (b"colour,shape\nred,round\n", "The headings found are"),
     (b"name,postcode,lon,lat\nHall,TW1", "stops in the middle")],
)  # fmt: skip
def test_a_bad_file_is_refused_beside_the_field(broker: Browser, raw: bytes, says: str) -> None:
    answer = broker.submit("/brokers/imports", fields=upload(raw))
    assert answer.status_code == 422
    assert says in answer.text
    assert broker.submit("/brokers/imports", fields={"profile": "auto"}).status_code == 422


def test_a_broker_lists_a_hall_with_two_rooms_by_hand(
    broker: Browser, place: Place, client: Browser
) -> None:
    made = broker.submit(
        "/brokers/buildings/new", fields={"name": "Wharf Hall", "council": "Testwick Council"}
    )
    page = made.headers["Location"]
    asset = page.rsplit("/", 1)[-1]
    assert "is not listed" in broker.get(page).text
    assert broker.submit(f"{page}/list", fields={"summary": ""}).status_code == 422
    assert broker.submit(f"{page}/list", fields={"summary": "By the canal"}).status_code == 303
    terms = {"capacity": "60", "approval": "exclusive", "setup": "15", "cleandown": "15",
             "notice": "24", "ahead": "400", "free_cancel": "48", "retention": "0"}  # fmt: skip
    for name, parts in (("Hall", "A, B"), ("Room A", "A"), ("Room B", "B")):
        answer = broker.submit(f"{page}/space", fields={"name": name, "parts": parts, **terms})
        assert answer.status_code == 303
    twice = broker.submit(f"{page}/space", fields={"name": "Hall", "parts": "A", **terms})
    assert twice.status_code == 422
    assert "another name" in twice.text
    hours = {"from-day": "1", "from-month": "1", "from-year": "2026", "opens-0": "8:00",
             "closes-0": "22:00", "opens-1": "8:00", "closes-1": "22:00"}  # fmt: skip
    assert broker.submit(f"{page}/hours", fields=hours).status_code == 303
    page_text = broker.get(f"{page}/rate").text
    space = re.search(r'<option value="(SPC-[^"]+)"', page_text)
    assert space is not None
    price = {"space": space[1], "user_class": "standard", "price": "20", "policy": "LIST",
             "from-day": "1", "from-month": "1", "from-year": "2026"}  # fmt: skip
    assert broker.submit(f"{page}/rate", fields=price).status_code == 303
    dear = price | {"user_class": "community", "price": "21"}
    refused = broker.submit(f"{page}/rate", fields=dear)
    assert refused.status_code == 422
    assert "more than the list price" in refused.text
    public = client.get(f"/buildings/{asset}").text
    assert "By the canal" in public
    assert "£20 an hour" in public
    with transaction(read_only=True) as s:
        assert [row.name for row in assets.public_list(s, listed=True)] == ["Wharf Hall"]


def test_a_closure_needs_the_brokers_word_to_displace_bookings(
    broker: Browser, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    hall.book(now=clock.now())
    form = {"day-day": "10", "day-month": "3", "day-year": "2026", "start": "8:00",
            "end": "22:00", "reason": "Burst pipe"}  # fmt: skip
    page = f"/brokers/buildings/{hall.asset}/closure"
    refused = broker.submit(page, fields=form)
    assert refused.status_code == 422
    assert "in the way" in refused.text
    assert broker.submit(page, fields=form | {"displacing": "yes"}).status_code == 303
    assert "Closed" in broker.get(f"/buildings/{hall.asset}?week=2026-03-09").text


def test_what_lies_idle_is_counted(broker: Browser, place: Place, clock: FixedClock) -> None:
    open_hall(place, now=clock.now())
    page = broker.get("/brokers/idle").text
    assert "Wharf Hall" in page
    assert "Nothing in the register is vacant" in page


@pytest.mark.parametrize(
    "path", ["/brokers/", "/brokers/imports", "/brokers/idle", "/brokers/buildings/"]
)
def test_only_brokers_come_in(client: Browser, place: Place, sign_in: SignIn, path: str) -> None:
    assert sign_in(client, "resident").get(path).status_code == 403
