"""Awards in the form of the 360Giving data standard, so that funders can be seen side by side."""

from __future__ import annotations

import json
from typing import IO, Final

from flask import current_app
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.exports import paying, rules
from ledger.exports.paying import Line
from ledger.exports.tables import Scope
from ledger.exports.texts import written

VERSION: Final = "1.4"
_BOOK: Final = text("SELECT name FROM book WHERE id = :book")


def write(session: Session, scope: Scope, out: IO[bytes]) -> None:
    """X22: one grant for each award of the period to an organisation, in order of number."""
    funder = session.execute(_BOOK, {"book": scope.book}).scalar_one()
    prefix = current_app.extensions["ledger.settings"].giving_prefix or scope.code
    head = {"version": VERSION, "title": f"Awards in the books of {funder}, {scope.words}"}
    out.write(f'{json.dumps(head, ensure_ascii=False)[:-1]}, "grants": ['.encode())
    between = "\n"
    for line in paying.awards(session, scope):
        if line.payee:
            out.write(f"{between}{_grant(line, prefix, scope.code, funder)}".encode())
            between = ",\n"
    out.write(b"\n]}\n")


def _grant(line: Line, prefix: str, code: str, funder: str) -> str:
    """One grant as text. Its sum is written from whole pence: JSON made of floats would round."""
    facts = {
        "id": f"{prefix}-{line.id.replace(':', '-')}-{line.payee}",
        "title": rules.title(line.purpose),
        "description": line.purpose,
        "currency": "GBP",
        "awardDate": line.on.isoformat(),
        "recipientOrganization": [{"id": f"{prefix}-{line.payee}", "name": line.beneficiary}],
        "fundingOrganization": [
            {"id": f"{prefix}-{code}", "name": funder, "department": line.fund}
        ],
    }
    words = json.dumps(facts, ensure_ascii=False)
    return f'{words[:-1]}, "amountAwarded": {written(line.pence, 2)}}}'
