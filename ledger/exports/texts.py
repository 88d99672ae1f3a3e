"""Plain-text journals that accountants' own tools check: hledger and beancount, one unit a file.

Quantities have the unit's fixed decimals, days are in order and a day's journals in order of
number, accounts and commodities are declared, and every file ends with exact closing balances.
Holds are left out: nothing has moved yet. A pack of a period begins with its opening balances.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ledger.exports.files import HashedFile
from ledger.exports.spool import Spool

Journal = tuple[int, str, int, str, str, str, str, str, str, str]
"""Number, day, recorded time, kind, id, group, reason, purpose, maker and checker."""
HLEDGER_LINE: Final = "\n    "
BEANCOUNT_LINE: Final = "\n  "

_CLOSING: Final = (
    "SELECT a.path, t.opening, t.closing FROM trial_balance t JOIN account a ON a.id = t.account"
    " WHERE a.unit = ? ORDER BY a.path"
)


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
        return written(quantity, self.scale)

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


def written(quantity: int, scale: int) -> str:
    """A quantity with its unit's decimals and no thousands mark: ``123456`` as ``1234.56``."""
    if not scale:
        return str(quantity)
    digits = str(quantity) if quantity >= 0 else str(-quantity)
    if len(digits) <= scale:
        digits = digits.zfill(scale + 1)
    sign = "" if quantity >= 0 else "-"
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}"


_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What ends or bends a line. Named one by one, so that every Python makes the same text."""


_MEANT: Final = re.compile('[;|"\\\\\x00-\x1f\x7f-\x9f\u2028\u2029]')


def _one_line(words: str) -> str:
    return _CONTROL.sub(" ", words)


@lru_cache(maxsize=4_096)
def _hledger_word(words: str) -> str:
    """Free words inside a description or tag: a semicolon or a comma would end them."""
    return _one_line(words).replace(";", " ").replace(",", " ").replace("|", "/").strip()


@lru_cache(maxsize=256)
def _commodity(unit: str) -> str:
    return unit if unit.isalpha() else f'"{unit}"'


@lru_cache(maxsize=4_096)
def _quoted(words: str) -> str:
    return '"' + _one_line(words).replace("\\", "\\\\").replace('"', '\\"') + '"'


def are_plain(words: Sequence[str]) -> bool:
    """Whether no letter in any of these means anything to either tool; nearly always so."""
    return _MEANT.search("".join(words)) is None


def plain_blocks(journal: Journal, unit: str, postings: list[str]) -> tuple[str, str]:
    """What plain words give: the same as `blocks`, in a third of the time."""
    seq, day, _, kind, id_, group, reason, *_ = journal
    told = f" | {reason.strip()}" if reason.strip() else ""
    sign = _commodity(unit)
    hledger = (
        f"\n{day} * ({seq}) {kind}{told}\n    ; id: {id_.strip()}"
        f"{f', group: {group.strip()}' if group else ''}\n"
        f"    {f' {sign}{HLEDGER_LINE}'.join(postings)} {sign}\n"
    )
    beancount = (
        f'\n{day} * "{kind}" "{reason}"\n  seq: {seq}\n  id: "{id_}"\n'
        + (f'  group: "{group}"\n' if group else "")
        + f"  {f' {unit}{BEANCOUNT_LINE}'.join(postings)} {unit}\n"
    )
    return hledger, beancount


def blocks(journal: Journal, unit: str, postings: list[str]) -> tuple[str, str]:
    """What a journal posts in one unit, as a block for hledger and one for beancount."""
    seq, day, _, kind, id_, group, reason, *_ = journal
    sign = _commodity(unit)
    told = f" | {words}" if (words := _hledger_word(reason)) else ""
    belongs = f", group: {_hledger_word(group)}" if group else ""
    hledger = (
        f"\n{day} * ({seq}) {kind}{told}\n    ; id: {_hledger_word(id_)}{belongs}\n"
        f"    {f' {sign}{HLEDGER_LINE}'.join(postings)} {sign}\n"
    )
    belongs = f"  group: {_quoted(group)}\n" if group else ""
    beancount = (
        f"\n{day} * {_quoted(kind)} {_quoted(reason)}\n  seq: {seq}\n  id: {_quoted(id_)}\n"
        f"{belongs}  {f' {unit}{BEANCOUNT_LINE}'.join(postings)} {unit}\n"
    )
    return hledger, beancount


def _hledger(file: UnitFile, journals: Iterable[bytes]) -> Iterator[bytes | str]:
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
    yield from journals
    yield f"\n{file.last_day} * (closing) closing balances are exactly these\n"
    for path, _, closing in file.balances:
        yield f"    {path}  {file.value(0)} {sign} = {file.value(closing)} {sign}\n"


def _beancount(file: UnitFile, journals: Iterable[bytes]) -> Iterator[bytes | str]:
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
    yield from journals
    yield "\n"
    below = file.closing_below()
    for path, _, _ in file.balances:
        amount = file.value(below[path])
        yield f"{file.last_day + timedelta(days=1)} balance {path}  {amount} ~ 0 {file.unit}\n"


RENDERERS: Final = {"hledger": _hledger, "beancount": _beancount}
ENDINGS: Final = {"hledger": "journal", "beancount": "beancount"}


def units(store: Any) -> list[tuple[str, int]]:
    """The units that anything in the pack is counted in, with their decimals."""
    return list(store.execute("SELECT code, scale FROM unit ORDER BY code"))


@lru_cache(maxsize=256)
def name(kind: str, unit: str) -> str:
    """The file's name: ``hledger-GBP.journal``, ``beancount-GBP.beancount``."""
    return f"{kind}-{unit}.{ENDINGS[kind]}"


def write(
    store: Any, folder: Path, kind: str, unit: tuple[str, int], book: str, *, spool: Spool
) -> str:
    """Write one unit's text from its balances and its blocks; returns its SHA-256."""
    balances = store.execute(_CLOSING, (unit[0],)).fetchall()
    first, last = store.execute(
        "SELECT min(effective_on), max(effective_on) FROM journal"
    ).fetchone()
    file = UnitFile(*unit, date.fromisoformat(first), date.fromisoformat(last), balances, book)
    blocks_by_day = spool.blocks(unit[0], list(RENDERERS).index(kind))
    with HashedFile(folder / name(kind, unit[0])) as out:
        out.write_all(RENDERERS[kind](file, blocks_by_day))
        return out.sha256
