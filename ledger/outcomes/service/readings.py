"""Defining measures, reading files of counts, marking them final, and freezing them for a test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.kernel import limits
from ledger.kernel.clock import london_day
from ledger.kernel.db import is_sqlite, write_rows
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import derived_id
from ledger.outcomes import queries
from ledger.outcomes.models import (
    Area,
    AreaBeside,
    FinalMark,
    Measure,
    MeasureVersion,
    MeasureWindow,
    ReadingImport,
    ReadingSeries,
    Snapshot,
)
from ledger.outcomes.rules.files import (
    ParsedFile,
    Problem,
    SeriesRow,
    Tick,
    check_code,
    label,
    no_tick,
    slug,
)
from ledger.outcomes.rules.looking import Look, frozen_bytes
from ledger.outcomes.rules.refusals import AlreadyFinal, RowsRefused
from ledger.outcomes.rules.windows import Window
from ledger.parties.rules import Actor, require

_BATCH: Final = 20_000
_COLUMNS: Final = "(series, starts_on, revision, value, delta, source)"
Row = tuple[int, date, int, int, int]


@dataclass(slots=True)
class Report:
    """What an import did, or with ``dry_run`` would do, in counts of readings."""

    measure: str
    filename: str
    sha256: str
    rows: int
    readings: int
    added: int = 0
    revised: int = 0
    unchanged: int = 0
    same_file: bool = False
    dry_run: bool = False
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0


def define_measure(
    session: Session, *, code: str, name: str, definition: str, source: str, supplier: str,
    actor: Actor, now: datetime, better: str = "lower",
) -> str:  # fmt: skip
    """Define a measure, or a new version of one: two versions never meet in one test (O9).

    ``supplier`` is the organisation that answers for the counts. Returns the version's reference.

    Raises:
        Forbidden: only an analyst defines measures.
        Invalid: a blank or overlong text.
    """
    require(actor, "measure.define")
    for place, text in (("code", code), ("name", name), ("definition", definition)):
        if not text.strip() or len(text) > limits.TEXT_CHARS_MAX:
            raise Invalid("It is blank or too long.", remedy="Write it in words.", place=place)
    check_code(code)
    return _version(
        session, code=code, name=label(name), better=better, definition=definition,
        source=source, supplier=supplier, actor=actor, now=now,
    )  # fmt: skip


def _version(
    session: Session, *, code: str, name: str, better: str, definition: str, source: str,
    supplier: str, actor: Actor, now: datetime,
) -> str:  # fmt: skip
    if session.get(Measure, code) is None:
        session.add(Measure(id=code, name=name, better=better, made_at=now, made_by=actor.person))
        session.flush()
    number = 1 + len(
        session.scalars(select(MeasureVersion.id).where(MeasureVersion.measure == code)).all()
    )
    version = MeasureVersion(
        id=f"{code}@{number}", measure=code, version=number, definition=definition,
        source=source, supplier=supplier, made_at=now, made_by=actor.person,
    )  # fmt: skip
    session.add(version)
    session.flush()
    audit.record(
        session, at=now, actor=actor.person, action="measure.define", subject=version.id,
        facts={"better": better, "supplier": supplier},
    )  # fmt: skip
    return version.id


def put_beside(session: Session, *, area: str, others: Sequence[str]) -> None:
    """Say which areas touch this one: none of them may be its comparator."""
    known = queries.beside(session, area)
    for other in sorted(set(others) - known - {area}):
        first, second = sorted((area, other))
        session.add(AreaBeside(area=first, beside=second))
    session.flush()


def import_readings(
    session: Session, *, measure: str, parsed: ParsedFile, content: bytes, filename: str,
    actor: Actor, now: datetime, dry_run: bool = False, source: str = "", tick: Tick = no_tick,
) -> Report:  # fmt: skip
    """Take in a file of counts: new months are added, changed ones become revisions (O8, O10).

    A wide file makes one measure for each offence, named under ``measure``; a long file is
    about ``measure`` itself. The same bytes again change nothing. ``tick`` is told how many
    readings are stored so far.

    Raises:
        Forbidden: only an analyst uploads readings.
        RowsRefused: some rows are wrong; nothing was stored.
    """
    require(actor, "reading.import")
    check_code(measure)
    report = _report(measure, parsed, content, filename, dry_run=dry_run)
    if parsed.problem_count and not dry_run:
        raise RowsRefused(
            f"{parsed.problem_count:,} values in {filename} cannot be used; nothing was stored."
            f" The first: line {parsed.problems[0].line}, {parsed.problems[0].column}:"
            f" {parsed.problems[0].facts}.",
            remedy="Mend the rows listed and send the file again.",
            place=filename,
        )
    if queries.import_of(session, measure=measure, sha256=report.sha256):
        report.same_file, report.unchanged = True, parsed.reading_count
        return report
    if dry_run:
        _try(session, report, parsed)
        return report
    series = _open_series(
        session, measure=measure, parsed=parsed, source=source or filename, actor=actor, now=now
    )
    rows = sorted(_count(session, series, parsed, report))
    number = _record_import(session, report, content, actor, now)
    _store(session, rows, number, tick)
    return report


def _report(
    measure: str, parsed: ParsedFile, content: bytes, filename: str, *, dry_run: bool
) -> Report:
    return Report(
        measure=measure, filename=filename[-limits.NAME_CHARS_MAX :],
        sha256=hashlib.sha256(content).hexdigest(), rows=len(parsed.rows),
        readings=parsed.reading_count, dry_run=dry_run, problems=parsed.problems,
        problem_count=parsed.problem_count,
    )  # fmt: skip


def code_of(measure: str, row: SeriesRow) -> str:
    """The measure that a row of a file belongs to."""
    return f"{measure}.{slug(row.major)}.{slug(row.minor)}" if row.major else measure


def _try(session: Session, report: Report, parsed: ParsedFile) -> None:
    views = {view.id: view.version_id for view in queries.measures(session)}
    known = queries.all_series(session, measure_versions=list(views.values()))
    numbers = {
        index: known.get((views.get(code_of(report.measure, row), ""), slug(row.area)), -1 - index)
        for index, row in enumerate(parsed.rows)
    }
    _count(session, numbers, parsed, report)


def _open_series(
    session: Session, *, measure: str, parsed: ParsedFile, source: str, actor: Actor, now: datetime
) -> dict[int, int]:
    """The series of each row of the file, opened where new: measure, version, area, series."""
    versions = {view.id: view.version_id for view in queries.measures(session)}
    for row in parsed.rows:
        code = code_of(measure, row)
        if code not in versions:
            name = f"{row.minor} ({row.major})" if row.major else measure
            versions[code] = _version(
                session, code=code, name=name, better="lower", source=source,
                definition=f"Recorded events: {name}.", supplier=actor.organisation or "",
                actor=actor, now=now,
            )  # fmt: skip
    _open_areas(session, parsed, london_day(now))
    wanted = [
        (versions[code_of(measure, row)], slug(row.area)) for row in parsed.rows
    ]  # fmt: skip
    known = queries.all_series(session, measure_versions=sorted({one[0] for one in wanted}))
    missing = [
        {"measure_version": version, "area": area}
        for version, area in wanted
        if (version, area) not in known
    ]
    if missing:
        session.execute(insert(ReadingSeries), missing)
        known = queries.all_series(session, measure_versions=sorted({one[0] for one in wanted}))
    return {index: known[key] for index, key in enumerate(wanted)}


def _open_areas(session: Session, parsed: ParsedFile, today: date) -> None:
    known = queries.areas(session)
    fresh = {slug(row.area): row.area for row in parsed.rows if slug(row.area) not in known}
    for code, name in fresh.items():
        session.add(Area(id=code, name=name, kind="as named by the supplier", named_on=today))
    session.flush()


def _count(
    session: Session, series: dict[int, int], parsed: ParsedFile, report: Report
) -> list[Row]:
    """The rows to be written, counted into the report."""
    known: dict[tuple[int, date], tuple[int, int]] = {}
    if parsed.months:
        numbers = sorted({number for number in series.values() if number >= 0})
        known = queries.latest_values(
            session, series=numbers, from_on=min(parsed.months), to_on=max(parsed.months)
        )
    rows: list[Row] = []
    for index, row in enumerate(parsed.rows):
        number = series[index]
        for month, value in zip(parsed.months, row.values, strict=True):
            if value is None:
                continue
            revision, before = known.get((number, month), (0, 0))
            if revision and before == value:
                report.unchanged += 1
                continue
            rows.append((number, month, revision + 1, value, value - before))
            if revision:
                report.revised += 1
            else:
                report.added += 1
    return rows


def _record_import(
    session: Session, report: Report, content: bytes, actor: Actor, now: datetime
) -> int:
    row = ReadingImport(
        measure=report.measure, filename=report.filename, sha256=report.sha256,
        size_bytes=len(content), rows=report.rows, added=report.added, revised=report.revised,
        unchanged=report.unchanged, imported_at=now, imported_by=actor.person,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, at=now, actor=actor.person, action="reading.import", subject=report.measure,
        facts={"import": row.id, "sha256": report.sha256, "added": report.added,
               "revised": report.revised},
    )  # fmt: skip
    return row.id


def _store(session: Session, rows: list[Row], source: int, tick: Tick) -> None:
    """Write readings in large batches by each driver's own fast path."""
    write = _insert if is_sqlite(session) else _copy
    for start, batch in _batches(rows):
        write(session, batch, source)
        tick(start + len(batch))


