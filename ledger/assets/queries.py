"""Questions to the register. Points are whole millionths of a degree (WGS84)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ledger.assets import rules
from ledger.assets.models import (
    Asset,
    AssetImport,
    AssetImportNote,
    AssetRegister,
    AssetVersion,
    Listing,
)
from ledger.kernel import limits
from ledger.kernel.errors import Missing


@dataclass(frozen=True, slots=True)
class Standing:
    """What an import needs to know of an asset that is there already."""

    id: str
    version: int
    digest: str
    state: str


@dataclass(frozen=True, slots=True)
class PublicAsset:
    """An asset as anyone may see it (A10: a vacant one's postcode is only its district)."""

    id: str
    name: str
    kind: str
    council: str
    street: str
    town: str
    postcode: str
    lat_microdegrees: int | None
    lon_microdegrees: int | None
    holding: str
    tenure: str
    tenure_detail: str
    occupancy: str
    state: str
    effective_on: date | None
    listing: str | None
    summary: str


@dataclass(frozen=True, slots=True)
class MapPoint:
    """One mark on the map."""

    id: str
    name: str
    lat_microdegrees: int
    lon_microdegrees: int
    occupancy: str
    listed: bool


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A broker's advert."""

    id: str
    asset: str
    book: int
    organisation: str
    terms: str
    summary: str
    state: str
    listed_by: str
    listed_at: datetime


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import's report without its notes."""

    id: str
    register: str
    number: int
    file_name: str
    file_digest: str
    file_bytes: int
    encoding: str
    profile: str
    rows_read: int
    added: int
    changed: int
    unchanged: int
    not_seen: int
    noted: int
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What the register said of an asset at one time."""

    version: int
    change: str
    line: int
    import_id: str
    recorded_at: datetime
    facts: dict[str, Any]


_PUBLIC: Any = select(
    Asset.id, Asset.name, Asset.kind, Asset.council, Asset.street_number, Asset.street, Asset.town,
    Asset.postcode, Asset.lat_microdegrees, Asset.lon_microdegrees, Asset.holding, Asset.tenure,
    Asset.tenure_detail, Asset.occupancy, Asset.state, Asset.effective_on,
    Listing.id.label("listing"), Listing.summary,
).outerjoin(Listing, and_(Listing.asset == Asset.id, Listing.state == "offered"))  # fmt: skip


def _public(row: Any) -> PublicAsset:
    street = " ".join(part for part in (row.street_number, row.street) if part)
    return PublicAsset(
        id=row.id, name=row.name, kind=row.kind, council=row.council, street=street,
        town=row.town, lat_microdegrees=row.lat_microdegrees,
        postcode=rules.public_postcode(postcode=row.postcode, occupancy=row.occupancy),
        lon_microdegrees=row.lon_microdegrees, holding=row.holding, tenure=row.tenure,
        tenure_detail=row.tenure_detail, occupancy=row.occupancy, state=row.state,
        effective_on=row.effective_on, listing=row.listing, summary=row.summary or "",
    )  # fmt: skip


def public_list(
    session: Session, *, search: str = "", after: str = "", limit: int = 50, listed: bool = False,
    occupancy: str = "",
) -> list[PublicAsset]:  # fmt: skip
    """Current assets by name, beginning after the asset ``after``; every word must be found."""
    query = _narrowed(_PUBLIC, search=search, listed=listed, occupancy=occupancy)
    if after:
        here = session.execute(select(Asset.name).where(Asset.id == after)).scalar()
        if here is not None:
            query = query.where(or_(Asset.name > here, and_(Asset.name == here, Asset.id > after)))
    rows = session.execute(
        query.order_by(Asset.name, Asset.id).limit(min(limit, limits.PAGE_ROWS_MAX + 1))
    )
    return [_public(row) for row in rows]


def public_count(
    session: Session, *, search: str = "", listed: bool = False, occupancy: str = ""
) -> int:
    """How many assets `public_list` has in all."""
    query = _narrowed(_PUBLIC, search=search, listed=listed, occupancy=occupancy)
    return session.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _narrowed(query: Any, *, search: str, listed: bool, occupancy: str) -> Any:
    query = query.where(Asset.state == "current")
    seen = "".join(letter if letter.isprintable() else " " for letter in search)
    for word in seen.casefold().split()[:8]:
        escaped = word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        query = query.where(Asset.search.like(f"%{escaped}%", escape="\\"))
    if listed:
        query = query.where(Listing.id.is_not(None))
    return query.where(Asset.occupancy == occupancy) if occupancy else query


def map_points(
    session: Session, *, search: str = "", listed: bool = False, occupancy: str = "",
    limit: int = 2000,
) -> list[MapPoint]:  # fmt: skip
    """The marks of the map: current assets that have a point, listed ones first."""
    query = _narrowed(_PUBLIC, search=search, listed=listed, occupancy=occupancy).where(
        Asset.lat_microdegrees.is_not(None)
    )
    rows = session.execute(query.order_by(Listing.id.is_(None), Asset.name, Asset.id).limit(limit))
    return [
        MapPoint(row.id, row.name, row.lat_microdegrees, row.lon_microdegrees, row.occupancy,
                 row.listing is not None)
        for row in rows
    ]  # fmt: skip


def public_asset(session: Session, asset: str) -> PublicAsset:
    """One asset as anyone may see it, also when it is no longer current.

    Raises:
        Missing: there is none.
    """
    row = session.execute(_PUBLIC.where(Asset.id == asset)).first()
    if row is None:
        raise _no_asset(asset)
    return _public(row)


def get(session: Session, asset: str) -> Asset:
    """The asset's row.

    Raises:
        Missing: there is none.
    """
    found = session.get(Asset, asset)
    if found is None:
        raise _no_asset(asset)
    return found


def _no_asset(asset: str) -> Missing:
    return Missing(
        "There is no such building or land in the register.",
        remedy="Look for it in the list of buildings.",
        place=asset,
    )


def names(session: Session, assets: Sequence[str]) -> dict[str, str]:
    """The names of assets by reference."""
    rows = session.execute(select(Asset.id, Asset.name).where(Asset.id.in_(assets)))
    return {row.id: row.name for row in rows}


def versions(session: Session, asset: str) -> list[VersionRow]:
    """Everything that the register ever said of an asset, newest first."""
    rows = session.scalars(
        select(AssetVersion)
        .where(AssetVersion.asset == asset)
        .order_by(AssetVersion.version.desc())
        .limit(limits.PAGE_ROWS_MAX)
    )
    return [
        VersionRow(row.version, row.change, row.line, row.import_id, row.recorded_at,
                   json.loads(row.facts))
        for row in rows
    ]  # fmt: skip


def listing_of(session: Session, asset: str) -> ListingRow | None:
    """The advert for an asset, if it has one."""
    row = session.scalars(select(Listing).where(Listing.asset == asset)).first()
    return _listing(row) if row else None


def listing(session: Session, listing_id: str) -> ListingRow:
    """One advert.

    Raises:
        Missing: there is none.
    """
    row = session.get(Listing, listing_id)
    if row is None:
        raise Missing(
            "There is no such listing.", remedy="Look at the list of listings.", place=listing_id
        )
    return _listing(row)


def listings(session: Session, *, organisation: str = "") -> list[ListingRow]:
    """Every advert (of one organisation if it is named), newest first."""
    query = select(Listing).order_by(Listing.listed_at.desc(), Listing.id)
    if organisation:
        query = query.where(Listing.organisation == organisation)
    return [_listing(row) for row in session.scalars(query.limit(limits.PAGE_ROWS_MAX))]


def _listing(row: Listing) -> ListingRow:
    return ListingRow(
        row.id, row.asset, row.book, row.organisation, row.terms, row.summary, row.state,
        row.listed_by, row.listed_at,
    )  # fmt: skip


def standings(session: Session, *, register: str, codes: Sequence[str]) -> dict[str, Standing]:
    """The assets of a register with these codes, by code."""
    rows = session.execute(
        select(Asset.code, Asset.id, Asset.version, Asset.digest, Asset.state).where(
            Asset.register == register, Asset.code.in_(codes)
        )
    )
    return {row.code: Standing(row.id, row.version, row.digest, row.state) for row in rows}


def count_current(session: Session, *, register: str) -> int:
    """How many assets of the register are current or ended by their own date."""
    return session.execute(
        select(func.count()).where(Asset.register == register, Asset.state != "not_seen")
    ).scalar_one()


def count_imports(session: Session, *, register: str) -> int:
    """How many files were imported into the register."""
    return session.execute(
        select(func.count()).where(AssetImport.register == register)
    ).scalar_one()


def not_in_import(session: Session, *, register: str, import_id: str) -> list[tuple[str, int]]:
    """The assets that the import did not touch and that were seen before: id and version."""
    rows = session.execute(
        select(Asset.id, Asset.version)
        .where(
            Asset.register == register, Asset.state != "not_seen", Asset.last_import != import_id
        )
        .order_by(Asset.id)
    )
    return [(row.id, row.version) for row in rows]


_IMPORTS = select(AssetImport, AssetRegister.name).join(
    AssetRegister, AssetRegister.id == AssetImport.register
)


def _import_row(row: AssetImport, register: str) -> ImportRow:
    return ImportRow(
        row.id, register, row.number, row.file_name, row.file_digest, row.file_bytes,
        row.encoding, row.profile, row.rows_read, row.added, row.changed, row.unchanged,
        row.not_seen, row.noted, row.imported_at, row.imported_by,
    )  # fmt: skip


def imports(session: Session, *, limit: int = 50) -> list[ImportRow]:
    """The latest imports, newest first."""
    rows = session.execute(
        _IMPORTS.order_by(AssetImport.imported_at.desc(), AssetImport.id).limit(limit)
    )
    return [_import_row(row, name) for row, name in rows]


def import_report(session: Session, import_id: str) -> ImportRow:
    """One import's report.

    Raises:
        Missing: there is none.
    """
    found = session.execute(_IMPORTS.where(AssetImport.id == import_id)).first()
    if found is None:
        raise Missing(
            "There is no such import.", remedy="Look at the list of imports.", place=import_id
        )
    return _import_row(found[0], found[1])


def note_counts(session: Session, import_id: str) -> dict[str, int]:
    """How many oddities of each kind an import found, in the order of the rules."""
    rows = session.execute(
        select(AssetImportNote.kind, func.count())
        .where(AssetImportNote.import_id == import_id)
        .group_by(AssetImportNote.kind)
    )
    found = {row[0]: int(row[1]) for row in rows}
    return {kind: found[kind] for kind in rules.NOTE_KINDS if kind in found}


def notes(
    session: Session, import_id: str, *, kind: str = "", after: int = -1, limit: int = 1000
) -> list[rules.Note]:
    """An import's oddities in order of line (of one kind if named), after line ``after``."""
    query = select(AssetImportNote).where(
        AssetImportNote.import_id == import_id, AssetImportNote.line > after
    )
    if kind:
        query = query.where(AssetImportNote.kind == kind)
    rows = session.scalars(
        query.order_by(AssetImportNote.line, AssetImportNote.id).limit(
            min(limit, limits.IMPORT_PROBLEMS_SHOWN_MAX)
        )
    )
    return [rules.Note(row.line, row.kind, row.column_name, row.found) for row in rows]
