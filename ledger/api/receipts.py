"""Money in and out of pledges: receipts, releases and refunds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.commitments import check_sees, keeps_money
from ledger.api.schemas.base import Empty, page_of
from ledger.api.schemas.pledges import (
    BankReference,
    NewPledgeReceipt,
    NewPledgeRelease,
    NewRefundRun,
    PledgeLine,
    PledgeReason,
    PledgeReceiptSchema,
    PledgeReleaseSchema,
    RefundRunSchema,
)
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.pagination import Page, decode, page
from ledger.kernel.clock import now
from ledger.pledges import queries, rules, service

blp = resource("receipts", "Money that came in for commitments")
releases_blp = resource("releases", "Milestones for which money is asked, released and paid")
refund_runs_blp = resource("refund-runs", "Lists of refunds that two people agree to pay")


def check_keeps(session: Session, pledge: str) -> None:
    """Refuse whoever may not see the money of a pledge line by line.

    Raises:
        NotYourGroup.
    """
    if not keeps_money(session, current_actor(), queries.pledge(session, pledge)):
        raise rules.NotYourGroup(
            "This is for the group and for those who keep its money.",
            remedy="See the sums on the page of the pledge.",
        )


def _after(query: dict[str, Any]) -> str:
    return str(decode(query["after"], str)[0]) if query["after"] else ""


@blp.route("/")
class Receipts(MethodView):
    """The receipts of a pledge."""

    @guarded("desk.read")
    @blp.arguments(PledgeLine, location="query")
    @blp.response(200, page_of(PledgeReceiptSchema))
    def get(self, query: dict[str, Any]) -> Page[queries.ReceiptView]:
        """List the receipts of a pledge in the order of their references."""
        with reading() as session:
            check_keeps(session, query["pledge"])
            rows = queries.receipts(
                session, pledge=query["pledge"], after=_after(query), rows_max=query["limit"] + 1
            )
        return page(rows, size=query["limit"], key=lambda row: [row.id])

    @guarded("pledge.collect")
    @idempotent
    @blp.arguments(NewPledgeReceipt)
    @blp.response(201, PledgeReceiptSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Record a bank line for a commitment, once for its reference."""
        actor, amount = current_actor(), body.pop("amount")

        def unit(session: Session) -> queries.ReceiptView:
            made = service.record_receipt(
                session, pence=amount["quantity"], actor=actor, now=now(), **body
            )
            return queries.receipt(session, made)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/receipts/{made.id}"}


@blp.route("/<receipt>")
class Receipt(MethodView):
    """One receipt."""

    @guarded("desk.read")
    @blp.response(200, PledgeReceiptSchema)
    def get(self, receipt: str) -> queries.ReceiptView:
        """Show one receipt, to its giver and to those who keep the money."""
        with reading() as session:
            found = queries.receipt(session, receipt)
            check_sees(session, queries.commitment(session, found.commitment))
            return found


