"""Witnesses: who co-signs checkpoints, and what each has co-signed."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.journals import book_of
from ledger.api.schemas.proofs import (
    EndedWitness,
    NewWitness,
    WitnessList,
    WitnessSchema,
)
from ledger.audit import queries, service
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel.clock import now

blp = resource("witnesses", "Who outside co-signs the checkpoints, by which key")


@blp.route("/")
class Witnesses(MethodView):
    """All witnesses."""

    @guarded("checkpoint.read")
    @blp.response(200, WitnessList)
    def get(self) -> dict[str, Any]:
        """List everybody who is or was a witness."""
        with reading() as session:
            return {"items": queries.witnesses(session, book_of(session))}

    @guarded("witness.register")
    @idempotent
    @blp.arguments(NewWitness)
    @blp.response(201, WitnessSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Register a witness by the key that it published."""
        by, at = current_actor().person, now()

        def unit(session: Session) -> queries.WitnessView:
            made = service.register_witness(
                session, book=book_of(session), called=body["called"], key_line=body["key"],
                by=by, now=at,
            )  # fmt: skip
            return queries.witness(session, made)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/witnesses/{made.id}"}


@blp.route("/<witness>")
class Witness(MethodView):
    """One witness."""

    @guarded("checkpoint.read")
    @blp.response(200, WitnessSchema)
    def get(self, witness: str) -> queries.WitnessView:
        """Show one witness."""
        with reading() as session:
            return queries.witness(session, witness)


@blp.route("/<witness>/end")
class WitnessEnd(MethodView):
    """Ending a witness."""

    @guarded("witness.register")
    @idempotent
    @blp.arguments(EndedWitness)
    @blp.response(200, WitnessSchema)
    def post(self, body: dict[str, Any], witness: str) -> queries.WitnessView:
        """Let a witness co-sign no more; what it has co-signed stays."""
        by, at = current_actor().person, now()

        def unit(session: Session) -> queries.WitnessView:
            service.end_witness(session, witness=witness, reason=body["reason"], by=by, now=at)
            return queries.witness(session, witness)

        return run_unit(unit)
