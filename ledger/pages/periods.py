"""Accounting periods: the list, one period with its figures, and the steps of two people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.closing import queries, rules, service
from ledger.exports import checkpoints
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError
from ledger.pages.approvals import why_not
from ledger.pages.checkpoints import book_of
from ledger.pages.forms import Form
from ledger.parties import queries as parties

blueprint = Blueprint("periods", __name__)


@blueprint.get("/council/periods")
@guarded("period.close")
def every() -> str:
    """The accounting periods, and the form for another."""
    return _list(Form())


def _list(form: Form) -> str:
    with reading() as session:
        rows = books.periods(session, book_of(session))
    return render_template("council/periods.html", form=form, rows=rows)


@blueprint.post("/council/periods")
@guarded("period.close")
@idempotent
def open_one() -> Any:
    """Open another period."""
    form, actor = Form(request.form), current_actor()
    starts_on = form.day("starts", what="the first day")
    ends_on = form.day("ends", what="the last day")
    if starts_on is None or ends_on is None:
        return _list(form), 422
    try:
        made = run_unit(
            lambda session: service.open_period(
                session, book=book_of(session), starts_on=starts_on, ends_on=ends_on,
                actor=actor, now=now(),
            )
        )  # fmt: skip
    except LedgerError as refusal:
        form.refuse(refusal, field="starts")
        return _list(form), 422
    flash("The period is open.", "success")
    return redirect(address(".one", period=made), 303)


@blueprint.get("/council/periods/<int:period>")
@guarded("period.close")
def one(period: int) -> str:
    """One period: its figures, who signed what, and the next step."""
    return _page(period, Form())


def _page(period: int, form: Form) -> str:
    with reading() as session:
        view = queries.period(session, book_of(session), period)
        people = {view.signed_by, view.countersigned_by} | {
            person
            for proposal in (*view.past, *([view.live] if view.live else []))
            for person in (proposal.maker, *(made.person for made in proposal.decisions))
        }
        names = parties.names(session, {person for person in people if person})
    live = view.live
    return render_template(
        "council/period.html", form=form, view=view, names=names, words=rules.STATE_WORDS,
        what={rules.CLOSE: "Close", rules.REOPEN: "Open again"},
        why_not=why_not(live, current_actor()) if live and live.waits_for else "",
    )  # fmt: skip


def _act(period: int, form: Form, unit: Callable[[Session, int], object], said: str) -> Any:
    if form.errors:
        return _page(period, form), 422
    try:
        run_unit(lambda session: unit(session, book_of(session)))
    except LedgerError as refusal:
        if refusal.place != "reason":
            raise
        form.refuse(refusal)
        return _page(period, form), 422
    flash(said, "success")
    return redirect(address(".one", period=period), 303)


@blueprint.post("/council/periods/<int:period>/closing")
@guarded("period.close")
@idempotent
def begin(period: int) -> Any:
    """Begin to close a period that is over."""
    actor = current_actor()
    return _act(
        period, Form(request.form),
        lambda session, book: service.begin_closing(
            session, book=book, period=period, actor=actor, now=now()
        ),
        "The period is being closed. It takes only what two people made.",
    )  # fmt: skip


@blueprint.post("/council/periods/<int:period>/signature")
@guarded("period.close")
@idempotent
def sign(period: int) -> Any:
    """Sign the figures to close the period, or sign that it be opened again."""
    form, actor = Form(request.form), current_actor()
    kind = form.choice("kind", (rules.CLOSE, rules.REOPEN), what="what you sign")
    reason = form.text("reason", what="a reason")
    return _act(
        period, form,
        lambda session, book: service.sign(
            session, book=book, period=period, kind=kind, reason=reason, actor=actor, now=now()
        ),
        "Signed. A second person countersigns now.",
    )  # fmt: skip


@blueprint.post("/council/periods/<int:period>/countersignature")
@guarded("period.close")
@idempotent
def countersign(period: int) -> Any:
    """Countersign exactly what the page showed: it is done, and a checkpoint made with it."""
    form, actor, at = Form(request.form), current_actor(), now()
    reason = form.text("reason", what="a reason", chars=limits.TEXT_CHARS_MAX)

    def unit(session: Session, book: int) -> None:
        service.countersign(
            session, book=book, period=period, digest=form.value("digest"), reason=reason,
            actor=actor, now=at,
        )  # fmt: skip
        checkpoints.make_within(session, book=book, reason="close", made_by=actor.person, now=at)

    return _act(period, form, unit, "Countersigned. It is done, and a checkpoint was made.")


@blueprint.post("/council/periods/<int:period>/completion")
@guarded("period.close")
@idempotent
def complete(period: int) -> Any:
    """Carry out what a second person approved among their decisions."""
    actor, at = current_actor(), now()

    def unit(session: Session, book: int) -> None:
        service.carry_out(session, book=book, period=period, actor=actor, now=at)
        checkpoints.make_within(session, book=book, reason="close", made_by=actor.person, now=at)

    return _act(period, Form(request.form), unit, "Done, and a checkpoint was made.")


@blueprint.get("/audit/periods/<int:period>/trial-balance.json")
@guarded("books.read")
def report(period: int) -> Response:
    """A period's trial balance as the very bytes whose hash was signed."""
    with reading() as session:
        view = queries.period(session, book_of(session), period)
    answer = Response(view.report, content_type="application/json")
    answer.headers["Content-Disposition"] = f"attachment; filename={view.group}.json"
    return answer
