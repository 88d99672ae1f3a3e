"""The auditor's extracts: one file about the journals of a period."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, current_app, render_template, request

from ledger.exports import extracts, shelf
from ledger.http import guarded, reading
from ledger.http.downloads import download
from ledger.kernel.errors import LedgerError
from ledger.pages.checkpoints import book_of
from ledger.pages.forms import Form

blueprint = Blueprint("extracts", __name__)


@blueprint.get("/audit/extracts")
@guarded("export.make")
def choose() -> str:
    """What can be asked for, and for which days."""
    return _page(Form())


def _page(form: Form) -> str:
    return render_template(
        "auditors/extracts.html", form=form, extracts=list(extracts.EXTRACTS.values())
    )


@blueprint.get("/audit/extracts/file")
@guarded("export.make")
def file() -> Any:
    """The file itself, when it is whole; or the form again with what is wrong."""
    form = Form(request.args)
    kind = form.choice("kind", extracts.EXTRACTS, what="what the file holds")
    days: list[date | None] = [
        form.day("starts", what="the first day", required=False),
        form.day("ends", what="the last day", required=False),
    ]
    if form.errors:
        return _page(form), 422
    extract, code = extracts.named(kind), current_app.extensions["ledger.settings"].book_code
    with reading() as session:
        try:
            scope = extracts.scope_of(
                session, book=book_of(session), code=code, starts_on=days[0], ends_on=days[1]
            )
        except LedgerError as refusal:
            form.refuse(refusal, field="starts")
            return _page(form), 422
        made = extracts.opened(session, extract, scope, shelf.folder())
    return download(made, name=extracts.file_name(extract, scope), kind=extract.media_type)
