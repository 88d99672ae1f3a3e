"""The public pages of checkpoints: what was signed, to be kept by anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Blueprint, Response, current_app, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.audit import queries
from ledger.audit.queries import CheckpointRow
from ledger.books import queries as books
from ledger.http import guarded, pagination, reading
from ledger.kernel import limits
from ledger.kernel.errors import Missing

blueprint = Blueprint("checkpoints", __name__)

PROGRAMS = Path(__file__).resolve().parents[2] / "scripts"
PLAIN = "text/plain; charset=utf-8"
NEWEST: Final = 10
REASONS: Final = {
    "daily": "Every night",
    "close": "A period was closed",
    "asked": "Asked for",
}


def book_of(session: Session) -> int:
    """The book that this installation serves."""
    return books.book_id(session, current_app.extensions["ledger.settings"].book_code)


@blueprint.get("/checkpoint")
@guarded("checkpoint.read")
def latest() -> str:
    """The latest checkpoint, who has co-signed it, how to keep and use it, and those before."""
    return _page(None)


@blueprint.get("/checkpoints/<int:size>")
@guarded("checkpoint.read")
def one(size: int) -> str:
    """An older checkpoint, and who has co-signed it."""
    return _page(size)


def _page(size: int | None) -> str:
    with reading() as session:
        book = book_of(session)
        newest = queries.latest_checkpoint(session, book)
        row = newest if size is None else queries.checkpoint(session, book, size)
        if row is None and size is not None:
            raise _missing()
        rows = queries.checkpoints(session, book, rows_max=NEWEST) if size is None else []
        shown = [*rows, row] if row else []
        return render_template(
            "auditors/checkpoint.html",
            row=row,
            is_newest=row == newest,
            note=queries.cosigned_note(session, row) if row else "",
            lines=queries.cosignatures(session, book, [row.size]) if row else [],
            standings=queries.standings(session, shown),
            rows=rows,
            reasons=REASONS,
        )


@blueprint.get("/checkpoints")
@guarded("checkpoint.read")
def every() -> str:
    """Every checkpoint there is, the newest first."""
    cursor = request.args.get("after", "")
    before = int(pagination.decode(cursor, int)[0]) if cursor else None
    size = limits.PAGE_ROWS_DEFAULT
    with reading() as session:
        found = queries.checkpoints(session, book_of(session), before=before, rows_max=size + 1)
        page = pagination.page(found, size=size, key=lambda row: [row.size])
        standings = queries.standings(session, page.items)
    older = address("checkpoints.every", after=page.next) if page.next else ""
    return render_template(
        "auditors/checkpoints.html", rows=page.items, standings=standings, older=older,
        reasons=REASONS,
    )  # fmt: skip


@blueprint.get("/checkpoint.txt")
@guarded("checkpoint.read")
def latest_text() -> Response:
    """The latest checkpoint as it was signed, with every co-signature below it."""
    return _text(None)


@blueprint.get("/checkpoint.key")
@guarded("checkpoint.read")
def key() -> Response:
    """The public key that checkpoints are signed with."""
    return Response(_found(None).key_line + "\n", content_type=PLAIN)


@blueprint.get("/checkpoints/<int:size>.txt")
@guarded("checkpoint.read")
def text(size: int) -> Response:
    """An older checkpoint as it was signed, with every co-signature below it."""
    return _text(size)


@blueprint.get("/verify_books.py")
@guarded("public.read")
def verifier() -> Response:
    """The program that proves a pack without this service."""
    return program("verify_books.py")


@blueprint.get("/verify_decisions.py")
@guarded("public.read")
def verifier_of_decisions() -> Response:
    """The program that makes the decisions in a pack again; it needs the first beside it."""
    return program("verify_decisions.py")


@blueprint.get("/verify_inspection.py")
@guarded("public.read")
def verifier_of_inspections() -> Response:
    """The program that proves the bundle of an inspection; it needs the first beside it."""
    return program("verify_inspection.py")


def program(name: str) -> Response:
    """One of the programs that people take home."""
    answer = Response((PROGRAMS / name).read_text(encoding="utf-8"), content_type=PLAIN)
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
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
        raise _missing()
    return found


def _missing() -> Missing:
    return Missing("There is no such checkpoint.", remedy="See the latest one at /checkpoint.")


def _text(size: int | None) -> Response:
    row = _found(size)
    with reading() as session:
        words = queries.cosigned_note(session, row)
    answer = Response(words, content_type=PLAIN)
    answer.headers["Content-Disposition"] = f"inline; filename=checkpoint-{row.size}.txt"
    return answer
