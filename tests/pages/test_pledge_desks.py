"""The whole story of a pledge by its pages: organiser, officers, resident and treasurer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transaction
from ledger.messages import queries as messages
from ledger.pledges import queries
from tests.cast import Place
from tests.pledging import Stage, deal

Enter = Callable[[FlaskClient, str], FlaskClient]


class Desk:
    """One person's browser, with forms filled in as a person does."""

    def __init__(self, browser: FlaskClient) -> None:
        self.browser = browser

    def see(self, path: str, status: int = 200) -> str:
        answer = self.browser.get(path, follow_redirects=True)
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path: str, action: str = "", **typed: str) -> str:
        page = self.see(path)
        action = action or path
        forms = [form for form in page.split("<form ")[1:] if f'action="{action}"' in form[:300]]
        assert forms, f"no form for {action} on {path}: {page}"
        form = forms[0].split("</form>")[0]
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        answer = self.browser.post(action, data={**fields, **typed}, follow_redirects=True)
        return answer.text


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


@pytest.fixture
def desk(app: Flask, sign_in: Enter) -> Callable[[str], Desk]:
    return lambda part: Desk(sign_in(app.test_client(), part))


DEAL = {
    "unit": "GBP", "sentence": "We will plant forty trees along the canal",
    "place": "Canal Side", "minimum": "20", "optimum": "30", "maximum": "500",
    "deadline_on-day": "30", "deadline_on-month": "4", "deadline_on-year": "2026",
    "too_little": "Nobody pays", "too_much": "More trees", "collect_days": "28",
}  # fmt: skip


def wrote(stage: Stage, desk: Callable[[str], Desk], **more: str) -> str:
    typed = DEAL | {
        "group": stage.place.group, "broker": stage.place.people["broker"],
        "neighbourhood": stage.place.neighbourhood, "undeliverable": "Paid back",
    } | more  # fmt: skip
    desk("organiser").send("/group/pledges/new", **typed)
    with transaction(read_only=True) as s:
        states = ("DRAFT",)
        return queries.pledges(s, states=states)[0].id


def test_a_draft_lacks_an_answer_until_it_is_given(
    stage: Stage, desk: Callable[[str], Desk]
) -> None:
    pledge = wrote(stage, desk, undeliverable="")
    organiser = desk("organiser")
    page = organiser.see(f"/group/pledges/{pledge}")
    assert "Before you can send it" in page
    assert "cannot be delivered" in page
    organiser.send(
        f"/group/pledges/{pledge}/edit",
        **DEAL,
        undeliverable="Everybody is paid back",
    )
    page = organiser.send(f"/group/pledges/{pledge}", f"/group/pledges/{pledge}/submit")
    assert "The council answers by 5 March 2026" in page
    assert "answer by 5 March 2026" in desk("officer").see("/moderation")


def test_wrong_figures_stay_on_the_page_with_their_words(
    stage: Stage, desk: Callable[[str], Desk]
) -> None:
    page = desk("organiser").send(
        "/group/pledges/new",
        **(DEAL | {"minimum": "20", "maximum": "10", "deadline_on-month": "13"}),
    )
    assert "There is a problem" in page
    assert 'value="13"' in page


def test_every_figure_that_does_not_fit_is_told_beside_its_field(
    stage: Stage, desk: Callable[[str], Desk]
) -> None:
    page = desk("organiser").send(
        "/group/pledges/new",
        **DEAL | {"group": stage.place.group, "broker": stage.place.people["broker"],
                  "neighbourhood": stage.place.neighbourhood, "undeliverable": "Paid back",
                  "optimum": "10", "deadline_on-year": "2025"},
    )  # fmt: skip
    assert '<a href="#optimum">Enter £20.00 or more</a>' in page
    assert re.search(r'<a href="#deadline_on">Choose a day from today to \d+ \w+ \d{4}</a>', page)


