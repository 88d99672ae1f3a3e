"""Two reports of the same days compared in plain words: what moved, by which journals, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from ledger.kernel.clock import day_in_words, london_day

Figures = Mapping["Key", int]
"""What a report says of each account; debits count above zero."""

POSTED: Final = "P"
HELD: Final = "H"


class Key(NamedTuple):
    """One line of a report: an account, its unit and fund, and whether the value is held."""

    path: str
    unit: str
    fund: str
    layer: str = POSTED


@dataclass(frozen=True, slots=True)
class Moment:
    """Which report is meant: that of a close, by its journal's number, or what was known at an
    instant; neither means what is known now.
    """

    close: int | None = None
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line that the reports do not agree on, and how far journals explain it (C7)."""

    key: Key
    before: int
    after: int
    explained: int
    journals: int

    @property
    def difference(self) -> int:
        """How much the second report says more than the first."""
        return self.after - self.before

    @property
    def unexplained(self) -> int:
        """The part that no journal explains; anything but zero is a fault."""
        return self.difference - self.explained


def changes_of(
    before: Figures, after: Figures, moved: Figures, journals: Mapping[Key, int]
) -> list[Change]:
    """C6, C7: every line that differs between the reports, or that journals say must differ.

    A line that journals moved there and back stands too: it moved, although its figure did not.
    """
    keys = sorted({*before, *after, *moved})
    lines = [
        Change(key, before.get(key, 0), after.get(key, 0), moved.get(key, 0), journals.get(key, 0))
        for key in keys
    ]
    return [line for line in lines if line.difference or line.explained or line.journals]


def unexplained(changes: Iterable[Change]) -> list[Change]:
    """C7: the lines that journals do not explain to the penny."""
    return [line for line in changes if line.unexplained]


def effects_of(entries: Sequence[tuple[str, str, str, str, str, int]]) -> dict[Key, int]:
    """What one journal did to each line: its entries as (path, unit, fund, layer, side, amount)."""
    effects: dict[Key, int] = {}
    for path, unit, fund, layer, side, amount in entries:
        key = Key(path, unit, fund, layer)
        effects[key] = effects.get(key, 0) + (amount if side == "D" else -amount)
    return effects


def is_before(seq: int, other: int) -> bool:
    """C6: whether the report that knew up to journal ``seq`` knew less than the other."""
    return seq < other


def told(
    *, seq: int, kind: str, effective_on: date, recorded_at: datetime, maker: str,
    checker: str | None, reason: str, reverses: int | None, resolves: int | None,
) -> str:  # fmt: skip
    """C6: one journal in plain words: what, who, known when, why. ``maker`` and ``checker`` are
    as they are to be shown.
    """
    who = f"made by {maker} and approved by {checker}" if checker else f"made by {maker}"
    what = f"Journal {seq:,} ({kind}), {who}"
    if reverses is not None:
        what += f", takes back journal {reverses:,}"
    if resolves is not None:
        what += f", ends the hold of journal {resolves:,}"
    why = f" The reason given: {reason.rstrip('.')}." if reason else " No reason was given."
    return f"{what}. {_known(effective_on, recorded_at)}{why}"


def _known(effective_on: date, recorded_at: datetime) -> str:
    recorded_on = london_day(recorded_at)
    late = (recorded_on - effective_on).days
    takes_effect = f"It takes effect on {day_in_words(effective_on)}"
    if late == 0:
        return f"{takes_effect} and was known on the same day."
    if late < 0:
        return f"{takes_effect} and was known before, on {day_in_words(recorded_on)}."
    days = f"{late:,} day{'' if late == 1 else 's'} later"
    return f"{takes_effect} and was known only on {day_in_words(recorded_on)}, {days}."
