"""The council's desk: what waits to be verified, approved, moved on or paid; one determination."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.approvals import queries as approvals
from ledger.dividends import queries, service
from ledger.dividends.rules import showing, states
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.inspections import queries as inspections
from ledger.inspections.rules import ASKED
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError
from ledger.outcomes import queries as outcomes
from ledger.pages import subjects
from ledger.pages.approvals import DONE, why_not
from ledger.pages.forms import Form
from ledger.pages.measuring import chart_of
from ledger.pages.words import pounds
from ledger.parties import queries as parties
from ledger.parties.rules import may
from ledger.pledges import queries as pledges

blueprint = Blueprint("council", __name__)

UNDER_WAY = (
    states.DRAFT, states.BROKERED, states.POWER_CHECKED, states.SIGNED, states.FUNDED,
)  # fmt: skip
RUNNING = (states.ACTIVE, states.CLOSED)
NEXT = {
    states.DRAFT: "Check the comparators",
    states.BROKERED: "Check the odds and name the legal power",
    states.POWER_CHECKED: "Waiting for signatures",
    states.SIGNED: "Record the agencies’ money and reserve it",
    states.FUNDED: "Start it",
    states.ACTIVE: "",
}


@blueprint.get("/council")
@guarded("determination.verify")
def desk() -> str:
    """What waits for this person, then every agreement under way and every payment due."""
    actor = current_actor()
    with reading() as session:
        waiting = [_item(session, view) for view in approvals.waiting_for(session, actor)]
        under_way = queries.agreements(session, states_in=UNDER_WAY)
        running = queries.agreements(session, states_in=RUNNING)
        to_answer = pledges.pledges(session, states=("SUBMITTED",), rows_max=200)
        asked = pledges.releases(session, states=("REQUESTED",))
        inspected = inspections.count(session, states=(ASKED,))
        due = {view.id: sum(queries.payable_pence(session, view).values()) for view in running}
    return render_template(
        "council/desk.html", waiting=waiting, under_way=under_way, next_steps=NEXT,
        due=[(view, due[view.id]) for view in running if due[view.id]], running=running,
        words=states.AGREEMENT_WORDS, may_close=may(actor, "period.close"),
        to_answer=len(to_answer), asked=len(asked), inspected=inspected,
    )  # fmt: skip


def _item(session: Session, view: approvals.ProposalView) -> tuple[str, str, str, str, str]:
    stage = "Verify" if view.waits_for == "verify" else "Approve"
    if view.kind != "determination":
        about = subjects.of(session, view)
        much = f", {pounds(view.quantity_pence)}" if view.quantity_pence else ""
        href = about.href if view.kind in subjects.OWN_PAGE else f"/approvals/{view.id}"
        return (f"{stage}: {about.name}", href, about.kind + much, "waiting", stage)
    made = queries.determination(session, view.subject)
    title = queries.agreement(session, made.agreement).title
    hint = f"{states.RESULT_WORDS[made.result]}, year {made.period}"
    return (f"{stage}: {title}", f"/council/determinations/{made.id}", hint, "waiting", stage)


@blueprint.get("/council/determinations/<determination>")
@guarded("determination.verify")
def determination(determination: str) -> str:
    """A determination with its workings, chart and digest, and the form to decide."""
    return _determination(determination, Form())


@blueprint.post("/council/determinations/<determination>")
@guarded("determination.verify")
@idempotent
def decide(determination: str) -> Any:
    """Say yes or no about exactly what the page showed."""
    form = Form(request.form)
    verdict = form.choice("verdict", ("yes", "no"), what="yes or no")
    reason = form.text("reason", what="a reason", chars=5_000)
    if form.errors:
        return _determination(determination, form), 422
    stage, actor = form.value("stage"), current_actor()
    try:
        run_unit(
            lambda session: service.decide(
                session, determination=determination, stage=stage, actor=actor, verdict=verdict,
                reason=reason, digest=form.value("digest"), now=now(),
            )
        )  # fmt: skip
    except LedgerError as refusal:
        form.refuse(refusal, field="" if refusal.place in ("reason", "verdict") else "verdict")
        return _determination(determination, form), 422
    flash(DONE.get(stage, "Decided.") if verdict == "yes" else "You refused it.", "success")
    return redirect(address("council.desk"), 303)


def _determination(reference: str, form: Form) -> str:
    actor = current_actor()
    with reading() as session:
        made = queries.determination(session, reference)
        view = queries.agreement(session, made.agreement)
        proposal = approvals.get(session, made.proposal)
        people = {proposal.maker, *proposal.barred, *(one.person for one in proposal.decisions)}
        frozen = outcomes.snapshot(session, f"{view.id}:{made.period}")
        return render_template(
            "council/determination.html", form=form, made=made, view=view, proposal=proposal,
            facts=made.facts, names=queries.names(session, view.terms),
            people=parties.names(session, people), why_not=why_not(proposal, actor),
            chart=chart_of(session, view, public=False), frozen=frozen,
            public=showing.shown(made.facts, view.terms), words=states.DETERMINATION_WORDS,
        )  # fmt: skip
