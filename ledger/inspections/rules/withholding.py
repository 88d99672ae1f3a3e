"""What is withheld from the public by hand, because it is commercially confidential (I8 to I10)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date
from typing import Final

from ledger.inspections.rules.refusals import NotOpen, WithheldAlready
from ledger.kernel.clock import day_in_words
from ledger.kernel.errors import Invalid

REASON: Final = "reason"
GROUP: Final = "group"
GROUND: Final = "commercially confidential"
"""The one ground on which a field is withheld by hand: section 26 of the Act."""
BESIDE: Final = "kept back with it"
KEPT_BACK: Final = "recorded_us"
"""I9: kept back with whatever is withheld by hand."""
_FIELDS: Final = {REASON: ("reason", "purpose"), GROUP: ("group", "id")}
_PART_WORDS: Final = {
    REASON: "its reason and purpose", GROUP: "what it belongs to, and its reference",
}  # fmt: skip
_ENTRY: Final = re.compile(r"entry\.([1-9][0-9]{0,3})", re.ASCII)


def part_of_entry(line: int) -> str:
    """I8: the account of one entry, as a part that is withheld."""
    return f"entry.{line}"


def parts_of(lines: Iterable[int]) -> list[str]:
    """I8: what of a journal may be withheld by hand; ``lines`` are the numbers of its entries."""
    return [REASON, GROUP, *map(part_of_entry, lines)]


def part_words(part: str) -> str:
    """A part as people say it."""
    entry = _ENTRY.fullmatch(part)
    return f"the account of entry {entry[1]}" if entry else _PART_WORDS[part]


def fields_of_part(part: str) -> tuple[str, ...]:
    """I8: the fields that a part stands for: never a side, quantity, unit or fund."""
    return _FIELDS.get(part, (f"{part}.account", f"{part}.after"))


def fields_of_parts(parts: Collection[str]) -> frozenset[str]:
    """I8, I9: every field that the public is not given of a journal with these parts withheld."""
    fields = {field for part in parts for field in fields_of_part(part)}
    return frozenset(fields | {KEPT_BACK} if fields else fields)


def check_parts(parts: Collection[str], *, lines: Collection[int], seq: int) -> None:
    """I8: refuse what is no part of the journal, or nothing.

    Raises:
        Invalid.
    """
    known = parts_of(lines)
    odd = [part for part in parts if part not in known]
    if odd or not parts or len(set(parts)) != len(parts):
        said = f"“{odd[0][:40]}” is no part of journal {seq}" if odd else "No part is named once"
        raise Invalid(
            f"{said} that is withheld by hand.",
            remedy=f"Name some of: {', '.join(known)}; each once.",
            place="parts",
        )


def check_changes(parts: Collection[str], *, withheld: Collection[str], shut: bool) -> None:
    """I8: a part is withheld once, and shown again only when it is withheld.

    Raises:
        WithheldAlready.
    """
    for part in parts:
        if (part in withheld) is shut:
            raise WithheldAlready(
                f"{part_words(part).capitalize()}: it is {'' if shut else 'not '}withheld.",
                remedy="Look at the journal again: somebody may have changed it meanwhile.",
                place="parts",
            )


def check_in_time(*, today: date, closes_on: date | None) -> None:
    """I10: until the last day of the inspection of the journal's period; ``closes_on`` is None
    when it has not been opened.

    Raises:
        NotOpen: it is over.
    """
    if closes_on is not None and today > closes_on:
        raise NotOpen(
            f"The inspection ended on {day_in_words(closes_on)}.",
            remedy="Nothing is changed in what the public was given; ask the auditor.",
            place="parts",
        )
