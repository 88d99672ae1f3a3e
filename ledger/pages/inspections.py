"""Public inspection: what was opened and how to prove it, and what people asked and were told."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.exports import checkpoints, inspecting
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.downloads import download
from ledger.inspections import queries, rules, service
from ledger.inspections.queries import MatterView
from ledger.kernel import limits
from ledger.kernel.clock import london_day, now
from ledger.kernel.errors import LedgerError
from ledger.pages.checkpoints import book_of
from ledger.pages.forms import Form
from ledger.parties import queries as parties
from ledger.parties.rules import may

blueprint = Blueprint("inspections", __name__)

READ = "inspection.read"
ROWS = 50
FIELDS = ("kind", "seq", "line", "words")
ZIP = "application/zip"
STEP_WORDS = {rules.ANSWER: "answered", rules.DECIDE: "decided", rules.WITHDRAW: "withdrawn"}


@blueprint.get("/inspections")
@guarded(READ)
def every() -> str:
    """The periods whose books are or were open, and the way to open another's."""
    with reading() as session:
        rows = queries.inspections(session, book_of(session))
    return render_template(
        "inspections/list.html", rows=rows, today=london_day(now()),
        opens=may(current_actor(), service.OPEN),
    )  # fmt: skip


@blueprint.get("/inspections/new")
@guarded("inspection.open")
def new() -> str:
    """The form to open the books of a closed period."""
    return _new(Form())


def _new(form: Form) -> str:
    with reading() as session:
        book = book_of(session)
        opened = queries.opened_periods(session, book)
        closed = [
            one for one in books.periods(session, book)
            if one["status"] == "CLOSED" and one["id"] not in opened
        ]  # fmt: skip
    return render_template(
        "inspections/new.html", form=form, closed=closed, today=london_day(now()),
        begins={one["id"]: rules.first_days(one["ends_on"]) for one in closed},
    )  # fmt: skip


@blueprint.post("/inspections/new")
@guarded("inspection.open")
@idempotent
def open_books() -> Any:
    """Open them from a day on, for thirty working days."""
    form, actor, at = Form(request.form), current_actor(), now()
    if not form.value("period"):
        form.wrong("period", "Select a period")
    period = form.whole("period", what="a period", required=False)
    opens_on = form.day("opens_on", what="the first day")
    more = form.whole("more_days", what="how many more days", required=False)

    def unit(session: Session) -> str:
        assert opens_on is not None, "as the form saw"
        book = book_of(session)
        checkpoints.make_within(session, book=book, reason="asked", made_by=actor.person, now=at)
        return inspecting.open_books(
            session, book=book, period=period, opens_on=opens_on, actor=actor, now=at,
            more_days=more,
        )  # fmt: skip

    if not form.errors:
        try:
            made = run_unit(unit)
        except LedgerError as refusal:
            form.refuse(refusal)
        else:
            flash("The books are open for inspection, and sealed.", "success")
            return redirect(address(".one", reference=made), 303)
    return _new(form), 422


@blueprint.get("/inspections/<reference>")
@guarded(READ)
def one(reference: str) -> str:
    """One inspection: its days, its seal, its bundle, and what was asked."""
    actor, today = current_actor(), london_day(now())
    with reading() as session:
        view = queries.inspection(session, reference)
        found = queries.matters(
            session, inspection=reference, actor=actor, after=request.args.get("after", "")[:40],
            limit=ROWS + 1,
        )  # fmt: skip
        waiting = queries.count(session, states=(rules.ASKED,), inspection=reference)
        withheld = queries.withheld(session, view, limit=ROWS + 1)
    more = address(".one", reference=reference, after=found[ROWS - 1].id) if found[ROWS:] else ""
    return render_template(
        "inspections/one.html", july=rules.july_of(view.ends_on), view=view, is_open=view.is_open(today), today=today,
        shown=[_line(matter) for matter in found[:ROWS]], waiting=waiting, more=more,
        asks=may(actor, service.ASK), whole=may(actor, "export.make"),
        withheld=withheld[:ROWS], more_withheld=withheld[ROWS:],
    )  # fmt: skip


def _line(matter: MatterView) -> dict[str, Any]:
    about = f"journal {matter.seq:,}" + ("" if matter.line is None else f", entry {matter.line}")
    return {
        "id": matter.id, "title": f"{rules.KIND_WORDS[matter.kind]} about {about}",
        "hint": matter.words[:120], "state": matter.state.lower(),
        "words": rules.STATE_WORDS[matter.state],
    }  # fmt: skip


@blueprint.get("/inspections/<reference>/bundle.zip")
@guarded(READ)
def bundle(reference: str) -> Response:
    """The public's bundle."""
    return _bundle(reference, inspecting.PUBLIC)


