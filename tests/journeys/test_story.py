"""One dividend from the file of readings to the bank, by the pages alone.

Priya uploads, Tamsin drafts, three parties sign, Osric lets the money in, the night tests, Bashir
verifies, Osric approves, the night releases, and Edda reads in the books what Mabel's group has got.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ledger.kernel.clock import london_day, now
from tests import dividing
from tests.journeys.town import Town
from tests.journeys.walk import Walk

MEASURE = "hfrs.fire.bins"
TITLE = "Fewer bin fires at Canal Side"
FIRE = "Harrowmere Fire and Rescue Service"
GROUP = "Canal Side Neighbours"
SIGNERS = (("officer", "/council"), ("analyst", "/desk"), ("organiser", "/desk"))
LAST_MONTH = "2024-12"


def test_a_dividend_from_the_readings_to_the_bank(walk: Walk, town: Town, tmp_path: Path) -> None:
    upload(walk, tmp_path)
    draft(walk)
    for who, desk in SIGNERS:
        walk.sign_in(who).to(desk).follow(TITLE)
        if who == "officer":
            walk.press("Read and sign")
        walk.look(f"{who}-reads").choose("My organisation agrees").press("Sign")
        walk.sees("You signed the agreement").sign_out()
    fund(walk)

    town.run("ledger", "jobs", "run", "evaluate-agreements")
    decide(walk)
    town.run("ledger", "jobs", "run", "release-dividends")

    pay(walk)
    read_the_books(walk)


def upload(walk: Walk, folder: Path) -> None:
    """Four years of the areas' fires, final to the last month."""
    file = folder / "fires.csv"
    file.write_bytes(dividing.readings_file())
    walk.sign_in("analyst").press("Upload readings").fill("Code of the measure", MEASURE)
    walk.page.locator("input[type=file]").set_input_files(file)
    walk.press("Upload").sees("288 readings added").look("readings-are-in")
    walk.to("/desk").press("Mark readings final")
    walk.page.get_by_label("Which measure?").select_option(value=MEASURE)
    walk.fill("Last month that is complete", LAST_MONTH).press("Mark final")
    walk.sees("Final through December 2024").sign_out()


def draft(walk: Walk) -> None:
    """The terms of the worked example E1, with the fire service alone."""
    walk.sign_in("officer").to("/council/agreements/new")
    walk.page.get_by_label("Measure").select_option(value=MEASURE)
    walk.press("Continue").fill("Title", TITLE).pick("Area", "Canal Side")
    walk.date("When was this area chosen?", date(2024, 1, 15))
    walk.fill("Least fall that pays", "20").fill("Fall that the parties expect", "40")
    walk.date("First day of the baseline", date(2021, 1, 1)).fill("Years in the baseline", "3")
    for area in ("Northgate", "Foundry", "Eastfield", "Hollins", "Weir Bank"):
        walk.page.get_by_role("checkbox", name=area).check()
    walk.date("First day of the first year tested", date(2024, 1, 1)).fill("How many years?", "1")
    agency = walk.page.get_by_role("group", name="Agency 1", exact=True)
    agency.get_by_label("Which agency?").select_option(label=FIRE)
    for label, typed in (
        ("What one event costs it", "1900"), ("Prices of which year", "2025"),
        ("How much of that leaves", "40"), ("Cut for doubt", "10"), ("What it puts in", "7200"),
    ):  # fmt: skip
        agency.get_by_label(label).fill(typed)
    payee = walk.page.get_by_role("group", name="Group 1", exact=True)
    payee.get_by_label("Which group?").select_option(label=GROUP)
    payee.get_by_label("Weight").fill("1")
    walk.fill("The community’s share", "50").fill("Most that is paid in a year", "7200")
    walk.fill("Shown by what evidence", "The fire service’s own incident records")
    walk.fill("What the saving means", "No crew or station changes; less night overtime.")
    walk.look("the-terms-typed").press("Keep the draft").sees("The draft is kept").look("drafted")
    walk.press("Check the comparators").sees("The comparators hold")
    walk.fill("Under which legal power", dividing.LEGAL_POWER).press("Check the odds")
    walk.sees("Every party can sign now").look("ready-to-sign").sign_out()


def fund(walk: Walk) -> None:
    """The agency's money is due, comes in, is reserved, and the agreement runs."""
    walk.sign_in("s151").to("/council").follow(TITLE).look("contributions")
    walk.press("Make the contributions due").sees("The contributions are due")
    walk.page.get_by_label("Which agency paid?").select_option(index=1)
    walk.fill("Amount", "7200").fill("The bank’s reference", "BACS-STORY-1")
    walk.date("The bank’s day", london_day(now())).press("Record the money")
    walk.sees("The money is recorded").press("Reserve the money").sees("The money is reserved")
    walk.sign_out()
    walk.sign_in("officer").to("/council").follow(TITLE).press("Start the agreement")
    walk.sees("It runs").look("it-runs").sign_out()


def decide(walk: Walk) -> None:
    """One verifies and another approves; the pennies are those of the worked example."""
    walk.sign_in("officer2").to("/desk").follow(TITLE)
    walk.sees("45.60", "17.60", "38.6%", "0.0156", "£6,019.20").look("the-workings")
    walk.choose("Yes, I checked it").fill("Why?", "Counted again from the extract.")
    walk.press("Sign the decision").sees("You verified it").sign_out()
    walk.sign_in("s151").to("/desk").follow(TITLE)
    walk.choose("Yes, I checked it").fill("Why?", "Within my limit and what is reserved.")
    walk.press("Sign the decision").sees("You approved it").look("approved").sign_out()


def pay(walk: Walk) -> None:
    """Finance pays what is due, and the treasurer sees it."""
    walk.sign_in("treasurer").to("/treasury").sees("£4,815.36").look("due-to-the-group").sign_out()
    walk.sign_in("officer").to("/council").follow(TITLE)
    walk.page.get_by_label("Which group was paid?").select_option(index=1)
    walk.fill("Amount", "4815.36").fill("The bank’s reference", "BACS-STORY-2")
    walk.date("The bank’s day", london_day(now())).press("Record the payment")
    walk.sees("The payment is recorded").look("paid").sign_out()
    walk.sign_in("treasurer").to("/treasury").sees("£4,815.36").look("given-to-the-group")
    walk.sign_out()


def read_the_books(walk: Walk) -> None:
    """The auditor finds the money in, the award and the payment, and the trial balance balances."""
    walk.sign_in("auditor").to("/agreements").follow(TITLE)
    reference = walk.path.rsplit("/", 1)[1]
    walk.sees("The target is met").look("public-page")
    walk.to(f"/audit/follow/{reference}").sees("£7,200.00", "£4,815.36").look("follow-the-money")
    walk.to("/audit/trial-balance").look("trial-balance").follow("Assets:Bank:Dividends")
    walk.sees("Statement", "£7,200.00", "£4,815.36").look("statement")
