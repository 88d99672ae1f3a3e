"""Somebody who has never been here reads, joins and checks, also without script."""

from __future__ import annotations

from tests.journeys.walk import Walk


def test_visitor(walk: Walk) -> None:
    walk.to("/").look("home").printed("home")
    walk.to("/pledges").look("pledges").follow("We will open the youth centre").look("pledge")
    walk.press("Join this pledge").press("Promise it")
    walk.sees("There is a problem").look("join-errors")
    walk.fill("How many hours", "2.5").fill("Your name", "Nia Example")
    walk.fill("Email address", "nia@harrowmere.example").choose("I have read what happens")
    walk.press("Promise it").sees("Look at your messages now").look("look-at-messages")
    walk.to("/pledges/confirm/nonsense-nonsense-nonsense").sees("What you can do").look(
        "wrong-link"
    )

    walk.to("/buildings").page.wait_for_selector("#map:not([hidden]) path")
    walk.look("buildings-on-a-map").fill("Name, street or postcode", "lane").press("Search")
    walk.sees("match").look("buildings-found")
    walk.to("/buildings?q=cathedral").sees("Nothing matches").look("buildings-none")
    walk.to("/buildings?book=yes").follow("Canal Side Hall").look("hall-with-its-week")
    walk.to("/agreements").look("agreements").follow("Fewer fires on Mill Lane")
    walk.sees("chance cannot be ruled out").look("agreement-not-proven")
    walk.to("/agreements").follow("Fewer fires at Canal Side").follow("The receipt that proves it")
    walk.sees("It is in the books", "Dividend awarded").look("dividend-receipt").printed("receipt")
    walk.to("/checkpoint").look("checkpoint").follow("See every checkpoint").look("checkpoints")
    walk.to("/witnesses").sees("Become a witness").look("witnesses")
    for path in ("help", "help/proof", "help/errors", "accessibility", "privacy", "developers"):
        walk.to(f"/{path}").look(path.replace("/", "-"))
    walk.to("/audit").sees("Sign in").look("not-for-visitors")
    walk.to("/nowhere").sees("Page not found").look("not-found")


def test_visitor_without_script(walk: Walk) -> None:
    walk.without_script()
    walk.to("/").look("home").to("/buildings").sees("List of buildings").look("list-without-map")
    walk.fill("Name, street or postcode", "hall").press("Search").look("search-works")
    walk.to("/agreements").follow("Fewer fires at Canal Side").look("chart-is-drawn")
    walk.to("/sign-in").press("Sign in").sees("There is a problem").look("errors-without-script")
    assert walk.page.title().startswith("Error:")
