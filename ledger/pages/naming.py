"""Naming a measure that a file brought: offered after the upload, and where measures are listed (O12)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address

from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import Forbidden, LedgerError
from ledger.outcomes import queries, service
from ledger.outcomes.rules.naming import BETTER, Naming
from ledger.outcomes.rules.refusals import MeasureUnknown
from ledger.pages.forms import Form
from ledger.parties.rules import may

blueprint = Blueprint("naming", __name__)

FIELDS = ("name", "counted", "better")


def desk() -> str:
    """Where whoever names measures came from: the analyst's desk, or the start of an agreement."""
    mine = may(current_actor(), "reading.import")
    return address("analysts.desk") if mine else address("deals.new")


@blueprint.get("/measures/<measure>/name")
@guarded("measure.name")
def name(measure: str) -> str:
    """The form to say what a measure is called."""
    with reading() as session:
        view = queries.measure(session, measure)
    form = Form()
    form.fill("name", view.name if view.is_named else "")
    form.fill("counted", view.counted)
    form.fill("better", view.better)
    return _page(view, form)


def _page(view: queries.MeasureView, form: Form) -> str:
    return render_template(
        "analysts/name.html", form=form, view=view, ways=list(BETTER.items()), desk=desk()
    )


@blueprint.post("/measures/<measure>/name")
@guarded("measure.name")
@idempotent
def say(measure: str) -> Any:
    """Call it so from now on."""
    form, actor = Form(request.form), current_actor()
    said = Naming(
        form.text("name", what="a name", chars=limits.NAME_CHARS_MAX, least=3),
        form.text("counted", what="what one of it is", required=False),
        form.choice("better", BETTER, what="which way is better"),
    )
    if not form.errors:
        try:
            run_unit(
                lambda session: service.name_measure(
                    session, measure=measure, naming=said, actor=actor, now=now()
                )
            )
        except (Forbidden, MeasureUnknown):
            raise
        except LedgerError as refusal:
            form.refuse(refusal, field=refusal.place if refusal.place in FIELDS else "name")
        else:
            flash(f"It is called {said.name} on every page now.", "success")
            return redirect(desk(), 303)
    with reading() as session:
        view = queries.measure(session, measure)
    return _page(view, form), 422
