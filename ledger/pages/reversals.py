"""Reversing a journal on purpose: from its own page, with a reason and a choice of day (J7, J8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.books.queries import JournalRow
from ledger.books.rules import AlreadyReversed
from ledger.drafts import queries, rules, service
from ledger.drafts.queries import Undoing
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import london_day, now
from ledger.kernel.errors import Forbidden, LedgerError
from ledger.pages.checkpoints import book_of
from ledger.pages.forms import Form
from ledger.parties.rules import Actor, may

blueprint = Blueprint("reversals", __name__)

FIELDS: Final = ("dated", "reason")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a journal's page says of its reversal: the day of the one that it answers, if it is
    one itself; the draft that waits; whether this person may draft one, or what else to do.
    """

    original_on: date | None
    waiting: str
    offered: bool
    way: str


def shown(session: Session, book: int, row: JournalRow, actor: Actor) -> Shown:
    """What the page of a journal says of its reversal."""
    undoing = queries.undoing(session, book, row.seq)
    drafts = may(actor, rules.REVERSE)
    way = undoing.refusal.remedy if undoing.refusal and drafts and undoing.answered is None else ""
    original = books.journal(session, book, row.reverses)[0] if row.reverses else None
    return Shown(
        original.effective_on if original else None, undoing.waiting,
        drafts and undoing.may_be_drafted, way,
    )  # fmt: skip


@blueprint.get("/audit/journals/<int:seq>/reversal")
@guarded("journal.reverse")
def new(seq: int) -> Any:
    """The form to ask for the reversal of a journal, with the entries that it would post."""
    with reading() as session:
        undoing = queries.undoing(session, book_of(session), seq)
    if undoing.waiting:
        return redirect(address("drafts.one", draft=undoing.waiting), 303)
    if undoing.answered is not None:
        return redirect(address("auditors.journal", seq=undoing.answered), 303)
    if undoing.refusal:
        raise undoing.refusal
    return _page(undoing, Form())


def _page(undoing: Undoing, form: Form) -> str:
    today = london_day(now())
    own_day = undoing.own_day_open and undoing.journal.effective_on < today
    if not own_day and not form.value("dated"):
        form.fill("dated", rules.TODAY)  # there is nothing to choose
    return render_template(
        "council/draft_reversal.html", form=form, row=undoing.journal, entries=undoing.entries,
        own_day=own_day, is_closed=not undoing.own_day_open, today=today,
    )  # fmt: skip


@blueprint.post("/audit/journals/<int:seq>/reversal")
@guarded("journal.reverse")
@idempotent
def ask(seq: int) -> Any:
    """Draft the reversal; a second person decides."""
    form, actor = Form(request.form), current_actor()
    dated = form.choice("dated", rules.DATED, what="on which day it takes effect")
    reason = form.text("reason", what="a reason", least=limits.REASON_CHARS_MIN)

    def unit(session: Session) -> str:
        return service.propose_reversal(
            session, book=book_of(session), journal=seq, dated=dated, reason=reason, actor=actor,
            now=now(),
        )  # fmt: skip

    if not form.errors:
        try:
            made = run_unit(unit)
        except (Forbidden, AlreadyReversed):
            raise
        except LedgerError as refusal:
            form.refuse(refusal, field=refusal.place if refusal.place in FIELDS else "dated")
        else:
            flash("Drafted. A second person decides now.", "success")
            return redirect(address("drafts.one", draft=made), 303)
    with reading() as session:
        undoing = queries.undoing(session, book_of(session), seq)
    return _page(undoing, form), 422
