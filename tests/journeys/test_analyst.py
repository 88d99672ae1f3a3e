"""Priya Lanyon uploads the fire figures, mends what is wrong, and sees her service's saving."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.walk import Walk


def test_analyst(walk: Walk, tmp_path: Path) -> None:
    walk.sign_in("analyst").sees("What your agency has saved").look("desk")
    walk.press("Upload readings").look("upload")
    walk.press("Upload").sees("There is a problem").look("nothing-chosen")
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("Ward,Fires\nCanal Side,lots\n")
    walk.fill("Code of the measure", "hfrs.fire.arson")
    walk.page.locator("input[type=file]").set_input_files(wrong)
    walk.press("Upload").sees("There is a problem").look("wrong-headings")
    walk.to("/desk").press("Mark readings final").look("mark-final")
    walk.press("Mark final").sees("There is a problem").look("mark-final-errors")
    walk.to("/agreements").follow("Fewer fires at Canal Side").look("agreement-with-chart")
    walk.page.get_by_text("The figures in a table").click()
    walk.look("the-figures-in-a-table").printed("agreement")
