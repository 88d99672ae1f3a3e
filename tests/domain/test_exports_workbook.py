"""The ledger as a spreadsheet: true sums, the same bytes, and no text that runs (X4, X23)."""

from __future__ import annotations

import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask

from ledger.books import queries
from ledger.exports import sheets as csv_sheets
from ledger.exports import workbook
from ledger.kernel.db import transaction
from tests.domain.test_exports_extracts import post, rows, write
from tests.raw_books import NOW, open_books
from tests.workbooks import formulas, sheets

RUNS = 'HYPERLINK("http://x.example","here")'
KEPT = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What the books let a text begin with; the others, which nobody sees, they refuse or trim."""
AS_TEXT = str(workbook.TEXT_FORMAT)


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def test_every_entry_is_a_row_and_the_totals_are_the_trial_balance(
    book: int, tmp_path: Path
) -> None:
    post(book, "gift", 1_005, now=NOW, reason="for trees")
    made = sheets(write(book, "ledger", tmp_path))
    last = next(row for row in made["Entries"][-2:] if row["account"].said == "Assets:Bank")
    assert [last[name].said for name in ("journal", "id", "reason", "effective_on", "account")] == [
        "4", "gift", "for trees", "2026-03-02", "Assets:Bank",
    ]  # fmt: skip
    assert (last["value"].kind, last["value"].said) == ("n", "10.05")
    with transaction(read_only=True) as session:
        wanted = {
            row.path: (row.dr, row.cr)
            for row in queries.trial_balance(session, book)
            if row.dr or row.cr
        }
    totals = {
        row["account"].said: (int(row["debits"].said), int(row["credits"].said))
        for row in made["Totals"]
    }
    assert totals == wanted
    pounds = [row["net_value"].said for row in made["Totals"] if row["unit"].said == "GBP"]
    assert sum(map(Decimal, pounds)) == 0


@pytest.mark.parametrize("start", KEPT)
def test_a_text_is_a_text_whatever_it_begins_with(book: int, tmp_path: Path, start: str) -> None:
    post(book, "odd", 5, now=NOW, reason=start + RUNS)
    path = write(book, "ledger", tmp_path)
    cell = sheets(path)["Entries"][-1]["reason"]
    assert (cell.kind, cell.said, cell.format) == ("inlineStr", start + RUNS, AS_TEXT)
    assert formulas(path) == 0
    listed = rows(write(book, "journal-risks", tmp_path))[-1]
    assert listed["reason"] == f"'{start}{RUNS}"


@pytest.mark.parametrize("start", csv_sheets.FORMULA_STARTS)
def test_what_a_spreadsheet_would_run_is_inert_in_both_kinds_of_file(
    tmp_path: Path, start: str
) -> None:
    assert csv_sheets.guard(start + RUNS) == f"'{start}{RUNS}"
    path = tmp_path / "odd.xlsx"
    with path.open("wb") as out, tempfile.TemporaryDirectory() as folder:
        made = workbook.Sheets(out, folder)
        made.add("Odd", ["said"], iter([(start + RUNS,)]))
        made.close()
    cell = sheets(path)["Odd"][0]["said"]
    assert (cell.kind, cell.said, cell.format) == ("inlineStr", start + RUNS, AS_TEXT)
    assert formulas(path) == 0


def test_the_reading_finds_a_formula_where_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "bad.xlsx"
    with xlsxwriter.Workbook(path) as made:
        made.add_worksheet().write(0, 0, "=1+1")
    assert formulas(path) == 1


def test_nothing_in_it_is_of_the_hour_when_it_was_made(book: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(write(book, "ledger", tmp_path)) as parts:
        assert {one.date_time[:3] for one in parts.infolist()} == {(1980, 1, 31)}
        assert parts.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2
        assert parts.testzip() is None


def test_what_a_sheet_cannot_hold_goes_on_in_the_next(
    book: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "ROWS_MAX", 4)
    made = sheets(write(book, "ledger", tmp_path))
    assert [name for name in made if name.startswith("Entries")] == ["Entries", "Entries 2"]
    numbers = [row["journal"].said for name in ("Entries", "Entries 2") for row in made[name]]
    assert numbers == ["1", "1", "2", "2", "3", "3"]


def test_a_number_that_a_spreadsheet_would_round_is_a_text(book: int) -> None:
    assert workbook._exact(10**15 - 1) == 10**15 - 1
    assert workbook._exact(-(10**15)) == "-1000000000000000"
    assert workbook._value(10**15, 2) == "10000000000000.00"


def test_a_fault_half_way_leaves_no_file_and_no_part_of_one(
    book: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("half way")

    (tmp_path / "parts").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "parts"))
    monkeypatch.setattr(workbook, "as_date", fail)
    with pytest.raises(RuntimeError):
        write(book, "ledger", tmp_path / "made")
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