def collected_by_pages(stage: Stage, desk: Callable[[str], Desk]) -> str:
    """A pledge written, opened, joined and paid by the pages; what is left is to deliver it."""
    pledge = wrote(stage, desk)
    organiser, officer, treasurer = desk("organiser"), desk("officer"), desk("treasurer")
    organiser.send(f"/group/pledges/{pledge}", f"/group/pledges/{pledge}/submit")
    assert officer.see(f"/moderation/{pledge}/verdict")
    page = officer.send(f"/moderation/{pledge}/verdict", verdict="reject")
    assert "Enter the reason" in page
    officer.send(f"/moderation/{pledge}/verdict", verdict="open")

    resident = desk("resident")
    resident.send(f"/pledges/{pledge}/join", quantity="20", agree="yes")
    assert "Open the link in the message" in resident.see("/my")
    with transaction(read_only=True) as s:
        letter = messages.for_person(s, stage.place.people["resident"])[0]
        commitment = queries.commitments(s, pledge=pledge)[0].id
    path = "/pledges/confirm/" + str(letter.facts["secret_link"]).rsplit("/", 1)[1]
    assert "Yours was the promise that reached it" in resident.send(path)

    stage.move(hours=48)
    stage.settle(pledge)
    officer, treasurer, resident = desk("officer"), desk("treasurer"), desk("resident")
    assert "£20 by 1 April 2026" in resident.see("/my")
    assert "£20 is still to come in" in treasurer.see("/treasury")
    day = stage.now.date()
    typed = {
        "commitment": commitment, "quantity": "20", "reference": "BANK 1",
        "received_on-day": str(day.day), "received_on-month": str(day.month),
        "received_on-year": str(day.year),
    }  # fmt: skip
    money = f"/group/pledges/{pledge}/money"
    page = treasurer.send(money, f"/group/pledges/{pledge}/receipts", **typed)
    assert "Recorded £20.00" in page
    assert "BANK 1" not in resident.see(f"/my/promises/{commitment}")
    assert "£20.00" in resident.see(f"/my/promises/{commitment}")
    stage.move(days=60)
    stage.end_collection(pledge)

    return pledge


def test_the_story_from_draft_to_payment_by_pages_alone(
    stage: Stage, desk: Callable[[str], Desk]
) -> None:
    pledge = collected_by_pages(stage, desk)
    money = f"/group/pledges/{pledge}/money"
    officer, treasurer = desk("officer"), desk("treasurer")
    page = treasurer.send(
        money, f"/group/pledges/{pledge}/releases", milestone="Trees bought", evidence="Invoice 1",
        pence="15",
    )  # fmt: skip
    assert "Two people of the council decide" in page
    with transaction(read_only=True) as s:
        release = queries.releases(s, pledge=pledge)[0].id
    officer.send(f"/releases/{release}", f"/releases/{release}/propose")
    with transaction(read_only=True) as s:
        proposal = queries.release(s, release).proposal
    assert "Sign the decision" not in officer.see(f"/approvals/{proposal}")
    waiting = desk("officer2").see("/approvals")
    assert "Release to a group, £15: Trees bought" in waiting
    assert "Verify: Trees bought" in desk("officer2").see("/council")
    for part, stage_name in (("officer2", "verify"), ("head", "approve")):
        decider = desk(part)
        page = decider.see(f"/approvals/{proposal}")
        assert "£15.00" in page
        assert stage_name.capitalize() in page
        assert "Pledge release" not in page
        decider.send(f"/approvals/{proposal}", verdict="yes", reason="Seen the invoice")
    page = officer.send(f"/releases/{release}", f"/releases/{release}/post")
    assert "It is to be paid now" in page
    page = officer.send(f"/releases/{release}", f"/releases/{release}/pay", reference="RUN 1")
    assert "Paid. The group was told." in page
    assert "£15.00" in desk("resident").see(f"/pledges/{pledge}")


def test_an_officer_makes_an_offer_and_sets_it_aside(
    stage: Stage, desk: Callable[[str], Desk]
) -> None:
    officer = desk("officer")
    page = officer.send(
        "/offers/new", title="Match for trees", donor=stage.place.council, pot_pence="500",
        rate_match="1", rate_gift="1", donor_pence_max="50", pledge_pence_max="900",
    )  # fmt: skip
    assert "cap for each pledge" in page
    proposed = officer.send(
        "/offers/new", title="Match for benches", donor=stage.place.council, pot_pence="500",
        rate_match="1", rate_gift="2", donor_pence_max="50", pledge_pence_max="90",
    )  # fmt: skip
    asked = desk("officer2").see(re.findall(r"/approvals/PRP-\w+", proposed)[0])
    assert "Match for benches" in asked
    assert "£50.00" in asked
    assert "Donor pence max" not in asked
    offer = stage.offer()
    assert "Match for canal pledges" in officer.see("/offers")
    pledge = stage.open()
    page = officer.send(f"/moderation/{pledge}/offer", offer=offer)
    assert "£1,000 of “Match for canal pledges” is set aside" in page
    assert "Testwick Council adds £1 for every £1" in officer.see(f"/pledges/{pledge}")
    page = officer.see(f"/offers/{offer}")
    assert "Set aside for pledges" in page
    assert f'<a class="govuk-link" href="/pledges/{pledge}">We will' in page
    assert "Propose an offer" not in desk("resident").see("/offers")


