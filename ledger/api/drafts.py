"""Drafts: corrections, reversals and loans between funds, written by one person and posted by another."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.journals import book_of
from ledger.api.schemas.base import Empty
from ledger.api.schemas.drafts import (
    DraftDecision,
    DraftList,
    DraftSchema,
    NewCorrection,
    NewLoan,
    NewReversal,
)
from ledger.books.rules import Leg
from ledger.drafts import queries, rules, service
from ledger.drafts.queries import DraftView
from ledger.drafts.rules import Draft
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.versions import check_version, versioned
from ledger.kernel.clock import now

blp = resource("drafts", "Journals that one person drafts and another approves")


def _version(view: DraftView) -> str:
    return f"{view.state}-{view.proposal.digest[:32]}"


def _drafted(draft: Draft) -> Any:
    def unit(session: Session) -> DraftView:
        book = book_of(session)
        made = service.propose(session, book=book, draft=draft, actor=current_actor(), now=now())
        return queries.draft(session, book, made)

    view = run_unit(unit)
    return view, 201, {"Location": f"{PREFIX}/drafts/{view.id}"}


@blp.route("/")
class Drafts(MethodView):
    """All drafts."""

    @guarded("books.read")
    @blp.response(200, DraftList)
    def get(self) -> dict[str, Any]:
        """List the newest drafts; those that wait come first."""
        with reading() as session:
            return {"items": queries.drafts(session, book_of(session))}


@blp.route("/corrections")
class Corrections(MethodView):
    """Correcting the books."""

    @guarded("journal.adjust")
    @idempotent
    @blp.arguments(NewCorrection)
    @blp.response(201, DraftSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Draft a correction; a second person decides."""
        legs = tuple(Leg(one["account"], one["side"], one["quantity"]) for one in body["entries"])
        return _drafted(Draft(rules.ADJUST, body["effective_on"], body["reason"], legs))


@blp.route("/loans")
class Loans(MethodView):
    """Lending between funds."""

    @guarded("fund.lend")
    @idempotent
    @blp.arguments(NewLoan)
    @blp.response(201, DraftSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Draft a loan from one fund to another, or its paying back; a second person decides."""
        kind = rules.LEND if body.pop("what") == "lend" else rules.PAY_BACK
        return _drafted(rules.loan(kind=kind, **body))


@blp.route("/reversals")
class Reversals(MethodView):
    """Reversing a journal."""

    @guarded("journal.reverse")
    @idempotent
    @blp.arguments(NewReversal)
    @blp.response(201, DraftSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Draft the exact mirror of a journal; a second person decides."""

        def unit(session: Session) -> DraftView:
            book = book_of(session)
            made = service.propose_reversal(
                session, book=book, **body, actor=current_actor(), now=now()
            )
            return queries.draft(session, book, made)

        view = run_unit(unit)
        return view, 201, {"Location": f"{PREFIX}/drafts/{view.id}"}


@blp.route("/<draft>")
class OneDraft(MethodView):
    """One draft."""

    @guarded("books.read")
    @blp.response(200, DraftSchema)
    def get(self, draft: str) -> Any:
        """Show a draft with its entries, and its journal once it is posted."""
        with reading() as session:
            view = queries.draft(session, book_of(session), draft)
        return versioned(view, _version(view))


@blp.route("/<draft>/decision")
class Deciding(MethodView):
    """The second person's decision."""

    @guarded("draft.decide")
    @idempotent
    @blp.arguments(DraftDecision)
    @blp.response(200, DraftSchema)
    def post(self, body: dict[str, Any], draft: str) -> DraftView:
        """Say yes or no about exactly what was shown; a yes posts it."""

        def unit(session: Session) -> DraftView:
            book = book_of(session)
            check_version(_version(queries.draft(session, book, draft)))
            return service.decide(
                session, book=book, draft=draft, **body, actor=current_actor(), now=now()
            )

        return run_unit(unit)


@blp.route("/<draft>/posting")
class Posting(MethodView):
    """Posting what was approved elsewhere."""

    @guarded("draft.decide")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(200, DraftSchema)
    def post(self, body: dict[str, Any], draft: str) -> DraftView:
        """Post what a second person approved among the decisions that waited for them."""
        del body
        return run_unit(
            lambda session: service.post(
                session, book=book_of(session), draft=draft, actor=current_actor(), now=now()
            )
        )
