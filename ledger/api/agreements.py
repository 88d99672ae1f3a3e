"""Agreements: draft, check, sign, fund, run; and the money in and out of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app
from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.schemas.base import Empty, page_of
from ledger.api.schemas.dividends import (
    AgreementQuery,
    AgreementSchema,
    Ending,
    LegalPower,
    NewAgreement,
    NewBudgetReceipt,
    NewPayment,
    NewSignature,
)
from ledger.books import queries as books
from ledger.dividends import queries, service
from ledger.dividends.rules.states import AGREEMENT_MOVES, PUBLIC
from ledger.dividends.rules.terms import Terms, sentence
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.pagination import Page, decode, page
from ledger.http.versions import check_version, versioned
from ledger.kernel.clock import now
from ledger.parties.rules import may

blp = resource("agreements", "Signed deals that pay a community for a saving it proves")


def shown(session: Session, view: queries.AgreementView) -> dict[str, Any]:
    """An agreement with its sentence."""
    names = queries.names(session, view.terms)
    return {
        "id": view.id, "title": view.title, "sentence": sentence(view.terms, names),
        "terms": view.terms, "digest": view.digest, "state": view.state, "odds": view.odds,
        "legal_power": view.legal_power, "drafted_at": view.drafted_at,
        "signatures": view.signatures, "unsigned": view.unsigned,
    }  # fmt: skip


def _version(view: dict[str, Any]) -> str:
    return f"{view['digest'][:32]}-{view['state']}-{len(view['signatures'])}"


def _step(agreement: str, step: Callable[[Session], object]) -> Any:
    def unit(session: Session) -> dict[str, Any]:
        check_version(_version(shown(session, queries.agreement(session, agreement))))
        step(session)
        return shown(session, queries.agreement(session, agreement))

    made = run_unit(unit)
    return versioned(made, _version(made), status=201)


@blp.route("/")
class Agreements(MethodView):
    """Every agreement."""

    @guarded("agreement.read")
    @blp.arguments(AgreementQuery, location="query")
    @blp.response(200, page_of(AgreementSchema))
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List agreements by reference."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        seen = tuple(AGREEMENT_MOVES) if may(current_actor(), "approval.read") else PUBLIC
        wanted = [one for one in seen if query["state"] in ("", one)] or ["none"]
        with reading() as session:
            views = queries.agreements(
                session, states_in=wanted, after=after, limit=query["limit"] + 1
            )
            rows = [shown(session, view) for view in views]
        return page(rows, size=query["limit"], key=lambda row: [row["id"]])

    @guarded("agreement.draft")
    @idempotent
    @blp.arguments(NewAgreement)
    @blp.response(201, AgreementSchema)
    def post(self, terms: Terms) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Draft an agreement; its terms are pinned from here on."""

        def unit(session: Session) -> dict[str, Any]:
            book = books.book_id(session, current_app.extensions["ledger.settings"].book_code)
            made = service.draft(session, book=book, terms=terms, actor=current_actor(), now=now())
            return shown(session, queries.agreement(session, made))

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/agreements/{made['id']}"}


@blp.route("/<agreement>")
class Agreement(MethodView):
    """One agreement."""

    @guarded("agreement.read")
    @blp.response(200, AgreementSchema)
    def get(self, agreement: str) -> Any:
        """Show an agreement; its ETag changes with every step and signature."""
        with reading() as session:
            view = shown(session, queries.visible(session, agreement, current_actor()))
        return versioned(view, _version(view))


@blp.route("/<agreement>/brokering")
class Brokering(MethodView):
    """Agreeing the terms."""

    @guarded("agreement.draft")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(201, AgreementSchema)
    def post(self, _body: dict[str, Any], agreement: str) -> Any:
        """The terms are agreed: the comparators are checked."""
        return _step(
            agreement,
            lambda session: service.broker(
                session, agreement=agreement, actor=current_actor(), now=now()
            ),
        )


