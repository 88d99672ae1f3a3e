"""Idris Fenn writes a pledge and books the hall; Mabel Orchard asks for released money."""

from __future__ import annotations

from datetime import date, timedelta

from tests.journeys.walk import Walk

FRIDAY = date.today() + timedelta(days=63 + (4 - date.today().weekday()) % 7)  # noqa: DTZ011 - any Friday ahead


def test_organiser(walk: Walk) -> None:
    walk.sign_in("organiser").sees("Your desk", "Your group’s pledges").look("desk")
    walk.press("Write a pledge").look("new-pledge").press("Keep the draft")
    walk.sees("There is a problem").look("new-pledge-errors")
    walk.fill(
        "What will happen, in one sentence?", "We will paint the footbridge if £300 is given."
    )
    walk.fill("Where will it happen?", "The footbridge at Lock Street")
    walk.fill("The least that is needed", "300").fill("What you hope for", "350")
    walk.fill("The most that you can use", "400").date("The last day to join", FRIDAY)
    walk.pick("Neighbourhood", "Canal Side").pick("Which broker answers for it?", "Callum Reedy")
    walk.press("Keep the draft").sees("Before you can send it").look("draft-lacks-something")
    walk.press("Change the draft")
    walk.fill("What happens if too little is promised?", "Nothing is owed by anybody.")
    walk.fill("What happens if more comes than is needed?", "It goes to painting the railings.")
    walk.fill("What happens if it cannot be delivered?", "Everybody gets their money back.")
    walk.press("Keep").sees("Send it to the council").look("draft-complete")
    walk.press("Send it to the council").sees("The council answers by").look("sent-to-the-council")

    walk.to("/buildings?book=yes").look("rooms-to-book").follow("Canal Side Hall").look("hall")
    walk.page.get_by_role("link", name="Book Lock Room").click()
    walk.press("See the dates and the price").sees("There is a problem").look("booking-errors")
    walk.date("First or only day", FRIDAY).fill("Begins at", "18:00").fill("Ends at", "20:00")
    walk.choose("Every week").fill("How many dates?", "4").fill(
        "What is it for?", "Bridge painters’ meeting"
    )
    walk.fill("How many people will come?", "12").press("See the dates and the price")
    walk.sees("Check the dates and the price", "£14").look("dates-and-price")
    walk.press("Book these dates").sees("Your request was sent").look("booking-requested")
    walk.printed("booking-requested").to("/bookings").sees("Bridge painters").look("my-bookings")


def test_treasurer(walk: Walk) -> None:
    walk.sign_in("treasurer").look("desk").follow("We will turn the fly-tipped corner")
    walk.sees("The money of this pledge").look("money")
    walk.press("Ask for it").sees("There is a problem").look("ask-errors")
    walk.fill("What was done?", "Gate and fence put up")
    walk.fill("How can that be seen?", "Invoice 2207, and photographs at the library")
    walk.fill("How much?", "120").press("Ask for it").sees("Gate and fence put up").look("asked")
    walk.to("/approvals").look("decisions-are-for-others")
