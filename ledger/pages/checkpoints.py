"""The public pages of checkpoints: what was signed, to be kept by anybody."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, current_app, render_template
from sqlalchemy.orm import Session

from ledger.audit import queries
from ledger.audit.queries import CheckpointRow
from ledger.books import queries as books
from ledger.http import guarded, reading
from ledger.kernel.errors import Missing

blueprint = Blueprint("checkpoints", __name__)

VERIFIER = Path(__file__).resolve().parents[2] / "scripts" / "verify_books.py"
PLAIN = "text/plain; charset=utf-8"


def book_of(session: Session) -> int:
    """The book that this installation serves."""
    return books.book_id(session, current_app.extensions["ledger.settings"].book_code)


@blueprint.get("/checkpoint")
@guarded("checkpoint.read")
def latest() -> str:
    """The latest checkpoint, with how to keep and use it."""
    with reading() as session:
        rows = queries.checkpoints(session, book_of(session), rows_max=20)
    return render_template("auditors/checkpoint.html", rows=rows)


@blueprint.get("/checkpoint.txt")
@guarded("checkpoint.read")
def latest_text() -> Response:
    """The latest checkpoint exactly as it was signed."""
    return _text(_found(None), "checkpoint")


@blueprint.get("/checkpoint.key")
@guarded("checkpoint.read")
def key() -> Response:
    """The public key that checkpoints are signed with."""
    return Response(_found(None).key_line + "\n", content_type=PLAIN)


@blueprint.get("/checkpoints/<int:size>.txt")
@guarded("checkpoint.read")
def text(size: int) -> Response:
    """An older checkpoint exactly as it was signed."""
    return _text(_found(size), f"checkpoint-{size}")


@blueprint.get("/verify_books.py")
@guarded("public.read")
def verifier() -> Response:
    """The program that proves a pack without this service."""
    answer = Response(VERIFIER.read_text(encoding="utf-8"), content_type=PLAIN)
    answer.headers["Content-Disposition"] = "attachment; filename=verify_books.py"
    return answer


def _found(size: int | None) -> CheckpointRow:
    with reading() as session:
        book = book_of(session)
        found = (
            queries.latest_checkpoint(session, book)
            if size is None
            else queries.checkpoint(session, book, size)
        )
    if found is None:
        raise Missing("There is no such checkpoint.", remedy="See the latest one at /checkpoint.")
    return found


def _text(row: CheckpointRow, name: str) -> Response:
    answer = Response(row.note, content_type=PLAIN)
    answer.headers["Content-Disposition"] = f"inline; filename={name}.txt"
    return answer
