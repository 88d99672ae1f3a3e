"""Questions to readings. Counts are whole; months are named by their first day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, Text, bindparam, case, cast, func, or_, select
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.outcomes.models import (
    Area,
    AreaBeside,
    FinalMark,
    MeasureWindow,
    Reading,
    ReadingImport,
    ReadingSeries,
    Snapshot,
)
from ledger.outcomes.rules.exact import Counts
from ledger.outcomes.rules.looking import Look, Seen, seen_of


@dataclass(frozen=True, slots=True)
class ReadingView:
    """The latest value of a month, and how often it was revised (1: never)."""

    month: date
    value: int
    revision: int


@dataclass(frozen=True, slots=True)
class ImportView:
    """A file that was read."""

    id: int
    measure: str
    filename: str
    sha256: str
    rows: int
    added: int
    revised: int
    unchanged: int
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """Frozen readings: the bytes and their hash."""

    id: str
    owner: str
    body: bytes
    sha256: str
    frozen_at: datetime


class SnapshotRow(NamedTuple):
    """Where frozen readings are kept, and the hash of their bytes."""

    id: str
    sha256: str


@dataclass(slots=True)
class WindowSums:
    """The four counts of a test, and how many monthly readings are still missing."""

    sums: dict[str, int] = field(default_factory=dict)
    missing: int = 0

    def counts(self, *, months_before: int, months_after: int) -> Counts:
        """The table to be tested; months are the exposure where nothing is compared."""
        return Counts(
            self.sums.get("before", 0), self.sums.get("after", 0),
            self.sums.get("other_before", 0), self.sums.get("other_after", 0),
            months_before, months_after,
        )  # fmt: skip


# Months are asked for as texts (2024-01-01): they are compared and frozen as such.
_WINDOWS: Final = (
    select(
        MeasureWindow.owner, MeasureWindow.slot, MeasureWindow.series, ReadingSeries.area,
        cast(MeasureWindow.from_on, Text).label("from_on"),
        cast(MeasureWindow.to_on, Text).label("to_on"), MeasureWindow.expected,
    )
    .join(ReadingSeries, ReadingSeries.id == MeasureWindow.series)
    .where(MeasureWindow.owner.in_(bindparam("owners", expanding=True)))
)  # fmt: skip
_VALUES: Final = (
    select(
        Reading.series,
        cast(Reading.starts_on, Text),
        func.sum(Reading.delta),
        func.max(Reading.revision),
    )
    .where(
        Reading.series.in_(bindparam("series", expanding=True)),
        Reading.starts_on.between(bindparam("from_on"), bindparam("to_on")),
    )
    .group_by(Reading.series, Reading.starts_on)
    .order_by(Reading.series, Reading.starts_on)
)


def areas(session: Session, *, measure_version: str | None = None) -> dict[str, str]:
    """Names of areas by reference: all, or those that a measure version has readings for."""
    query = select(Area.id, Area.name).order_by(Area.name)
    if measure_version:
        query = query.join(ReadingSeries, ReadingSeries.area == Area.id).where(
            ReadingSeries.measure_version == measure_version
        )
    return {row[0]: row[1] for row in session.execute(query)}


def beside(session: Session, area: str) -> set[str]:
    """The areas that touch this one."""
    rows = session.execute(
        select(AreaBeside.area, AreaBeside.beside).where(
            or_(AreaBeside.area == area, AreaBeside.beside == area)
        )
    )
    return {row[1] if row[0] == area else row[0] for row in rows}


def series_of(session: Session, *, measure_version: str) -> dict[str, int]:
    """The series of a measure version, by area."""
    rows = session.execute(
        select(ReadingSeries.area, ReadingSeries.id).where(
            ReadingSeries.measure_version == measure_version
        )
    )
    return {row[0]: row[1] for row in rows}


def all_series(session: Session, *, measure_versions: Sequence[str]) -> dict[tuple[str, str], int]:
    """The series of several measure versions, by version and area."""
    rows = session.execute(
        select(ReadingSeries.measure_version, ReadingSeries.area, ReadingSeries.id).where(
            ReadingSeries.measure_version.in_(measure_versions)
        )
    )
    return {(row[0], row[1]): row[2] for row in rows}


def readings(
    session: Session, *, series: Sequence[int], from_on: date, to_on: date
) -> dict[int, list[ReadingView]]:
    """The latest readings of some series between two months, oldest first."""
    rows = session.execute(
        select(
            Reading.series, Reading.starts_on, func.sum(Reading.delta), func.max(Reading.revision)
        )
        .where(Reading.series.in_(series), Reading.starts_on.between(from_on, to_on))
        .group_by(Reading.series, Reading.starts_on)
        .order_by(Reading.series, Reading.starts_on)
    )
    found: dict[int, list[ReadingView]] = defaultdict(list)
    for number, month, value, revision in rows:
        found[number].append(ReadingView(month, int(value), revision))
    return dict(found)


def latest_values(
    session: Session, *, series: Sequence[int], from_on: date, to_on: date
) -> dict[tuple[int, date], tuple[int, int]]:
    """Revision and value of every month that has a reading, by series and month."""
    found: dict[tuple[int, date], tuple[int, int]] = {}
    for start in range(0, len(series), limits.IMPORT_PROBLEMS_SHOWN_MAX):
        part = series[start : start + limits.IMPORT_PROBLEMS_SHOWN_MAX]
        values = readings(session, series=part, from_on=from_on, to_on=to_on)
        for number, views in values.items():
            for view in views:
                found[number, view.month] = (view.revision, view.value)
    return found


def window_sums(session: Session, owners: Select[Any] | Sequence[str]) -> dict[str, WindowSums]:
    """The four counts of many tests at once, in one statement with one pass over the readings.

    ``owners`` are the tests, as a list or as a query that names them.
    """
    per_series = (
        select(
            MeasureWindow.owner,
            MeasureWindow.slot,
            func.min(MeasureWindow.expected).label("expected"),
            func.coalesce(func.sum(Reading.delta), 0).label("total"),
            func.coalesce(func.sum(case((Reading.revision == 1, 1), else_=0)), 0).label("found"),
        )
        .outerjoin(
            Reading,
            (Reading.series == MeasureWindow.series)
            & Reading.starts_on.between(MeasureWindow.from_on, MeasureWindow.to_on),
        )
        .where(MeasureWindow.owner.in_(owners))
        .group_by(MeasureWindow.owner, MeasureWindow.slot, MeasureWindow.series)
        .subquery()
    )
    rows = session.execute(
        select(
            per_series.c.owner,
            per_series.c.slot,
            func.sum(per_series.c.total),
            func.sum(per_series.c.expected - per_series.c.found),
        ).group_by(per_series.c.owner, per_series.c.slot)
    )
    found: dict[str, WindowSums] = defaultdict(WindowSums)
    for owner, slot, total, missing in rows:
        found[owner].sums[slot] = int(total)
        found[owner].missing += int(missing)
    return dict(found)


def looks(session: Session, owners: Sequence[str]) -> dict[str, Look]:
    """Every reading that some tests look at, by test, in two statements.

    Tests that look at the same months of the same series share one `Seen`, read once.
    """
    windows = session.connection().execute(_WINDOWS, {"owners": list(owners)}).all()
    if not windows:
        return {}
    values: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    asked = {
        "series": sorted({row.series for row in windows}),
        "from_on": date.fromisoformat(min(row.from_on for row in windows)),
        "to_on": date.fromisoformat(max(row.to_on for row in windows)),
    }
    for series, month, value, revision in session.connection().execute(_VALUES, asked).all():
        values[series].append((month, int(value), revision))
    shared: dict[tuple[int, str, str], Seen] = {}
    found: dict[str, Look] = {}
    for owner, slot, series, area, from_on, to_on, expected in windows:
        seen = shared.get((series, from_on, to_on))
        if seen is None:
            inside = [one for one in values[series] if from_on <= one[0] <= to_on]
            seen = shared[series, from_on, to_on] = seen_of(area, inside)
        look = found.setdefault(owner, Look())
        look.slots.setdefault(slot, []).append(seen)
        look.missing += expected - len(seen.values)
    return found


def finals(session: Session, measure_versions: Sequence[str]) -> dict[str, date]:
    """The last month that is marked final, by measure version; those without are left out."""
    rows = session.execute(
        select(FinalMark.measure_version, func.max(FinalMark.through_on))
        .where(FinalMark.measure_version.in_(measure_versions))
        .group_by(FinalMark.measure_version)
    )
    return {row[0]: row[1] for row in rows}


def frozen(session: Session, owners: Sequence[str]) -> dict[str, SnapshotRow]:
    """Which of these tests are frozen already, without the bytes."""
    rows = session.execute(
        select(Snapshot.owner, Snapshot.id, Snapshot.sha256).where(Snapshot.owner.in_(owners))
    )
    return {row[0]: SnapshotRow(row[1], row[2]) for row in rows}


def final_through(session: Session, measure_version: str) -> date | None:
    """The last month that the supplier has marked final, if any."""
    return session.scalar(
        select(func.max(FinalMark.through_on)).where(FinalMark.measure_version == measure_version)
    )


def snapshot(session: Session, owner: str) -> SnapshotView | None:
    """The frozen readings of a test, if they were frozen."""
    row = session.execute(select(Snapshot).where(Snapshot.owner == owner)).scalar_one_or_none()
    if row is None:
        return None
    return SnapshotView(row.id, row.owner, bytes(row.body), row.sha256, row.frozen_at)


def files_behind(
    session: Session, *, measure_version: str, areas: Sequence[str]
) -> dict[tuple[str, str, int], str]:
    """The SHA-256 of the file behind each reading, by area, month (2024-01-01) and revision."""
    rows = session.execute(
        select(ReadingSeries.area, Reading.starts_on, Reading.revision, ReadingImport.sha256)
        .join(Reading, Reading.series == ReadingSeries.id)
        .join(ReadingImport, ReadingImport.id == Reading.source)
        .where(ReadingSeries.measure_version == measure_version, ReadingSeries.area.in_(areas))
    )
    return {(row[0], row[1].isoformat(), row[2]): row[3] for row in rows}


def imports(session: Session, *, limit: int = limits.PAGE_ROWS_DEFAULT) -> list[ImportView]:
    """The files that were read, newest first."""
    rows = session.scalars(
        select(ReadingImport)
        .order_by(ReadingImport.id.desc())
        .limit(min(limit, limits.PAGE_ROWS_MAX))
    )
    return [_import(row) for row in rows]


def import_of(session: Session, *, measure: str, sha256: str) -> ImportView | None:
    """The earlier import of the same bytes, if there was one."""
    row = session.execute(
        select(ReadingImport).where(
            ReadingImport.measure == measure, ReadingImport.sha256 == sha256
        )
    ).scalar_one_or_none()
    return _import(row) if row else None


def _import(row: ReadingImport) -> ImportView:
    return ImportView(
        row.id, row.measure, row.filename, row.sha256, row.rows, row.added, row.revised,
        row.unchanged, row.imported_at, row.imported_by,
    )  # fmt: skip
