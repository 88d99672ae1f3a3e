"""What of a journal is withheld from public inspection by hand: marked, and shown again (I8 to I10)."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.inspections import queries, rules, service
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import Forbidden, LedgerError
from ledger.pages.checkpoints import book_of
from ledger.pages.forms import Form

blueprint = Blueprint("withholding", __name__)

FIELDS: Final = ("parts", "reason")


@blueprint.get("/audit/journals/<int:seq>/withholding")
@guarded("inspection.withhold")
def new(seq: int) -> str:
    """The form to keep parts of a journal from the public."""
    return _page(seq, Form(), shut=True)


@blueprint.get("/audit/journals/<int:seq>/showing")
@guarded("inspection.withhold")
def again(seq: int) -> str:
    """The form to give the public what was withheld after all."""
    return _page(seq, Form(), shut=False)


def _page(seq: int, form: Form, *, shut: bool) -> str:
    with reading() as session:
        book = book_of(session)
        row, entries = books.journal(session, book, seq)
        withheld = queries.withheld_of(session, book, seq)
        opened = queries.inspection_of(session, book, row)
    marked = {one.part for one in withheld}
    options = [
        (part, _label(part), _said(part, row, entries))
        for part in rules.parts_of(entry.line for entry in entries)
        if (part in marked) is not shut
    ]
    return render_template(
        "inspections/withhold.html" if shut else "inspections/show_again.html",
        form=form, row=row, withheld=withheld, opened=opened, options=options,
    )  # fmt: skip


def _label(part: str) -> str:
    return rules.part_words(part)[:1].upper() + rules.part_words(part)[1:]


def _said(part: str, row: books.JournalRow, entries: list[books.EntryRow]) -> str:
    """What a part says now, for whoever decides about it."""
    if part == rules.REASON:
        return ", ".join(filter(None, (row.reason, row.purpose))) or "It has none"
    if part == rules.GROUP:
        return ", ".join(filter(None, (row.group_id, row.id)))
    return next(one.path for one in entries if rules.part_of_entry(one.line) == part)


@blueprint.post("/audit/journals/<int:seq>/withholding")
@guarded("inspection.withhold")
@idempotent
def withhold(seq: int) -> Any:
    """Keep them from the public."""
    return _changed(seq, shut=True)


@blueprint.post("/audit/journals/<int:seq>/showing")
@guarded("inspection.withhold")
@idempotent
def show_again(seq: int) -> Any:
    """Give them to the public after all."""
    return _changed(seq, shut=False)


def _changed(seq: int, *, shut: bool) -> Any:
    form, actor = Form(request.form), current_actor()
    parts = form.chosen("parts")
    if not parts:
        form.wrong("parts", f"Select what is {'withheld' if shut else 'shown again'}")
    reason = form.text(
        "reason", what="a reason", chars=limits.TEXT_CHARS_MAX, least=limits.REASON_CHARS_MIN
    )
    step = service.withhold if shut else service.show_again

    def unit(session: Session) -> None:
        step(
            session, book=book_of(session), journal=seq, parts=parts, reason=reason, actor=actor,
            now=now(),
        )  # fmt: skip

    if not form.errors:
        try:
            run_unit(unit)
        except Forbidden:
            raise
        except LedgerError as refusal:
            form.refuse(refusal, field=refusal.place if refusal.place in FIELDS else "parts")
        else:
            flash("It is withheld from the public." if shut else "The public is shown it again.",
                  "success")  # fmt: skip
            return redirect(address("auditors.journal", seq=seq), 303)
    return _page(seq, form, shut=shut), 422
