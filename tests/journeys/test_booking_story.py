"""A hall with two rooms, from the register to a weekly booking that nobody can have twice.

Callum adds the hall, its rooms, hours and prices; Idris books it every week; Hester, who wants the
whole hall at one of those times, is shown what is free instead; Callum answers.
"""

from __future__ import annotations

from datetime import date, timedelta

from ledger.kernel.clock import london_day, now
from tests.journeys.walk import Walk

HALL = "Weir Bank Institute"
IN_FOUR_WEEKS = london_day(now()) + timedelta(days=28)


def test_a_hall_of_two_rooms_is_nobodys_twice(walk: Walk) -> None:
    walk.sign_in("broker").to("/desk").follow("List a building").fill("Find it", "no such hall")
    walk.press("Search").sees("Nothing matches").follow("Add a building")
    walk.fill("Name", HALL).fill("Who owns it?", "Harrowmere Borough Council")
    walk.fill("Number and street", "2 Weir Bank").fill("Town", "Harrowmere")
    walk.fill("Postcode", "ZZ1 2WB").press("Add the building").follow("List this building")
    walk.fill("What should people know", "Level access, a kitchen.").press("List this building")
    walk.look("listed-without-rooms")
    room(walk, "Weir Room", "Weir Room", "30")
    room(walk, "Bank Room", "Bank Room", "25")
    room(walk, "Whole institute", "Weir Room, Bank Room", "60")
    hours(walk)
    for name in ("Weir Room", "Bank Room", "Whole institute"):
        price(walk, name, "Anyone", "18", "LIST")
        price(walk, name, "Community group", "9", "COMMUNITY-2026")
    walk.look("hours-and-prices").sign_out()

    ask(walk, "organiser", "Weir Room", weeks="4")
    walk.sees("Check the dates and the price", "£72").press("Book these dates")
    walk.sees("Your request was sent").look("weekly").sign_out()
    ask(walk, "organiser.mill", "Whole institute", weeks="")
    walk.sees("0 of 1", "Free instead", "Bank Room").look("taken-but-for-one-room").sign_out()

    walk.sign_in("broker").follow(f"Story circle, {HALL}").press("Confirm this booking")
    walk.sees("The booking is confirmed").look("confirmed").sign_out()
    walk.to("/buildings?book=yes").follow(HALL).look("public-calendar")


def room(walk: Walk, name: str, parts: str, people: str) -> None:
    """Add a space of the hall."""
    walk.follow("Add a space").fill("What is it called?", name).fill("Which parts", parts)
    walk.fill("How many people does it hold?", people).choose("A broker answers each request")
    for label, typed in (
        ("Minutes to set up", "15"), ("Minutes to clean down", "15"), ("Hours of notice", "24"),
        ("How many days ahead", "365"), ("Until how many hours before", "48"),
        ("What share is kept", "50"),
    ):  # fmt: skip
        walk.fill(label, typed)
    walk.press("Add the space").sees(name)


def hours(walk: Walk) -> None:
    """Open from nine to ten every day."""
    walk.follow("Set opening hours").date("From which day?", london_day(now()))
    for weekday in range(7):
        walk.page.locator(f"[name=opens-{weekday}]").fill("9:00")
        walk.page.locator(f"[name=closes-{weekday}]").fill("22:00")
    walk.press("Set these hours").sees("9:00 to 22:00")


def price(walk: Walk, space: str, who: str, pounds: str, policy: str) -> None:
    """Set what an hour costs."""
    walk.follow("Set a price").pick("Space", space)
    walk.page.get_by_role("radio", name=who).check()
    walk.fill("Price of an hour", pounds).date("From which day?", london_day(now()))
    walk.fill("Code of the policy", policy).press("Set this price").sees(f"£{pounds} an hour")


def ask(walk: Walk, who: str, space: str, *, weeks: str, on: date = IN_FOUR_WEEKS) -> None:
    """Ask what two hours would cost, once or every week."""
    walk.sign_in(who).to("/buildings?book=yes").follow(HALL).follow(f"Book {space}")
    walk.date("First or only day", on).fill("Begins at", "18:00").fill("Ends at", "20:00")
    if weeks:
        walk.choose("Every week").fill("How many dates?", weeks)
    walk.fill("What is it for?", "Story circle").fill("How many people will come?", "12")
    walk.press("See the dates and the price")
