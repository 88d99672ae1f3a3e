"""Match offers: an institution's counter-promise, decided by two people, then funded."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask import url_for as address
from werkzeug.wrappers import Response as AnyResponse

from ledger.approvals import queries as proposals
from ledger.books import queries as books
from ledger.funds import queries, service
from ledger.funds.rules import OfferTerms
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError
from ledger.pages.forms import Form
from ledger.parties import queries as parties
from ledger.parties.rules import may
from ledger.pledges import queries as pledges

blueprint = Blueprint("offers", __name__)

STATE_WORDS = {
    "PROPOSED": "waiting for decisions", "APPROVED": "approved, not yet funded",
    "FUNDED": "open to pledges", "CLOSED": "closed",
}  # fmt: skip


@blueprint.get("/offers")
@guarded("fund.read")
def every() -> str:
    """Every match offer with what is free of its pot."""
    with reading() as session:
        rows = queries.offers(session, limit=200)
        names = {one.id: one.name for one in parties.organisations(session)}
    return render_template(
        "offers/list.html",
        rows=rows,
        names=names,
        words=STATE_WORDS,
        may_make=may(current_actor(), "offer.make"),
    )


@blueprint.get("/offers/new")
@guarded("offer.make")
def new() -> str:
    """The form to propose an offer."""
    return _new_page(Form({"rate_match": "1", "rate_gift": "1"}))


def _new_page(form: Form) -> str:
    with reading() as session:
        donors = [
            (one.id, one.name)
            for one in parties.organisations(session)
            if one.kind in ("council", "agency")
        ]
    return render_template("offers/new.html", form=form, donors=donors)


@blueprint.post("/offers/new")
@guarded("offer.make")
@idempotent
def make() -> Any:
    """Propose the offer; two other people decide."""
    form, actor = Form(request.form), current_actor()
    title = form.text("title", what="a title")
    donor = form.text("donor", what="whose money it is", verb="Select")
    terms = OfferTerms(
        pot_pence=form.pounds("pot_pence", what="the pot"),
        rate_match=form.whole("rate_match", what="how many pounds are added"),
        rate_gift=form.whole("rate_gift", what="for how many pounds given"),
        donor_pence_max=form.pounds("donor_pence_max", what="the most for one giver"),
        pledge_pence_max=form.pounds("pledge_pence_max", what="the most for one pledge"),
    )
    if form.errors:
        return _new_page(form), 422
    code = current_app.extensions["ledger.settings"].book_code
    try:
        offer = run_unit(
            lambda session: service.propose_offer(
                session, book=books.book_id(session, code), title=title, donor=donor, terms=terms,
                actor=actor, now=now(),
            )
        )  # fmt: skip
    except LedgerError as refusal:
        if refusal.code != "funds.offer_refused":
            raise
        form.refuse(refusal)
        return _new_page(form), 422
    flash("Proposed. Two other people decide now.", "success")
    return redirect(address("offers.one", offer=offer), 303)


@blueprint.get("/offers/<offer>")
@guarded("fund.read")
def one(offer: str) -> str:
    """One offer, and the next step of it."""
    return _page(offer, Form())


def _page(offer: str, form: Form) -> str:
    with reading() as session:
        row = queries.offer(session, offer)
        return render_template(
            "offers/one.html", form=form, row=row, words=STATE_WORDS,
            donor=parties.organisation(session, row.donor).name,
            proposal=proposals.get(session, row.proposal) if row.proposal else None,
            kept=[(one, pledges.pledge(session, one.pledge).deal.sentence)
                  for one in queries.reservations_of(session, offer)],
            may_make=may(current_actor(), "offer.make"),
        )  # fmt: skip


@blueprint.post("/offers/<offer>/approve")
@guarded("offer.make")
@idempotent
def approve(offer: str) -> Any:
    """Keep the number of the published decision, once two people have approved."""
    form, actor = Form(request.form), current_actor()
    reference = form.text("decision_reference", what="the number of the decision")
    if form.errors:
        return _page(offer, form), 422
    run_unit(
        lambda session: service.approve_offer(
            session, offer=offer, decision_reference=reference, actor=actor, now=now()
        )
    )
    return _back(offer, "Approved. Record its money when it is at the bank.")


@blueprint.post("/offers/<offer>/fund")
@guarded("fund.receive")
@idempotent
def fund(offer: str) -> Any:
    """Record that the whole pot is at the bank."""
    form, actor = Form(request.form), current_actor()
    reference = form.text("receipt_reference", what="the reference on the bank statement")
    if form.errors:
        return _page(offer, form), 422
    run_unit(
        lambda session: service.fund_offer(
            session, offer=offer, receipt_reference=reference, actor=actor, now=now()
        )
    )
    return _back(offer, "Funded. Pledges can have part of it now.")


def _back(offer: str, said: str) -> AnyResponse:
    flash(said, "success")
    return redirect(address("offers.one", offer=offer), 303)
