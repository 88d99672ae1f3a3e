"""What a test looks at: monthly readings of each series, and the bytes in which they are frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.outcomes.rules.exact import Counts


@dataclass(frozen=True, slots=True)
class Seen:
    """The readings of one series in one window, oldest first.

    ``text`` is how they are frozen: the area, then month, value and revision of each.
    """

    area: str
    values: tuple[int, ...]
    total: int
    text: str


def seen_of(area: str, readings: Sequence[tuple[str, int, int]]) -> Seen:
    """Readings (month as 2024-01-01, value, revision) as a test sees them."""
    values = tuple(value for _, value, _ in readings)
    frozen = ",".join([f'["{month}",{value},{revision}]' for month, value, revision in readings])
    return Seen(area, values, sum(values), f"{_canonical(area)}:[{frozen}]")


@dataclass(slots=True)
class Look:
    """All that a test looks at, by slot, and how many readings it lacks."""

    slots: dict[str, list[Seen]] = field(default_factory=dict)
    missing: int = 0

    def counts(self, *, months_before: int, months_after: int) -> Counts:
        """The table to be tested; months are the exposure where nothing is compared."""
        before, after, other_before, other_after = (
            sum(seen.total for seen in self.slots.get(slot, ()))
            for slot in ("before", "after", "other_before", "other_after")
        )
        return Counts(before, after, other_before, other_after, months_before, months_after)

    @property
    def baseline(self) -> tuple[int, ...]:
        """The area's own counts in the baseline, month by month."""
        (seen,) = self.slots["before"]
        return seen.values


def frozen_bytes(owner: str, look: Look, facts: Mapping[str, object]) -> bytes:
    """The readings of a test in their one canonical form (JSON, sorted keys, no spaces).

    It is put together from texts that are shared by all tests that look at the same months.
    """
    slots = []
    for slot in sorted(look.slots):
        texts = [seen.text for seen in sorted(look.slots[slot], key=_area) if seen.values]
        if texts:
            slots.append(f'"{slot}":{{{",".join(texts)}}}')
    head = f'{{"facts":{_canonical(facts)},"owner":{_canonical(owner)}'
    return f'{head},"readings":{{{",".join(slots)}}},"v":1}}'.encode("ascii")


def _area(seen: Seen) -> str:
    return seen.area


_canonical: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True
).encode