@releases_blp.route("/")
class Releases(MethodView):
    """The releases of a pledge."""

    @guarded("desk.read")
    @releases_blp.arguments(PledgeLine, location="query")
    @releases_blp.response(200, page_of(PledgeReleaseSchema))
    def get(self, query: dict[str, Any]) -> Page[queries.ReleaseView]:
        """List what was asked for, in the order of the references."""
        with reading() as session:
            check_keeps(session, query["pledge"])
            rows = queries.releases(
                session, pledge=query["pledge"], after=_after(query), rows_max=query["limit"] + 1
            )
        return page(rows, size=query["limit"], key=lambda row: [row.id])

    @guarded("pledge.draw")
    @idempotent
    @releases_blp.arguments(NewPledgeRelease)
    @releases_blp.response(201, PledgeReleaseSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Ask for money for a milestone, as the group's treasurer."""
        actor, amount = current_actor(), body.pop("amount")

        def unit(session: Session) -> queries.ReleaseView:
            made = service.request_release(
                session, pence=amount["quantity"], actor=actor, now=now(), **body
            )
            return queries.release(session, made)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/releases/{made.id}"}


@releases_blp.route("/<release>")
class Release(MethodView):
    """One release."""

    @guarded("desk.read")
    @releases_blp.response(200, PledgeReleaseSchema)
    def get(self, release: str) -> queries.ReleaseView:
        """Show one release."""
        with reading() as session:
            found = queries.release(session, release)
            check_keeps(session, found.pledge)
            return found


def _step(release: str, act: Callable[[Session], object]) -> queries.ReleaseView:
    def unit(session: Session) -> queries.ReleaseView:
        act(session)
        return queries.release(session, release)

    return run_unit(unit)


@releases_blp.route("/<release>/proposal")
class ReleaseProposal(MethodView):
    """Proposing a release."""

    @guarded("pledge.release")
    @idempotent
    @releases_blp.arguments(Empty)
    @releases_blp.response(201, PledgeReleaseSchema)
    def post(self, body: dict[str, Any], release: str) -> queries.ReleaseView:
        """Take the request to two other people, who decide under /approvals."""
        del body
        actor = current_actor()
        return _step(
            release,
            lambda session: service.propose_release(
                session, release=release, actor=actor, now=now()
            ),
        )


@releases_blp.route("/<release>/refusal")
class ReleaseRefusal(MethodView):
    """Refusing a release."""

    @guarded("pledge.release")
    @idempotent
    @releases_blp.arguments(PledgeReason)
    @releases_blp.response(200, PledgeReleaseSchema)
    def post(self, body: dict[str, Any], release: str) -> queries.ReleaseView:
        """Turn the request down, in words."""
        actor = current_actor()
        return _step(
            release,
            lambda session: service.refuse_release(
                session, release=release, actor=actor, now=now(), **body
            ),
        )


@releases_blp.route("/<release>/posting")
class ReleasePosting(MethodView):
    """Releasing."""

    @guarded("pledge.release")
    @idempotent
    @releases_blp.arguments(Empty)
    @releases_blp.response(200, PledgeReleaseSchema)
    def post(self, body: dict[str, Any], release: str) -> queries.ReleaseView:
        """Release what two people approved."""
        del body
        actor = current_actor()
        return _step(
            release,
            lambda session: service.post_release(session, release=release, actor=actor, now=now()),
        )


@releases_blp.route("/<release>/payment")
class ReleasePayment(MethodView):
    """Paying."""

    @guarded("pledge.release")
    @idempotent
    @releases_blp.arguments(BankReference)
    @releases_blp.response(200, PledgeReleaseSchema)
    def post(self, body: dict[str, Any], release: str) -> queries.ReleaseView:
        """Record that the bank has paid the group."""
        actor = current_actor()
        return _step(
            release,
            lambda session: service.pay_release(
                session, release=release, actor=actor, now=now(), **body
            ),
        )


@refund_runs_blp.route("/")
class RefundRuns(MethodView):
    """Lists of refunds."""

    @guarded("pledge.refund")
    @idempotent
    @refund_runs_blp.arguments(NewRefundRun)
    @refund_runs_blp.response(201, RefundRunSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Propose to pay everything that a pledge owes back; two others decide."""
        actor = current_actor()

        def unit(session: Session) -> queries.RefundRunView:
            run = service.propose_refunds(session, actor=actor, now=now(), **body)
            return queries.refund_run(session, run)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/refund-runs/{made.id}"}


@refund_runs_blp.route("/<run>")
class RefundRun(MethodView):
    """One list of refunds."""

    @guarded("pledge.refund")
    @refund_runs_blp.response(200, RefundRunSchema)
    def get(self, run: str) -> queries.RefundRunView:
        """Show one list."""
        with reading() as session:
            return queries.refund_run(session, run)


@refund_runs_blp.route("/<run>/payment")
class RefundPayment(MethodView):
    """Paying back."""

    @guarded("pledge.refund")
    @idempotent
    @refund_runs_blp.arguments(BankReference)
    @refund_runs_blp.response(200, RefundRunSchema)
    def post(self, body: dict[str, Any], run: str) -> queries.RefundRunView:
        """Record that the bank has paid an approved list."""
        actor = current_actor()

        def unit(session: Session) -> queries.RefundRunView:
            service.pay_refunds(session, run=run, actor=actor, now=now(), **body)
            return queries.refund_run(session, run)

        return run_unit(unit)
