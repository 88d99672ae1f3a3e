"""Checkpoints: what was signed, and the proof that the later only added to the earlier."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.journals import book_of
from ledger.api.schemas.base import Empty, PageQuery, page_of
from ledger.api.schemas.books import CheckpointSchema, ConsistencyQuery, ConsistencySchema
from ledger.api.schemas.proofs import CosignedNote, StandingSchema
from ledger.audit import queries, rules
from ledger.audit.queries import CheckpointRow
from ledger.exports import checkpoints, witnessing
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.pagination import Page, decode, page
from ledger.kernel.clock import now
from ledger.kernel.errors import Missing

blp = resource("checkpoints", "Signed checkpoints of the whole history, for anybody to keep")
P = ParamSpec("P")
R = TypeVar("R")


@blp.route("/")
class Checkpoints(MethodView):
    """All checkpoints."""

    @guarded("checkpoint.read")
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(CheckpointSchema))
    def get(self, query: dict[str, Any]) -> Page[CheckpointRow]:
        """List checkpoints, the newest first."""
        before = int(decode(query["after"], int)[0]) if query["after"] else None
        with reading() as session:
            rows = queries.checkpoints(
                session, book_of(session), before=before, rows_max=query["limit"] + 1
            )
        return page(rows, size=query["limit"], key=lambda row: [row.size])

    @guarded("checkpoint.make")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(201, CheckpointSchema)
    def post(self, body: dict[str, Any]) -> tuple[CheckpointRow, int, dict[str, str]]:
        """Hash everything again and sign it; the same journals give the same checkpoint."""
        del body
        at, by = now(), current_actor().person

        def unit(session: Session) -> CheckpointRow:
            book = book_of(session)
            return checkpoints.make_within(session, book=book, reason="asked", made_by=by, now=at)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/checkpoints/{made.size}"}


@blp.route("/<int:size>")
class Checkpoint(MethodView):
    """One checkpoint."""

    @guarded("checkpoint.read")
    @blp.response(200, CheckpointSchema)
    def get(self, size: int) -> CheckpointRow:
        """Show the checkpoint of so many journals."""
        with reading() as session:
            return _found(session, size)


@blp.route("/<int:size>/consistency")
class Consistency(MethodView):
    """One checkpoint against an older one."""

    @guarded("checkpoint.read")
    @blp.arguments(ConsistencyQuery, location="query")
    @blp.response(200, ConsistencySchema)
    def get(self, query: dict[str, Any], size: int) -> dict[str, Any]:
        """Prove that this checkpoint only added to the one of ``old`` journals."""
        with reading() as session:
            _found(session, size)
            older = _found(session, query["old"])
            if older.size > size:
                raise Missing("The other checkpoint is the newer one.", remedy="Exchange them.")
            hashes = checkpoints.consistency(
                session, book=book_of(session), old=older.size, new=size
            )
        return {"old": older.size, "size": size, "hashes": [one.hex() for one in hashes]}


def keeping_evidence(view: Callable[P, R]) -> Callable[P, R]:
    """Write down, outside the unit that was undone, what showed that there are two histories."""

    @wraps(view)
    def watched(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return view(*args, **kwargs)
        except rules.ForkFound as fork:
            found, at = fork, now()
            by = current_actor().person
            run_unit(lambda session: witnessing.keep_evidence(session, found, by=by, now=at))
            raise

    return watched


@blp.route("/<int:size>/cosignatures")
class Cosignatures(MethodView):
    """The co-signatures of one checkpoint."""

    @guarded("checkpoint.read")
    @blp.response(200, StandingSchema)
    def get(self, size: int) -> dict[str, Any]:
        """Show who has co-signed a checkpoint, and whether that is enough."""
        with reading() as session:
            return _standing(session, size)

    @guarded("checkpoint.cosign")
    @keeping_evidence
    @idempotent
    @blp.arguments(CosignedNote)
    @blp.response(201, StandingSchema)
    def post(self, body: dict[str, Any], size: int) -> dict[str, Any]:
        """Add co-signatures; the witness's key proves who sends them, so nobody need sign in."""
        at = now()

        def unit(session: Session) -> dict[str, Any]:
            witnessing.accept(
                session, book=book_of(session), size=size, note=body["note"] + "\n", now=at
            )
            return _standing(session, size)

        return run_unit(unit)


def _standing(session: Session, size: int) -> dict[str, Any]:
    row = _found(session, size)
    standing = queries.standings(session, [row])[size]
    return {
        "size": size, "cosigned": len(standing.cosigned), "of": standing.of,
        "needed": standing.needed, "is_witnessed": standing.is_witnessed,
        "note": queries.cosigned_note(session, row),
        "items": queries.cosignatures(session, row.book, [size]),
    }  # fmt: skip


def _found(session: Session, size: int) -> CheckpointRow:
    return witnessing.found(session, book=book_of(session), size=size)