def _insert(session: Session, batch: list[Row], source: int) -> None:
    session.connection().exec_driver_sql(
        f"INSERT INTO reading {_COLUMNS} VALUES (?, ?, ?, ?, ?, {source:d})",  # noqa: S608 - whole number
        [(row[0], row[1].isoformat(), *row[2:]) for row in batch],
    )


def _copy(session: Session, batch: list[Row], source: int) -> None:
    driver = session.connection().connection.cursor()
    lines = [
        f"{series}\t{month.isoformat()}\t{revision}\t{value}\t{delta}\t{source}\n"
        for series, month, revision, value, delta in batch
    ]
    with driver.copy(f"COPY reading {_COLUMNS} FROM STDIN") as pipe:
        pipe.write("".join(lines))
    driver.close()


def _batches(rows: list[Row]) -> Iterator[tuple[int, list[Row]]]:
    for start in range(0, len(rows), _BATCH):
        yield start, rows[start : start + _BATCH]


def mark_final(
    session: Session, *, measure: str, through_on: date, actor: Actor, now: datetime
) -> None:
    """The supplier's word that every reading through that month is complete.

    Raises:
        Forbidden: not an analyst.
        AlreadyFinal: it is final through that month, or a later one.
    """
    require(actor, "reading.final")
    view = queries.measure(session, measure)
    month = through_on.replace(day=1)
    if view.final_through and view.final_through >= month:
        raise AlreadyFinal(
            f"It is final through {view.final_through:%B %Y} already.",
            remedy="Choose a later month. A correction is a new upload.",
            place="through",
        )
    if month > london_day(now):
        raise Invalid(
            f"{month:%B %Y} has not begun.", remedy="Choose a month that is over.", place="through"
        )
    session.add(
        FinalMark(
            measure_version=view.version_id, through_on=month, marked_at=now,
            marked_by=actor.person,
        )
    )  # fmt: skip
    session.flush()
    audit.record(
        session, at=now, actor=actor.person, action="reading.final", subject=view.version_id,
        facts={"through": month.isoformat()},
    )  # fmt: skip


