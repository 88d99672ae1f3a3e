"""The asset broker's desk: what waits, files read into the register, what lies idle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask import url_for as address

from ledger.assets import queries as assets
from ledger.assets import rules as asset_rules
from ledger.assets import service
from ledger.bookings import queries
from ledger.books import queries as books
from ledger.http import (
    current_actor,
    guarded,
    idempotent,
    reading,
    reads_first,
    run_unit,
    was_read,
)
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError
from ledger.pages.forms import Form
from ledger.parties import queries as parties

blueprint = Blueprint("brokers", __name__, url_prefix="/brokers")


@blueprint.get("/")
@guarded("asset.list")
def desk() -> str:
    """What waits for the broker today."""
    at = now()
    with reading() as session:
        waiting = queries.waiting(session)
        unproved = queries.awaiting_use(session, now=at)
        listed = assets.listings(session)
        found = [view.asset for view in waiting] + [of.asset for of, _ in unproved]
        groups = {view.organisation for view in waiting if view.organisation}
        return render_template(
            "brokers/desk.html", waiting=waiting, unproved=unproved, listed=listed,
            names=assets.names(session, found + [row.asset for row in listed]),
            hirers={group: parties.organisation(session, group).name for group in groups},
            imports=assets.imports(session, limit=3),
        )  # fmt: skip


@blueprint.get("/idle")
@guarded("asset.list")
def idle() -> str:
    """How much of each building's public time was used, the idlest first."""
    with reading() as session:
        book = books.book_id(session, current_app.extensions["ledger.settings"].book_code)
        rows = queries.idle(session, book=book)
        return render_template(
            "brokers/idle.html", rows=rows,
            names=assets.names(session, [row.asset for row in rows]),
            vacant=assets.public_list(session, occupancy="vacant", limit=limits.PAGE_ROWS_DEFAULT),
            vacant_count=assets.public_count(session, occupancy="vacant"),
        )  # fmt: skip


@blueprint.get("/imports")
@guarded("asset.import")
def imports() -> str:
    """The form to read a file, and what was read before."""
    return _imports(Form({"profile": "auto"}))


def _imports(form: Form) -> str:
    with reading() as session:
        return render_template(
            "brokers/imports.html", form=form, rows=assets.imports(session),
            profiles=asset_rules.PROFILES,
        )  # fmt: skip


@dataclass(slots=True)
class _Upload:
    """The form as it was sent, and its file read and judged."""

    form: Form
    dry_run: bool
    prepared: service.Prepared | None = None


def _read_upload() -> _Upload:
    form = Form(request.form)
    read = _Upload(form, form.ticked("dry_run"))
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        form.wrong("file", "Select a CSV file")
    profile = form.choice("profile", ("auto", *asset_rules.PROFILES), what="the kind of register")
    register = form.text("register", what="the register", required=False)
    if form.errors or upload is None:
        return read
    try:
        read.prepared = service.prepare(
            upload.stream,  # type: ignore[arg-type]
            file_name=upload.filename or "", profile=profile, register=register,
        )  # fmt: skip
    except LedgerError as refusal:
        form.refuse(refusal, field="file")
    return read


@blueprint.post("/imports")
@guarded("asset.import")
@idempotent
@reads_first(_read_upload)
def import_file() -> Any:
    """Read a file: first tried, then, when the broker says so, kept."""
    read = was_read()
    form, prepared, dry_run = read.form, read.prepared, read.dry_run
    if form.errors:
        return _imports(form), 422
    try:
        report = run_unit(
            lambda session: service.import_register(
                session, prepared=prepared, actor=current_actor(), now=now(), dry_run=dry_run,
                expect_fewer=form.ticked("expect_fewer"),
            )
        )  # fmt: skip
    except LedgerError as error:
        form.refuse(error, field="file")
        return _imports(form), 422
    if dry_run:
        return render_template(
            "brokers/tried.html", report=report, kinds=asset_rules.NOTE_KINDS,
            profile=prepared.profile, notes=_grouped(prepared.notes),
        )  # fmt: skip
    if report.same_file:
        flash("Nothing changed: this same file was read before.")
    else:
        flash("The file is read, and the register is up to date.", "success")
    return redirect(address("brokers.report", import_id=report.import_id), 303)


def _grouped(notes: Any) -> dict[str, list[asset_rules.Note]]:
    found: dict[str, list[asset_rules.Note]] = {}
    for note in notes:
        found.setdefault(note.kind, []).append(note)
    return {kind: found[kind] for kind in asset_rules.NOTE_KINDS if kind in found}


@blueprint.get("/imports/<import_id>")
@guarded("asset.import")
def report(import_id: str) -> str:
    """What a file changed and what was odd about it; one kind of oddity line by line."""
    form = Form(request.args)
    kind = form.value("kind") if form.value("kind") in asset_rules.NOTE_KINDS else ""
    with reading() as session:
        row = assets.import_report(session, import_id)
        return render_template(
            "brokers/report.html", row=row, kinds=asset_rules.NOTE_KINDS, kind=kind,
            counts=assets.note_counts(session, import_id),
            notes=assets.notes(session, import_id, kind=kind) if kind else [],
            who=parties.person_name(session, row.imported_by)
            if row.imported_by.startswith("PER-") else "the command line",
        )  # fmt: skip
