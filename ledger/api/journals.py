"""Journals: what was posted, in order, with its proof."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import current_app
from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import resource
from ledger.api.schemas.base import page_of
from ledger.api.schemas.books import (
    JournalQuery,
    JournalSchema,
    ProofSchema,
    WholeJournalSchema,
)
from ledger.books import queries
from ledger.exports import checkpoints
from ledger.http import guarded, reading
from ledger.http.pagination import Page, decode, page
from ledger.kernel.clock import from_microseconds

blp = resource("journals", "Everything that was posted, in order; never edited")


def book_of(session: Session) -> int:
    """The book that this installation serves."""
    return queries.book_id(session, current_app.extensions["ledger.settings"].book_code)


def _shown(row: queries.JournalRow) -> dict[str, Any]:
    return asdict(row) | {"recorded_at": from_microseconds(row.recorded_us)}


@blp.route("/")
class Journals(MethodView):
    """All journals."""

    @guarded("books.read")
    @blp.arguments(JournalQuery, location="query")
    @blp.response(200, page_of(JournalSchema))
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List journals by number, all or those of one pledge, booking or agreement."""
        after = int(decode(query["after"], int)[0]) if query["after"] else 0
        with reading() as session:
            rows = queries.journals(
                session, book_of(session), group=query["group"], after=after,
                limit=query["limit"] + 1,
            )  # fmt: skip
        shown = [_shown(row) for row in rows]
        return page(shown, size=query["limit"], key=lambda row: [row["seq"]])


@blp.route("/<int:seq>")
class Journal(MethodView):
    """One journal."""

    @guarded("books.read")
    @blp.response(200, WholeJournalSchema)
    def get(self, seq: int) -> dict[str, Any]:
        """Show one journal with its entries and the bytes by which it is known."""
        with reading() as session:
            book = book_of(session)
            row, entries = queries.journal(session, book, seq)
            leaf = queries.leaf(session, book, seq)
            answers = queries.answering(session, book, seq)
        return _shown(row) | answers._asdict() | {
            "entries": entries, "leaf": leaf.leaf.decode("ascii"),
            "leaf_hash": leaf.leaf_hash.hex(), "chain": leaf.chain.hex(),
        }  # fmt: skip


@blp.route("/<int:seq>/proof")
class JournalProof(MethodView):
    """The proof of one journal."""

    @guarded("books.read")
    @blp.response(200, ProofSchema)
    def get(self, seq: int) -> dict[str, Any]:
        """Prove that one journal is under a signed checkpoint."""
        with reading() as session:
            book = book_of(session)
            leaf = queries.leaf(session, book, seq)
            signed, hashes = checkpoints.inclusion(session, book=book, seq=seq)
        return {
            "index": seq - 1, "leaf_hash": leaf.leaf_hash.hex(), "checkpoint": signed.note,
            "hashes": [digest.hex() for digest in hashes],
        }  # fmt: skip