def pin_windows(
    session: Session, *, owner: str, series: int, others: Sequence[int], before: Window,
    after: Window,
) -> None:  # fmt: skip
    """Pin which months of which series a test will look at; they can never be changed."""
    rows = []
    for slot, window, numbers in (
        ("before", before, [series]),
        ("after", after, [series]),
        ("other_before", before, others),
        ("other_after", after, others),
    ):
        rows += [
            {"owner": owner, "slot": slot, "series": number, "from_on": window.starts_on,
             "to_on": window.last_month, "expected": window.months}
            for number in numbers
        ]  # fmt: skip
    session.execute(insert(MeasureWindow), rows)


def freeze(
    session: Session, *, owner: str, facts: dict[str, object], now: datetime
) -> queries.SnapshotView:
    """Freeze the readings of a test as bytes with a hash; the same test is frozen once.

    The bytes hold every reading with its revision, and ``facts`` (texts and whole numbers).
    """
    looks = queries.looks(session, [owner])
    freeze_many(session, looks={owner: looks.get(owner, Look())}, facts={owner: facts}, now=now)
    found = queries.snapshot(session, owner)
    assert found is not None, "it was frozen now or before"
    return found


def freeze_many(
    session: Session, *, looks: Mapping[str, Look], facts: Mapping[str, dict[str, object]],
    now: datetime,
) -> dict[str, queries.SnapshotRow]:  # fmt: skip
    """Freeze the readings of several tests, by test; what was frozen before stays as it was."""
    kept = queries.frozen(session, list(looks))
    rows = []
    for owner, look in looks.items():
        if owner in kept:
            continue
        body = frozen_bytes(owner, look, facts[owner])
        digest = hashlib.sha256(body).hexdigest()
        reference = derived_id("SNP", owner)
        rows.append(
            {"id": reference, "owner": owner, "body": body, "sha256": digest, "frozen_at": now}
        )
        kept[owner] = queries.SnapshotRow(reference, digest)
    write_rows(session, Snapshot, rows)
    return kept
