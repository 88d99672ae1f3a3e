"""Which desk belongs to which role, and who sits at more than one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, url_for

from ledger.parties.rules import Actor

DESKS = (
    (frozenset({"resident"}), "Resident", "groups.resident_desk"),
    (frozenset({"organiser"}), "Group organiser", "groups.organiser_desk"),
    (frozenset({"treasurer"}), "Group treasurer", "groups.treasurer_desk"),
    (frozenset({"broker"}), "Asset broker", "brokers.desk"),
    (frozenset({"analyst"}), "Partner agency analyst", "analysts.desk"),
    (frozenset({"officer", "head", "s151"}), "Council", "council.desk"),
    (frozenset({"innovation_broker"}), "Innovation broker", "promises.desk"),
    (frozenset({"auditor"}), "Auditor", "auditors.desk"),
    (frozenset({"administrator"}), "Administrator", "admin.desk"),
)
"""Roles, the desk's name, and its page."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One desk that a person may sit at."""

    name: str
    href: str


def of(actor: Actor) -> list[Desk]:
    """The desks of a person's roles, in the order of the table."""
    return [
        Desk(name, url_for(endpoint))
        for roles, name, endpoint in DESKS
        if roles & actor.roles and endpoint in current_app.view_functions
    ]
