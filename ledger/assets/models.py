"""The register's tables: registers, assets with every version, imports with their notes, listings."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards

_Key = BigInteger().with_variant(Integer, "sqlite")


class AssetRegister(Base):
    """One list that a publisher keeps: files of the same register follow each other."""

    __tablename__ = "asset_register"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    profile: Mapped[str]
    licence: Mapped[str]
    source: Mapped[str]
    last_import: Mapped[str] = mapped_column(default="")
    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 300", name="name"),)


class AssetImport(Base):
    """One file read into a register: what it was and what it changed. Never edited."""

    __tablename__ = "asset_import"
    __table_args__ = (
        CheckConstraint(
            "rows_read >= 0 AND added >= 0 AND changed >= 0 AND unchanged >= 0 AND not_seen >= 0"
            " AND rows_read = added + changed + unchanged",
            name="counts",
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(ForeignKey("asset_register.id"), index=True)
    number: Mapped[int]
    file_name: Mapped[str]
    file_digest: Mapped[str] = mapped_column(index=True)
    file_bytes: Mapped[int]
    encoding: Mapped[str]
    profile: Mapped[str]
    rows_read: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    not_seen: Mapped[int]
    noted: Mapped[int]
    imported_at: Mapped[datetime]
    imported_by: Mapped[str]


class AssetImportNote(Base):
    """One oddity of one line of one file."""

    __tablename__ = "asset_import_note"
    __table_args__ = (Index("ix_asset_import_note_kind", "import_id", "kind", "line"),)
    id: Mapped[int] = mapped_column(_Key, primary_key=True, autoincrement=True)
    import_id: Mapped[str] = mapped_column(ForeignKey("asset_import.id"))
    line: Mapped[int]
    kind: Mapped[str]
    column_name: Mapped[str]
    found: Mapped[str]


class Asset(Base):
    """A building or piece of land as last published. Points are millionths of a degree."""

    __tablename__ = "asset"
    __table_args__ = (
        UniqueConstraint("register", "code"),
        CheckConstraint("state IN ('current', 'not_seen', 'ended')", name="state"),
        CheckConstraint(
            "occupancy IN ('in use', 'part', 'vacant', 'surplus', 'unknown')", name="occupancy"
        ),
        CheckConstraint("kind IN ('holding', 'brownfield', 'place', 'building')", name="kind"),
        CheckConstraint("length(name) BETWEEN 1 AND 300", name="name"),
        CheckConstraint("length(uprn) <= 12", name="uprn"),
        CheckConstraint(
            "(lat_microdegrees IS NULL) = (lon_microdegrees IS NULL)"
            " AND (lat_microdegrees IS NULL OR (lat_microdegrees BETWEEN 49000000 AND 61500000"
            " AND lon_microdegrees BETWEEN -9500000 AND 2500000))",
            name="point",
        ),
        Index("ix_asset_state_name", "state", "name", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(ForeignKey("asset_register.id"))
    code: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    council: Mapped[str]
    uprn: Mapped[str] = mapped_column(index=True)
    street_number: Mapped[str]
    street: Mapped[str]
    town: Mapped[str]
    postcode: Mapped[str]
    lat_microdegrees: Mapped[int | None]
    lon_microdegrees: Mapped[int | None]
    tenure: Mapped[str]
    tenure_detail: Mapped[str]
    other_detail: Mapped[str]
    holding: Mapped[str]
    occupancy: Mapped[str]
    size: Mapped[str]
    area: Mapped[str]
    energy_rating: Mapped[str]
    ownership: Mapped[str]
    website: Mapped[str]
    effective_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    state: Mapped[str]
    search: Mapped[str]
    digest: Mapped[str]
    version: Mapped[int]
    first_import: Mapped[str]
    last_import: Mapped[str] = mapped_column(index=True)


class AssetVersion(Base):
    """Everything a register said of an asset at one import, kept for ever."""

    __tablename__ = "asset_version"
    asset: Mapped[str] = mapped_column(ForeignKey("asset.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[str] = mapped_column(index=True)
    line: Mapped[int]
    change: Mapped[str]
    facts: Mapped[str]
    recorded_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("change IN ('added', 'changed', 'not_seen', 'returned')", name="change"),
    )


class Listing(Base):
    """A broker's advert for an asset: what is offered, by whom, on what terms."""

    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'offered', 'withdrawn')", name="state"),
        CheckConstraint("terms IN ('hire', 'licence', 'meanwhile', 'transfer')", name="terms"),
        CheckConstraint("length(summary) <= 5000", name="summary"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    asset: Mapped[str] = mapped_column(ForeignKey("asset.id"), unique=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    organisation: Mapped[str]
    terms: Mapped[str]
    summary: Mapped[str]
    state: Mapped[str]
    listed_by: Mapped[str]
    listed_at: Mapped[datetime]


declare_guards(
    [
        "asset_no_delete", "asset_version_no_update", "asset_version_no_delete",
        "asset_import_no_update", "asset_import_no_delete",
        "asset_import_note_no_update", "asset_import_note_no_delete",
    ]
)  # fmt: skip