def test_hours_are_logged_and_confirmed_by_pages(stage: Stage, desk: Callable[[str], Desk]) -> None:
    pledge = stage.open(deal(minimum=60, maximum=6_000), unit="HOUR")
    confirmed = stage.join(pledge, stage.place.people["resident"], 60)
    stage.move(hours=48)
    stage.settle(pledge)
    resident, organiser = desk("resident"), desk("organiser")
    mine = f"/my/promises/{confirmed.commitment}"
    page = resident.send(mine, f"{mine}/hours", minutes="1:30", work="Digging")
    assert "Enter the day of the work" in page
    day = {"worked_on-day": "4", "worked_on-month": "3", "worked_on-year": "2026"}
    page = resident.send(mine, f"{mine}/hours", minutes="1:30", work="Digging", **day)
    assert "Waits for the other side" in page
    assert "1 hour 30 minutes for" in organiser.see("/group")
    with transaction(read_only=True) as s:
        entry = queries.hours(s, pledge=pledge)[0].id
    organiser.send(f"/hours/{entry}", verdict="yes")
    assert "1 hour 30 minutes" in resident.see("/my")
    desk("resident2").see(f"/hours/{entry}", status=403)
    desk("resident2").see(mine, status=403)


def test_a_resident_withdraws_by_the_page(stage: Stage, desk: Callable[[str], Desk]) -> None:
    pledge = stage.open()
    confirmed = stage.join(pledge, stage.place.people["resident"], 1_000)
    mine = f"/my/promises/{confirmed.commitment}"
    page = desk("resident").send(mine, f"{mine}/withdraw")
    assert "You have withdrawn" in page
    assert stage.pledge(pledge).confirmed == 0


def test_what_lapsed_is_paid_back_by_two_people(stage: Stage, desk: Callable[[str], Desk]) -> None:
    pledge = stage.open()
    confirmed = stage.join(pledge, stage.place.people["resident"], 1_000)
    stage.pay(confirmed.commitment, 1_000, "BANK 1")
    stage.clock.move(timedelta(days=60))
    stage.at_deadline(pledge)
    officer = desk("officer")
    assert "To pay back" in officer.see("/moderation")
    page = officer.send(f"/moderation/{pledge}", f"/moderation/{pledge}/refunds")
    assert "It waits for two people to decide" in page
    assert f"Rosa Mead ({confirmed.commitment})" in page
    with transaction(read_only=True) as s:
        run = queries.refund_runs(s, pledge=pledge)[0]
    stage.decide(run.proposal)
    page = officer.send(f"/refund-runs/{run.id}", f"/refund-runs/{run.id}/pay", reference="RUN 1")
    assert "Everybody on the list was told" in page
    assert "paid back" in desk("resident").see("/my").lower()


def test_the_other_things_an_officer_does(stage: Stage, desk: Callable[[str], Desk]) -> None:
    pledge = stage.open(deal(minimum=2_000))
    officer = desk("officer")
    page = officer.send(
        f"/moderation/{pledge}/paper", form_number="F-1", name="Pat Paper", quantity="20"
    )
    assert "The form counts" in page
    base = f"/moderation/{pledge}/state"
    page = officer.send(f"{base}?verdict=suspend", base, reason="A complaint")
    assert "Paused" in page
    assert "A complaint" in desk("resident").see(f"/pledges/{pledge}")
    officer.send(f"{base}?verdict=resume", base, reason="Cleared")
    stage.move(hours=48)
    stage.settle(pledge)
    with transaction(read_only=True) as s:
        commitment = queries.commitments(s, pledge=pledge)[0].id
    stage.move(days=44)
    stage.end_collection(pledge)
    officer = desk("officer")
    page = officer.send(
        f"/moderation/{pledge}/shortfall", verdict="extend", days="10", reason="More time"
    )
    assert "Decided" in page
    excuse = f"/moderation/{pledge}/excuse/{commitment}"
    page = officer.send(excuse, reason="Illness")
    assert "The reason stays private" in page
    assert "Illness" not in page


@pytest.mark.parametrize("path", ["/my", "/group", "/treasury", "/moderation", "/offers"])
def test_every_desk_has_its_empty_state(
    stage: Stage, desk: Callable[[str], Desk], path: str
) -> None:
    part = {"/group": "organiser", "/treasury": "treasurer", "/my": "resident"}.get(path, "officer")
    assert "app-empty" in desk(part).see(path)
