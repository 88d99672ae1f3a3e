"""Plain-text journals that accountants' own tools check: hledger and beancount, one unit a file.

Quantities have the unit's fixed decimals, days are in order and a day's journals in order of
number, accounts and commodities are declared, and every file ends with exact closing balances.
Holds are left out: nothing has moved yet. A pack of a period begins with its opening balances.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ledger.exports.files import HashedFile

_JOURNALS: Final = (
    "SELECT j.effective_on, j.seq, j.kind, j.id, j.group_id, j.reason,"
    " group_concat(:indent || a.path || '  ' || {value} || ' ' || :sign, char(10) ORDER BY e.line)"
    " FROM journal j JOIN entry e ON e.seq = j.seq AND e.layer = 'P'"
    " JOIN account a ON a.id = e.account AND a.unit = :unit"
    " GROUP BY j.seq ORDER BY j.effective_on, j.seq"
)
_SIGNED: Final = "CASE e.side WHEN 'D' THEN '' ELSE '-' END || "
_VALUES: Final = {
    0: _SIGNED + "e.amount",
    2: _SIGNED + "printf('%d.%02d', e.amount / 100, e.amount % 100)",
}
_CLOSING: Final = (
    "SELECT a.path, t.opening, t.closing FROM trial_balance t JOIN account a ON a.id = t.account"
    " WHERE a.unit = ? ORDER BY a.path"
)


Journal = tuple[str, int, str, str, str, str, str]
"""Day, number, kind, id, group, reason, and the postings as lines of text."""


@dataclass(frozen=True, slots=True)
class UnitFile:
    """What both kinds of text are written from: one unit of one pack."""

    unit: str
    scale: int
    first_day: date
    last_day: date
    balances: list[tuple[str, int, int]]
    book: str

    def value(self, quantity: int) -> str:
        """A quantity with the unit's decimals and no thousands mark."""
        if self.scale == 0:
            return str(quantity)
        whole, rest = divmod(abs(quantity), 10**self.scale)
        return f"{'-' if quantity < 0 else ''}{whole}.{rest:0{self.scale}d}"

    @property
    def opening(self) -> list[tuple[str, int]]:
        """The accounts that begin with something."""
        return [(path, opening) for path, opening, _ in self.balances if opening]

    def closing_below(self) -> dict[str, int]:
        """The closing balance of each account together with all accounts below it."""
        below: dict[str, int] = defaultdict(int)
        for path, _, closing in self.balances:
            parts = path.split(":")
            for depth in range(1, len(parts) + 1):
                below[":".join(parts[:depth])] += closing
        return below


Journals = Iterable[Journal]
Renderer = Callable[[UnitFile, Journals], Iterator[str]]


_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What ends or bends a line. Named one by one, so that every Python makes the same text."""


def _one_line(words: str) -> str:
    return _CONTROL.sub(" ", words)


@lru_cache(maxsize=4_096)
def _hledger_word(words: str) -> str:
    """Free words inside a description or tag: a semicolon or a comma would end them."""
    return _one_line(words).replace(";", " ").replace(",", " ").replace("|", "/").strip()


def _commodity(unit: str) -> str:
    return unit if unit.isalpha() else f'"{unit}"'


def hledger(file: UnitFile, journals: Journals) -> Iterator[str]:
    """The text for ``hledger check -s ordereddates``."""
    sign = _commodity(file.unit)
    sample = "1000." + "0" * file.scale
    yield f"; {_one_line(file.book)}: every posted entry in {file.unit}\n"
    yield f"commodity {sample} {sign}\n"
    for path, _, _ in file.balances:
        yield f"account {path}\n"
    if file.opening:
        yield f"\n{file.first_day} * (opening) opening balances\n"
        for path, quantity in file.opening:
            yield f"    {path}  {file.value(quantity)} {sign}\n"
    for day, seq, kind, id_, group, reason, postings in journals:
        told = f" | {words}" if (words := _hledger_word(reason)) else ""
        belongs = f", group: {_hledger_word(group)}" if group else ""
        yield (
            f"\n{day} * ({seq}) {kind}{told}\n    ; id: {_hledger_word(id_)}{belongs}\n{postings}\n"
        )
    yield f"\n{file.last_day} * (closing) closing balances are exactly these\n"
    for path, _, closing in file.balances:
        yield f"    {path}  {file.value(0)} {sign} = {file.value(closing)} {sign}\n"


@lru_cache(maxsize=4_096)
def _quoted(words: str) -> str:
    return '"' + _one_line(words).replace("\\", "\\\\").replace('"', '\\"') + '"'


def beancount(file: UnitFile, journals: Journals) -> Iterator[str]:
    """The text for ``bean-check``; ``~ 0`` so that not even a penny is let pass."""
    yield f'option "title" {_quoted(file.book + ": every posted entry in " + file.unit)}\n'
    yield f'option "operating_currency" "{file.unit}"\n\n'
    yield f"{file.first_day} commodity {file.unit}\n"
    for path, _, _ in file.balances:
        yield f"{file.first_day} open {path} {file.unit}\n"
    if file.opening:
        yield f'\n{file.first_day} * "opening" "opening balances"\n'
        for path, quantity in file.opening:
            yield f"  {path}  {file.value(quantity)} {file.unit}\n"
    for day, seq, kind, id_, group, reason, postings in journals:
        belongs = f"  group: {_quoted(group)}\n" if group else ""
        yield (
            f"\n{day} * {_quoted(kind)} {_quoted(reason)}\n"
            f"  seq: {seq}\n  id: {_quoted(id_)}\n{belongs}{postings}\n"
        )
    yield "\n"
    below = file.closing_below()
    for path, _, _ in file.balances:
        amount = file.value(below[path])
        yield f"{file.last_day + timedelta(days=1)} balance {path}  {amount} ~ 0 {file.unit}\n"


RENDERERS: Final[dict[str, Renderer]] = {"hledger": hledger, "beancount": beancount}
ENDINGS: Final = {"hledger": "journal", "beancount": "beancount"}


def units(store: Any) -> list[tuple[str, int]]:
    """The units that anything in the pack is counted in, with their decimals."""
    return list(store.execute("SELECT code, scale FROM unit ORDER BY code"))


def name(kind: str, unit: str) -> str:
    """The file's name: ``hledger-GBP.journal``, ``beancount-GBP.beancount``."""
    return f"{kind}-{unit}.{ENDINGS[kind]}"


def write(store: Any, folder: Path, kind: str, unit: tuple[str, int], book: str) -> str:
    """Write one unit's text from the pack's database; returns its SHA-256."""
    balances = store.execute(_CLOSING, (unit[0],)).fetchall()
    first, last = store.execute(
        "SELECT min(effective_on), max(effective_on) FROM journal"
    ).fetchone()
    file = UnitFile(*unit, date.fromisoformat(first), date.fromisoformat(last), balances, book)
    indent, sign = ("    ", _commodity(unit[0])) if kind == "hledger" else ("  ", unit[0])
    facts = {"unit": unit[0], "indent": indent, "sign": sign}
    journals = store.execute(_JOURNALS.format(value=_VALUES[unit[1]]), facts)
    with HashedFile(folder / name(kind, unit[0])) as out:
        out.write_all(RENDERERS[kind](file, journals))
        return out.sha256
