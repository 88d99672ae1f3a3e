"""What the pages of pledges say when something is missing, wrong, or turned down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger.funds import queries as funds
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.pledges import queries
from ledger.pledges import service as pledges
from tests.cast import Place
from tests.pages.test_pledge_desks import Desk
from tests.pledging import Stage, deal

Enter = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


@pytest.fixture
def desk(app: Flask, sign_in: Enter) -> Callable[[str], Desk]:
    return lambda part: Desk(sign_in(app.test_client(), part))


def test_an_offer_is_funded_page_by_page(stage: Stage, desk: Callable[[str], Desk]) -> None:
    officer = desk("officer")
    page = officer.send(
        "/offers/new", title="Match for trees", donor=stage.place.council, pot_pence="500",
        rate_match="1", rate_gift="2", donor_pence_max="50", pledge_pence_max="100",
    )  # fmt: skip
    assert "It waits for two people to decide" in page
    assert "There is a problem" in officer.send("/offers/new", title="")
    with transaction(read_only=True) as s:
        row = funds.offers(s)[0]
    assert row.proposal is not None
    stage.decide(row.proposal)
    path = f"/offers/{row.id}"
    assert "Enter the number" in officer.send(path, f"{path}/approve")
    assert "Approved" in officer.send(path, f"{path}/approve", decision_reference="CAB/1")
    assert "Enter the reference" in officer.send(path, f"{path}/fund")
    assert "Funded" in officer.send(path, f"{path}/fund", receipt_reference="BACS 1")


def test_an_organiser_cancels_with_a_public_reason(
    stage: Stage, desk: Callable[[str], Desk]
) -> None:
    pledge = stage.open()
    path = f"/group/pledges/{pledge}/cancel"
    organiser = desk("organiser")
    assert "Enter the reason" in organiser.send(path)
    assert "everybody was told" in organiser.send(path, reason="The council will do it")
    assert "The council will do it" in desk("resident").see(f"/pledges/{pledge}")


def test_a_draft_that_is_sent_back_shows_why(stage: Stage, desk: Callable[[str], Desk]) -> None:
    pledge = stage.draft()
    desk("organiser").send(f"/group/pledges/{pledge}", f"/group/pledges/{pledge}/submit")
    desk("officer").send(f"/moderation/{pledge}/verdict", verdict="back", reason="Say which trees")
    assert "Say which trees" in desk("organiser").see("/group")
    assert "Say which trees" in desk("organiser").see(f"/group/pledges/{pledge}")
    path = f"/group/pledges/{pledge}/edit"
    page = desk("organiser").send(path, minimum="abc", sentence="", maximum="1")
    assert "There is a problem" in page
    assert 'value="abc"' in page


def test_another_groups_pledge_is_not_for_this_group(
    stage: Stage, desk: Callable[[str], Desk]
) -> None:
    pledge = stage.open()
    desk("resident").see(f"/group/pledges/{pledge}", status=403)
    desk("organiser").see(f"/group/pledges/{pledge}/money", status=403)
    desk("treasurer").see(f"/group/pledges/{pledge}", status=403)
    assert desk("treasurer").see(f"/group/pledges/{pledge}/money")


def test_a_receipt_and_a_request_keep_what_was_typed(
    stage: Stage, desk: Callable[[str], Desk]
) -> None:
    pledge = stage.delivering()
    money = f"/group/pledges/{pledge}/money"
    treasurer = desk("treasurer")
    page = treasurer.send(money, f"/group/pledges/{pledge}/receipts", quantity="1e3")
    assert 'value="1e3"' in page
    with transaction(read_only=True) as s:
        made = queries.commitments(s, pledge=pledge)[0].id
    day = {"received_on-day": "4", "received_on-month": "3", "received_on-year": "2026"}
    page = treasurer.send(
        money, f"/group/pledges/{pledge}/receipts", commitment=made, quantity="5",
        reference="LATE 1", **day,
    )  # fmt: skip
    assert "£5.00 more than the £0.00 that is due" in page
    page = treasurer.send(
        money, f"/group/pledges/{pledge}/releases", milestone="Trees", evidence="Invoice",
        pence="5000",
    )  # fmt: skip
    assert "Ask for at most £120.00" in page
    assert "There is a problem" in treasurer.send(money, f"/group/pledges/{pledge}/releases")


def test_a_request_is_refused_in_words(stage: Stage, desk: Callable[[str], Desk]) -> None:
    pledge = stage.delivering()
    release = stage.request(pledge, 5_000)
    path = f"/releases/{release}"
    officer = desk("officer")
    assert "Enter the reason" in officer.send(path, f"{path}/refuse")
    assert "The group was told why" in officer.send(path, f"{path}/refuse", reason="No invoice")
    assert "No invoice" in desk("treasurer").see(f"/group/pledges/{pledge}/money")


def test_hours_that_are_not_right_are_said_so(stage: Stage, desk: Callable[[str], Desk]) -> None:
    pledge = stage.open(deal(minimum=60, maximum=6_000), unit="HOUR")
    made = stage.join(pledge, stage.place.people["resident"], 60).commitment
    stage.move(hours=48)
    stage.settle(pledge)
    entry = transact(
        lambda s: pledges.log_hours(
            s, commitment=made, minutes=60, worked_on=stage.now.date(),
            actor=stage.place.actor("organiser"), now=stage.now,
        )
    )  # fmt: skip
    resident = desk("resident")
    assert "Are these hours yours?" in resident.see("/my")
    path = f"/hours/{entry}"
    assert "Enter why not" in resident.send(path, verdict="no")
    resident.send(path, verdict="no", reason="I was away")
    assert "I was away" in resident.see(path)
    mine = f"/my/promises/{made}"
    day = {"worked_on-day": "1", "worked_on-month": "1", "worked_on-year": "2027"}
    page = resident.send(mine, f"{mine}/hours", minutes="1", **day)
    assert "in the future" in page


def test_what_an_officer_may_do_is_refused_beside_its_field(
    stage: Stage, desk: Callable[[str], Desk]
) -> None:
    pledge = stage.open(deal(minimum=1_000, maximum=2_000))
    officer = desk("officer")
    paper = f"/moderation/{pledge}/paper"
    page = officer.send(paper, name="Pat", form_number="F 1", quantity="30")
    assert "There is room for £20.00 more" in page
    officer.see(f"/moderation/{pledge}/nothing", status=404)
    base = f"/moderation/{pledge}/state"
    assert "Choose what happens" in officer.see(base)
    assert "Enter the reason" in officer.send(f"{base}?verdict=suspend", base)
    assert "Nobody owes this pledge" in officer.see(f"/moderation/{pledge}/receipts")
    assert "No offer has anything free" in officer.see(f"/moderation/{pledge}/offer")


@pytest.mark.parametrize(
    "path",
    ["/pledges/%00", "/pledges/%00/join", "/pledges/confirm/%00", "/pledges?after=WyJ4IiwieSJd",
     "/pledges?place=%00&show=%00", "/pledges/" + "x" * 3000],
)  # fmt: skip
def test_a_made_up_address_is_no_fault(stage: Stage, client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in (200, 400, 404, 410, 414)
