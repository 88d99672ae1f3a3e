"""Wren Ashdown finds a pledge, joins it, and hers is the promise that reaches it."""

from __future__ import annotations

from tests.journeys.walk import Walk


def test_resident(walk: Walk) -> None:
    walk.sign_in("resident").sees("Your desk", "walk the towpath", "pocket park")
    walk.look("desk").to("/account/messages").look("messages")

    walk.to("/").look("home").follow("We will light the steps down to the locks")
    walk.sees("£480 of £500").look("pledge-nearly-there").press("Join this pledge")
    walk.fill("How much will you give", "1.5").press("Promise it")
    walk.sees("There is a problem", "not an amount in pounds").look("join-errors")
    assert walk.page.get_by_label("How much will you give").input_value() == "1.5"
    assert walk.page.title().startswith("Error:")
    walk.fill("How much will you give", "25").choose("I have read what happens")
    walk.press("Promise it").sees("Nearly done").look("look-at-messages")

    walk.follow("your messages").look("messages-with-the-link")
    walk.follow("/pledges/confirm/").sees("Confirm your promise").look("confirm")
    walk.press("Yes, this is me").sees(
        "Your promise counts", "Yours was the promise that reached it"
    )
    walk.look("promise-counts")
    walk.page.go_back()
    walk.sees("This link was used already").look("going-back-does-nothing-twice")
    walk.follow("See the pledge").sees("£505 of £500", "Reached").look("pledge-reached")
    walk.printed("pledge-reached")
    walk.to("/desk").sees("We will light the steps").look("desk-with-a-promise")
    walk.follow("We will light the steps").sees("You promised", "£25").look("my-promise")
    walk.follow("print a receipt").sees("will be signed tonight").look("receipt-not-signed-yet")
    walk.page.go_back()

    walk.to("/pledges?show=ended").sees("Ended").look("pledges-that-ended")
    walk.follow("We will").sees("Not reached").look("pledge-that-lapsed")
    walk.without_script().to("/my").sees("We will light the steps").look("desk-without-script")
