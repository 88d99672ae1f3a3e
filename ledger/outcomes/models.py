"""The tables of outcomes. A reading is never edited: a correction is a row of its own."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards
from ledger.kernel.grants import declare_grants

_Key = BigInteger().with_variant(Integer, "sqlite")


class Measure(Base):
    """A defined indicator: what is counted, and which way is better."""

    __tablename__ = "measure"
    __table_args__ = (
        CheckConstraint("better IN ('lower', 'higher')", name="better"),
        CheckConstraint("length(id) BETWEEN 1 AND 200", name="code"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    better: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[str]


class MeasureVersion(Base):
    """One exact definition of a measure; two versions never meet in one test (O9)."""

    __tablename__ = "measure_version"
    __table_args__ = (UniqueConstraint("measure", "version"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(ForeignKey("measure.id"))
    version: Mapped[int]
    definition: Mapped[str]
    source: Mapped[str]
    supplier: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[str]


class MeasureName(Base):
    """What a measure is called from then on, and what one of it is in words; never edited (O12)."""

    __tablename__ = "measure_name"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("better IN ('lower', 'higher')", name="better"),
        CheckConstraint("length(name) BETWEEN 3 AND 200", name="name"),
    )
    measure: Mapped[str] = mapped_column(ForeignKey("measure.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    counted: Mapped[str]
    better: Mapped[str]
    said_by: Mapped[str]
    said_at: Mapped[datetime]


class Area(Base):
    """A place that readings are about, as its source named it on a day."""

    __tablename__ = "area"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    named_on: Mapped[date]


class AreaBeside(Base):
    """Two areas that touch: neither may be the other's comparator."""

    __tablename__ = "area_beside"
    __table_args__ = (CheckConstraint("area < beside", name="order"),)
    area: Mapped[str] = mapped_column(ForeignKey("area.id"), primary_key=True)
    beside: Mapped[str] = mapped_column(ForeignKey("area.id"), primary_key=True, index=True)


class ReadingSeries(Base):
    """One measure version in one area."""

    __tablename__ = "reading_series"
    __table_args__ = (UniqueConstraint("measure_version", "area"),)
    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    measure_version: Mapped[str] = mapped_column(ForeignKey("measure_version.id"))
    area: Mapped[str] = mapped_column(ForeignKey("area.id"), index=True)


class ReadingImport(Base):
    """A file that was read: the same bytes for the same measure are read once."""

    __tablename__ = "reading_import"
    __table_args__ = (
        UniqueConstraint("measure", "sha256"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )
    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    measure: Mapped[str]
    filename: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    rows: Mapped[int]
    added: Mapped[int]
    revised: Mapped[int]
    unchanged: Mapped[int]
    imported_at: Mapped[datetime]
    imported_by: Mapped[str]


class Reading(Base):
    """One value for a month. Revision 1 is the first; ``delta`` is what it changes.

    The sum of deltas of a window is the sum of its latest values: no row is ever overwritten
    and no query has to look for the newest.
    """

    __tablename__ = "reading"
    __table_args__ = (
        CheckConstraint("value BETWEEN 0 AND 1000000000", name="value"),
        CheckConstraint("revision >= 1", name="revision"),
        {"sqlite_with_rowid": False},
    )
    series: Mapped[int] = mapped_column(
        _Key, ForeignKey("reading_series.id"), primary_key=True, autoincrement=False
    )
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    value: Mapped[int]
    delta: Mapped[int]
    source: Mapped[int] = mapped_column(ForeignKey("reading_import.id"))


class FinalMark(Base):
    """The supplier's word that every reading through a month is complete."""

    __tablename__ = "final_mark"
    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    measure_version: Mapped[str] = mapped_column(ForeignKey("measure_version.id"), index=True)
    through_on: Mapped[date]
    marked_at: Mapped[datetime]
    marked_by: Mapped[str]


class MeasureWindow(Base):
    """The months of one series that a test looks at, pinned when the deal is signed."""

    __tablename__ = "measure_window"
    __table_args__ = (
        CheckConstraint("slot IN ('before', 'after', 'other_before', 'other_after')", name="slot"),
        CheckConstraint("from_on <= to_on AND expected >= 1", name="months"),
        {"sqlite_with_rowid": False},
    )
    owner: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(primary_key=True)
    series: Mapped[int] = mapped_column(
        _Key, ForeignKey("reading_series.id"), primary_key=True, autoincrement=False
    )
    from_on: Mapped[date]
    to_on: Mapped[date]
    expected: Mapped[int]


class Snapshot(Base):
    """The frozen readings of a test, as the exact bytes that were hashed."""

    __tablename__ = "reading_snapshot"
    __table_args__ = (CheckConstraint("length(sha256) = 64", name="sha256"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(unique=True)
    body: Mapped[bytes]
    sha256: Mapped[str]
    frozen_at: Mapped[datetime]


UNTOUCHABLE = (
    "measure_version",
    "reading_series",
    "reading_import",
    "reading",
    "final_mark",
    "measure_window",
    "reading_snapshot",
    "measure_name",
)
declare_guards([f"{table}_no_update" for table in UNTOUCHABLE])
declare_guards([f"{table}_no_delete" for table in UNTOUCHABLE])
declare_guards(["reading_follows", "final_mark_goes_forward"])
declare_grants(only_added=["area", "area_beside", "measure"])
