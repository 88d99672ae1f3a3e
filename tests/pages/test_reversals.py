"""A journal reversed from its own page, and what the pages of both then say (J7, J8)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact
from tests.cast import Place
from tests.pages.test_drafts import BANK, GIFTS, decided, net, people  # noqa: F401 - a fixture
from tests.raw_books import spec

ASK = "/audit/journals/1/reversal"
TWICE = {"dated": "original", "reason": "entered twice"}


def test_a_journal_is_reversed_from_its_page_and_both_name_the_other(
    people: dict[str, Any],  # noqa: F811
    place: Place,
) -> None:
    s151 = people["s151"]
    assert f'href="{ASK}"' in s151.get("/audit/journals/1").text
    form = s151.get(ASK).text
    assert "On the day of the original, 5 February 2026" in form
    assert "Today, 2 March 2026" in form
    assert form.index(BANK) < form.index("£10")
    made = s151.submit(ASK, TWICE)
    assert made.status_code == 303, made.text
    path = made.headers["Location"]
    for page in (
        s151.get("/audit/journals/1").text,
        people["auditor"].get("/audit/journals/1").text,
    ):
        assert "It waits for a second person" in page
        assert path in page
        assert f'href="{ASK}"' not in page
    assert s151.get(ASK).headers["Location"] == path
    shown = people["head"].get(path).text
    assert "Reverse a journal" in shown
    assert "5 February 2026, the day of the original" in shown
    assert 'href="/audit/journals/1"' in shown
    assert "Reversal of a journal, £10" in people["head"].get("/council").text
    assert "written into both funds" not in shown
    assert decided(people, path).status_code == 303
    assert net(place, BANK) == 0
    original, reversal = (people["auditor"].get(f"/audit/journals/{seq}").text for seq in (1, 2))
    assert "Journal 2" in original
    assert 'href="/audit/journals/2"' in original
    assert 'href="/audit/journals/1"' in reversal
    assert "5 February 2026, the day of the journal that it reverses" in reversal
    assert "entered twice" in reversal
    assert s151.get(ASK).headers["Location"] == "/audit/journals/2"
    assert s151.submit(ASK, TWICE).status_code == 409


def test_a_reversal_of_today_says_that_its_original_has_another_day(
    people: dict[str, Any],  # noqa: F811
) -> None:
    made = people["s151"].submit(ASK, TWICE | {"dated": "today"})
    assert decided(people, made.headers["Location"]).status_code == 303
    page = people["auditor"].get("/audit/journals/2").text
    assert "2 March 2026, not the day of the journal that it reverses, 5 February 2026" in page


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no day": ({"dated": ""}, "Select on which day"),
    "no reason": ({"reason": ""}, "Enter a reason"),
    "too short": ({"reason": "no"}, "3 characters or more"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    people: dict[str, Any],  # noqa: F811
    what: str,
) -> None:
    changed, words = WRONG[what]
    answer = people["s151"].submit(ASK, TWICE | changed)
    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert (TWICE | changed)["reason"] in answer.text


def test_the_page_of_a_closed_period_offers_today_alone(
    people: dict[str, Any],  # noqa: F811
    place: Place,
    clock: FixedClock,
) -> None:
    def closed(session: Any) -> None:
        days = {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 2, 28)}
        period = books.open_period(session, book=place.book, **days)
        books.begin_closing(session, period=period)
        books.close_period(
            session, period=period, signed_by=place.people["s151"],
            countersigned_by=place.people["head"], reason="all in", now=clock.now(),
        )  # fmt: skip

    transact(closed)
    form = people["s151"].get(ASK).text
    assert "On the day of the original" not in form
    assert "The original lies in a closed period" in form
    refused = people["s151"].submit(ASK, TWICE)
    assert (refused.status_code, "lies in a closed period" in refused.text) == (422, True)
    assert people["s151"].submit(ASK, TWICE | {"dated": "today"}).status_code == 303


@pytest.mark.parametrize("days_ahead", [0, 3])
def test_where_there_is_no_day_to_choose_today_is_ticked(
    people: dict[str, Any],  # noqa: F811
    place: Place,
    clock: FixedClock,
    days_ahead: int,
) -> None:
    today = clock.now().date()
    gift = replace(
        spec("late gift", debit(BANK, 500), credit(GIFTS, 500)),
        effective_on=today + timedelta(days=days_ahead),
    )
    posted = transact(lambda s: books.post(s, book=place.book, spec=gift, now=clock.now()))
    form = people["s151"].get(f"/audit/journals/{posted.seq}/reversal").text
    assert "On the day of the original" not in form
    assert "closed period" not in form
    (radio,) = re.findall(r'<input[^>]*type="radio"[^>]*>', form)
    assert 'value="today"' in radio
    assert " checked" in radio
    both = people["s151"].get(ASK).text
    assert " checked" not in "".join(re.findall(r'<input[^>]*type="radio"[^>]*>', both))


def test_money_that_was_spent_is_said_beside_the_day(
    people: dict[str, Any],  # noqa: F811
    place: Place,
    clock: FixedClock,
) -> None:
    gone = spec("gone", debit(GIFTS, 5), credit(BANK, 5), effective_on=date(2026, 3, 1))
    transact(lambda s: books.post(s, book=place.book, spec=gone, now=clock.now()))
    refused = people["s151"].submit(ASK, TWICE)
    assert (refused.status_code, "short by" in refused.text) == (422, True)


def test_what_a_wing_undoes_is_not_offered_and_the_way_is_named(
    people: dict[str, Any],  # noqa: F811
    place: Place,
    clock: FixedClock,
) -> None:
    made = spec("made", debit(BANK, 5), credit(GIFTS, 5), kind="pledge.collect",
                effective_on=date(2026, 3, 1))  # fmt: skip
    transact(lambda s: books.post(s, book=place.book, spec=made, now=clock.now()))
    page = people["s151"].get("/audit/journals/2").text
    assert "How this journal is undone" in page
    assert "Dissolve the pledge" in page
    assert "/audit/journals/2/reversal" not in page
    refused = people["s151"].get("/audit/journals/2/reversal")
    assert (refused.status_code, "Dissolve the pledge" in refused.text) == (409, True)


@pytest.mark.parametrize("part", ["officer", "auditor"])
def test_others_read_and_are_not_offered_it(people: dict[str, Any], part: str) -> None:  # noqa: F811
    page = people[part].get("/audit/journals/1").text
    assert ASK not in page
    assert "How this journal is undone" not in page
    assert people[part].get(ASK).status_code == 403
    assert people[part].submit(ASK, TWICE).status_code == 403
