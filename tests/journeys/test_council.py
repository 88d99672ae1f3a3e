"""Tamsin, Bashir, Greta and Osric: one asks, one verifies, one approves, and none pays alone."""

from __future__ import annotations

import re
from datetime import date

from tests.journeys.town import Town
from tests.journeys.walk import Walk


def test_council_releases_money(walk: Walk) -> None:
    walk.sign_in("treasurer").follow("We will turn the fly-tipped corner")
    walk.fill("What was done?", "Bulbs planted by the gate")
    walk.fill("How can that be seen?", "Invoice 2301").fill("How much?", "90").press("Ask for it")
    walk.sees("Bulbs planted by the gate").sign_out()

    walk.sign_in("officer").look("officers-desk").to("/moderation").look("pledges-to-look-after")
    walk.follow("Bulbs planted").look("the-request").press("Propose the release")
    walk.sees("Two other people decide now").look("proposed").follow("Open")
    walk.sees("Exactly what is proposed").look("maker-may-not-decide").sign_out()

    for who, choice, reason, name in (
        ("officer2", "Yes, I checked it", "The bulbs are in the ground.", "verified"),
        ("head", "Yes, I checked it", "Within the budget and the deal.", "approved"),
    ):
        walk.sign_in(who).to("/approvals").look(f"waits-for-{who}")
        walk.page.get_by_role("link", name="£90").first.click()
        walk.press("Sign the decision").sees("There is a problem").look(f"{who}-forgot-to-choose")
        walk.choose(choice).fill("Why?", reason).press("Sign the decision")
        walk.sees("Success").look(name)
        walk.sign_out()

    walk.sign_in("officer").to("/moderation").follow("Bulbs planted")
    walk.press("Release the money").sees("Released").look("released")
    walk.fill("Reference of the payment", "BACS-JOURNEY-1").press("Record the payment")
    walk.sees("Paid. The group was told.").look("paid").printed("paid")


def test_council_decides_a_dividend(walk: Walk, town: Town) -> None:
    walk.sign_in("head").look("heads-desk").follow("Fewer fires in Station Quarter")
    walk.sees("The workings").look("workings")
    walk.choose("Yes, I checked it").fill("Why?", "The sums are right.")
    walk.press("Sign the decision").sees("is more than you may approve").look("above-the-limit")
    walk.to("/desk").sign_out()

    walk.sign_in("s151").look("s151s-desk").follow("Fewer fires in Station Quarter")
    walk.choose("Yes, I checked it").fill("Why?", "Counted again from the frozen readings.")
    walk.press("Sign the decision").sees("approved").look("approved")
    if town.server is not None:
        said = town.run("ledger", "jobs", "list")
        assert "release" in said
    walk.to("/agreements").follow("Fewer fires in Station Quarter").look("the-agreement")
    walk.to("/council/agreements/new").look("draft-an-agreement")
    walk.to("/offers").look("match-offers").to("/jobs").look("what-the-jobs-did")


def correct_the_books(walk: Walk) -> None:
    """What the year's bank statement shows and nobody entered: one drafts it, another posts it."""
    found = re.search(r"Liabilities:Dividend:Free:ORG-[0-9A-Z]+", walk.text())
    assert found is not None
    ends_on = date(int(walk.page.locator("h1").inner_text()[-4:]), 3, 31)
    walk.follow("Draft a correction").look("draft-a-correction")
    walk.press("Draft it").sees("There is a problem").look("nothing-drafted")
    walk.date("When does it take effect?", ends_on)
    walk.fill("Why is it needed?", "Interest that the bank added in March.")
    for field, value in (
        ("account-1", "Assets:Bank:Dividends"), ("debit-1", "1.20"),
        ("account-2", found[0]), ("credit-2", "1.20"),
    ):  # fmt: skip
        walk.page.locator(f"#{field}").fill(value)
    walk.press("Draft it").sees("A second person decides now", "being closed")
    walk.sees("You proposed this yourself").look("drafted")
    walk.to("/council/drafts/loan").look("lend-between-funds").to("/council/drafts")
    walk.look("drafts").sign_out()

    walk.sign_in("head").follow("Approve: Entries drafted").look("to-approve-a-correction")
    walk.choose("Yes, post it").fill("Why?", "I saw it on the statement.")
    walk.press("Sign the decision").sees("Posted as journal").look("posted").sign_out()


def test_council_closes_a_year(walk: Walk) -> None:
    walk.sign_in("s151").follow("Accounting periods").sees("Closed", "Open").look("periods")
    walk.page.locator("li", has_text="Open").locator("a").first.click()
    walk.sees("What moved within the period").look("a-year-to-close")
    walk.press("Begin to close it").sees("The period is being closed").look("being-closed")
    correct_the_books(walk)
    walk.sign_in("s151").follow("Accounting periods")
    walk.page.locator("li", has_text="Being closed").locator("a").first.click()
    walk.press("Sign these figures to close it").sees("There is a problem").look(
        "signed-for-nothing"
    )
    walk.fill("What did you check?", "Every bank statement of the year agrees.")
    walk.press("Sign these figures to close it").sees("A second person countersigns now")
    walk.sees("You proposed this yourself").look("signer-may-not-countersign").sign_out()

    walk.sign_in("head").follow("Approve: Accounting period").look("to-countersign")
    walk.fill("Why do you agree?", "I read the figures beside the budget.")
    walk.press("Countersign and close").sees("a checkpoint was made", "Closed").look("closed")
    walk.follow("Read").sees("Period closed").look("the-journal-that-closes").sign_out()

    walk.sign_in("auditor").to("/audit/periods").sees("its bytes").look("auditors-periods")
    walk.to("/audit/trial-balance").look("trial-balance-by-fund")
