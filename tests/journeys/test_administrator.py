"""Felix Thorne looks after people and their roles, and moves no value."""

from __future__ import annotations

from tests.journeys.walk import Walk
from tests.witnesses import Witness


def test_administrator(walk: Walk) -> None:
    walk.to("/").follow("Sign in").look("sign-in")
    walk.fill("Email", "admin@harrowmere.example").press("Sign in")
    walk.sees("There is a problem", "Enter your password").look("sign-in-error")
    assert walk.page.get_by_label("Email").input_value() == "admin@harrowmere.example"

    walk.sign_in("admin").sees("Administrator’s desk").look("desk")
    walk.follow("See everybody").look("people")
    walk.fill("Part of a name", "nobody at all").press("Search").look("people-none-found")

    walk.to("/admin/people/new").press("Add").sees("There is a problem").look("new-person-errors")
    walk.fill("Name", "Odette Marsh").fill("Email", f"odette-{id(walk)}@harrowmere.example")
    walk.press("Add").sees("Success", "Odette Marsh", "No role yet").look("person-added")
    walk.pick("Give a role", "Asset broker").press("Give the role")
    walk.sees("The role was given").look("role-given")
    walk.pick("Give a role", "Auditor").press("Give the role")
    walk.sees("cannot be the same person").look("roles-kept-apart")

    walk.follow("Erase this person").look("erase-asks-first")
    key = Witness(f"street-{id(walk)}.example").key.line
    walk.to("/admin/").follow("Witnesses who co-sign").look("witnesses")
    walk.press("Register a witness").press("Register the witness")
    walk.sees("There is a problem", "Enter the witness’s public key").look("witness-errors")
    walk.fill("Who is it", "Lane End group").fill("Its public key", key)
    walk.press("Register the witness").sees("Lane End group is a witness now").look("witness")
    walk.follow("End Lane End group").fill("Why", "It was only a rehearsal")
    walk.look("witness-ends").press("End the witness").sees("It was only a rehearsal")

    walk.to("/no-such-page").sees("Page not found").look("not-found")
    walk.to("/checkpoint/999999999").sees("What you can do")
    walk.sign_out().to("/admin/").sees("Sign in").look("signed-out")
