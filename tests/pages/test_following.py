"""Following the money from any end, and what people did about anything."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from ledger.audit import queries as audit
from ledger.books import queries
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.limits import LINE_CHARS_MAX as LINE
from ledger.parties import queries as parties
from ledger.pledges import service as pledges
from tests.cast import Place
from tests.pledging import Stage
from tests.walking import Page

SignIn = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


@pytest.fixture
def paid(stage: Stage) -> str:
    """A pledge of three gifts of £40, each matched by £20, released and paid to the group."""
    pledge = stage.delivering(offer=stage.offer(donor=2_000, pledge=10_000))
    release = stage.release(pledge, 18_000)
    transact(
        lambda s: pledges.pay_release(
            s, release=release, reference="RUN 7", actor=stage.place.actor("officer"), now=stage.now
        )
    )
    return pledge


def number(stage: Stage, kind: str) -> int:
    """The number of the last journal of a kind."""
    with transaction(read_only=True) as session:
        rows = queries.journals(session, stage.place.book, limit=999)
    return [row.seq for row in rows if row.kind == kind][-1]


def text_of(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def part(page: str, caption: str) -> str:
    """The table with this caption."""
    found = re.search(rf"<caption[^>]*>{re.escape(caption)}</caption>.*?</table>", page, re.DOTALL)
    assert found is not None, f"no table {caption!r}"
    return found[0]


def test_a_payment_is_followed_back_to_its_gifts_and_to_the_match_fund(
    paid: str, stage: Stage, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    pay = number(stage, "pledge.pay")
    one = text_of(auditor, f"/audit/journals/{pay}")
    assert "Paid to a group" in one
    came = part(one, "It came from")
    assert "Released to a group" in came
    assert "£180" in came
    way = text_of(auditor, f"/audit/journals/{pay}/way")
    back = part(way, "Back to where it came from")
    assert back.count("Promise paid in, ") >= 3
    assert "Match reserved for a pledge" in back
    assert f"Liabilities:Escrow:{paid}" in back
    assert f"Liabilities:PayableGroup:{paid}" in back
    assert "It went no further" in way


def test_a_gift_is_followed_on_to_the_group_that_was_paid(
    paid: str, stage: Stage, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    gift = number(stage, "pledge.collect")
    on = part(text_of(auditor, f"/audit/journals/{gift}/way"), "On to where it went")
    pay, release = number(stage, "pledge.pay"), number(stage, "pledge.release")
    links = Page(on).links
    assert {f"/audit/journals/{pay}", f"/audit/journals/{release}"} <= set(links)
    assert "Paid to a group" in on
    assert "£40" in on


def test_every_account_and_journal_that_is_met_can_be_opened(
    paid: str, stage: Stage, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    way = f"/audit/journals/{number(stage, 'pledge.pay')}/way"
    links = {one for one in Page(text_of(auditor, way)).links if one.startswith("/audit/")}
    assert len(links) > 8
    assert [one for one in links if auditor.get(one).status_code != 200] == []


@pytest.mark.parametrize(
    ("reference", "to"),
    [
        ("7", "/audit/journals/7"), (" 7 ", "/audit/journals/7"), ("", "/audit?reference="),
        ("Assets:Bank:Client", "/audit/statement?account=Assets:Bank:Client"),
        ("PLG-NOBODY", "/audit?reference=PLG-NOBODY"), ("9" * 999, "/audit?reference=" + "9" * LINE),
    ],
)  # fmt: skip
def test_any_reference_leads_somewhere(
    paid: str, client: FlaskClient, sign_in: SignIn, reference: str, to: str
) -> None:
    auditor = sign_in(client, "auditor")
    found = auditor.get("/audit/find", query_string={"reference": reference})
    assert (found.status_code, found.headers["Location"]) == (303, to)
    there = auditor.get(to)
    assert there.status_code == (422 if "?reference=" in to else 200)
    if there.status_code == 422:  # it says so beside the field, with what was typed kept
        words = "No journal or account belongs to" if reference else "Enter where to begin"
        assert words in there.text
        assert reference[:LINE] in there.text
        assert auditor.get(f"/audit/follow/{reference[:LINE] or 'x'}").status_code == 404


def test_a_journals_own_reference_and_its_pledge_lead_to_it(
    paid: str, stage: Stage, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    seq = number(stage, "pledge.pay")
    with transaction(read_only=True) as session:
        name = queries.journal(session, stage.place.book, seq)[0].id
    found = auditor.get("/audit/find", query_string={"reference": name})
    assert found.headers["Location"] == f"/audit/journals/{seq}"
    followed = text_of(auditor, f"/audit/follow/{paid}")
    assert f"/audit/journals/{seq}/way" in followed
    begun = text_of(auditor, f"/audit/follow/{name.rpartition(':')[0]}")
    assert f"Journal {seq}" in begun, "what has no group is found by how its journals' ids begin"
    assert "No journal belongs to" in text_of(auditor, "/audit/follow/PLG-NOBODY", 404)
    assert auditor.get("/audit/follow/%").status_code == 404, "a wildcard is a letter like others"


def test_the_timeline_of_a_pledge_says_who_did_what_and_why(
    paid: str, stage: Stage, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    page = text_of(auditor, f"/audit/timeline?reference={paid}")
    assert f"About {paid}" in page
    assert "Pledge: reach" in page
    officer = stage.place.people["officer"]
    assert f"/audit/timeline?reference={officer}" in page
    person = text_of(auditor, f"/audit/timeline?reference={officer}")
    assert "Pledge: moderate" in person
    seq = number(stage, "pledge.pay")
    journal = text_of(auditor, f"/audit/timeline?reference={seq}")
    assert f"/audit/journals/{seq}" in journal
    assert "Recorded" in journal
    assert "Pledge: reach" in journal, "what was done about the pledge that it belongs to"
    assert "Nothing was done about it" in text_of(auditor, "/audit/timeline?reference=PLG-NOBODY")
    assert auditor.get("/audit/timeline?reference=99999").status_code == 404


def test_the_timeline_goes_back_to_the_first_event_by_pages_that_join(
    paid: str, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor, path, rows = sign_in(client, "auditor"), "/audit/timeline", 0
    with transaction(read_only=True) as session:
        every = len(audit.events(session, rows_max=10_000))
    for _ in range(20):
        page = text_of(auditor, path)
        rows += page.count('role="row"') - 1
        later = re.search(r'href="(/audit/timeline\?[^"]*before=\d+)"', page)
        if later is None:
            break
        path = later[1].replace("&amp;", "&")
    assert (rows, every > 50) == (every, True)
    assert "Nothing was done yet" in text_of(auditor, "/audit/timeline?before=1")
    assert auditor.get("/audit/timeline?before=x").status_code == 200


@pytest.mark.parametrize(
    ("part", "money", "events"),
    [("auditor", 200, 200), ("s151", 200, 200), ("officer", 200, 403), ("head", 200, 403),
     ("administrator", 403, 200), ("resident", 403, 403), ("broker", 403, 403)],
)  # fmt: skip
def test_the_role_table_decides_who_sees_what(
    paid: str, stage: Stage, client: FlaskClient, sign_in: SignIn, part: str, money: int,
    events: int,
) -> None:  # fmt: skip
    browser, seq = sign_in(client, part), number(stage, "pledge.pay")
    for path in (f"/audit/journals/{seq}/way", f"/audit/follow/{paid}"):
        assert browser.get(path).status_code == money
    assert browser.get(f"/audit/timeline?reference={paid}").status_code == events
    if money == 200:
        for path in ("/audit", f"/audit/journals/{seq}", f"/audit/follow/{paid}"):
            assert ("/audit/timeline" in text_of(browser, path)) is (events == 200), path


def test_whoever_acts_in_an_office_is_named_to_those_who_may_read_people(
    paid: str, stage: Stage, client: FlaskClient, sign_in: SignIn
) -> None:
    pay, gift = number(stage, "pledge.pay"), number(stage, "pledge.promise")
    officer = stage.place.people["officer"]
    with transaction(read_only=True) as session:
        (name,) = parties.names(session, {officer}).values()
    timeline = f"/audit/timeline?reference={paid}"
    for part, named in (("auditor", True), ("s151", False)):
        browser = sign_in(client, part)
        assert (name in text_of(browser, timeline)) is named
        assert (f"{name} ({officer})" in text_of(browser, f"/audit/journals/{pay}")) is named
        promised = text_of(browser, f"/audit/journals/{gift}") + text_of(browser, timeline)
        assert "Neighbour" not in promised, "a resident stays under their reference"
        assert "PER-" in promised
