"""Harrowmere's fire figures: six years of monthly counts by ward, in the wide form of a
police extract (one column a month), made without chance so that every start shows the same.

Canal Side falls far below what other wards would lead one to expect; Mill Lane falls a
little, which could be luck; Station Quarter falls and waits for a decision.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Final

from ledger.kernel.money import split

QUARTERS: Final = 24
OFFENCE: Final = ("Fire", "Arson")
COMPARATORS: Final = ("Northgate", "Foundry", "Eastfield", "Hollins", "Weir Bank")
SEASON: Final = (9, 13, 7, 19)
"""How many of forty-eight fires a year fall in each quarter, counted from January."""

_CANAL_SIDE: Final = (9, 15, 7, 20, 11, 12, 10, 15, 9, 13, 6, 17)


def quarter_start(today: date, back: int) -> date:
    """The first day of the calendar quarter ``back`` quarters before today's."""
    index = today.year * 4 + (today.month - 1) // 3 - back
    return date(index // 4, index % 4 * 3 + 1, 1)


def months(today: date) -> list[date]:
    """The first days of the months that the extract has, oldest first."""
    return [
        date(start.year, start.month + month, 1)
        for back in range(QUARTERS, 0, -1)
        for start in [quarter_start(today, back)]
        for month in range(3)
    ]


def _year(total: int, first_quarter: int) -> list[int]:
    """A year's total over four quarters with the season's shape."""
    weights = [SEASON[(first_quarter + step) % 4] for step in range(4)]
    return split(total, weights)


def _series(yearly: tuple[int, ...], first_quarter: int) -> list[int]:
    return [count for total in yearly for count in _year(total, first_quarter)]


def by_quarter(today: date) -> dict[str, list[int]]:
    """Fires in each ward and quarter, oldest first (counts of incidents)."""
    first = (quarter_start(today, QUARTERS).month - 1) // 3
    canal = [*_CANAL_SIDE, 11, *_year(28, first + 1), *_year(29, first + 1), *_year(27, first + 1)]
    wards = {
        "Canal Side": canal[:QUARTERS],
        "Mill Lane": [
            *_series((48, 48, 48), first), *_year(48, first)[:2], *_year(34, first + 2),
            *_year(36, first + 2), *_year(35, first + 2)[:2],
        ],
        "Station Quarter": [
            *_series((52, 49, 51, 50), first), *_year(51, first)[:3], *_year(27, first + 3), 8,
        ],
    }  # fmt: skip
    for ward in COMPARATORS:
        wards[ward] = _series((40, 40, 40, 38, 38, 38), first)
    return wards


def readings_csv(today: date, *, before: date) -> bytes:
    """The extract as the fire service would send it: one row a ward, one column a month, with
    the months before a day.
    """
    known = [month for month in months(today) if month < before]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["MajorText", "MinorText", "LookUp_BoroughName"] + [f"{month:%Y%m}" for month in known]
    )
    for ward, quarters in by_quarter(today).items():
        counts = [count for total in quarters for count in split(total, (1, 1, 1))]
        writer.writerow([*OFFENCE, ward, *counts[: len(known)]])
    return out.getvalue().encode()
