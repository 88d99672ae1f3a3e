"""The council's pages of agreements: drafting one, and taking it step by step to running."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.dividends import queries, service
from ledger.dividends.rules import states
from ledger.dividends.rules.terms import percent, sentence
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError
from ledger.outcomes import queries as outcomes
from ledger.pages.agreements import odds_rows, steps_of
from ledger.pages.deal_form import AGENCY_ROWS, PAYEE_ROWS, terms_from
from ledger.pages.forms import Form
from ledger.parties import queries as parties
from ledger.parties.rules import may, who_may

blueprint = Blueprint("deals", __name__)

Act = Callable[[Session, str, Form], object]


@blueprint.get("/council/agreements/new")
@guarded("agreement.draft")
def new() -> Any:
    """Choose what is counted, then write the terms."""
    form = Form(request.args)
    if not form.value("measure"):
        if "measure" in request.args:
            form.wrong("measure", "Select what is counted")
        with reading() as session:
            measures = outcomes.measures(session)
        page = render_template(
            "council/choose_measure.html",
            form=form,
            measures=measures,
            names=may(current_actor(), "measure.name"),
        )
        return page, 422 if form.errors else 200
    return _new_page(form)


@blueprint.post("/council/agreements/new")
@guarded("agreement.draft")
@idempotent
def draft() -> Any:
    """Keep the draft: its terms are pinned, and it can be signed or ended, not edited."""
    form = Form(request.form)
    actor = current_actor()
    with reading() as session:
        measure = outcomes.measure(session, form.value("measure"))
    terms = terms_from(form, measure_version=measure.version_id, body=actor.organisation or "")
    if terms is None:
        return _new_page(form), 422

    def unit(session: Session) -> str:
        book = books.book_id(session, current_app.extensions["ledger.settings"].book_code)
        return service.draft(session, book=book, terms=terms, actor=actor, now=now())

    try:
        reference = run_unit(unit)
    except LedgerError as refusal:
        form.refuse(refusal)
        return _new_page(form), 422
    flash("The draft is kept. Check its comparators next.", "success")
    return redirect(address("deals.one", agreement=reference), 303)


def _new_page(form: Form) -> str:
    with reading() as session:
        measure = outcomes.measure(session, form.value("measure"))
        areas = outcomes.areas(session, measure_version=measure.version_id)
        every = parties.organisations(session)
    return render_template(
        "council/new.html", form=form, measure=measure, areas=list(areas.items()),
        groups=[(one.id, one.name) for one in every if one.kind == "group"],
        payers=[(one.id, one.name) for one in every if one.kind in ("council", "agency")],
        payee_rows=range(1, PAYEE_ROWS + 1), agency_rows=range(1, AGENCY_ROWS + 1),
    )  # fmt: skip


@blueprint.get("/council/agreements/<agreement>")
@guarded("determination.verify")
def one(agreement: str) -> str:
    """An agreement with its next step."""
    return _page(agreement, Form())


def _page(agreement: str, form: Form) -> str:
    with reading() as session:
        view = queries.agreement(session, agreement)
        names = queries.names(session, view.terms)
        signed = view.state not in (states.DRAFT, states.BROKERED, states.POWER_CHECKED)
        receivable = queries.receivable_pence(session, view) if signed else {}
        committed = bool(books.posted(session, view.book, [f"{view.id}:commit"]))
        step = _next_action(view.state, owing=committed and any(receivable.values()))
        return render_template(
            "council/agreement.html", form=form, view=view, terms=view.terms, names=names,
            sentence=sentence(view.terms, names), steps=steps_of(view), percent=percent,
            odds=odds_rows(view), words=states.AGREEMENT_WORDS,
            receivable=receivable, committed=committed,
            only_for="" if may(current_actor(), step) else who_may(step),
            may_draft=may(current_actor(), "agreement.draft"),
            payable=queries.payable_pence(session, view) if signed else {},
            reserved=queries.reserved_pence(session, view) if signed else [],
        )  # fmt: skip


def _next_action(state: str, *, owing: bool) -> str:
    """What somebody must be allowed to do to take the next step of an agreement."""
    if state in (states.DRAFT, states.BROKERED, states.FUNDED):
        return "agreement.draft"
    if state == states.POWER_CHECKED:
        return "agreement.sign"
    if state == states.SIGNED:
        return "fund.receive" if owing else "agreement.commit"
    return "dividend.pay"


def _step(agreement: str, act: Act, said: str) -> Any:
    form = Form(request.form)
    try:
        run_unit(lambda session: act(session, agreement, form))
    except LedgerError as refusal:
        form.refuse(refusal)
    if form.errors:
        return _page(agreement, form), 422
    flash(said, "success")
    return redirect(address("deals.one", agreement=agreement), 303)


@blueprint.post("/council/agreements/<agreement>/brokering")
@guarded("agreement.draft")
@idempotent
def broker(agreement: str) -> Any:
    """The terms are agreed: check the comparators."""
    return _step(
        agreement,
        lambda session, one, _form: service.broker(
            session, agreement=one, actor=current_actor(), now=now()
        ),
        "The comparators hold. Check the odds next.",
    )


@blueprint.post("/council/agreements/<agreement>/power-check")
@guarded("agreement.draft")
@idempotent
def check_power(agreement: str) -> Any:
    """Name the legal power and keep the odds."""
    return _step(
        agreement,
        lambda session, one, form: service.check_power(
            session, agreement=one, legal_power=form.value("legal_power"),
            actor=current_actor(), now=now(),
        ),
        "The odds are kept. Every party can sign now.",
    )  # fmt: skip


@blueprint.post("/council/agreements/<agreement>/commitment")
@guarded("agreement.commit")
@idempotent
def commit(agreement: str) -> Any:
    """The contributions are due from now on."""
    return _step(
        agreement,
        lambda session, one, _form: service.commit(
            session, agreement=one, actor=current_actor(), now=now()
        ),
        "The contributions are due.",
    )


@blueprint.post("/council/agreements/<agreement>/receipts")
@guarded("fund.receive")
@idempotent
def receive(agreement: str) -> Any:
    """A bank line says that an agency paid."""
    form = Form(request.form)
    pence = form.pounds("amount", what="the amount on the bank statement")
    day = form.day("received_on", what="the bank’s day")
    reference = form.text("reference", what="the bank’s reference", chars=limits.LINE_CHARS_MAX)
    agency = form.text("agency", what="which agency paid", verb="Select")
    if form.errors or day is None:
        return _page(agreement, form), 422
    return _step(
        agreement,
        lambda session, one, _form: service.receive(
            session, agreement=one, agency=agency, quantity_pence=pence, reference=reference,
            received_on=day, actor=current_actor(), now=now(),
        ),
        "The money is recorded.",
    )  # fmt: skip


@blueprint.post("/council/agreements/<agreement>/funding")
@guarded("agreement.commit")
@idempotent
def fund(agreement: str) -> Any:
    """Reserve the money."""
    return _step(
        agreement,
        lambda session, one, _form: service.fund(
            session, agreement=one, actor=current_actor(), now=now()
        ),
        "The money is reserved.",
    )


@blueprint.post("/council/agreements/<agreement>/activation")
@guarded("agreement.draft")
@idempotent
def activate(agreement: str) -> Any:
    """Let it run."""
    return _step(
        agreement,
        lambda session, one, _form: service.activate(
            session, agreement=one, actor=current_actor(), now=now()
        ),
        "It runs: its periods are tested by night.",
    )


@blueprint.post("/council/agreements/<agreement>/closing")
@guarded("agreement.draft")
@idempotent
def close(agreement: str) -> Any:
    """Finish it: every year is decided and paid."""
    return _step(
        agreement,
        lambda session, one, _form: service.close(
            session, agreement=one, actor=current_actor(), now=now()
        ),
        "The agreement is finished. What was left went back to the agencies.",
    )


@blueprint.post("/council/agreements/<agreement>/ending")
@guarded("agreement.draft")
@idempotent
def end(agreement: str) -> Any:
    """End an agreement that holds no money yet."""
    return _step(
        agreement,
        lambda session, one, form: service.end(
            session, agreement=one, actor=current_actor(), now=now(),
            reason=form.text("reason", what="a reason", chars=limits.TEXT_CHARS_MAX),
        ),
        "The agreement has ended.",
    )  # fmt: skip


@blueprint.post("/council/agreements/<agreement>/payments")
@guarded("dividend.pay")
@idempotent
def pay(agreement: str) -> Any:
    """A bank line says that a payee was paid."""
    form = Form(request.form)
    pence = form.pounds("paid", what="the amount on the bank statement")
    day = form.day("paid_on", what="the bank’s day")
    reference = form.text("pay_reference", what="the bank’s reference", chars=limits.LINE_CHARS_MAX)
    payee = form.text("payee", what="which group was paid", verb="Select")
    if form.errors or day is None:
        return _page(agreement, form), 422
    return _step(
        agreement,
        lambda session, one, _form: service.pay(
            session, agreement=one, payee=payee, quantity_pence=pence, reference=reference,
            paid_on=day, actor=current_actor(), now=now(),
        ),
        "The payment is recorded.",
    )  # fmt: skip
