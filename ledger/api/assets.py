"""The register of public buildings and land: read it, import files, list a building, its hours."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource, yes_or_no
from ledger.api.schemas.assets import (
    AssetImportList,
    AssetImportReport,
    AssetImportSchema,
    AssetNoteList,
    AssetNoteQuery,
    AssetQuery,
    AssetSchema,
    AssetVersionList,
    BuildingClosure,
    ListingSchema,
    NewAsset,
    NewBuildingClosure,
    NewListing,
    NewOpeningHours,
)
from ledger.api.schemas.base import page_of
from ledger.assets import queries, rules, service
from ledger.bookings import service as bookings
from ledger.bookings.rules import Opening
from ledger.books import queries as books
from ledger.http import (
    current_actor,
    guarded,
    idempotent,
    reading,
    reads_first,
    run_unit,
    was_read,
)
from ledger.http.pagination import Page, decode, page
from ledger.kernel.clock import now
from ledger.kernel.errors import Invalid
from ledger.kernel.texts import clean_line

blp = resource("assets", "Public buildings and land, with every version of what was published")

UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "profile": {"type": "string"},
                        "register": {"type": "string"},
                        "dry_run": {"type": "string", "enum": ["yes", "no"]},
                        "expect_fewer": {"type": "string", "enum": ["yes", "no"]},
                    },
                }
            }
        },
    }
}


def _read_upload() -> tuple[service.Prepared, bool, bool]:
    """The file, read and judged; whether only to try it; whether most rows may be missing."""
    upload = request.files.get("file")
    if upload is None:
        raise Invalid(
            "There is no file.",
            remedy="Send it as the part “file” of multipart/form-data.",
            place="file",
        )
    profile = request.form.get("profile", "auto")
    if profile not in ("auto", *rules.PROFILES):
        raise Invalid(
            "That profile is not known.",
            remedy=f"Use one of: auto, {', '.join(rules.PROFILES)}.",
            place="profile",
        )
    dry_run, expect_fewer = yes_or_no("dry_run"), yes_or_no("expect_fewer")
    prepared = service.prepare(
        upload.stream,  # type: ignore[arg-type]
        file_name=upload.filename or "upload.csv",
        profile=profile,
        register=clean_line(request.form.get("register", ""), place="register"),
    )
    return prepared, dry_run, expect_fewer


@blp.route("/")
class Assets(MethodView):
    """The register."""

    @guarded("asset.read")
    @blp.arguments(AssetQuery, location="query")
    @blp.response(200, page_of(AssetSchema))
    def get(self, query: dict[str, Any]) -> Page[queries.PublicAsset]:
        """List current assets by name."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        with reading() as session:
            rows = queries.public_list(
                session, search=query["search"], occupancy=query["occupancy"],
                listed=query["listed"] == "yes", after=after, limit=query["limit"] + 1,
            )  # fmt: skip
        return page(rows, size=query["limit"], key=lambda row: [row.id])

    @guarded("asset.change")
    @idempotent
    @blp.arguments(NewAsset)
    @blp.response(201, AssetSchema)
    def post(self, body: dict[str, Any]) -> tuple[queries.PublicAsset, int, dict[str, str]]:
        """Add a building that no file brought."""

        def unit(session: Session) -> queries.PublicAsset:
            made = service.add_building(session, **body, actor=current_actor(), now=now())
            return queries.public_asset(session, made)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/assets/{made.id}"}


@blp.route("/imports")
class Imports(MethodView):
    """Files that were read into registers."""

    @guarded("asset.import")
    @blp.response(200, AssetImportList)
    def get(self) -> dict[str, Any]:
        """List the latest imports."""
        with reading() as session:
            return {"items": queries.imports(session)}

    @guarded("asset.import")
    @idempotent
    @blp.doc(**UPLOAD)  # type: ignore[untyped-decorator]
    @blp.response(201, AssetImportReport)
    @reads_first(_read_upload)
    def post(self) -> service.Report:
        """Read a CSV file (``multipart/form-data``); the same file again changes nothing."""
        prepared, dry_run, expect_fewer = was_read()
        return run_unit(
            lambda session: service.import_register(
                session, prepared=prepared, actor=current_actor(), now=now(), dry_run=dry_run,
                expect_fewer=expect_fewer,
            )
        )  # fmt: skip


