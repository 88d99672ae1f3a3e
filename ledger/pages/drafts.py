"""Journals drafted by hand: corrections, loans between funds, and the second person's decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.books.queries import BalanceRow
from ledger.books.rules import Leg
from ledger.drafts import queries, rules, service
from ledger.drafts.queries import DraftView
from ledger.drafts.rules import Draft
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import Forbidden, LedgerError
from ledger.pages.approvals import why_not
from ledger.pages.checkpoints import book_of
from ledger.pages.forms import Form, reason_of
from ledger.parties import queries as parties
from ledger.parties.rules import may

blueprint = Blueprint("drafts", __name__)

ROWS: Final = 6
"""How many entries the form has room for; the API and the command take more."""
STATE_WORDS: Final = {
    "PROPOSED": "waits for a second person", "APPROVED": "approved, not yet posted",
    "USED": "posted", "REFUSED": "refused", "VOID": "withdrawn",
}  # fmt: skip
FIELDS: Final = {"entries": "account-1", "effective_on": "effective", "paid_into": "paid_into"}
"""Beside which field of the forms a refusal is shown."""


@blueprint.get("/council/drafts")
@guarded("books.read")
def every() -> str:
    """The drafts: those that wait first, and the ways to write another."""
    with reading() as session:
        views = queries.drafts(session, book_of(session))
        names = parties.names(session, {view.proposal.maker for view in views})
    return render_template(
        "council/drafts.html", views=views, names=names, words=STATE_WORDS,
        may_write=may(current_actor(), rules.ADJUST),
    )  # fmt: skip


@blueprint.get("/council/drafts/new")
@guarded("journal.adjust")
def new() -> str:
    """The form to draft a correction."""
    return _correction_page(Form())


def _correction_page(form: Form) -> str:
    return render_template("council/draft_correction.html", form=form, numbers=range(1, ROWS + 1))


@blueprint.post("/council/drafts/new")
@guarded("journal.adjust")
@idempotent
def correct() -> Any:
    """Draft a correction; a second person decides."""
    form = Form(request.form)
    effective_on, reason = _when_and_why(form)
    with reading() as session:
        legs = _legs(form, session)
    if form.errors or effective_on is None:
        return _correction_page(form), 422
    return _drafted(form, Draft(rules.ADJUST, effective_on, reason, legs), _correction_page)


def _when_and_why(form: Form) -> tuple[date | None, str]:
    effective_on = form.day("effective", what="the day on which it takes effect")
    reason = form.text("reason", what="a reason", least=limits.REASON_CHARS_MIN)
    return effective_on, reason


def _legs(form: Form, session: Session) -> tuple[Leg, ...]:
    """The rows that were filled in, each amount read in the unit of its account."""
    numbers = [
        number for number in range(1, ROWS + 1)
        if any(form.value(f"{part}-{number}").strip() for part in ("account", "debit", "credit"))
    ]  # fmt: skip
    paths = {
        number: form.text(f"account-{number}", what="an account", chars=limits.NAME_CHARS_MAX)
        for number in numbers
    }
    if not paths:
        form.wrong("account-1", "Enter at least two entries")
        return ()
    known = books.balances(session, book_of(session), sorted(set(paths.values())))
    legs = []
    for number, path in paths.items():
        account = known.get(path)
        if path and account is None:
            form.wrong(f"account-{number}", f"The book has no account {path}")
        sides = [side for side in ("debit", "credit") if form.value(f"{side}-{number}").strip()]
        if len(sides) != 1:
            form.wrong(f"debit-{number}", "Enter a debit or a credit, and not both")
        elif account is not None:
            quantity = _amount(form, f"{sides[0]}-{number}", account)
            legs.append(Leg(path, "D" if sides[0] == "debit" else "C", quantity))
    return tuple(legs)


def _amount(form: Form, field: str, account: BalanceRow) -> int:
    if account.unit == "GBP":
        quantity = form.pounds(field, what="an amount")
    elif account.unit in ("HOUR", "MIN"):
        quantity = form.hours(field, what="an amount of time")
    else:
        quantity = form.whole(field, what="a number")
    if quantity == 0:
        form.wrong(field, "Enter an amount above zero")
    return quantity


@blueprint.get("/council/drafts/loan")
@guarded("fund.lend")
def loan() -> str:
    """The form to lend from one fund to another, or to pay back."""
    return _loan_page(Form())


def _banks(session: Session) -> list[BalanceRow]:
    return books.trial_balance(session, book_of(session), under="Assets:Bank")


def _loan_page(form: Form) -> str:
    with reading() as session:
        banks = _banks(session)
    return render_template("council/draft_loan.html", form=form, banks=banks)


@blueprint.post("/council/drafts/loan")
@guarded("fund.lend")
@idempotent
def lend() -> Any:
    """Draft a loan from one fund to another, or its paying back; a second person decides."""
    form = Form(request.form)
    kind = form.choice("kind", (rules.LEND, rules.PAY_BACK), what="lend or pay back")
    with reading() as session:
        paths = [row.path for row in _banks(session)]
    paid_from = form.choice("paid_from", paths, what="the account that pays")
    paid_into = form.choice("paid_into", paths, what="the account that is paid")
    quantity = form.pounds("amount", what="how much")
    effective_on, reason = _when_and_why(form)
    if not form.errors and quantity == 0:
        form.wrong("amount", "Enter an amount above zero")
    if form.errors or effective_on is None:
        return _loan_page(form), 422
    draft = rules.loan(
        kind=kind, paid_from=paid_from, paid_into=paid_into, quantity=quantity,
        effective_on=effective_on, reason=reason,
    )  # fmt: skip
    return _drafted(form, draft, _loan_page)


def _drafted(form: Form, draft: Draft, page: Callable[[Form], str]) -> Any:
    actor = current_actor()
    try:
        made = run_unit(
            lambda session: service.propose(
                session, book=book_of(session), draft=draft, actor=actor, now=now()
            )
        )
    except Forbidden:
        raise
    except LedgerError as refusal:
        form.refuse(refusal, field=FIELDS.get(refusal.place, refusal.place))
        return page(form), 422
    flash("Drafted. A second person decides now.", "success")
    return redirect(address(".one", draft=made), 303)


@blueprint.get("/council/drafts/<draft>")
@guarded("books.read")
def one(draft: str) -> str:
    """One draft: its entries, who decided, and the next step."""
    return _page(draft, Form())


def _page(draft: str, form: Form) -> str:
    with reading() as session:
        view = queries.draft(session, book_of(session), draft)
        made = view.proposal
        names = parties.names(session, {made.maker, *(one.person for one in made.decisions)})
        during = _period_of(session, view)
    return render_template(
        "council/draft.html", form=form, view=view, names=names, words=STATE_WORDS, during=during,
        why_not=why_not(made, current_actor()), may_post=may(current_actor(), view.kind),
    )  # fmt: skip


def _period_of(session: Session, view: DraftView) -> dict[str, Any] | None:
    """The period within which it takes effect, if there is one."""
    return next(
        (
            one for one in books.periods(session, book_of(session))
            if one["starts_on"] <= view.effective_on <= one["ends_on"]
        ),
        None,
    )  # fmt: skip


@blueprint.post("/council/drafts/<draft>/decision")
@guarded("draft.decide")
@idempotent
def decide(draft: str) -> Any:
    """Say yes or no about exactly what the page showed; a yes posts it."""
    form, actor = Form(request.form), current_actor()
    verdict = form.choice("verdict", ("yes", "no"), what="yes or no")
    reason = reason_of(form)
    if form.errors:
        return _page(draft, form), 422

    def unit(session: Session) -> DraftView:
        return service.decide(
            session, book=book_of(session), draft=draft, verdict=verdict,
            digest=form.value("digest"), reason=reason, actor=actor, now=now(),
        )  # fmt: skip

    try:
        view = run_unit(unit)
    except LedgerError as refusal:
        if refusal.place not in ("reason", "verdict", "quantity_pence"):
            raise
        form.refuse(refusal, field="verdict")
        return _page(draft, form), 422
    said = f"Posted as journal {view.journal}." if view.journal else "You refused it."
    flash(said, "success")
    return redirect(address(".one", draft=draft), 303)


@blueprint.post("/council/drafts/<draft>/posting")
@guarded("draft.decide")
@idempotent
def post(draft: str) -> Any:
    """Post what a second person approved among their decisions."""
    actor = current_actor()
    view = run_unit(
        lambda session: service.post(
            session, book=book_of(session), draft=draft, actor=actor, now=now()
        )
    )
    flash(f"Posted as journal {view.journal}.", "success")
    return redirect(address(".one", draft=draft), 303)
