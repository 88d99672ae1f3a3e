"""Plain-text journals that accountants' own tools check: hledger and beancount, one unit a file.

Quantities have the unit's fixed decimals, days are in order and a day's journals in order of
number, accounts and commodities are declared, and every file ends with exact closing balances.
Holds are left out: nothing has moved yet. A pack of a period begins with its opening balances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from ledger.exports.files import HashedFile

_LINES: Final = (
    "SELECT j.effective_on, j.seq, j.kind, j.id, j.group_id, j.reason, a.path,"
    " CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END FROM journal j"
    " JOIN entry e ON e.seq = j.seq JOIN account a ON a.id = e.account"
    " WHERE a.unit = ? AND e.layer = 'P' ORDER BY j.effective_on, j.seq, e.line"
)
_CLOSING: Final = (
    "SELECT a.path, t.opening, t.closing FROM trial_balance t JOIN account a ON a.id = t.account"
    " WHERE a.unit = ? ORDER BY a.path"
)


@dataclass(frozen=True, slots=True)
class Head:
    """A journal's first line: day, number, kind, id, group and reason."""

    day: str
    seq: int
    kind: str
    id: str
    group: str
    reason: str


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

    def closing_below(self, path: str) -> int:
        """The closing balance of an account and of all accounts below it."""
        return sum(
            closing for other, _, closing in self.balances
            if other == path or other.startswith(path + ":")
        )  # fmt: skip


Journals = Iterator[tuple[Head, list[tuple[str, int]]]]
Renderer = Callable[[UnitFile, Journals], Iterator[str]]


def _one_line(words: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in words)


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
    for head, postings in journals:
        group = f", group: {_hledger_word(head.group)}" if head.group else ""
        yield (
            f"\n{head.day} * ({head.seq}) {head.kind} | {_hledger_word(head.reason)}".rstrip(" |")
            + f"\n    ; id: {_hledger_word(head.id)}{group}\n"
        )
        for path, quantity in postings:
            yield f"    {path}  {file.value(quantity)} {sign}\n"
    yield f"\n{file.last_day} * (closing) closing balances are exactly these\n"
    for path, _, closing in file.balances:
        yield f"    {path}  {file.value(0)} {sign} = {file.value(closing)} {sign}\n"


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
    for head, postings in journals:
        yield f"\n{head.day} * {_quoted(head.kind)} {_quoted(head.reason)}\n"
        yield f"  seq: {head.seq}\n  id: {_quoted(head.id)}\n"
        if head.group:
            yield f"  group: {_quoted(head.group)}\n"
        for path, quantity in postings:
            yield f"  {path}  {file.value(quantity)} {file.unit}\n"
    yield "\n"
    for path, _, _ in file.balances:
        amount = file.value(file.closing_below(path))
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
    with HashedFile(folder / name(kind, unit[0])) as out:
        for words in RENDERERS[kind](file, _journals(store, unit[0])):
            out.write(words)
        return out.sha256


def _journals(store: Any, unit: str) -> Journals:
    rows = store.execute(_LINES, (unit,))
    for key, lines in groupby(rows, key=lambda row: row[:6]):
        yield Head(*key), [(line[6], line[7]) for line in lines]