@blp.route("/imports/<import_id>")
class Import(MethodView):
    """One import."""

    @guarded("asset.import")
    @blp.response(200, AssetImportSchema)
    def get(self, import_id: str) -> queries.ImportRow:
        """Show one import's report."""
        with reading() as session:
            return queries.import_report(session, import_id)


@blp.route("/imports/<import_id>/notes")
class Notes(MethodView):
    """What was odd about a file."""

    @guarded("asset.import")
    @blp.arguments(AssetNoteQuery, location="query")
    @blp.response(200, AssetNoteList)
    def get(self, query: dict[str, Any], import_id: str) -> dict[str, Any]:
        """List the oddities that an import found, by line."""
        with reading() as session:
            queries.import_report(session, import_id)
            rows = queries.notes(session, import_id, kind=query["kind"], after=query["after_line"])
        return {"items": [_note(row) for row in rows]}


def _note(row: rules.Note) -> dict[str, Any]:
    words = rules.NOTE_KINDS[row.kind]
    return {
        "line": row.line, "kind": row.kind, "column": row.column, "found": row.found,
        "title": words.title, "remedy": words.remedy, "mended": words.mended,
    }  # fmt: skip


@blp.route("/<asset>")
class Asset(MethodView):
    """One asset."""

    @guarded("asset.read")
    @blp.response(200, AssetSchema)
    def get(self, asset: str) -> queries.PublicAsset:
        """Show one asset, also when it is no longer current."""
        with reading() as session:
            return queries.public_asset(session, asset)


@blp.route("/<asset>/versions")
class Versions(MethodView):
    """What was ever published of an asset."""

    @guarded("asset.import")
    @blp.response(200, AssetVersionList)
    def get(self, asset: str) -> dict[str, Any]:
        """List every version, newest first."""
        with reading() as session:
            queries.public_asset(session, asset)
            return {"items": queries.versions(session, asset)}


@blp.route("/<asset>/listing")
class Listing(MethodView):
    """The advert for an asset."""

    @guarded("asset.list")
    @idempotent
    @blp.arguments(NewListing)
    @blp.response(201, ListingSchema)
    def post(self, body: dict[str, Any], asset: str) -> queries.ListingRow:
        """Offer an asset for use."""
        actor = current_actor()

        def unit(session: Session) -> queries.ListingRow:
            book = books.book_id(session, current_app.extensions["ledger.settings"].book_code)
            made = service.list_asset(
                session, asset=asset, book=book, organisation=actor.organisation or "", **body,
                actor=actor, now=now(),
            )  # fmt: skip
            return queries.listing(session, made)

        return run_unit(unit)


@blp.route("/<asset>/hours")
class Hours(MethodView):
    """The opening hours of a building."""

    @guarded("asset.list")
    @idempotent
    @blp.arguments(NewOpeningHours)
    @blp.response(204)
    def post(self, body: dict[str, Any], asset: str) -> None:
        """Set opening hours from a day on."""
        openings = [Opening(**one) for one in body["openings"]]

        def unit(session: Session) -> None:
            queries.public_asset(session, asset)
            bookings.set_hours(
                session, asset=asset, openings=openings, from_on=body["from_on"],
                actor=current_actor(), now=now(),
            )  # fmt: skip

        run_unit(unit)


@blp.route("/<asset>/closures")
class Closures(MethodView):
    """Times in which a building is closed."""

    @guarded("asset.list")
    @idempotent
    @blp.arguments(NewBuildingClosure)
    @blp.response(201, BuildingClosure)
    def post(self, body: dict[str, Any], asset: str) -> dict[str, Any]:
        """Close a building for a time; with ``displacing`` its bookings give way."""
        moved = run_unit(
            lambda session: bookings.close_building(
                session, asset=asset, **body, actor=current_actor(), now=now()
            )
        )
        return {"displaced": moved}
