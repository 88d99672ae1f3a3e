"""The ledger as a spreadsheet: every entry of a period, and what each account comes to (X23).

Rows are written to the disk as they come, so that a long period takes no more memory than a short
one; and whatever the library would write of the hour or the machine is fixed, so that the same
period gives the same bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any, Final

import xlsxwriter
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books.queries import as_date
from ledger.exports.lines import COLUMNS
from ledger.exports.tables import Scope
from ledger.exports.texts import written
from ledger.kernel.clock import from_microseconds

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_MAX: Final = 1_048_576
"""What a sheet can hold; more entries go on in a second sheet."""
EXACT_MAX: Final = 10**15 - 1
"""Spreadsheets keep fifteen digits: a longer number is written as text, whole."""
TEXT_FORMAT: Final = 49
"""The number that spreadsheets themselves have for the format of text, ``@``."""
TOTALS: Final = (
    "account", "fund", "unit", "debits", "credits", "net", "debits_value", "credits_value",
    "net_value",
)  # fmt: skip
ROWS_AT_ONCE: Final = 500
_FIXED: Final = datetime(2000, 1, 1, tzinfo=UTC)
_WIDTH: Final = 16
_ENTRIES: Final = text(
    "SELECT j.seq, e.line, j.effective_on, j.recorded_us, j.kind, j.id, j.group_id, j.reason,"
    " j.purpose, j.maker, COALESCE(j.checker, ''), a.path, f.code, a.unit, e.layer, e.side,"
    " e.amount, u.scale, e.balance_after FROM journal j JOIN entry e ON e.book = j.book"
    " AND e.seq = j.seq JOIN account a ON a.id = e.account JOIN fund f ON f.id = a.fund"
    " JOIN unit u ON u.code = a.unit WHERE j.book = :book AND j.seq <= :size"
    " AND j.effective_on BETWEEN :starts AND :ends ORDER BY j.seq, e.line"
)

Cell = str | int | Decimal


@dataclass(slots=True)
class Total:
    """What an account's posted entries of the period come to."""

    fund: str
    unit: str
    scale: int
    debits: int = 0
    credits: int = 0

    def cells(self, path: str) -> tuple[Cell, ...]:
        """The account's row: whole units of the books first, then as people write them."""
        sums = (self.debits, self.credits, self.debits - self.credits)
        return (path, self.fund, self.unit, *sums, *(_value(one, self.scale) for one in sums))


class Sheets:
    """A workbook to which rows are added in order, a new sheet begun where one is full."""

    def __init__(self, out: IO[bytes], folder: str) -> None:
        self.book: Any = xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": folder})
        self.book.use_zip64()
        self.book.set_properties({"created": _FIXED.replace(tzinfo=None)})
        self._text = self.book.add_format({"num_format": TEXT_FORMAT})
        self._head = self.book.add_format({"num_format": TEXT_FORMAT, "bold": True})

    def add(self, name: str, columns: Sequence[str], rows: Iterator[Sequence[Cell]]) -> None:
        """Write a sheet, and as many more as its rows need."""
        sheet, at, count = self._begun(name, columns), 1, 1
        for row in rows:
            if at == ROWS_MAX:
                count += 1
                sheet, at = self._begun(f"{name} {count}", columns), 1
            self._put(sheet, at, row)
            at += 1

    def _begun(self, name: str, columns: Sequence[str]) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            sheet.write_string(0, at, column, self._head)
        return sheet

    def _put(self, sheet: Any, at: int, row: Sequence[Cell]) -> None:
        """X23: a text is a text whatever it begins with, and stays one when somebody edits it."""
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                if cell:
                    sheet.write_string(at, column, cell, self._text)
            else:
                sheet.write_number(at, column, cell)

    def close(self) -> None:
        """Put the workbook together in the file that was given."""
        self.book.close()

    def give_up(self) -> None:
        """Let go of the parts on the disk, without a workbook."""
        for sheet in self.book.worksheets():
            sheet.row_data_fh.close()


def write(session: Session, scope: Scope, out: IO[bytes]) -> None:
    """X23: the entries of the period in order of number, then the totals of the accounts."""
    totals: dict[str, Total] = {}
    with tempfile.TemporaryDirectory(prefix="ledger-xlsx-") as folder:
        sheets = Sheets(out, folder)
        try:
            sheets.add("Entries", COLUMNS, _entries(session, scope, totals))
            sheets.add("Totals", TOTALS, (totals[path].cells(path) for path in sorted(totals)))
            sheets.close()
        except BaseException:
            sheets.give_up()
            raise


def _entries(session: Session, scope: Scope, totals: dict[str, Total]) -> Iterator[Sequence[Cell]]:
    streamed = {"yield_per": ROWS_AT_ONCE}
    with session.execute(_ENTRIES, scope.bound(session), execution_options=streamed) as rows:
        for row in rows:
            path, fund, unit, layer, side, quantity, scale, after = row[11:]
            if layer == "P":
                total = totals.setdefault(path, Total(fund, unit, scale))
                total.debits += quantity if side == "D" else 0
                total.credits += quantity if side == "C" else 0
            yield (
                row[0], row[1], as_date(row[2]).isoformat(),
                f"{from_microseconds(row[3]):%Y-%m-%dT%H:%M:%S.%fZ}", *row[4:16],
                _exact(quantity), _value(quantity, scale), _exact(after),
            )  # fmt: skip


def _exact(quantity: int) -> Cell:
    return quantity if abs(quantity) <= EXACT_MAX else str(quantity)


def _value(quantity: int, scale: int) -> Cell:
    words = written(quantity, scale)
    return Decimal(words) if abs(quantity) <= EXACT_MAX else words
