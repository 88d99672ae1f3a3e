"""Two-person decisions."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import resource
from ledger.api.schemas.approvals import NewDecision, ProposalList, ProposalSchema, Withdrawal
from ledger.approvals import queries, service
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.versions import check_version, versioned
from ledger.kernel.clock import now

blp = resource("approvals", "Proposals that two people decide about")


@blp.route("/")
class Approvals(MethodView):
    """What waits."""

    @guarded("approval.read")
    @blp.response(200, ProposalList)
    def get(self) -> dict[str, Any]:
        """List what waits for your decision, oldest first."""
        with reading() as session:
            return {"items": queries.waiting_for(session, current_actor())}


@blp.route("/<proposal>")
class Approval(MethodView):
    """One proposal."""

    @guarded("approval.read")
    @blp.response(200, ProposalSchema)
    def get(self, proposal: str) -> Any:
        """Show a proposal with its decisions; its ETag changes with every decision."""
        with reading() as session:
            view = queries.get(session, proposal)
        return versioned(view, _version(view))


@blp.route("/<proposal>/decisions")
class Decisions(MethodView):
    """Deciding."""

    @guarded("approval.read")
    @idempotent
    @blp.arguments(NewDecision)
    @blp.response(201, ProposalSchema)
    def post(self, body: dict[str, Any], proposal: str) -> Any:
        """Say yes or no; who may is decided by role, interest, limit and what was done before."""

        def unit(session: Session) -> queries.ProposalView:
            check_version(_version(queries.get(session, proposal)))
            service.decide(session, proposal=proposal, actor=current_actor(), **body, now=now())
            return queries.get(session, proposal)

        view = run_unit(unit)
        return versioned(view, _version(view), status=201)


@blp.route("/<proposal>/withdrawal")
class Withdrawing(MethodView):
    """Withdrawing."""

    @guarded("approval.read")
    @idempotent
    @blp.arguments(Withdrawal)
    @blp.response(200, ProposalSchema)
    def post(self, body: dict[str, Any], proposal: str) -> queries.ProposalView:
        """Withdraw a proposal that was not used."""

        def unit(session: Session) -> queries.ProposalView:
            service.void(session, proposal=proposal, actor=current_actor(), **body, now=now())
            return queries.get(session, proposal)

        return run_unit(unit)


def _version(view: queries.ProposalView) -> str:
    return f"{view.digest[:32]}-{view.state}"
