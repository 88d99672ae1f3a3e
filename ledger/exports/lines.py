"""The long files of a pack, written while all journals pass by once, in order of number (X2).

One reading makes the sheet of entries and the blocks of the text journals; SQLite's rows go
through one f-string each, which is several times faster than building the same words in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Protocol

from ledger.exports import texts
from ledger.exports.files import HashedFile
from ledger.exports.sheets import cells, rows_of_cells
from ledger.exports.spool import Spool
from ledger.exports.tables import Scope

COLUMNS: Final = (
    "journal", "line", "effective_on", "recorded_at", "kind", "id", "group", "reason", "purpose",
    "maker", "checker", "account", "fund", "unit", "layer", "side", "quantity", "value",
    "balance_after",
)  # fmt: skip
NUMBERS: Final = 500
"""How many journals are in hand at once: few enough to stay in the processor's cache."""
SHEET: Final = "entries.csv"

_BEGINNING: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a bare reckoning; the sheet says Z
_SEQ: Final = itemgetter(0)
_ACCOUNTS: Final = (
    "SELECT a.id, a.path, f.code, a.unit, u.scale FROM account a JOIN fund f ON f.id = a.fund"
    " JOIN unit u ON u.code = a.unit"
)
_JOURNALS: Final = (
    "SELECT j.seq, CAST(j.effective_on AS TEXT), j.recorded_us, j.kind, j.id, j.group_id, j.reason,"
    " j.purpose, j.maker, COALESCE(j.checker, '') FROM journal j WHERE j.book = {book}"
    " AND j.seq BETWEEN ? AND ?{dated} ORDER BY j.seq"
)
_ENTRIES: Final = (
    "SELECT e.seq, e.line, e.account, e.side, e.amount, e.layer, e.balance_after FROM entry e{joined}"
    " WHERE e.book = {book} AND e.seq BETWEEN ? AND ?{dated} ORDER BY e.seq, e.line"
)
AccountWords = tuple[str, str, str, str, int]
"""An account's cells in the sheet, how a debit and a credit to it begin in the texts, its unit and
the unit's decimals.
"""


Journals = Generator[tuple[list[Any], list[Any]], None, None]
"""Some hundred journals and all their lines at once. Whoever does not read to the end closes it."""


class Source(Protocol):
    """Where all journals come from, in order of number."""

    def accounts(self) -> dict[int, AccountWords]:
        """The accounts in words, by number."""

    def journals(self) -> Journals:
        """Some hundred journals and all their lines at once."""


def accounts(run: Callable[..., Any]) -> dict[int, AccountWords]:
    """Every account in words; ``run`` does a statement."""
    return {
        number: (f",{cells((path, fund, unit))},", f"{path}  ", f"{path}  -", unit, scale)
        for number, path, fund, unit, scale in run(_ACCOUNTS).fetchall()
    }


@dataclass(frozen=True, slots=True)
class Books:
    """The books themselves, in SQLite, whose journals never change."""

    run: Callable[..., Any]
    scope: Scope

    def accounts(self) -> dict[int, AccountWords]:
        """The accounts in words."""
        return accounts(self.run)

    def journals(self) -> Journals:
        """Some hundred journals and all their lines, in order of number."""
        scope = self.scope
        parts = {"book": f"{scope.book:d}", "dated": "", "joined": ""}
        days: tuple[str, ...] = ()
        if not scope.whole:
            parts["dated"] = " AND j.effective_on BETWEEN ? AND ?"
            parts["joined"] = " JOIN journal j ON j.book = e.book AND j.seq = e.seq"
            days = (scope.starts_on.isoformat(), scope.ends_on.isoformat())
        journals, entries = _JOURNALS.format(**parts), _ENTRIES.format(**parts)
        for first in range(1, scope.size + 1, NUMBERS):
            numbers = (first, min(first + NUMBERS - 1, scope.size), *days)
            found = self.run(journals, numbers).fetchall()
            if found:
                yield found, self.run(entries, numbers).fetchall()


def write(source: Source, folder: Path, spool: Spool) -> str:
    """Write the sheet of entries and spool the texts' blocks; returns the sheet's SHA-256."""
    known = source.accounts()
    with HashedFile(folder / SHEET) as sheet:
        sheet.write(",".join(COLUMNS) + "\r\n")
        with closing(source.journals()) as passing:
            for journals, entries in passing:
                spool.grown(sheet.write("".join(_told(journals, entries, known, spool))))
        return sheet.sha256


def _told(
    journals: list[Any], entries: list[Any], known: dict[int, AccountWords], spool: Spool
) -> list[str]:
    """The rows of some journals; their blocks go to the spool."""
    rows: list[str] = []
    told = rows_of_cells([journal[3:] for journal in journals])
    block = texts.plain_blocks if texts.are_plain(told) else texts.blocks
    lines = groupby(entries, _SEQ)
    for journal, words, (seq, mine) in zip(journals, told, lines, strict=True):
        assert seq == journal[0], "every journal has lines"
        for unit, postings in _rows(journal, words, mine, known, rows).items():
            hledger, beancount = block(journal, unit, postings)
            held = spool.day(unit, journal[1])
            held[0].append(hledger)
            held[1].append(beancount)
    return rows


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    """A second since 1970 in words; journals of one second come together."""
    return (_BEGINNING + timedelta(seconds=second)).isoformat()


def _rows(
    journal: texts.Journal, told: str, lines: Iterator[Any], known: dict[int, AccountWords],
    rows: list[str],
) -> dict[str, list[str]]:  # fmt: skip
    """Add a journal's rows of the sheet; returns what it posts in each unit, in words."""
    seq, day, recorded_us = journal[:3]
    second, rest = divmod(recorded_us, 1_000_000)
    head = f",{day},{_second(second)}.{rest:06d}Z,{told}"
    posted: dict[str, list[str]] = {}
    for _, line, account, side, amount, layer, after in lines:
        account_cells, debit, credit, unit, scale = known[account]
        if scale == 2 and amount > 99:
            digits = str(amount)
            value = f"{digits[:-2]}.{digits[-2:]}"
        else:
            value = texts.written(amount, scale)
        rows.append(f"{seq},{line}{head}{account_cells}{layer},{side},{amount},{value},{after}\r\n")
        if layer == "P":
            posting = (debit if side == "D" else credit) + value
            if unit in posted:
                posted[unit].append(posting)
            else:
                posted[unit] = [posting]
    return posted
