"""Two-person decisions as pages: what waits for you, and one decision at a time."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.approvals import queries, service
from ledger.approvals.rules import STATE_WORDS, check_decider, in_words, next_state
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel.clock import london_day, now
from ledger.kernel.errors import LedgerError
from ledger.kernel.money import format_pence
from ledger.pages import subjects
from ledger.pages.forms import Form
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, financial_year, may

blueprint = Blueprint("approvals", __name__)

DONE = {"verify": "You verified it.", "approve": "You approved it."}


@blueprint.get("/approvals")
@guarded("approval.read")
def waiting() -> str:
    """What waits for your decision, oldest first."""
    actor = current_actor()
    with reading() as session:
        views = queries.waiting_for(session, actor)
        names = parties.names(session, {view.maker for view in views})
        about = {view.id: subjects.of(session, view) for view in views}
    return render_template(
        "approvals/waiting.html", views=views, names=names, about=about, own_page=subjects.OWN_PAGE
    )


@blueprint.get("/approvals/<proposal>")
@guarded("approval.read")
def one(proposal: str) -> str:
    """Everything that a decision is about, and the form to decide where you may."""
    return _page(proposal, Form())


@blueprint.post("/approvals/<proposal>")
@guarded("approval.read")
@idempotent
def decide(proposal: str) -> Any:
    """Say yes or no about exactly what the page showed."""
    form = Form(request.form)
    verdict = form.choice("verdict", ("yes", "no"), what="yes or no")
    reason = form.text("reason", what="a reason", chars=5_000)
    stage, actor = form.value("stage"), current_actor()
    if form.errors:
        with reading() as session:
            view = queries.get(session, proposal)
        if view.waits_for is None:  # the form is gone, and nobody can mend a field of it
            next_state(state=view.state, stages=",".join(view.stages), stage=stage, verdict="no")
        return _page(proposal, form), 422

    def unit(session: Session) -> str:
        return service.decide(
            session,
            proposal=proposal,
            stage=stage,
            actor=actor,
            verdict=verdict,
            reason=reason,
            digest=form.value("digest"),
            now=now(),
        )

    try:
        run_unit(unit)
    except LedgerError as refusal:
        if refusal.place not in ("reason", "verdict"):
            raise
        form.refuse(refusal)
        return _page(proposal, form), 422
    flash(DONE.get(stage, "Decided.") if verdict == "yes" else "You refused it.", "success")
    return redirect(address("approvals.one", proposal=proposal), 303)


def _page(proposal: str, form: Form) -> str:
    actor = current_actor()
    with reading() as session:
        view = queries.get(session, proposal)
        people = {view.maker, *view.barred, *(made.person for made in view.decisions)}
        names = parties.names(session, people)
        facts = rows_of(view.facts)
        called = parties.called(session, {words for _, words in facts})
        year = financial_year(london_day(now()))
        before = queries.approved_pence(session, bucket=view.bucket, financial_year=year)
        limits = parties.limits_on(session, kind=view.kind, on=london_day(now()))
        about = subjects.of(session, view)
    mine = [limit.pence_max for role, limit in limits.items() if role in actor.roles]
    return render_template(
        "approvals/one.html",
        form=form,
        view=view,
        about=about,
        names=names,
        barred=[names[person] for person in view.barred],
        facts=[(key, f"{called[it]} ({it})" if it in called else it) for key, it in facts],
        before_pence=before,
        limit_pence=max(mine, default=None),
        state_words=in_words(state=view.state, waits_for=view.waits_for),
        why_not=why_not(view, actor),
    )


def why_not(view: queries.ProposalView, actor: Actor) -> str:
    """Why this person may not decide now, in a sentence; empty when they may."""
    if view.waits_for is None:
        return f"It does not wait for a decision: it is {STATE_WORDS[view.state]}."
    try:
        check_decider(
            person=actor.person,
            is_job=False,
            maker=view.maker,
            barred=view.barred,
            earlier=[made.person for made in view.decisions],
        )
    except LedgerError as refusal:
        return f"{refusal.facts} {refusal.remedy}"
    if not may(actor, queries.action(view.kind, view.waits_for)):
        return f"Your roles do not allow you to {view.waits_for} this."
    return ""


def rows_of(facts: dict[str, Any], path: str = "") -> list[tuple[str, str]]:
    """The facts of a proposal as rows of words: pence as pounds, lists spelled out."""
    rows: list[tuple[str, str]] = []
    for key, value in facts.items():
        words = f"{path} {key.replace('_', ' ')}".strip()
        label = subjects.FACT_WORDS.get(key, words.removesuffix(" pence").capitalize())
        if isinstance(value, dict):
            rows += rows_of(value, words)
        elif isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            for number, row in enumerate(value, start=1):
                rows += rows_of(row, f"{words} {number}")
        elif isinstance(value, list):
            rows.append((label, ", ".join(str(part) for part in value) or "none"))
        else:
            rows.append((label, _words(key, value)))
    return rows


def _words(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and key.endswith(("_pence", "_pence_max")):
        return format_pence(value)
    return "none" if value in (None, "") else str(value)
