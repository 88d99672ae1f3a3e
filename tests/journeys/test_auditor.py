"""Edda Marlowe follows the money, has the books sealed and takes them away."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zipfile import ZipFile

from tests.journeys.walk import Walk


def test_auditor(walk: Walk, tmp_path: Path) -> None:
    walk.sign_in("auditor").sees("The books").look("desk")
    walk.press("Make a checkpoint").look("checkpoint-made")
    walk.to("/audit/trial-balance").sees("Trial balance").look("trial-balance")
    walk.to("/audit/journals").look("journals").to("/audit/journals/25").look("one-journal")
    walk.follow("Follow the money").look("follow-the-money")
    walk.to("/audit/journals/25").page.locator("main table a").first.click()
    walk.sees("Statement").look("statement").printed("statement")
    walk.to("/audit/statement").sees("Trial balance")
    walk.to("/audit/journals/999999").sees("What you can do").look("no-such-journal")
    walk.to("/audit/periods").look("periods").to("/audit/packs").look("packs")
    walk.press("Make the pack").sees("Select what the pack holds").look("pack-of-what")
    walk.choose("Everything").press("Make the pack").look("pack-being-made")
    for _ in range(60):
        if "Ready" in walk.text():
            break
        walk.page.wait_for_timeout(1000)
        walk.page.reload()
    walk.sees("Ready", "Prove it").look("pack-ready")
    with walk.page.expect_download() as coming:
        walk.press("Download the pack")
    pack = tmp_path / "pack.zip"
    coming.value.save_as(pack)
    assert ZipFile(pack).testzip() is None
    walk.to("/checkpoint").sees("These few lines stand for").look("public-checkpoint")


def test_auditor_asks_why(walk: Walk) -> None:
    """Why the figures moved: from an old trial balance to every journal known since."""
    then = date.today() - timedelta(days=60)  # noqa: DTZ011 - any day that the town has behind it
    walk.sign_in("auditor").to("/audit/explain").sees("Choose the two reports").look("two-reports")
    known = f"known-day={then.day}&known-month={then.month}&known-year={then.year}"
    walk.to(f"/audit/trial-balance?{known}").look("as-it-was-known")
    walk.follow("What was recorded since then, and why").sees("What moved", "By which journals")
    walk.sees("explain every difference, to the penny").look("why-it-moved")
    walk.page.locator("main table a").first.click()
    walk.sees("Only those that touch").look("why-one-account-moved")
    walk.to("/audit/periods").look("periods")


def test_auditor_follows_a_penny(walk: Walk) -> None:
    """From a payment back to the gifts, on to the group, and who did what about it; with no script."""
    walk.sign_in("auditor").sees("Follow the money")
    walk.to("/audit/journals").pick("Only of which kind?", "Paid to a group").press("Find")
    walk.sees("Paid to a group").look("journals-of-a-kind")
    walk.page.locator("main table a").first.click()
    walk.sees("Paid to a group", "Where its value came from and went to").look("one-payment")
    paid = walk.path
    walk.follow("The whole way, back and on").sees("Back to where it came from", "Promise paid in")
    walk.look("the-whole-way").printed("the-whole-way")
    gift = walk.page.locator("main table tr", has_text="Promise paid in").first
    gift.get_by_role("link").first.click()
    walk.sees("Promise paid in").follow("The whole way, back and on")
    walk.sees("On to where it went", "Paid to a group").look("on-from-a-gift")
    walk.to(paid).follow("What people did about it").sees("What was done", "On what authority")
    walk.look("what-people-did").printed("what-people-did")
    walk.fill("Reference", "NO-SUCH-THING").press("Show").sees("Nothing was done about it")
    walk.without_script().to("/audit").fill("Where to begin", paid.rpartition("/")[2])
    walk.press("Follow it").sees("Paid to a group")
    walk.follow("The whole way, back and on").sees("Promise paid in").look("without-script")


def test_auditor_draws_a_sample(walk: Walk) -> None:
    """Twenty-five journals by a seed that nobody chose, then by money, and then with no script."""
    walk.sign_in("auditor").follow("A sample of journals").sees("Seed").look("what-to-draw")
    walk.press("Draw the sample").sees("25 journals to look at", "Lot begins").look("a-sample")
    walk.printed("a-sample").page.get_by_text("How anybody can draw the same sample").click()
    walk.sees("sha256sum").look("how-to-draw-it-again")
    table = walk.page.locator("main table").inner_text()
    walk.follow("The address of this sample").sees("25 journals to look at")
    assert walk.page.locator("main table").inner_text() == table
    walk.without_script().to("/audit/sample").fill("How many journals?", "10")
    walk.choose("By money").pick("Only journals with which sign of risk?", "Back-dated")
    walk.press("Draw the sample").sees("First marked penny").look("by-money")
    walk.to("/audit/sample").fill("Seed", "a b").press("Draw the sample")
    walk.sees("There is a problem").look("what-is-no-seed")


def test_auditor_and_residents_inspect(walk: Walk) -> None:
    """The books of a closed year: opened, taken away, objected to and answered."""
    today = date.today()  # noqa: DTZ011 - the day on which the inspection begins
    walk.sign_in("s151").to("/inspections").look("no-inspection-yet")
    walk.press("Open the books of a period").look("which-period")
    walk.press("Open the books").sees("There is a problem").look("no-period-chosen")
    walk.page.get_by_label("Which closed period?").select_option(index=1)
    walk.date("First day of the inspection", today).press("Open the books")
    walk.sees("The books are open for inspection, and sealed").look("opened")
    inspection = walk.path
    walk.sign_out().to("/inspections").look("open-books")
    walk.to(inspection).sees("Sign in to ask or object").look("as-anybody-sees-it")
    with walk.page.expect_download() as coming:
        walk.press("Download the bundle")
    assert coming.value.suggested_filename.endswith("-public.zip")
    walk.sign_in("resident").to(inspection).press("Ask or object").look("ask")
    walk.press("Send it").sees("Select whether you ask or object").look("nothing-asked")
    walk.choose("Object").fill("Number of the journal", "1")
    walk.fill("Your words", "Who agreed to this?").press("Send it")
    walk.sees("It was sent", "is not answered yet").look("what-was-asked")
    matter = walk.path
    walk.sign_out().sign_in("officer").look("an-objection-waits").to(matter).look("to-reply")
    walk.fill("Your reply", "The council's cabinet, on paper.").press("Publish the reply")
    walk.sees("Everybody can read it now").sign_out()
    walk.sign_in("auditor").to(matter).look("to-decide").without_script()
    walk.to(matter).fill("Your decision", "It was lawful.").press("Publish the decision")
    walk.sees("The auditor’s decision", "The council’s reply").look("decided")
    walk.to(inspection).sees("Objection about journal 1").look("the-inspection")
