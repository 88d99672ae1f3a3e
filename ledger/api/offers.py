"""Match offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app
from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.schemas.base import PageQuery, page_of
from ledger.api.schemas.offers import (
    NewOffer,
    OfferApproval,
    OfferClosing,
    OfferFunding,
    OfferSchema,
)
from ledger.books import queries as books
from ledger.funds import queries, service
from ledger.funds.rules import OfferTerms
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.pagination import Page, decode, page
from ledger.http.versions import check_version, versioned
from ledger.kernel.clock import now

blp = resource("offers", "Institutions' promises to match what residents give")


@blp.route("/")
class Offers(MethodView):
    """Every offer."""

    @guarded("fund.read")
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(OfferSchema))
    def get(self, query: dict[str, Any]) -> Page[queries.OfferRow]:
        """List the offers in the order of their references."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        with reading() as session:
            rows = queries.offers(session, after=after, limit=query["limit"] + 1)
        return page(rows, size=query["limit"], key=lambda row: [row.id])

    @guarded("offer.make")
    @idempotent
    @blp.arguments(NewOffer)
    @blp.response(201, OfferSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Propose an offer; two other people decide under /approvals."""
        actor = current_actor()
        terms = OfferTerms(
            pot_pence=body["pot"]["quantity"], rate_match=body["rate_match"],
            rate_gift=body["rate_gift"], donor_pence_max=body["donor_max"]["quantity"],
            pledge_pence_max=body["pledge_max"]["quantity"],
        )  # fmt: skip

        def unit(session: Session) -> queries.OfferRow:
            book = books.book_id(session, current_app.extensions["ledger.settings"].book_code)
            made = service.propose_offer(
                session, book=book, title=body["title"], donor=body["donor"], terms=terms,
                actor=actor, now=now(),
            )  # fmt: skip
            return queries.offer(session, made)

        row = run_unit(unit)
        return row, 201, {"Location": f"{PREFIX}/offers/{row.id}", "ETag": f'"{row.version}"'}


@blp.route("/<offer>")
class Offer(MethodView):
    """One offer."""

    @guarded("fund.read")
    @blp.response(200, OfferSchema)
    def get(self, offer: str) -> Any:
        """Show one offer; its ETag changes with every step."""
        with reading() as session:
            row = queries.offer(session, offer)
        return versioned(row, str(row.version))


def _step(offer: str, act: Callable[[Session], object]) -> Any:
    def unit(session: Session) -> queries.OfferRow:
        check_version(str(queries.offer(session, offer).version))
        act(session)
        return queries.offer(session, offer)

    row = run_unit(unit)
    return versioned(row, str(row.version))


@blp.route("/<offer>/approval")
class Approval(MethodView):
    """Keeping the decision."""

    @guarded("offer.make")
    @idempotent
    @blp.arguments(OfferApproval)
    @blp.response(200, OfferSchema)
    def post(self, body: dict[str, Any], offer: str) -> Any:
        """Keep the number of the published decision, once two people have approved."""
        actor = current_actor()
        return _step(
            offer,
            lambda session: service.approve_offer(
                session, offer=offer, actor=actor, now=now(), **body
            ),
        )


@blp.route("/<offer>/funding")
class Funding(MethodView):
    """Funding."""

    @guarded("fund.receive")
    @idempotent
    @blp.arguments(OfferFunding)
    @blp.response(200, OfferSchema)
    def post(self, body: dict[str, Any], offer: str) -> Any:
        """Record that the whole pot is at the bank."""
        actor = current_actor()
        return _step(
            offer,
            lambda session: service.fund_offer(
                session, offer=offer, actor=actor, now=now(), **body
            ),
        )


@blp.route("/<offer>/closing")
class ItsClosing(MethodView):
    """OfferClosing."""

    @guarded("offer.end")
    @idempotent
    @blp.arguments(OfferClosing)
    @blp.response(200, OfferSchema)
    def post(self, body: dict[str, Any], offer: str) -> Any:
        """Take no more pledges; what is set aside is honoured."""
        actor = current_actor()
        return _step(
            offer,
            lambda session: service.close_offer(
                session, offer=offer, actor=actor, now=now(), **body
            ),
        )
