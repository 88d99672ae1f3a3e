"""The short sheets of a pack, and what makes any sheet safe to open in a spreadsheet (X4)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Final

from ledger.exports.files import HashedFile

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""The wide ones too: some spreadsheets narrow them, and run what follows."""
_ODD: Final = ('"', "\r", "\n", *(f",{start}" for start in FORMULA_STARTS))
"""What shows that a cell needs quotes or a guard."""


def guard(cell: str) -> str:
    """X4: a text that a spreadsheet would run as a formula gets a quote in front."""
    return "'" + cell if cell.startswith(FORMULA_STARTS) else cell


class Figure(str):
    """A number already written as text, such as ``-3.05``: a spreadsheet may read it as one."""

    __slots__ = ()


Cell = str | int | Figure


def write_rows(out: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a sheet in UTF-8 as its rows come: texts guarded (X4), numbers as numbers."""
    words = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=False)
    try:
        writer = csv.writer(words)
        writer.writerow(columns)
        writer.writerows(
            [guard(cell) if type(cell) is str else cell for cell in row] for row in rows
        )
        words.flush()
    finally:
        words.detach()  # the file itself stays open for whoever opened it


def cells(texts: Sequence[str]) -> str:
    """Cells of one row as the csv module writes them, each guarded (X4)."""
    return rows_of_cells([texts])[0]


def rows_of_cells(rows: Sequence[Sequence[str]]) -> list[str]:
    """The same for many rows, looked through at once.

    Nearly all are plain, and then joining the cells is all there is to do.
    """
    joined = [",".join(row) for row in rows]
    together = "," + ",".join(joined)
    plain = not any(mark in together for mark in _ODD)
    if plain and together.count(",") == sum(map(len, rows)):
        return joined
    return [_written(row) for row in rows]


def _written(texts: Sequence[str]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([guard(text) for text in texts])
    return file.getvalue().removesuffix("\r\n")


def _guarded(column: str) -> str:
    """The same in SQL."""
    starts = ", ".join(f"char({ord(start)})" for start in FORMULA_STARTS if start != "\0")
    return f"CASE WHEN substr({column}, 1, 1) IN ({starts}) THEN '''' || {column} ELSE {column} END"


def _value(quantity: str) -> str:
    """A quantity as people write it: whole units with the unit's decimals."""
    return (
        f"CASE u.scale WHEN 0 THEN CAST({quantity} AS TEXT) ELSE printf('%s%d.%02d',"
        f" CASE WHEN {quantity} < 0 THEN '-' ELSE '' END, abs({quantity}) / 100,"
        f" abs({quantity}) % 100) END"
    )


SHEETS: Final = {
    "trial-balance.csv": (
        ["account", "fund", "unit", "opening", "debits", "credits", "closing", "closing_value", "held_closing"],
        f"SELECT a.path, f.code, a.unit, t.opening, t.debits, t.credits, t.closing,"
        f" {_value('t.closing')}, t.held_closing FROM trial_balance t JOIN account a"
        " ON a.id = t.account JOIN fund f ON f.id = a.fund JOIN unit u ON u.code = a.unit"
        " ORDER BY a.path",
    ),
    "accounts.csv": (
        ["account", "type", "unit", "fund", "fund_class", "fund_purpose", "owner"],
        f"SELECT a.path, a.type, a.unit, f.code, f.class, {_guarded('f.purpose')},"
        f" {_guarded('a.owner')} FROM account a JOIN fund f ON f.id = a.fund ORDER BY a.path",
    ),
    "periods.csv": (
        ["starts_on", "ends_on", "status", "signed_by", "countersigned_by", "reason", "seq_at_close", "trial_balance_hash"],
        f"SELECT starts_on, ends_on, status, {_guarded('signed_by')},"
        f" {_guarded('countersigned_by')}, {_guarded('reason')}, seq_at_close,"
        " trial_balance_hash FROM period ORDER BY starts_on",
    ),
}  # fmt: skip


def write(store: Any, folder: Path, name: str) -> str:
    """Write one sheet from the pack's database; returns its SHA-256."""
    columns, statement = SHEETS[name]
    with HashedFile(folder / name) as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(store.execute(statement))
        return file.sha256
