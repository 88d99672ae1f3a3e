"""Agreements as anybody sees them: the list, one deal with its chart, and signing it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.dividends import queries, service
from ledger.dividends.rules import comparing, showing, states
from ledger.dividends.rules.terms import percent, sentence
from ledger.http import current_actor, guarded, idempotent, pagination, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError
from ledger.pages.forms import Form
from ledger.pages.measuring import chart_of
from ledger.parties.rules import may

blueprint = Blueprint("agreements", __name__)

STEPS = (
    ("Drafted", (states.DRAFT,)),
    ("Terms agreed", (states.BROKERED,)),
    ("Odds and legal power checked", (states.POWER_CHECKED,)),
    ("Signed by every party", (states.SIGNED,)),
    ("Money reserved", (states.FUNDED,)),
    ("Running", (states.ACTIVE, states.SUSPENDED)),
    ("Finished", (states.CLOSED,)),
)


def steps_of(view: queries.AgreementView) -> list[tuple[str, str, bool]]:
    """The steps of an agreement with what is done."""
    at = next((place for place, (_, kept) in enumerate(STEPS) if view.state in kept), -1)
    return [
        (name, "" if place <= at else "not yet", place <= at)
        for place, (name, _) in enumerate(STEPS)
    ]


@blueprint.get("/agreements")
@guarded("agreement.read")
def every() -> str:
    """The agreements of the place, each as its one sentence."""
    form = Form(request.args)
    with reading() as session:
        rows = queries.agreements(
            session, states_in=states.PUBLIC, after=form.value("after"),
            limit=limits.PAGE_ROWS_DEFAULT + 1,
        )  # fmt: skip
        page = pagination.page(rows, size=limits.PAGE_ROWS_DEFAULT, key=lambda row: [row.id])
        deals = [
            (
                view,
                sentence(view.terms, queries.names(session, view.terms)),
                latest(session, view),
            )
            for view in page.items
        ]
    more = address("agreements.every", after=page.items[-1].id) if page.next else ""
    return render_template(
        "agreements/list.html", deals=deals, words=states.AGREEMENT_WORDS, next_href=more
    )


def latest(session: Session, view: queries.AgreementView) -> showing.Shown | None:
    """The newest result that was released, as everybody may see it."""
    made = [
        one
        for one in queries.determinations(session, agreement=view.id)
        if one.state in (states.RELEASED, states.CONFIRMED)
    ]
    return showing.shown(made[-1].facts, view.terms) if made else None


@blueprint.get("/agreements/<agreement>")
@guarded("agreement.read")
def one(agreement: str) -> str:
    """One deal: its sentence, chart, odds, parties, and every determination in plain words."""
    actor = current_actor()
    with reading() as session:
        view = queries.visible(session, agreement, actor)
        names = queries.names(session, view.terms)
        made = queries.determinations(session, agreement=agreement)
        chart = chart_of(session, view, public=not may(actor, "approval.read"))
    return render_template(
        "agreements/one.html", view=view, terms=view.terms, names=names, chart=chart,
        sentence=sentence(view.terms, names), words=states.AGREEMENT_WORDS, percent=percent,
        steps=steps_of(view), odds=odds_rows(view),
        history=[(one, showing.shown(one.facts, view.terms)) for one in reversed(made)
                 if one.state != states.REFUSED],
        state_words=states.DETERMINATION_WORDS,
        may_sign=view.state == states.POWER_CHECKED and may(actor, "agreement.sign")
        and actor.organisation in view.unsigned,
    )  # fmt: skip


def odds_rows(view: queries.AgreementView) -> list[tuple[str, str]]:
    """The odds that everybody signed under, in words."""
    odds = view.odds
    if not odds:
        return []
    share = {
        name: comparing.percent_words(str(odds[name]))
        for name in ("power", "false_pay", "smallest_fall")
    }
    return [
        ("Expected in a year, if nothing changes", str(odds["expected_events"])),
        ("Smallest fall that could be proven", share["smallest_fall"]),
        (f"Pays if a fall of {percent(view.terms.expected_fall_bp)} truly happens",
         f"in {share['power']} of cases"),
        ("Pays by luck, though nothing changed", f"in {share['false_pay']} of cases"),
    ]  # fmt: skip


@blueprint.get("/agreements/<agreement>/sign")
@guarded("agreement.sign")
def sign(agreement: str) -> str:
    """Everything that is signed, and the button to sign it."""
    return _sign_page(agreement, Form())


@blueprint.post("/agreements/<agreement>/sign")
@guarded("agreement.sign")
@idempotent
def put_signature(agreement: str) -> Any:
    """Sign for the party that you act for, under exactly the terms that were shown."""
    form = Form(request.form)
    form.ticked("agree", sentence="Tick the box if your organisation agrees to these terms")
    if form.errors:
        return _sign_page(agreement, form), 422
    actor = current_actor()
    try:
        run_unit(
            lambda session: service.sign(
                session, agreement=agreement, organisation=actor.organisation or "",
                digest=form.value("digest"), actor=actor, now=now(),
            )
        )  # fmt: skip
    except LedgerError as refusal:
        form.refuse(refusal)
        return _sign_page(agreement, form), 422
    flash("You signed the agreement.", "success")
    return redirect(address("agreements.one", agreement=agreement), 303)


def _sign_page(agreement: str, form: Form) -> str:
    with reading() as session:
        view = queries.visible(session, agreement, current_actor())
        names = queries.names(session, view.terms)
    return render_template(
        "agreements/sign.html", form=form, view=view, terms=view.terms, names=names,
        sentence=sentence(view.terms, names), percent=percent, odds=odds_rows(view),
    )  # fmt: skip
