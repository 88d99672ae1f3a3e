"""People, their roles, organisations and neighbourhoods."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.schemas.base import PageQuery, page_of
from ledger.api.schemas.people import (
    AccountReason,
    ErasureSchema,
    MeSchema,
    NeighbourhoodList,
    NeighbourhoodSchema,
    NewNeighbourhood,
    NewOrganisation,
    NewPerson,
    NewRole,
    OrganisationList,
    OrganisationSchema,
    PersonSchema,
    RoleSchema,
)
from ledger.backups import erasing
from ledger.http import current_actor, guarded, idempotent, identity, reading, run_unit
from ledger.http.pagination import Page, decode, page
from ledger.kernel.clock import now
from ledger.parties import queries, service

blp = resource("people", "People by pseudonym, with what the vault holds of them")
me_blp = resource("me", "Who you are to the service")
organisations_blp = resource("organisations", "Councils, agencies, groups and providers")
neighbourhoods_blp = resource("neighbourhoods", "The neighbourhoods of the place")


@me_blp.route("/")
class Me(MethodView):
    """The owner of the token."""

    @guarded("account.read")
    @me_blp.response(200, MeSchema)
    def get(self) -> dict[str, Any]:
        """Say who you are, and what your token may do."""
        who = identity()
        with reading() as session:
            known = queries.actor(session, who.actor.person)
        return {
            "person": who.actor.person,
            "name": known.name if known else "",
            "organisation": who.actor.organisation,
            "roles": sorted(who.actor.roles),
            "scopes": sorted(who.scopes),
        }


@blp.route("/")
class People(MethodView):
    """Everybody."""

    @guarded("people.read")
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(PersonSchema))
    def get(self, query: dict[str, Any]) -> Page[queries.PersonView]:
        """List people in the order of their references."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        with reading() as session:
            rows = queries.people(session, after=after, rows_max=query["limit"] + 1)
        return page(rows, size=query["limit"], key=lambda row: [row.id])

    @guarded("people.add")
    @idempotent
    @blp.arguments(NewPerson)
    @blp.response(201, PersonSchema)
    def post(self, body: dict[str, Any]) -> tuple[queries.PersonView, int, dict[str, str]]:
        """Add a person without roles."""
        at, by = now(), current_actor().person

        def unit(session: Session) -> queries.PersonView:
            return queries.person(session, service.add_person(session, **body, now=at, by=by))

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/people/{made.id}"}


@blp.route("/<person>")
class Person(MethodView):
    """One person."""

    @guarded("people.read")
    @blp.response(200, PersonSchema)
    def get(self, person: str) -> queries.PersonView:
        """Show one person."""
        with reading() as session:
            return queries.person(session, person)


@blp.route("/<person>/roles")
class Roles(MethodView):
    """The roles of one person."""

    @guarded("people.read")
    @blp.response(200, RoleSchema(many=True))
    def get(self, person: str) -> list[queries.Grant]:
        """List every role the person holds or held."""
        with reading() as session:
            return queries.grants(session, queries.person(session, person).id)

    @guarded("role.grant")
    @idempotent
    @blp.arguments(NewRole)
    @blp.response(201, RoleSchema)
    def post(self, body: dict[str, Any], person: str) -> queries.Grant:
        """Give the person a role."""
        at, by = now(), current_actor().person

        def unit(session: Session) -> queries.Grant:
            grant = service.grant_role(session, person=person, **body, by=by, now=at)
            return next(one for one in queries.grants(session, person) if one.id == grant)

        return run_unit(unit)


@blp.route("/<person>/roles/<grant>")
class Role(MethodView):
    """One role of one person."""

    @guarded("role.end")
    @idempotent
    @blp.response(204)
    def delete(self, person: str, grant: str) -> None:
        """End the role; it stays on record."""
        at, by = now(), current_actor().person

        def unit(session: Session) -> None:
            service.end_role(session, grant=grant, person=person, by=by, now=at)

        run_unit(unit)


@blp.route("/<person>/closing")
class Closing(MethodView):
    """Closing an account."""

    @guarded("people.change")
    @idempotent
    @blp.arguments(AccountReason)
    @blp.response(204)
    def post(self, body: dict[str, Any], person: str) -> None:
        """Close the account: it signs in no more, and what it did stays."""
        at, by = now(), current_actor().person
        run_unit(
            lambda session: service.disable_person(session, person=person, **body, by=by, now=at)
        )


@blp.route("/<person>/erasure")
class Erasure(MethodView):
    """Erasing what is known of a person."""

    @guarded("people.erase")
    @idempotent
    @blp.arguments(AccountReason)
    @blp.response(202, ErasureSchema)
    def post(self, body: dict[str, Any], person: str) -> tuple[erasing.Asked, int, dict[str, str]]:
        """Propose to erase the person, or carry it out where a second person has approved it.

        What is known of them and the key to it are destroyed; every balance and proof stays.
        """
        at, by = now(), current_actor().person
        asked = run_unit(lambda session: erasing.ask(session, person=person, **body, by=by, now=at))
        return asked, 202, {"Location": f"{PREFIX}/approvals/{asked.proposal}"}


@organisations_blp.route("/")
class Organisations(MethodView):
    """Councils, agencies, groups and providers."""

    @guarded("organisation.read")
    @organisations_blp.response(200, OrganisationList)
    def get(self) -> dict[str, Any]:
        """List the organisations by name."""
        with reading() as session:
            return {"items": queries.organisations(session)}

    @guarded("organisation.add")
    @idempotent
    @organisations_blp.arguments(NewOrganisation)
    @organisations_blp.response(201, OrganisationSchema)
    def post(self, body: dict[str, Any]) -> queries.OrganisationView:
        """Add an organisation."""
        at, by = now(), current_actor().person

        def unit(session: Session) -> queries.OrganisationView:
            made = service.add_organisation(session, **body, now=at, by=by)
            return queries.organisation(session, made)

        return run_unit(unit)


@neighbourhoods_blp.route("/")
class Neighbourhoods(MethodView):
    """The neighbourhoods."""

    @guarded("public.read")
    @neighbourhoods_blp.response(200, NeighbourhoodList)
    def get(self) -> dict[str, Any]:
        """List the neighbourhoods by name."""
        with reading() as session:
            return {"items": queries.neighbourhoods(session)}

    @guarded("neighbourhood.add")
    @idempotent
    @neighbourhoods_blp.arguments(NewNeighbourhood)
    @neighbourhoods_blp.response(201, NeighbourhoodSchema)
    def post(self, body: dict[str, Any]) -> queries.NeighbourhoodView:
        """Add a neighbourhood."""
        at, by = now(), current_actor().person

        def unit(session: Session) -> queries.NeighbourhoodView:
            made = service.add_neighbourhood(session, **body, now=at, by=by)
            return next(one for one in queries.neighbourhoods(session) if one.id == made)

        return run_unit(unit)