@blueprint.get("/inspections/<reference>/full.zip")
@guarded("export.make")
def full(reference: str) -> Response:
    """The auditor's bundle."""
    return _bundle(reference, inspecting.FULL)


def _bundle(reference: str, kind: str) -> Response:
    with reading() as session:
        view = queries.inspection(session, reference)
        file = inspecting.zipped(session, view, kind)
    return download(file, name=f"{inspecting.name_of(view, kind)}.zip", kind=ZIP)


@blueprint.get("/inspections/<reference>/ask")
@guarded("inspection.ask")
def ask(reference: str) -> str:
    """The form to ask or to object."""
    form = Form(request.args)
    return _ask(reference, Form({"seq": form.value("journal")}))


def _ask(reference: str, form: Form) -> str:
    with reading() as session:
        view = queries.inspection(session, reference)
    return render_template(
        "inspections/ask.html", form=form, view=view, is_open=view.is_open(london_day(now()))
    )


@blueprint.post("/inspections/<reference>/ask")
@guarded("inspection.ask")
@idempotent
def asked(reference: str) -> Any:
    """Ask, or object."""
    form, actor, at = Form(request.form), current_actor(), now()
    kind = form.choice("kind", rules.KINDS, what="whether you ask or object")
    seq = form.whole("seq", what="the number of the journal")
    line = form.whole("line", what="the number of the entry", required=False)
    words = form.text("words", what="your words", chars=limits.TEXT_CHARS_MAX, least=3)
    if not form.errors:
        try:
            made = run_unit(
                lambda session: service.ask(
                    session, inspection=reference, kind=kind, seq=seq, line=line or None,
                    words=words, actor=actor, now=at,
                )
            )  # fmt: skip
        except LedgerError as refusal:
            form.refuse(refusal, field=refusal.place if refusal.place in FIELDS else "seq")
        else:
            flash("It was sent. Everybody reads it when it is answered.", "success")
            return redirect(address(".matter", reference=made), 303)
    return _ask(reference, form), 422


@blueprint.get("/inspections/matters/<reference>")
@guarded(READ)
def matter(reference: str) -> str:
    """One question or objection, and what it was told."""
    return _matter(reference, Form())


def _matter(reference: str, form: Form) -> str:
    actor = current_actor()
    with reading() as session:
        view = queries.readable(session, reference, actor)
        about = queries.inspection(session, view.inspection)
        names = parties.public_names(session, [view.asked_by])
    own = actor.person == view.asked_by
    steps = [step for step in _steps(view) if (step == rules.WITHDRAW) is own]
    return render_template(
        "inspections/matter.html", form=form, view=view, about=about, own=own,
        asked_by=names[view.asked_by], title=_line(view)["title"],
        words=rules.STATE_WORDS[view.state],
        steps=[step for step in steps if own or may(actor, rules.RIGHTS[step])],
        reads=may(actor, "books.read"),
    )  # fmt: skip


def _steps(view: MatterView) -> list[str]:
    found = []
    for step in STEP_WORDS:
        try:
            rules.next_state(view.kind, view.state, step)
        except rules.WrongStep:
            continue
        found.append(step)
    return found


def _answer(reference: str, step: str) -> Any:
    form, actor, at = Form(request.form), current_actor(), now()
    words = form.text("words", what="your answer", chars=limits.TEXT_CHARS_MAX, least=3)
    if form.errors:
        return _matter(reference, form), 422
    run_unit(
        lambda session: service.answer(
            session, matter=reference, step=step, words=words, actor=actor, now=at
        )
    )
    flash(f"It is {STEP_WORDS[step]}. Everybody can read it now.", "success")
    return redirect(address(".matter", reference=reference), 303)


@blueprint.post("/inspections/matters/<reference>/answer")
@guarded("inspection.answer")
@idempotent
def answer(reference: str) -> Any:
    """The council answers a question, or replies to an objection."""
    return _answer(reference, rules.ANSWER)


@blueprint.post("/inspections/matters/<reference>/decision")
@guarded("inspection.decide")
@idempotent
def decide(reference: str) -> Any:
    """The auditor decides about an objection."""
    return _answer(reference, rules.DECIDE)


@blueprint.post("/inspections/matters/<reference>/withdrawal")
@guarded("inspection.ask")
@idempotent
def withdraw(reference: str) -> Any:
    """Whoever asked takes it back."""
    actor, at = current_actor(), now()
    run_unit(lambda session: service.withdraw(session, matter=reference, actor=actor, now=at))
    flash("It is withdrawn.", "success")
    return redirect(address(".matter", reference=reference), 303)
