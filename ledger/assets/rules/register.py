"""The register itself: when a row is new, when a file may replace another, what is public."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from ledger.assets.rules.refusals import TooFewRows
from ledger.assets.rules.rows import Facts

OCCUPANCIES: Final = ("in use", "part", "vacant", "surplus", "unknown")
ASSET_STATES: Final = ("current", "not_seen", "ended")
LISTING_MOVES: Final = {
    ("draft", "offered"), ("offered", "withdrawn"), ("withdrawn", "offered"),
    ("draft", "withdrawn"),
}  # fmt: skip
_ROWS_BEFORE_ALARM: Final = 10
_JSON: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
"""Made once: a register has a row for every building."""


def text_of(facts: Facts) -> str:
    """Everything that the row said, as JSON with sorted keys: what a version keeps."""
    return _JSON.encode(facts.as_record())


def digest_of(text: str) -> str:
    """A9: the SHA-256 (hex) of a row's text: equal rows have equal digests."""
    return hashlib.sha256(text.encode()).hexdigest()


def search_text(facts: Facts) -> str:
    """What a search looks through: name, address and reference, without case."""
    parts = (facts.name, facts.street_number, facts.street, facts.town, facts.postcode, facts.code)
    return " ".join(part for part in parts if part).casefold()


def check_fall(*, rows_before: int, rows_missing: int, expected: bool) -> None:
    """A8: a file may not make more than half of a register vanish unless that is expected.

    Raises:
        TooFewRows: with how many of how many would be marked "not seen".
    """
    if expected or rows_before < _ROWS_BEFORE_ALARM or rows_missing * 2 <= rows_before:
        return
    raise TooFewRows(
        f"{rows_missing} of the {rows_before} assets of this register are not in the file.",
        remedy="Check that the file is whole. If it is, import it again and say that you expect"
        " fewer rows.",
    )


def public_postcode(*, postcode: str, occupancy: str) -> str:
    """A10: of a vacant building only the first part of the postcode is shown."""
    return postcode.split(" ", 1)[0] if occupancy in ("vacant", "surplus") else postcode
