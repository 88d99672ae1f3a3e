"""Public inspections: what was opened, and the questions and objections about it."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.journals import book_of
from ledger.api.schemas.base import Empty, PageQuery, page_of
from ledger.api.schemas.inspections import (
    InspectionList,
    InspectionSchema,
    MatterSchema,
    NewAnswer,
    NewInspection,
    NewMatter,
)
from ledger.exports import checkpoints, inspecting
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.pagination import Page, decode, page
from ledger.inspections import queries, rules, service
from ledger.inspections.queries import InspectionView, MatterView
from ledger.kernel.clock import now

blp = resource("inspections", "Closed periods opened to the public, with what is asked of them")


@blp.route("/")
class Inspections(MethodView):
    """Every inspection."""

    @guarded("inspection.read")
    @blp.response(200, InspectionList)
    def get(self) -> dict[str, Any]:
        """List the periods whose books are or were open. The bundle itself is at the page."""
        with reading() as session:
            return {"items": queries.inspections(session, book_of(session))}

    @guarded("inspection.open")
    @idempotent
    @blp.arguments(NewInspection)
    @blp.response(201, InspectionSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Open the books of a closed period for thirty working days, and seal them."""
        actor, at = current_actor(), now()

        def unit(session: Session) -> InspectionView:
            book = book_of(session)
            checkpoints.make_within(
                session, book=book, reason="asked", made_by=actor.person, now=at
            )
            made = inspecting.open_books(session, book=book, **body, actor=actor, now=at)
            return queries.inspection(session, made)

        view = run_unit(unit)
        return view, 201, {"Location": f"{PREFIX}/inspections/{view.id}"}


@blp.route("/<reference>")
class Inspection(MethodView):
    """One inspection."""

    @guarded("inspection.read")
    @blp.response(200, InspectionSchema)
    def get(self, reference: str) -> InspectionView:
        """Show one inspection with its signed seal."""
        with reading() as session:
            return queries.inspection(session, reference)


@blp.route("/<reference>/matters")
class Matters(MethodView):
    """Questions and objections."""

    @guarded("inspection.read")
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(MatterSchema))
    def get(self, query: dict[str, Any], reference: str) -> Page[MatterView]:
        """List what was asked: for everybody what is answered, and one's own."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        with reading() as session:
            queries.inspection(session, reference)
            found = queries.matters(
                session, inspection=reference, actor=current_actor(), after=after,
                limit=query["limit"] + 1,
            )  # fmt: skip
        return page(found, size=query["limit"], key=lambda one: [one.id])

    @guarded("inspection.ask")
    @idempotent
    @blp.arguments(NewMatter)
    @blp.response(201, MatterSchema)
    def post(self, body: dict[str, Any], reference: str) -> Any:
        """Ask about a journal, or object to it, while the books are open."""
        actor, at = current_actor(), now()

        def unit(session: Session) -> MatterView:
            made = service.ask(
                session, inspection=reference, kind=body["kind"], seq=body["journal"],
                line=body["entry"], words=body["words"], actor=actor, now=at,
            )  # fmt: skip
            return queries.matter(session, made)

        view = run_unit(unit)
        return view, 201, {"Location": f"{PREFIX}/inspections/matters/{view.id}"}


@blp.route("/matters/<reference>")
class Matter(MethodView):
    """One question or objection."""

    @guarded("inspection.read")
    @blp.response(200, MatterSchema)
    def get(self, reference: str) -> MatterView:
        """Show a question or objection with what it was told."""
        with reading() as session:
            return queries.readable(session, reference, current_actor())


def _answered(reference: str, step: str, words: str) -> MatterView:
    actor, at = current_actor(), now()

    def unit(session: Session) -> MatterView:
        service.answer(session, matter=reference, step=step, words=words, actor=actor, now=at)
        return queries.matter(session, reference)

    return run_unit(unit)


@blp.route("/matters/<reference>/answer")
class Answer(MethodView):
    """The council's word."""

    @guarded("inspection.answer")
    @idempotent
    @blp.arguments(NewAnswer)
    @blp.response(200, MatterSchema)
    def post(self, body: dict[str, Any], reference: str) -> MatterView:
        """Answer a question, or reply to an objection, for everybody to read."""
        return _answered(reference, rules.ANSWER, body["words"])


@blp.route("/matters/<reference>/decision")
class Decision(MethodView):
    """The auditor's word."""

    @guarded("inspection.decide")
    @idempotent
    @blp.arguments(NewAnswer)
    @blp.response(200, MatterSchema)
    def post(self, body: dict[str, Any], reference: str) -> MatterView:
        """Decide about an objection, for everybody to read."""
        return _answered(reference, rules.DECIDE, body["words"])


@blp.route("/matters/<reference>/withdrawal")
class Withdrawal(MethodView):
    """Taking back what one asked."""

    @guarded("inspection.ask")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(200, MatterSchema)
    def post(self, body: dict[str, Any], reference: str) -> MatterView:
        """Withdraw a question or objection before it is answered."""
        del body
        actor, at = current_actor(), now()

        def unit(session: Session) -> MatterView:
            service.withdraw(session, matter=reference, actor=actor, now=at)
            return queries.matter(session, reference)

        return run_unit(unit)
