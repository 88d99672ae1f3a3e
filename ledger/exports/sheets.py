"""CSV files of a pack, safe to open in a spreadsheet (X4)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

from ledger.exports.files import HashedFile

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def guard(cell: str) -> str:
    """X4: a text that a spreadsheet would run as a formula gets a quote in front."""
    return "'" + cell if cell.startswith(FORMULA_STARTS) else cell


def _guarded(column: str) -> str:
    """The same in SQL, where a million cells cost little."""
    starts = ", ".join(["'='", "'+'", "'-'", "'@'", "char(9)", "char(13)", "char(10)"])
    return f"CASE WHEN substr({column}, 1, 1) IN ({starts}) THEN '''' || {column} ELSE {column} END"


def _value(quantity: str) -> str:
    """A quantity as people write it: whole units with the unit's decimals."""
    return (
        f"CASE u.scale WHEN 0 THEN CAST({quantity} AS TEXT) ELSE printf('%s%d.%02d',"
        f" CASE WHEN {quantity} < 0 THEN '-' ELSE '' END, abs({quantity}) / 100,"
        f" abs({quantity}) % 100) END"
    )


_TIME: Final = (
    "strftime('%Y-%m-%dT%H:%M:%S', j.recorded_us / 1000000, 'unixepoch')"
    " || printf('.%06dZ', j.recorded_us % 1000000)"
)
SHEETS: Final = {
    "entries.csv": (
        ["journal", "line", "effective_on", "recorded_at", "kind", "id", "group", "reason", "purpose", "maker", "checker", "account", "fund", "unit", "layer", "side", "quantity", "value", "balance_after"],
        f"SELECT j.seq, e.line, j.effective_on, {_TIME}, j.kind, {_guarded('j.id')},"
        f" {_guarded('j.group_id')}, {_guarded('j.reason')}, {_guarded('j.purpose')},"
        f" {_guarded('j.maker')}, {_guarded('j.checker')}, a.path, f.code, a.unit, e.layer, e.side,"
        f" e.amount, {_value('e.amount')}, e.balance_after FROM journal j JOIN entry e"
        " ON e.seq = j.seq JOIN account a ON a.id = e.account JOIN fund f ON f.id = a.fund"
        " JOIN unit u ON u.code = a.unit ORDER BY j.seq, e.line",
    ),
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
