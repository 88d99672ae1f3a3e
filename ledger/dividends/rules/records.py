"""The record of a decision: what the leaf of its release commits to (D17)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

VERSION: Final = 1
Readings = Mapping[str, Mapping[str, Iterable[tuple[str, int, int]]]]
"""Frozen readings: by slot and area, each with its month, value and revision."""


def record(determination: str, facts: Mapping[str, Any], files: Collection[str]) -> str:
    """D17: the workings that were approved and the hashes of the files they rest on, as the one
    text that is hashed: ASCII JSON, sorted keys, no spaces.

    The workings name the version of the rules, the hashes of terms and frozen readings, the
    threshold's working and the split's.
    """
    return json.dumps(
        {"determination": determination, "facts": facts, "files": sorted(files), "v": VERSION},
        sort_keys=True, separators=(",", ":"), ensure_ascii=True,
    )  # fmt: skip


def digest(words: str) -> str:
    """D17: SHA-256 of a record (hex): the purpose of the journal that awards."""
    return hashlib.sha256(words.encode("ascii")).hexdigest()


def files_of(readings: Readings, behind: Mapping[tuple[str, str, int], str]) -> list[str]:
    """D17: the SHA-256 of every file that gave one of these readings, each once."""
    return sorted(
        {
            behind[area, month, revision]
            for by_area in readings.values()
            for area, rows in by_area.items()
            for month, _value, revision in rows
        }
    )
