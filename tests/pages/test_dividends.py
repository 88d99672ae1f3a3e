"""Agreements, the council's desk and the analyst's, as people use them in a browser."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient

from ledger.dividends import queries
from ledger.dividends import service as dividends
from ledger.dividends.rules.terms import Payee
from ledger.kernel.db import transact, transaction
from tests import dividing
from tests.cast import Place
from tests.dividing import JOB, NOW


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the last form on a page."""
    form = page[page.rindex("<form") :]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def forms(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this action."""
    form = page[page.index(f'action="{action}"') :]
    form = form[: form.index("</form>")]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def send(client: FlaskClient, shown: str, action: str = "", **typed: object) -> object:
    """Open a page, fill in its form, send it, and follow to the page that comes."""
    action = action or shown
    page = client.get(shown)
    assert page.status_code == 200, page.text
    return client.post(action, data={**forms(page.text, action), **typed}, follow_redirects=True)


def typed_terms(deal: dividing.Deal) -> dict[str, object]:
    """The terms of E1 with one agency and one group, as they are typed."""
    return {
        "title": "Fewer fires", "area": "canal-side", "threshold": "20", "expected_fall": "40",
        "comparators": list(dividing.COMPARATORS), "baseline_years": "3", "periods": "1",
        "evidence": "incident records", "service_effect": "none", "community_share": "50",
        "cap": "7200", "agency-1": deal.fire, "unit_cost-1": "1900", "cashable-1": "40",
        "haircut-1": "10", "puts_in-1": "7200", "price_year-1": "2025", "payee-1": deal.place.group,
        "weight-1": "1",
        "selected_on-day": "15", "selected_on-month": "1", "selected_on-year": "2024",
        "baseline_from-day": "1", "baseline_from-month": "1", "baseline_from-year": "2021",
        "first_period_from-day": "1", "first_period_from-month": "1",
        "first_period_from-year": "2024",
    }  # fmt: skip


def test_an_empty_place_says_so_plainly(place: Place, client: FlaskClient, sign_in) -> None:  # type: ignore[no-untyped-def]
    assert "There is no signed agreement yet" in client.get("/agreements").text
    assert "Nothing waits for your decision" in sign_in(client, "officer").get("/council").text


def test_two_people_decide_on_the_page_and_the_public_reads_the_result(
    place: Place, client: FlaskClient, sign_in
) -> None:  # type: ignore[no-untyped-def]
    deal = dividing.running(place)
    made = dividing.proposed(deal)
    path = f"/council/determinations/{made}"
    officer = sign_in(client, "officer")
    assert "Verify: Fewer fires at Canal Side" in officer.get("/council").text
    page = officer.get(path).text
    for words in ("45.60", "17.60", "38.6%", "0.0156", "£9,939.60", "£1,987.92", "£4,771.01"):
        assert words in page
    empty = send(officer, path)
    assert empty.status_code == 422
    assert "Select yes or no" in empty.text
    done = send(officer, path, verdict="yes", reason="Checked it.")
    assert "You verified it" in done.text
    assert "You already made the other decision" in officer.get(path).text
    s151 = sign_in(client, "s151")
    assert "You approved it" in send(s151, path, verdict="yes", reason="Within my limit.").text
    transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))
    client.delete_cookie("session")
    public = client.application.test_client()
    page = public.get(f"/agreements/{deal.agreement}").text
    assert "The target is met, and that is proven" in page
    assert "£9,939.60 is awarded" in page
    assert "<svg" in page
    assert "£9,939.60" not in public.get("/agreements").text
    for listed in ("/", "/agreements"):
        page = public.get(listed).text
        assert "Fewer fires at Canal Side" in page
        assert "The target is met, and that is proven" in page


def test_small_counts_are_not_on_the_public_page(place: Place, client: FlaskClient) -> None:
    # O11: four fires after: the count, the fall and the money would each give it away.
    deal = dividing.running(place, after=4)
    made = dividing.proposed(deal)
    dividing.decided(deal, made)
    transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))
    with transaction(read_only=True) as session:
        award = queries.determination(session, made).award_pence
    page = client.get(f"/agreements/{deal.agreement}").text
    assert "too small to publish" in page
    assert f"{award // 100:,}" not in page
    facts = client.get(f"/api/v1/determinations/{made}").json
    assert (facts["facts"], facts["award_pence"]) == (None, None)


def test_an_officer_drafts_and_takes_an_agreement_to_signatures(
    place: Place, client: FlaskClient, sign_in
) -> None:  # type: ignore[no-untyped-def]
    deal = dividing.stage(place)
    officer = sign_in(client, "officer")
    assert "What is counted?" in officer.get("/council/agreements/new").text
    assert "Select what is counted" in officer.get("/council/agreements/new?measure=").text
    path = f"/council/agreements/new?measure={dividing.MEASURE}"
    page = officer.get(path)
    typed = typed_terms(deal)
    action = "/council/agreements/new"
    kept = forms(page.text, action)
    wrong = officer.post(action, data={**kept, **typed, "threshold": "x", "title": ""})
    assert wrong.status_code == 422
    assert "Enter a title" in wrong.text
    late = {"selected_on-day": "1", "selected_on-month": "6", "selected_on-year": "2022"}
    wrong = officer.post(action, data={**kept, **typed, **late})
    assert "after the area was chosen" in wrong.text
    done = officer.post(action, data={**kept, **typed}, follow_redirects=True)
    assert "The draft is kept" in done.text
    with transaction(read_only=True) as session:
        (view,) = queries.agreements(session)
    here = f"/council/agreements/{view.id}"
    assert client.application.test_client().get(f"/agreements/{view.id}").status_code == 404
    assert "The comparators hold" in send(officer, here, f"{here}/brokering").text
    assert "No legal power is named" in send(officer, here, f"{here}/power-check").text
    done = send(officer, here, f"{here}/power-check", legal_power="Localism Act 2011, section 1")
    assert "Every party can sign now" in done.text


def test_parties_sign_and_the_money_comes_in_and_goes_out(
    place: Place, client: FlaskClient, sign_in
) -> None:  # type: ignore[no-untyped-def]
    deal = dividing.stage(place)
    one = {"payees": (Payee(place.group, 1),), "agencies": deal.terms.agencies[:1],
           "cap_pence": 720_000}  # fmt: skip
    reference = dividing.drafted(deal, **one)
    here = f"/council/agreements/{reference}"
    officer = sign_in(client, "officer")
    sign = f"/agreements/{reference}/sign"
    assert "Tick the box" in send(officer, sign).text
    assert "You signed the agreement" in send(officer, sign, agree="yes").text
    analyst = sign_in(client, "analyst")
    assert "Your agency has not signed it yet" in analyst.get("/analyst").text
    assert "You signed the agreement" in send(analyst, sign, agree="yes").text
    organiser = sign_in(client, "organiser")
    assert "Your group has not signed this agreement yet" in organiser.get("/group").text
    assert "You signed the agreement" in send(organiser, sign, agree="yes").text
    assert "has not signed" not in organiser.get("/group").text
    page = sign_in(client, "officer").get(here).text
    assert "The next step is for: head of service, partner agency analyst" in page
    assert "Make the contributions due" not in page
    s151 = sign_in(client, "s151")
    assert "contributions are due" in send(s151, here, f"{here}/commitment").text
    money = {"agency": deal.fire, "amount": "7,200", "reference": "BACS 1", "received_on-day": "2",
             "received_on-month": "3", "received_on-year": "2026"}  # fmt: skip
    assert "Enter the amount" in send(s151, here, f"{here}/receipts").text
    assert "The money is recorded" in send(s151, here, f"{here}/receipts", **money).text
    assert "The money is reserved" in send(s151, here, f"{here}/funding").text
    officer = sign_in(client, "officer")
    assert "It runs" in send(officer, here, f"{here}/activation").text
    made = dividing.proposed(deal)
    dividing.decided(deal, made)
    transact(lambda s: dividends.release(s, determination=made, actor=JOB, now=NOW))
    assert "is due to its groups" in officer.get("/council").text
    paid = {"payee": place.group, "paid": "4815.36", "pay_reference": "RUN 1", "paid_on-day": "2",
            "paid_on-month": "3", "paid_on-year": "2026"}  # fmt: skip
    treasury = sign_in(client.application.test_client(), "treasurer")
    assert "Dividends to your group" in treasury.get("/treasury").text
    assert "£4,815.36</span>" in treasury.get("/treasury").text
    assert "The payment is recorded" in send(officer, here, f"{here}/payments", **paid).text
    due, given = re.findall(r"£[\d,.]+(?=</span></td>)", treasury.get("/treasury").text)[-2:]
    assert (due, given) == ("£0.00", "£4,815.36")


def test_a_draft_ends_with_a_reason(place: Place, client: FlaskClient, sign_in) -> None:  # type: ignore[no-untyped-def]
    deal = dividing.stage(place)
    reference = dividing.drafted(deal)
    here = f"/council/agreements/{reference}"
    officer = sign_in(client, "officer")
    assert "Enter a reason" in send(officer, here, f"{here}/ending").text
    assert "has ended" in send(officer, here, f"{here}/ending", reason="Withdrawn.").text


def test_an_analyst_uploads_mends_and_marks_final(
    place: Place, client: FlaskClient, sign_in
) -> None:  # type: ignore[no-untyped-def]
    analyst = sign_in(client, "analyst")
    assert "Nothing has been uploaded yet" in analyst.get("/analyst").text

    def upload(content: bytes, **typed: str):  # type: ignore[no-untyped-def]
        return send(
            analyst, "/analyst/readings", file=(io.BytesIO(content), "fires.csv"),
            **({"measure": dividing.MEASURE} | typed),
        )  # fmt: skip

    assert "Select a file" in send(analyst, "/analyst/readings", measure="x").text
    assert "Use small letters" in upload(b"x", measure="Fires!").text
    assert "a PDF" in upload(b"%PDF-1.7\n").text
    wrong = upload(b"area,period,value\nCanal Side,2024-02,1.5\n")
    assert wrong.status_code == 422
    assert "is not a whole number" in wrong.text
    assert "288 readings added" in upload(dividing.readings_file()).text
    assert "nothing changed" in upload(dividing.readings_file()).text
    assert "revised" in upload(dividing.readings_file(after=30)).text
    page = "/analyst/final"
    assert "Enter the month like" in send(analyst, page, measure=dividing.MEASURE, through="x").text
    done = send(analyst, page, measure=dividing.MEASURE, through="2024-12")
    assert "Final through December 2024" in done.text
    again = send(analyst, page, measure=dividing.MEASURE, through="2024-11")
    assert "It is final through December 2024 already" in again.text


@pytest.mark.parametrize("part", ["resident", "organiser", "administrator"])
def test_others_have_no_business_at_these_desks(
    place: Place, client: FlaskClient, sign_in, part: str
) -> None:  # type: ignore[no-untyped-def]
    visitor = sign_in(client, part)
    assert visitor.get("/council").status_code == 403
    assert visitor.get("/analyst").status_code == 403
