"""Readings: the counts of a measure in an area, and the files that brought them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from flask.views import MethodView

from ledger.api import resource, yes_or_no
from ledger.api.schemas.outcomes import ImportList, ReadingList, ReadingQuery, ReadingReport
from ledger.http import (
    current_actor,
    guarded,
    idempotent,
    reading,
    reads_first,
    run_unit,
    was_read,
)
from ledger.kernel.clock import london_day, now
from ledger.kernel.errors import Invalid
from ledger.outcomes import queries, service
from ledger.outcomes.rules.files import ParsedFile, check_code, parse
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


@dataclass(frozen=True, slots=True)
class _Upload:
    """A file that was sent, read and judged."""

    measure: str
    filename: str
    content: bytes
    parsed: ParsedFile
    dry_run: bool


def _read_upload() -> _Upload:
    upload = request.files.get("file")
    if upload is None:
        raise Invalid(
            "There is no file.",
            remedy="Send the parts “file” and “measure” of multipart/form-data.",
            place="file",
        )
    measure, dry_run = check_code(request.form.get("measure", "")), yes_or_no("dry_run")
    content, filename = upload.stream.read(), upload.filename or "upload.csv"
    parsed = parse(content, today=london_day(now()), name=filename)
    return _Upload(measure, filename, content, parsed, dry_run)


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
    @reads_first(_read_upload)
    def post(self) -> service.Report:
        """Read a CSV file (``multipart/form-data``); the same file again changes nothing."""
        read = was_read()
        return run_unit(
            lambda session: service.import_readings(
                session, measure=read.measure, parsed=read.parsed, content=read.content,
                filename=read.filename, actor=current_actor(), now=now(), dry_run=read.dry_run,
            )
        )  # fmt: skip
