"""The page and the API on which an auditor draws a sample."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.exports import checkpoints
from ledger.kernel import clock as kernel_clock
from ledger.kernel.clock import FixedClock, london_day
from ledger.kernel.db import transact
from ledger.kernel.limits import SAMPLE_JOURNALS_MAX
from tests.cast import Place
from tests.raw_books import spec
from tests.walking import Page

Enter = Callable[[str], FlaskClient]
SignIn = Callable[[FlaskClient, str], FlaskClient]
SEED = "3f9a0c2e"
DRAW = f"/audit/sample?seed={SEED}&way=random&count=5&sign="


@pytest.fixture
def gifts(place: Place, clock: FixedClock) -> Place:
    """Forty gifts of 1p to 40p; each tenth is back-dated."""
    today = london_day(clock.now())

    def unit(session: Any) -> None:
        accounts = [AccountSpec("Assets:Bank"), AccountSpec("Income:Gifts")]
        books.open_accounts(session, book=place.book, specs=accounts)
        made = [
            spec(
                f"gift-{number}", debit("Assets:Bank", number), credit("Income:Gifts", number),
                effective_on=today - timedelta(days=number % 10 == 0),
            )
            for number in range(1, 41)
        ]  # fmt: skip
        books.post_many(session, book=place.book, specs=made, now=clock.now())

    transact(unit)
    return place


@pytest.fixture
def auditor(gifts: Place, client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    return sign_in(client, "auditor")


def by_hand(numbers: range = range(1, 41), seed: str = SEED) -> list[int]:
    return sorted(numbers, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).hexdigest())


def shown(page: str) -> list[int]:
    links = [link for link in Page(page).links if link.startswith("/audit/journals/")]
    return [int(link.rpartition("/")[2]) for link in links]


def test_a_sample_is_drawn_and_its_address_draws_it_again(
    auditor: FlaskClient, gifts: Place, clock: FixedClock
) -> None:
    assert "/audit/sample" in auditor.get("/audit").text
    page = auditor.get(DRAW).text
    assert shown(page) == by_hand()[:5]
    assert f"printf %s &#39;{SEED}:17&#39; | sha256sum" in page.replace("'", "&#39;")
    again = re.search(r'href="(/audit/sample\?[^"]*size=40[^"]*)"', page)
    assert again is not None
    late = spec("late", debit("Assets:Bank", 5), credit("Income:Gifts", 5))
    transact(lambda s: books.post(s, book=gifts.book, spec=late, now=clock.now()))
    assert shown(auditor.get(again[1].replace("&amp;", "&")).text) == by_hand()[:5]


def test_a_seed_is_offered_that_nobody_chose(auditor: FlaskClient, gifts: Place) -> None:
    def offered() -> str:
        forms = Page(auditor.get("/audit/sample").text).forms
        (form,) = [one for one in forms if one.action == "/audit/sample"]
        assert (form.fields["way"].value, form.fields["count"].value) == ("random", "25")
        return form.fields["seed"].value

    assert offered() == "", "before the first checkpoint there is none"
    made = checkpoints.make(
        book=gifts.book, reason="asked", made_by="PER-A", now=kernel_clock.now()
    )
    assert offered() == made.root.hex()[:16]


def test_samples_by_money_and_by_signs_say_how_they_were_drawn(auditor: FlaskClient) -> None:
    money = auditor.get(DRAW.replace("random", "money")).text
    assert "First marked penny" in money
    assert "Marks" in money
    signs = auditor.get(DRAW.replace("random", "signs") + "back-dated").text
    assert sorted(shown(signs)) == [10, 20, 30, 40]
    assert "Back-dated" in signs
    none = auditor.get(DRAW + "just-under-limit").text
    assert "No journal of the period is like this" in none


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("seed=&way=random&count=5", "Enter a seed"),
        ("seed=a b&way=random&count=5", "letters, digits"),
        ("seed=a&way=luck&count=5", "Select how to draw"),
        ("seed=a&way=random&count=0", f"1 to {SAMPLE_JOURNALS_MAX} journals"),
        ("seed=a&way=random&count=x", "is not a whole number"),
        ("seed=a&way=random&count=5&sign=bad", "Select a sign"),
        ("seed=a&way=random&count=5&size=99", "The books have 40 journals"),
        ("seed=a&way=random&count=5&starts-day=1&starts-month=3&starts-year=2026", "a last day"),
    ],
)
def test_what_cannot_be_drawn_stands_beside_its_field(
    auditor: FlaskClient, asked: str, said: str
) -> None:
    page = auditor.get(f"/audit/sample?{asked}")
    assert (page.status_code, said in page.text) == (422, True), page.text
    assert "govuk-error-summary" in page.text


def test_the_api_draws_the_same(gifts: Place, api: Enter) -> None:
    auditor = api("auditor")
    answer = auditor.get(f"/api/v1/samples?seed={SEED}&count=5").json
    assert [one["seq"] for one in answer["items"]] == by_hand()[:5]
    assert (answer["journals"], answer["pence"], answer["size"]) == (40, 820, 40)
    first = answer["items"][0]
    assert first["lot"] == hashlib.sha256(f"{SEED}:{first['seq']}".encode()).hexdigest()
    money = auditor.get(f"/api/v1/samples?seed={SEED}&count=5&way=money").json
    assert (money["interval"], sum(one["marks"] for one in money["items"])) == (164, 5)
    assert 0 <= money["start"] < 164
    for wrong in ("", "seed=a%20b", "seed=a&way=luck", "seed=a&count=0", "seed=a&size=41"):
        assert auditor.get(f"/api/v1/samples?{wrong}").status_code == 422, wrong


@pytest.mark.parametrize(
    ("part", "status"),
    [("auditor", 200), ("s151", 200), ("officer", 403), ("head", 403), ("resident", 403)],
)
def test_only_those_who_may_take_the_books_away_draw(
    gifts: Place, client: FlaskClient, sign_in: SignIn, api: Enter, part: str, status: int
) -> None:
    assert sign_in(client, part).get(DRAW).status_code == status
    assert api(part).get(f"/api/v1/samples?seed={SEED}").status_code == status
