"""One pledge from its draft to being reached, by the pages alone.

Hester's street writes it, Tamsin opens it and sets match aside, Wren and Mabel join with proof that
it is they, and the second promise reaches it.
"""

from __future__ import annotations

from datetime import timedelta

from ledger.kernel.clock import london_day, now
from tests.journeys.walk import Walk

SENTENCE = "We will put a bench at the Mill Lane stop if £60 is there."
PART = "We will put a bench"


def test_a_pledge_from_the_draft_to_being_reached(walk: Walk) -> None:
    walk.sign_in("organiser.mill").press("Write a pledge")
    walk.choose("Pounds").fill("What will happen, in one sentence?", SENTENCE)
    walk.fill("Where will it happen?", "The bus stop in Mill Lane")
    walk.fill("The least that is needed", "60").fill("What you hope for", "80")
    walk.fill("The most that you can use", "100")
    walk.date("The last day to join", london_day(now()) + timedelta(days=30))
    walk.fill("What happens if too little is promised?", "Nobody owes anything.")
    walk.fill("What happens if more comes than is needed?", "It buys a second bench.")
    walk.fill("What happens if it cannot be delivered?", "Everybody gets their money back.")
    walk.pick("Neighbourhood", "Mill Lane").pick("Which broker answers for it?", "Callum Reedy")
    walk.choose("Promised match counts towards the least").fill(
        "How many days do people have", "14"
    )
    walk.press("Keep the draft").press("Send it to the council")
    walk.sees("The council answers by").look("sent").sign_out()

    walk.sign_in("officer").to("/moderation").follow(PART).look("to-be-answered")
    walk.follow("Answer the group").press("Answer").sees("There is a problem").look("no-answer")
    walk.choose("Open it").press("Answer").sees("Set match aside").look("open")
    walk.follow("Set match aside").look("which-offer")
    walk.page.get_by_role("radio").first.check()
    walk.press("Set it aside").sees("is set aside").look("match-set-aside").sign_out()

    join(walk, "resident", "20")
    walk.sees("Your promise counts").look("first-promise")
    walk.follow("See the pledge").sees("The council’s match", "Open to join").look("half-way")
    walk.sign_out()
    join(walk, "treasurer", "20")
    walk.sees("Yours was the promise that reached it").look("second-promise")
    walk.follow("See the pledge").sees("Reached", "2 people have promised £40").look("reached")
    walk.sign_out()

    walk.sign_in("organiser.mill").follow(PART).sees("Reached").look("the-groups-own-page")


def join(walk: Walk, who: str, pounds: str) -> None:
    """Promise so many pounds, and open the link in the message."""
    walk.sign_in(who).to("/pledges").follow(PART).press("Join this pledge")
    walk.fill("How much will you give", pounds).choose("I have read what happens")
    walk.press("Promise it").sees("Nearly done").follow("your messages")
    walk.follow("/pledges/confirm/").sees("Confirm your promise").press("Yes, this is me")
