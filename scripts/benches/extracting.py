"""Extracts of long books beside the library of their form alone, and the memory they need."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import xlsxwriter
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, credit, debit
from ledger.exports import extracts
from ledger.kernel.db import transact
from scripts.benches import alone
from scripts.benches.history import History
from scripts.benches.measure import Row, progress, seconds
from scripts.benches.stage import Stage

ENTRIES: Final = (10_000, 100_000)
ENTRIES_QUICK: Final = (1_000,)
GROUPS: Final = 40


def extract(stage: Stage) -> list[Row]:
    """Each extract of all journals: half of them award, half of them pay more than £500."""
    with stage.app.app_context():
        transact(lambda session: _open(stage, session))
    made = awards_and_payments(stage)
    rows = []
    for entries in ENTRIES_QUICK if stage.quick else ENTRIES:
        history = History(stage, made)
        history.grow(entries)
        history.close()
        for name, kind in extracts.EXTRACTS.items():
            progress(f"{name} of {entries:,} entries")
            found = alone.run(f"extract:{name}", stage.url, stage.folder, stage.book)
            (made_file,) = (stage.folder / "extracts").glob(
                f"*-{entries // 2}-{name}.{kind.suffix}"
            )
            words, library = LIBRARIES[kind.suffix]
            write = library(made_file, stage.folder / "bare")
            bare = min(seconds(write) for _ in range(3))
            rows.append(Row(
                f"extract-{name}", stage.engine, entries / found.seconds, "entries/s",
                f"{words}, the same cells ready", bare / found.seconds, found.rss_mb,
                entries / bare, {"entries": entries, "seconds": found.seconds},
            ))  # fmt: skip
    return rows


def _open(stage: Stage, session: Session) -> None:
    run = session.execute
    specs = [AccountSpec("Expenses:Dividends"), AccountSpec("Assets:Bank:Payments")]
    for number in range(GROUPS):
        run(
            text("INSERT INTO organisation (id, name, kind, added_at)"
                 " VALUES (:id, :name, 'group', '2026-01-05 09:00:00')"),
            {"id": f"ORG-BENCH{number:03}", "name": f"Group {number}"},
        )  # fmt: skip
        specs.append(
            AccountSpec(f"Liabilities:PayableGroup:G{number}", owner=f"ORG-BENCH{number:03}")
        )
    books.open_accounts(session, book=stage.book, specs=specs)


def awards_and_payments(stage: Stage) -> Callable[[int, str], JournalSpec]:
    """Journals that award and then pay in turn, from £510 up."""

    def spec(number: int, series: str) -> JournalSpec:
        owed = f"Liabilities:PayableGroup:G{number // 2 % GROUPS}"
        pence = 51_000 + number % 900
        pays = (debit(owed, pence), credit("Assets:Bank:Payments", pence))
        awards = (debit("Expenses:Dividends", pence), credit(owed, pence))
        kind, legs = ("pledge.release", awards) if number % 2 else ("payment", pays)
        return replace(stage.spec(number, series), kind=kind, legs=legs)

    return spec


def _csv(made: Path, target: Path) -> Callable[[], object]:
    with made.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))

    def write() -> None:
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)

    return write


def _json(made: Path, target: Path) -> Callable[[], object]:
    facts = json.loads(made.read_text(encoding="utf-8"))
    return lambda: target.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


def _xlsx(made: Path, target: Path) -> Callable[[], object]:
    rows = list(_rows_of_sheet(made))

    def write() -> None:
        book: Any = xlsxwriter.Workbook(
            target, {"constant_memory": True, "tmpdir": str(target.parent)}
        )
        sheet, as_text = book.add_worksheet(), book.add_format({"num_format": "@"})
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(at, column, cell, as_text)
                else:
                    sheet.write_number(at, column, cell)
        book.close()

    return write


def _rows_of_sheet(made: Path) -> Iterator[list[str | float]]:
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(made) as parts, parts.open("xl/worksheets/sheet1.xml") as sheet:
        for _, row in ET.iterparse(sheet):  # noqa: S314 - made by ourselves
            if row.tag == f"{space}row":
                yield [
                    cell.findtext(f".//{space}t", "") if cell.get("t") else
                    float(cell.findtext(f"{space}v", "0")) for cell in row
                ]  # fmt: skip
                row.clear()


LIBRARIES: Final = {
    "csv": ("the csv module", _csv),
    "json": ("the json module", _json),
    "xlsx": ("xlsxwriter", _xlsx),
}
