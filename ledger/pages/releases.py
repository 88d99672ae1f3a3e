"""Money out of a pledge: a milestone released by two people, and refunds paid by two people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ledger.approvals import queries as proposals
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel.clock import now
from ledger.pages.forms import Form, reason_of
from ledger.pages.moderation import givers
from ledger.parties import queries as parties
from ledger.pledges import queries, service

blueprint = Blueprint("releases", __name__)

RELEASE_WORDS = {
    "REQUESTED": "asked for", "PROPOSED": "being decided", "RELEASED": "released, to be paid",
    "PAID": "paid", "REFUSED": "refused",
}  # fmt: skip


@blueprint.get("/releases/<release>")
@guarded("pledge.release")
def one(release: str) -> str:
    """One request for money, and the next step of it."""
    return _page(release, Form())


def _page(release: str, form: Form) -> str:
    with reading() as session:
        asked = queries.release(session, release)
        view = queries.pledge(session, asked.pledge)
        proposal = proposals.get(session, asked.proposal) if asked.proposal else None
        ours = current_actor().person in parties.members(session, asked.payee)
        return render_template(
            "releases/one.html", form=form, asked=asked, view=view, proposal=proposal, ours=ours,
            money=queries.money(session, view), words=RELEASE_WORDS,
            group=parties.organisation(session, asked.payee).name,
            by=parties.person_name(session, asked.requested_by),
        )  # fmt: skip


def _act(release: str, unit: Callable[[Session], object], said: str) -> AnyResponse:
    run_unit(unit)
    flash(said, "success")
    return redirect(address("releases.one", release=release), 303)


@blueprint.post("/releases/<release>/propose")
@guarded("pledge.release")
@idempotent
def propose(release: str) -> Any:
    """Take the request to two other people."""
    actor = current_actor()
    return _act(
        release,
        lambda session: service.propose_release(session, release=release, actor=actor, now=now()),
        "Proposed. Two other people decide now.",
    )


@blueprint.post("/releases/<release>/refuse")
@guarded("pledge.release")
@idempotent
def refuse(release: str) -> Any:
    """Turn the request down, in words."""
    form, actor = Form(request.form), current_actor()
    reason = reason_of(form)
    if form.errors:
        return _page(release, form), 422
    return _act(
        release,
        lambda session: service.refuse_release(
            session, release=release, reason=reason, actor=actor, now=now()
        ),
        "Refused. The group was told why.",
    )


@blueprint.post("/releases/<release>/post")
@guarded("pledge.release")
@idempotent
def post(release: str) -> Any:
    """Release what two people approved."""
    actor = current_actor()
    return _act(
        release,
        lambda session: service.post_release(session, release=release, actor=actor, now=now()),
        "Released. It is to be paid now.",
    )


@blueprint.post("/releases/<release>/pay")
@guarded("pledge.release")
@idempotent
def pay(release: str) -> Any:
    """Record that the bank has paid the group."""
    form, actor = Form(request.form), current_actor()
    reference = form.text("reference", what="the reference of the payment")
    if form.errors:
        return _page(release, form), 422
    return _act(
        release,
        lambda session: service.pay_release(
            session, release=release, reference=reference, actor=actor, now=now()
        ),
        "Paid. The group was told.",
    )


@blueprint.post("/moderation/<pledge>/refunds")
@guarded("pledge.refund")
@idempotent
def propose_refunds(pledge: str) -> AnyResponse:
    """Propose to pay everything that a pledge owes back."""
    actor = current_actor()
    run = run_unit(
        lambda session: service.propose_refunds(session, pledge=pledge, actor=actor, now=now())
    )
    flash("Proposed. Two other people decide now.", "success")
    return redirect(address("releases.refund_run", run=run), 303)


@blueprint.get("/refund-runs/<run>")
@guarded("pledge.refund")
def refund_run(run: str) -> str:
    """One list of refunds, and the next step of it."""
    return _run_page(run, Form())


def _run_page(run: str, form: Form) -> str:
    with reading() as session:
        listed = queries.refund_run(session, run)
        view = queries.pledge(session, listed.pledge)
        return render_template(
            "releases/refunds.html", form=form, run=listed, view=view,
            proposal=proposals.get(session, listed.proposal),
            givers=givers(session, view.id),
            refunds=[one for one in queries.refunds(session, pledge=view.id) if one.run == run],
        )  # fmt: skip


@blueprint.post("/refund-runs/<run>/pay")
@guarded("pledge.refund")
@idempotent
def pay_refunds(run: str) -> Any:
    """Record that the bank has paid an approved list."""
    form, actor = Form(request.form), current_actor()
    reference = form.text("reference", what="the reference of the payment run")
    if form.errors:
        return _run_page(run, form), 422
    run_unit(
        lambda session: service.pay_refunds(
            session, run=run, reference=reference, actor=actor, now=now()
        )
    )
    flash("Paid. Everybody on the list was told.", "success")
    return redirect(address("releases.refund_run", run=run), 303)
