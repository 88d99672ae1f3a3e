"""Commitments and the hours that were given for them."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.pledges import with_unit
from ledger.api.schemas.base import Empty, page_of
from ledger.api.schemas.pledges import (
    CommitmentQuery,
    CommitmentSchema,
    ConfirmedSchema,
    ContactSecret,
    HoursSchema,
    NewHours,
    PledgeReason,
)
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.pagination import Page, decode, page
from ledger.kernel.clock import now
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, may
from ledger.pledges import queries, rules, service

blp = resource("commitments", "What people promised")
hours_blp = resource("hours", "Time that was given, confirmed by both sides")
COUNCIL_OR_AUDITOR = "books.read"


def keeps_money(session: Session, actor: Actor, pledge: queries.PledgeView) -> bool:
    """Whether somebody may see who promised what: the group's own treasurer and organiser, the
    council and the auditor.
    """
    if may(actor, COUNCIL_OR_AUDITOR):
        return True
    return actor.person in parties.members(session, pledge.group_id)


def check_sees(session: Session, mine: queries.CommitmentView) -> queries.PledgeView:
    """The pledge of a commitment that the caller may see.

    Raises:
        NotTheirs.
    """
    view = queries.pledge(session, mine.pledge)
    actor = current_actor()
    if actor.person != mine.person and not keeps_money(session, actor, view):
        raise rules.NotTheirs("This is another person’s promise.", remedy="Look at your own.")
    return view


@blp.route("/")
class Commitments(MethodView):
    """Your commitments, or a pledge's."""

    @guarded("desk.read")
    @blp.arguments(CommitmentQuery, location="query")
    @blp.response(200, page_of(CommitmentSchema))
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List what you promised; with ``pledge``, what everybody did, where you may know it."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        actor, pledge = current_actor(), query["pledge"]
        with reading() as session:
            person = actor.person
            if pledge and keeps_money(session, actor, queries.pledge(session, pledge)):
                person = ""
            rows = queries.commitments(
                session, pledge=pledge, person=person, after=after, rows_max=query["limit"] + 1
            )
            units = {row.pledge: queries.pledge(session, row.pledge).unit for row in rows}
        shown = [with_unit(row, units[row.pledge]) for row in rows]
        return page(shown, size=query["limit"], key=lambda row: [str(row["id"])])


@blp.route("/confirmations")
class Confirmations(MethodView):
    """Proof of contact."""

    @guarded("pledge.join")
    @idempotent
    @blp.arguments(ContactSecret)
    @blp.response(200, ConfirmedSchema)
    def post(self, body: dict[str, Any]) -> service.Confirmed:
        """Follow the link of a message: the promise counts; a second use changes nothing."""
        return run_unit(lambda session: service.confirm(session, now=now(), **body))


@blp.route("/<commitment>")
class Commitment(MethodView):
    """One commitment."""

    @guarded("desk.read")
    @blp.response(200, CommitmentSchema)
    def get(self, commitment: str) -> dict[str, Any]:
        """Show one commitment, to its person and to those who keep its money."""
        with reading() as session:
            mine = queries.commitment(session, commitment)
            return with_unit(mine, check_sees(session, mine).unit)


@blp.route("/<commitment>/withdrawal")
class Withdrawal(MethodView):
    """Withdrawing."""

    @guarded("pledge.withdraw")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(200, CommitmentSchema)
    def post(self, body: dict[str, Any], commitment: str) -> dict[str, Any]:
        """Take your promise back while there is time."""
        del body
        actor = current_actor()

        def unit(session: Session) -> dict[str, Any]:
            service.withdraw(session, commitment=commitment, actor=actor, now=now())
            mine = queries.commitment(session, commitment)
            return with_unit(mine, queries.pledge(session, mine.pledge).unit)

        return run_unit(unit)


@blp.route("/<commitment>/excuse")
class Excuse(MethodView):
    """Excusing."""

    @guarded("pledge.moderate")
    @idempotent
    @blp.arguments(PledgeReason)
    @blp.response(200, CommitmentSchema)
    def post(self, body: dict[str, Any], commitment: str) -> dict[str, Any]:
        """Forgive what is still owed; the reason stays private."""
        actor = current_actor()

        def unit(session: Session) -> dict[str, Any]:
            service.excuse(session, commitment=commitment, actor=actor, now=now(), **body)
            mine = queries.commitment(session, commitment)
            return with_unit(mine, queries.pledge(session, mine.pledge).unit)

        return run_unit(unit)


@blp.route("/<commitment>/hours")
class CommitmentHours(MethodView):
    """The hours of one commitment."""

    @guarded("pledge.log_hours")
    @blp.response(200, HoursSchema(many=True))
    def get(self, commitment: str) -> list[queries.HoursView]:
        """List the hours that were logged."""
        with reading() as session:
            check_sees(session, queries.commitment(session, commitment))
            return queries.hours(session, commitment=commitment)

    @guarded("pledge.log_hours")
    @idempotent
    @blp.arguments(NewHours)
    @blp.response(201, HoursSchema)
    def post(self, body: dict[str, Any], commitment: str) -> Any:
        """Log time that was given; it counts when the other side confirms it."""
        actor = current_actor()

        def unit(session: Session) -> queries.HoursView:
            entry = service.log_hours(
                session, commitment=commitment, actor=actor, now=now(), **body
            )
            return queries.hours_entry(session, entry)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/hours/{made.id}"}


@hours_blp.route("/<entry>")
class Hours(MethodView):
    """One entry of hours."""

    @guarded("pledge.log_hours")
    @hours_blp.response(200, HoursSchema)
    def get(self, entry: str) -> queries.HoursView:
        """Show one entry."""
        with reading() as session:
            found = queries.hours_entry(session, entry)
            check_sees(session, queries.commitment(session, found.commitment))
            return found


@hours_blp.route("/<entry>/confirmation")
class HoursConfirmation(MethodView):
    """Confirming hours."""

    @guarded("pledge.log_hours")
    @idempotent
    @hours_blp.arguments(Empty)
    @hours_blp.response(200, HoursSchema)
    def post(self, body: dict[str, Any], entry: str) -> queries.HoursView:
        """Confirm the hours as the other side."""
        del body
        actor = current_actor()

        def unit(session: Session) -> queries.HoursView:
            service.confirm_hours(session, entry=entry, actor=actor, now=now())
            return queries.hours_entry(session, entry)

        return run_unit(unit)


@hours_blp.route("/<entry>/refusal")
class HoursRefusal(MethodView):
    """Refusing hours."""

    @guarded("pledge.log_hours")
    @idempotent
    @hours_blp.arguments(PledgeReason)
    @hours_blp.response(200, HoursSchema)
    def post(self, body: dict[str, Any], entry: str) -> queries.HoursView:
        """Say why the hours are not right; they count for nothing."""
        actor = current_actor()

        def unit(session: Session) -> queries.HoursView:
            service.refuse_hours(session, entry=entry, actor=actor, now=now(), **body)
            return queries.hours_entry(session, entry)

        return run_unit(unit)
