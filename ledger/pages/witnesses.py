"""The pages of witnesses: who co-signs, how to become one, and registering them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.audit import queries, service
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.cookies import settings
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError
from ledger.pages.checkpoints import book_of, program
from ledger.pages.forms import Form
from ledger.parties.rules import may

blueprint = Blueprint("witnesses", __name__)

REGISTERS = "witness.register"


@blueprint.get("/witnesses")
@guarded("checkpoint.read")
def every() -> str:
    """Who co-signs these books, what each has co-signed last, and how to become one."""
    with reading() as session:
        rows = queries.witnesses(session, book_of(session))
        heads = {one.id: queries.last_head(session, one.id) for one in rows}
    return render_template(
        "witnesses/list.html", witnesses=rows, heads=heads, base_url=settings().base_url,
        registers=may(current_actor(), REGISTERS),
    )  # fmt: skip


@blueprint.get("/witness_books.py")
@guarded("public.read")
def cosigner() -> Response:
    """The program by which anybody can be a witness."""
    return program("witness_books.py")


@blueprint.get("/witnesses/new")
@guarded("witness.register")
def new() -> str:
    """The form to register a witness."""
    return render_template("witnesses/new.html", form=Form())


@blueprint.post("/witnesses/new")
@guarded("witness.register")
@idempotent
def register() -> Any:
    """Register a witness by the key that it published."""
    form, by, at = Form(request.form), current_actor().person, now()
    called = form.text("called", what="who the witness is", chars=limits.NAME_CHARS_MAX)
    key = form.text("key", what="the witness’s public key")

    def unit(session: Session) -> None:
        service.register_witness(
            session, book=book_of(session), called=called, key_line=key, by=by, now=at
        )

    if not form.errors:
        try:
            run_unit(unit)
        except LedgerError as refusal:
            form.refuse(refusal)
        else:
            flash(f"{called} is a witness now.", "success")
            return redirect(address("witnesses.every"), 303)
    return render_template("witnesses/new.html", form=form), 422


@blueprint.get("/witnesses/<witness>/end")
@guarded("witness.register")
def ask(witness: str) -> str:
    """The page that asks before a witness is ended."""
    return _ask(witness, Form())


def _ask(witness: str, form: Form) -> str:
    with reading() as session:
        return render_template(
            "witnesses/end.html", form=form, witness=queries.witness(session, witness)
        )


@blueprint.post("/witnesses/<witness>/end")
@guarded("witness.register")
@idempotent
def end(witness: str) -> Any:
    """Let a witness co-sign no more."""
    form, by, at = Form(request.form), current_actor().person, now()
    reason = form.text("reason", what="a reason")
    if not form.errors:
        try:
            run_unit(
                lambda session: service.end_witness(
                    session, witness=witness, reason=reason, by=by, now=at
                )
            )
        except LedgerError as refusal:
            form.refuse(refusal)
        else:
            flash("The witness has ended.", "success")
            return redirect(address("witnesses.every"), 303)
    return _ask(witness, form), 422
