"""Readings: the counts of a measure in an area, and the files that brought them."""

from __future__ import annotations

from typing import Any

from flask import request
from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import resource
from ledger.api.schemas.outcomes import ImportList, ReadingList, ReadingQuery, ReadingReport
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel.clock import london_day, now
from ledger.kernel.errors import Invalid
from ledger.outcomes import queries, service
from ledger.outcomes.rules.files import parse, slug
from ledger.outcomes.rules.windows import is_suppressed
from ledger.parties.rules import may

blp = resource("readings", "Monthly counts; a correction is a new revision, never an edit")

UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "measure"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "measure": {"type": "string"},
                        "dry_run": {"type": "string", "enum": ["yes", "no"]},
                    },
                }
            }
        },
    }
}


@blp.route("/")
class Readings(MethodView):
    """The readings of one measure in one area."""

    @guarded("measure.read")
    @blp.arguments(ReadingQuery, location="query")
    @blp.response(200, ReadingList)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the latest readings; the public does not see counts from 1 to 4."""
        with reading() as session:
            view = queries.measure(session, query["measure"])
            series = queries.series_of(session, measure_version=view.version_id)
            number = series.get(query["area"])
            found = (
                queries.readings(
                    session, series=[number], from_on=query["from_on"], to_on=query["to_on"]
                ).get(number, [])
                if number is not None
                else []
            )
        staff = may(current_actor(), "approval.read")
        return {
            "items": [
                {
                    "month": one.month,
                    "value": one.value if staff or not is_suppressed(one.value) else None,
                    "revision": one.revision,
                }
                for one in found
            ]
        }


@blp.route("/imports")
class Imports(MethodView):
    """Files that were read."""

    @guarded("reading.import")
    @blp.response(200, ImportList)
    def get(self) -> dict[str, Any]:
        """List the latest imports."""
        with reading() as session:
            return {"items": queries.imports(session)}

    @guarded("reading.import")
    @idempotent
    @blp.doc(**UPLOAD)  # type: ignore[untyped-decorator]
    @blp.response(201, ReadingReport)
    def post(self) -> service.Report:
        """Read a CSV file (``multipart/form-data``); the same file again changes nothing."""
        upload = request.files.get("file")
        measure = request.form.get("measure", "")
        dry_run = request.form.get("dry_run", "no")
        if upload is None or dry_run not in ("yes", "no"):
            raise Invalid(
                "There is no file, or dry_run is neither yes nor no.",
                remedy="Send the parts “file” and “measure” of multipart/form-data.",
                place="file" if upload is None else "dry_run",
            )
        if not measure or measure != ".".join(slug(part) for part in measure.split(".")):
            raise Invalid(
                f"“{measure[:80]}” is not the code of a measure.",
                remedy="Use small letters, digits, hyphens and dots.",
                place="measure",
            )
        content = upload.stream.read()
        at, actor = now(), current_actor()
        parsed = parse(content, today=london_day(at))

        def unit(session: Session) -> service.Report:
            return service.import_readings(
                session, measure=measure, parsed=parsed, content=content,
                filename=upload.filename or "upload.csv", actor=actor, now=at,
                dry_run=dry_run == "yes",
            )  # fmt: skip

        return run_unit(unit)
