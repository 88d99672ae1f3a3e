"""Exports: audit packs, made in the background and downloaded when they are whole."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, send_file
from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.journals import book_of
from ledger.api.schemas.books import ExportList, ExportSchema, NewExport
from ledger.exports import checkpoints, pack, shelf
from ledger.exports.tables import Scope
from ledger.http import current_actor, guarded, idempotent, run_unit
from ledger.kernel.clock import now

blp = resource("exports", "Audit packs that prove themselves offline")


@blp.route("/")
class Exports(MethodView):
    """All packs."""

    @guarded("export.make")
    @blp.response(200, ExportList)
    def get(self) -> dict[str, Any]:
        """List the packs that are there or being made, the newest first."""
        return {"items": shelf.listed(now=now())}

    @guarded("export.make")
    @idempotent
    @blp.arguments(NewExport)
    @blp.response(202, ExportSchema)
    def post(self, body: dict[str, Any]) -> tuple[shelf.Shelved, int, dict[str, str]]:
        """Begin to make a pack; the same period under the same checkpoint is the same pack."""
        at, by = now(), current_actor().person
        code = current_app.extensions["ledger.settings"].book_code

        def unit(session: Session) -> Scope:
            book = book_of(session)
            checkpoints.make_within(session, book=book, reason="asked", made_by=by, now=at)
            return pack.scope_of(session, book=book, code=code, **body)

        name = shelf.start(run_unit(unit), now=at)
        return shelf.look(name, now=at), 202, {"Location": f"{PREFIX}/exports/{name}"}


@blp.route("/<name>")
class Export(MethodView):
    """One pack."""

    @guarded("export.make")
    @blp.response(200, ExportSchema)
    def get(self, name: str) -> shelf.Shelved:
        """Say how far a pack is."""
        return shelf.look(name, now=now())


@blp.route("/<name>/file")
class ExportFile(MethodView):
    """One pack's file."""

    @guarded("export.make")
    @blp.response(200, content_type="application/zip")
    def get(self, name: str) -> Response:
        """Download a pack that is done."""
        path = shelf.download(name, now=now())
        return send_file(path, "application/zip", as_attachment=True, download_name=f"{name}.zip")
