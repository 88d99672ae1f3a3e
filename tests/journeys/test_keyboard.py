"""Three ways that must work without a mouse: to join a pledge, to book a room, to approve."""

from __future__ import annotations

from datetime import date, timedelta

from tests.journeys.walk import Walk

AHEAD = date.today() + timedelta(days=70 + (2 - date.today().weekday()) % 7)  # noqa: DTZ011 - any Wednesday ahead


def test_joining_with_the_keyboard(walk: Walk) -> None:
    walk.to("/").tab_to("Skip to main content").key("Enter", wait=False)
    walk.tab_to("We will open the youth centre").key("Enter")
    walk.tab_to("Join this pledge").key("Enter").tab_to("How many hours").type("1.5")
    walk.tab_to("Your name").type("Kit Example")
    walk.tab_to("Email address").type("kit@harrowmere.example")
    walk.tab_to("I have read what happens").key("Space")
    walk.tab_to("Promise it").key("Enter").sees("Look at your messages now").look("joined")


def test_booking_with_the_keyboard(walk: Walk) -> None:
    walk.sign_in("organiser").to("/buildings?book=yes").tab_to("Canal Side Hall").key("Enter")
    walk.tab_to("Book Wharf Room").key("Enter")
    walk.tab_to("Day").type(str(AHEAD.day)).tab_to("Month").type(str(AHEAD.month))
    walk.tab_to("Year").type(str(AHEAD.year)).tab_to("Begins at").type("10:00")
    walk.tab_to("Ends at").type("11:30").tab_to("What is it for?").type("Keyboard club")
    walk.tab_to("How many people will come?").type("8")
    walk.tab_to("See the dates and the price").key("Enter").look("dates-and-price")
    walk.tab_to("Book this date").key("Enter").sees("Your request was sent").look("requested")


def test_approving_with_the_keyboard(walk: Walk) -> None:
    walk.sign_in("treasurer").follow("We will turn the fly-tipped corner")
    walk.fill("What was done?", "Paint for the seats").fill("How can that be seen?", "Receipt 11")
    walk.fill("How much?", "45").press("Ask for it").sees("Paint for the seats").sign_out()
    walk.sign_in("officer").to("/moderation").follow("Paint for the seats")
    walk.press("Propose the release").sees("Proposed").sign_out()
    for who in ("officer2", "head"):
        walk.sign_in(who).to("/approvals").tab_to("£45").key("Enter")
        walk.tab_to("Yes, I checked it").key("Space").tab_to("Why?").type("Seen with my own eyes")
        walk.tab_to("Sign the decision").key("Enter").sees("Success").look(f"signed-by-{who}")
        walk.sign_out()
