"""Determinations: what the night proposed, and what two people decide about it."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import resource
from ledger.api.schemas.approvals import NewDecision
from ledger.api.schemas.base import page_of
from ledger.api.schemas.dividends import DeterminationQuery, DeterminationSchema
from ledger.approvals import queries as approvals
from ledger.dividends import queries, service
from ledger.dividends.rules import showing
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.pagination import Page, decode, page
from ledger.http.versions import check_version, versioned
from ledger.kernel.clock import now
from ledger.parties.rules import may

blp = resource("determinations", "Evaluations of agreements, their workings and decisions")


def shown(session: Session, view: queries.DeterminationView) -> dict[str, Any]:
    """A determination: with its workings for staff, without small counts for anyone."""
    public = showing.shown(view.facts, queries.agreement(session, view.agreement).terms)
    staff = may(current_actor(), "approval.read")
    small = showing.has_small_count(view.facts)
    return {
        "id": view.id, "agreement": view.agreement, "period": view.period,
        "revision": view.revision, "result": view.result, "state": view.state,
        "sentence": public.sentence, "tested_at": view.tested_at,
        "released_at": view.released_at,
        "award_pence": view.award_pence if staff else public.award_pence,
        "facts": view.facts if staff else None if small else showing.public_facts(view.facts),
        "proposal": view.proposal if staff else None,
        "digest": approvals.get(session, view.proposal).digest if staff else None,
    }  # fmt: skip


def _version(view: dict[str, Any]) -> str:
    return f"{view['id']}-{view['state']}"


@blp.route("/")
class Determinations(MethodView):
    """Every determination."""

    @guarded("determination.read")
    @blp.arguments(DeterminationQuery, location="query")
    @blp.response(200, page_of(DeterminationSchema))
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List determinations, of one agreement if it is named."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        with reading() as session:
            views = queries.determinations(
                session, agreement=query["agreement"], after=after, limit=query["limit"] + 1
            )
            rows = [shown(session, view) for view in sorted(views, key=lambda view: view.id)]
        return page(rows, size=query["limit"], key=lambda row: [row["id"]])


@blp.route("/<determination>")
class Determination(MethodView):
    """One determination."""

    @guarded("determination.read")
    @blp.response(200, DeterminationSchema)
    def get(self, determination: str) -> Any:
        """Show a determination; its ETag changes with every decision."""
        with reading() as session:
            view = shown(session, queries.determination(session, determination))
        return versioned(view, _version(view))


@blp.route("/<determination>/decisions")
class Decisions(MethodView):
    """Deciding."""

    @guarded("determination.verify")
    @idempotent
    @blp.arguments(NewDecision)
    @blp.response(201, DeterminationSchema)
    def post(self, body: dict[str, Any], determination: str) -> Any:
        """Say yes or no at a stage, about exactly what was shown."""

        def unit(session: Session) -> dict[str, Any]:
            check_version(_version(shown(session, queries.determination(session, determination))))
            service.decide(
                session, determination=determination, actor=current_actor(), **body, now=now()
            )
            return shown(session, queries.determination(session, determination))

        view = run_unit(unit)
        return versioned(view, _version(view), status=201)