@blp.route("/<agreement>/power-check")
class PowerCheck(MethodView):
    """The odds and the legal power."""

    @guarded("agreement.draft")
    @idempotent
    @blp.arguments(LegalPower)
    @blp.response(201, AgreementSchema)
    def post(self, body: dict[str, Any], agreement: str) -> Any:
        """Name the legal power, and keep the odds that everybody will sign under."""
        return _step(
            agreement,
            lambda session: service.check_power(
                session, agreement=agreement, **body, actor=current_actor(), now=now()
            ),
        )


@blp.route("/<agreement>/signatures")
class Signatures(MethodView):
    """Signing."""

    @guarded("agreement.sign")
    @idempotent
    @blp.arguments(NewSignature)
    @blp.response(201, AgreementSchema)
    def post(self, body: dict[str, Any], agreement: str) -> Any:
        """Sign for the party you act for, under exactly the terms that you read."""
        return _step(
            agreement,
            lambda session: service.sign(
                session, agreement=agreement, **body, actor=current_actor(), now=now()
            ),
        )


@blp.route("/<agreement>/commitment")
class Commitment(MethodView):
    """The agencies' promise."""

    @guarded("agreement.commit")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(201, AgreementSchema)
    def post(self, _body: dict[str, Any], agreement: str) -> Any:
        """The contributions that the terms promise are due from now on."""
        return _step(
            agreement,
            lambda session: service.commit(
                session, agreement=agreement, actor=current_actor(), now=now()
            ),
        )


@blp.route("/<agreement>/receipts")
class Receipts(MethodView):
    """Money in."""

    @guarded("fund.receive")
    @idempotent
    @blp.arguments(NewBudgetReceipt)
    @blp.response(201, AgreementSchema)
    def post(self, body: dict[str, Any], agreement: str) -> Any:
        """A bank line says that an agency paid."""
        return _step(
            agreement,
            lambda session: service.receive(
                session, agreement=agreement, **body, actor=current_actor(), now=now()
            ),
        )


@blp.route("/<agreement>/funding")
class Funding(MethodView):
    """Reserving."""

    @guarded("agreement.commit")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(201, AgreementSchema)
    def post(self, _body: dict[str, Any], agreement: str) -> Any:
        """Reserve what the terms promise; short by a penny, it is refused."""
        return _step(
            agreement,
            lambda session: service.fund(
                session, agreement=agreement, actor=current_actor(), now=now()
            ),
        )


@blp.route("/<agreement>/activation")
class Activation(MethodView):
    """Starting."""

    @guarded("agreement.draft")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(201, AgreementSchema)
    def post(self, _body: dict[str, Any], agreement: str) -> Any:
        """Let it run: the nightly job tests its periods from now on."""
        return _step(
            agreement,
            lambda session: service.activate(
                session, agreement=agreement, actor=current_actor(), now=now()
            ),
        )


@blp.route("/<agreement>/closing")
class Closing(MethodView):
    """Finishing."""

    @guarded("agreement.draft")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(201, AgreementSchema)
    def post(self, _body: dict[str, Any], agreement: str) -> Any:
        """Every year is decided and paid: what is left returns to the agencies."""
        return _step(
            agreement,
            lambda session: service.close(
                session, agreement=agreement, actor=current_actor(), now=now()
            ),
        )


@blp.route("/<agreement>/ending")
class EndingEarly(MethodView):
    """Ending early."""

    @guarded("agreement.draft")
    @idempotent
    @blp.arguments(Ending)
    @blp.response(201, AgreementSchema)
    def post(self, body: dict[str, Any], agreement: str) -> Any:
        """End an agreement that holds no money yet."""
        return _step(
            agreement,
            lambda session: service.end(
                session, agreement=agreement, **body, actor=current_actor(), now=now()
            ),
        )


@blp.route("/<agreement>/payments")
class Payments(MethodView):
    """Money out."""

    @guarded("dividend.pay")
    @idempotent
    @blp.arguments(NewPayment)
    @blp.response(201, AgreementSchema)
    def post(self, body: dict[str, Any], agreement: str) -> Any:
        """A bank line says that a payee was paid what is due."""
        return _step(
            agreement,
            lambda session: service.pay(
                session, agreement=agreement, **body, actor=current_actor(), now=now()
            ),
        )
