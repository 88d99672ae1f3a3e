"""The desk of a partner agency's analyst: upload readings, mark them final, sign, see savings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address

from ledger.dividends import queries as dividends
from ledger.dividends.rules import states
from ledger.http import (
    current_actor,
    guarded,
    idempotent,
    reading,
    reads_first,
    run_unit,
    was_read,
)
from ledger.kernel.clock import london_day, now
from ledger.kernel.errors import LedgerError
from ledger.outcomes import queries, service
from ledger.outcomes.rules.files import ParsedFile, check_code, parse
from ledger.pages.forms import Form

blueprint = Blueprint("analysts", __name__)

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
PROBLEMS_SHOWN: Final = 100


@blueprint.get("/analyst")
@guarded("reading.import")
def desk() -> str:
    """What waits, what was uploaded, and what the agency has saved."""
    organisation = current_actor().organisation or ""
    with reading() as session:
        mine = dividends.agreements_of(session, organisation)
        sign = [
            view for view in mine
            if view.state == states.POWER_CHECKED and organisation in view.unsigned
        ]  # fmt: skip
        due = [
            (view, dividends.receivable_pence(session, view).get(organisation, 0))
            for view in mine if view.state == states.SIGNED
        ]  # fmt: skip
        saved = dividends.saved_by(session, organisation)
        names = {view.id: view.title for view in mine}
        return render_template(
            "analysts/desk.html", sign=sign, due=[one for one in due if one[1]], names=names,
            saved=[(view, made, _own(made, organisation)) for view, made in saved],
            measures=queries.measures(session), imports=queries.imports(session, limit=10),
        )  # fmt: skip


def _own(made: dividends.DeterminationView, organisation: str) -> dict[str, int]:
    rows = made.facts["amounts"]["agencies"]
    return next((row for row in rows if row["organisation"] == organisation), {})


@blueprint.get("/analyst/readings")
@guarded("reading.import")
def upload() -> str:
    """The form to upload a file of counts."""
    return _upload_page(Form())


@dataclass(slots=True)
class _Upload:
    """The form as it was sent, and its file read and judged."""

    form: Form
    measure: str
    filename: str = ""
    content: bytes = b""
    parsed: ParsedFile | None = None


def _read_upload() -> _Upload:
    form = Form(request.form)
    read = _Upload(form, form.text("measure", what="the measure’s code"))
    file = request.files.get("file")
    if file is None or not file.filename:
        form.wrong("file", "Select a file")
    try:
        if read.measure:
            check_code(read.measure)
        if file is not None and file.filename:
            read.filename, read.content = file.filename, file.stream.read()
            read.parsed = parse(read.content, today=london_day(now()), name=read.filename)
            if read.parsed.problem_count:
                count = f"{read.parsed.problem_count:,}"
                form.wrong("file", f"{count} values cannot be used. Nothing was kept")
    except LedgerError as refusal:
        form.refuse(refusal, field="measure" if refusal.place == "measure" else "file")
    return read


@blueprint.post("/analyst/readings")
@guarded("reading.import")
@idempotent
@reads_first(_read_upload)
def take() -> Any:
    """Read the file; show every line that is wrong, or what was stored."""
    read = was_read()
    form = read.form
    if form.errors:
        return _upload_page(form, read.parsed), 422
    try:
        report = run_unit(
            lambda session: service.import_readings(
                session, measure=read.measure, parsed=read.parsed, content=read.content,
                filename=read.filename, actor=current_actor(), now=now(),
            )
        )  # fmt: skip
    except LedgerError as refusal:
        form.refuse(refusal, field="file")
        return _upload_page(form), 422
    flash(_said(report), "success")
    with reading() as session:
        known = {view.id: view.is_named for view in queries.measures(session)}
    if not known.get(read.measure, True):
        return redirect(address("naming.name", measure=read.measure), 303)
    return redirect(address("analysts.desk"), 303)


def _said(report: service.Report) -> str:
    if report.same_file:
        return "This file was read before: nothing changed."
    return (
        f"{report.filename}: {report.added:,} readings added, {report.revised:,} revised,"
        f" {report.unchanged:,} unchanged."
    )


def _upload_page(form: Form, parsed: ParsedFile | None = None) -> str:
    problems = parsed.problems[:PROBLEMS_SHOWN] if parsed else []
    count = parsed.problem_count if parsed else 0
    return render_template("analysts/upload.html", form=form, problems=problems, count=count)


@blueprint.get("/analyst/final")
@guarded("reading.final")
def final() -> str:
    """The form to say that readings are complete."""
    return _final_page(Form(request.args))


@blueprint.post("/analyst/final")
@guarded("reading.final")
@idempotent
def mark() -> Any:
    """Mark a measure's readings complete through a month."""
    form = Form(request.form)
    measure = form.text("measure", what="the measure", verb="Select")
    typed = form.text("through", what="the last month that is complete")
    match = _MONTH.fullmatch(typed)
    if typed and match is None:
        form.wrong("through", "Enter the month like 2024-12")
    if form.errors or match is None:
        return _final_page(form), 422
    month = date(int(match[1]), int(match[2]), 1)
    try:
        run_unit(
            lambda session: service.mark_final(
                session, measure=measure, through_on=month, actor=current_actor(), now=now()
            )
        )
    except LedgerError as refusal:
        form.refuse(refusal)
        return _final_page(form), 422
    flash(f"Final through {month:%B %Y}.", "success")
    return redirect(address("analysts.desk"), 303)


def _final_page(form: Form) -> str:
    with reading() as session:
        measures = queries.measures(session)
    return render_template("analysts/final.html", form=form, measures=measures)
