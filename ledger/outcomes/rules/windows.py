"""Which months a test looks at: whole years, so that season cannot pass for progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ledger.outcomes.rules.refusals import BadPeriod

YEAR_MONTHS: Final = 12
BASELINE_YEARS_MIN: Final = 2
SUPPRESSED_MAX: Final = 4


def plus_months(day: date, months: int) -> date:
    """The first day of the month ``months`` later (or earlier)."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Window:
    """Whole months from ``starts_on`` (a first day) for ``months`` months."""

    starts_on: date
    months: int

    @property
    def last_month(self) -> date:
        """The first day of the last month."""
        return plus_months(self.starts_on, self.months - 1)

    @property
    def ends_on(self) -> date:
        """The last day."""
        return plus_months(self.starts_on, self.months) - timedelta(days=1)

    def each_month(self) -> list[date]:
        """The first day of every month in it."""
        return [plus_months(self.starts_on, step) for step in range(self.months)]


def check_window(window: Window, *, what: str, years_min: int = 1) -> None:
    """A window is made of whole years, from a first day of a month.

    Raises:
        BadPeriod: saying why half a year cannot be compared with whole ones.
    """
    if window.starts_on.day != 1:
        raise BadPeriod(
            f"The {what} begins on {window.starts_on:%d %B %Y}.",
            remedy="Begin on the first day of a month.",
            place=what,
        )
    if window.months % YEAR_MONTHS or window.months < years_min * YEAR_MONTHS:
        raise BadPeriod(
            f"The {what} has {window.months} months; seasons would pass for change.",
            remedy=f"Use whole years: at least {years_min * YEAR_MONTHS} months.",
            place=what,
        )


def is_suppressed(count: int) -> bool:
    """O11: whether a count is too small to show to the public (one to four)."""
    return 1 <= count <= SUPPRESSED_MAX


def public_count(count: int) -> str:
    """O11: a count as the public may see it."""
    return f"1 to {SUPPRESSED_MAX}" if is_suppressed(count) else f"{count:,}"
