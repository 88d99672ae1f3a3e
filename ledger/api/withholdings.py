"""What is withheld from public inspection by hand: listed for everybody, marked and shown again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import resource
from ledger.api.journals import book_of
from ledger.api.schemas.inspections import NewWithholding, WithheldList
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.inspections import queries, service
from ledger.kernel import limits
from ledger.kernel.clock import now

blp = resource("withholdings", "What is withheld from public inspection by hand, and why")


@blp.route("/inspections/<reference>")
class OfInspection(MethodView):
    """What is withheld of one inspection."""

    @guarded("inspection.read")
    @blp.response(200, WithheldList)
    def get(self, reference: str) -> dict[str, Any]:
        """List what is withheld by hand, with the reasons; the bundle lists more than the first."""
        with reading() as session:
            view = queries.inspection(session, reference)
            return {"items": queries.withheld(session, view, limit=limits.PAGE_ROWS_MAX)}


def _changed(step: Callable[..., None], seq: int, body: dict[str, Any]) -> dict[str, Any]:
    actor, at = current_actor(), now()

    def unit(session: Session) -> list[queries.Withheld]:
        book = book_of(session)
        step(session, book=book, journal=seq, **body, actor=actor, now=at)
        return queries.withheld_of(session, book, seq)

    return {"items": run_unit(unit)}


@blp.route("/journals/<int:seq>")
class OfJournal(MethodView):
    """What is withheld of one journal."""

    @guarded("books.read")
    @blp.response(200, WithheldList)
    def get(self, seq: int) -> dict[str, Any]:
        """List what of a journal is withheld by hand."""
        with reading() as session:
            return {"items": queries.withheld_of(session, book_of(session), seq)}

    @guarded("inspection.withhold")
    @idempotent
    @blp.arguments(NewWithholding)
    @blp.response(200, WithheldList)
    def post(self, body: dict[str, Any], seq: int) -> dict[str, Any]:
        """Keep parts of a journal from the public, as commercially confidential."""
        return _changed(service.withhold, seq, body)


@blp.route("/journals/<int:seq>/showing")
class Showing(MethodView):
    """Giving the public what was withheld."""

    @guarded("inspection.withhold")
    @idempotent
    @blp.arguments(NewWithholding)
    @blp.response(200, WithheldList)
    def post(self, body: dict[str, Any], seq: int) -> dict[str, Any]:
        """Show the public again what was withheld by hand."""
        return _changed(service.show_again, seq, body)
