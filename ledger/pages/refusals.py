"""What every refusal means: where the ``type`` of a problem document leads."""

from __future__ import annotations

import inspect

from flask import Blueprint, render_template

from ledger.http import guarded
from ledger.http.problems import PLAIN, STATUS
from ledger.kernel.errors import LedgerError

blueprint = Blueprint("refusals", __name__)


@blueprint.get("/help/errors")
@guarded("public.read")
def errors() -> str:
    """Every code there is, with its status and what it means."""
    rows = {one.code: (one.title, STATUS[one.kind], _meaning(one)) for one in _below(LedgerError)}
    for status, (code, title, facts, remedy) in PLAIN.items():
        rows.setdefault(code, (title, status, f"{facts} {remedy}"))
    return render_template("public/errors.html", rows=sorted(rows.items()))


def _below(kind: type[LedgerError]) -> list[type[LedgerError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in _below(child))]


def _meaning(kind: type[LedgerError]) -> str:
    words = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
    number, colon, rest = words.partition(": ")
    return rest[:1].upper() + rest[1:] if colon and any(c.isdigit() for c in number) else words
