"""Importing: a register and a year-book of counts, checked cell by cell, beside the csv module."""

from __future__ import annotations

import csv
import io
from typing import Any

from ledger.assets import service as assets
from ledger.kernel.clock import london_day
from ledger.kernel.db import transact
from ledger.outcomes import service as outcomes
from ledger.outcomes.rules.files import parse
from ledger.parties.rules import Actor
from scripts.benches.measure import Row, rss_mb, seconds
from scripts.benches.stage import Stage, now

BROKER = Actor("command-line", frozenset({"administrator", "broker"}), None)
ANALYST = Actor("command-line", frozenset({"analyst"}), None)


def _register(rows: int) -> bytes:
    file = io.StringIO()
    write = csv.writer(file)
    write.writerow(HEADINGS)
    for number in range(rows):
        write.writerow(
            [f"UP{number:06d}", f"Hall {number}", f"{number % 200} Canal Street", "Testwick",
             f"TW{number % 9 + 1} {number % 9 + 1}AA", "Freehold", 380_000 + number % 9_000,
             395_000 + number % 7_000]
        )  # fmt: skip
    return file.getvalue().encode()


HEADINGS = ["UPRN", "Name", "Street", "Town", "Postcode", "Tenure", "Easting", "Northing"]


def _counts(series: int, months: int) -> bytes:
    file = io.StringIO()
    write = csv.writer(file)
    names = [f"{2010 + (3 + step) // 12}{(3 + step) % 12 + 1:02d}" for step in range(months)]
    write.writerow(["MajorText", "MinorText", "LookUp_BoroughName", *names])
    for number in range(series):
        write.writerow(
            [f"Kind {number // 320}", f"Offence {number // 32}", f"Borough {number % 32}"]
            + [(number * 7 + step * 3) % 90 for step in range(months)]
        )
    return file.getvalue().encode()


def _bare(stage: Stage, table: str, content: bytes) -> float:
    rows = list(csv.reader(io.StringIO(content.decode())))[1:]
    wire = stage.driver(apart=True)
    width = len(rows[0])
    wire.execute(f"CREATE TABLE {table} ({', '.join(f'c{n} TEXT' for n in range(width))})")

    def write() -> None:
        fresh = list(csv.reader(io.StringIO(content.decode())))[1:]
        _store(stage, wire, table, fresh)

    took = seconds(write)
    wire.close()
    return took


def _store(stage: Stage, wire: Any, table: str, rows: list[list[str]]) -> None:
    if stage.engine == "sqlite":
        wire.execute("BEGIN IMMEDIATE")
        marks = ", ".join("?" * len(rows[0]))
        wire.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        wire.commit()
        return
    with (
        wire.transaction(),
        wire.cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def register(stage: Stage) -> list[Row]:
    """A register of buildings, every row checked, versioned and reported on."""
    rows = stage.size(10_000, 600)
    content = _register(rows)

    def ours() -> None:
        prepared = assets.prepare(
            io.BytesIO(content), file_name="register.csv", profile="auto", register=""
        )
        report = transact(
            lambda session: assets.import_register(
                session, prepared=prepared, actor=BROKER, now=now()
            )
        )
        assert report.added == rows, report

    with stage.app.app_context():
        took = seconds(ours)
    theirs = _bare(stage, "bare_register", content)
    return [
        Row("import-register", stage.engine, rows / took, "rows/s",
            "csv module and one bulk insert", theirs / took, rss_mb(), rows / theirs,
            {"rows": rows})
    ]  # fmt: skip


def readings(stage: Stage) -> list[Row]:
    """Counts of every offence, borough and month, every cell checked."""
    series, months = stage.size(1_728, 64), 140
    content = _counts(series, months)

    def ours() -> None:
        parsed = parse(content, today=london_day(now()))
        transact(
            lambda session: outcomes.import_readings(
                session, measure="mps", parsed=parsed, content=content, filename="wide.csv",
                actor=ANALYST, now=now(),
            )
        )  # fmt: skip

    with stage.app.app_context():
        took = seconds(ours)
    theirs = _bare(stage, "bare_counts", content)
    count = series * months
    return [
        Row("import-readings", stage.engine, count / took, "readings/s",
            "csv module and one bulk insert of the wide rows", theirs / took, rss_mb(),
            count / theirs, {"readings": count})
    ]  # fmt: skip
