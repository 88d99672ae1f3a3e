"""Extracts: one file about the journals of a period, downloaded when it is whole."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from flask.views import MethodView

from ledger.api import resource
from ledger.api.journals import book_of
from ledger.api.schemas.extracts import ExtractList, ExtractQuery
from ledger.exports import extracts, shelf
from ledger.http import guarded, reading
from ledger.http.downloads import download

blp = resource("extracts", "One file about the journals of a period")


@blp.route("/")
class Extracts(MethodView):
    """The kinds of extract."""

    @guarded("export.make")
    @blp.response(200, ExtractList)
    def get(self) -> dict[str, Any]:
        """List what can be asked for."""
        return {"items": list(extracts.EXTRACTS.values())}


@blp.route("/<name>")
class ExtractFile(MethodView):
    """One extract."""

    @guarded("export.make")
    @blp.arguments(ExtractQuery, location="query")
    @blp.response(200, content_type="application/octet-stream")
    def get(self, query: dict[str, Any], name: str) -> Response:
        """Download an extract of a period; up to the same journal it is the same bytes."""
        extract = extracts.named(name)
        code = current_app.extensions["ledger.settings"].book_code
        with reading() as session:
            scope = extracts.scope_of(session, book=book_of(session), code=code, **query)
            file = extracts.opened(session, extract, scope, shelf.folder())
        return download(file, name=extracts.file_name(extract, scope), kind=extract.media_type)
