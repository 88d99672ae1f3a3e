"""Working days in England and Wales, without the network (I1)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

WORKING_DAYS: Final = 30
"""How long books are open: Accounts and Audit Regulations 2015 (SI 2015/234), regulation 14."""
MORE_DAYS_MAX: Final = 10
JULY_DAYS: Final = 10
"""How many of the first working days of July are among them, for the year to 31 March."""
_YEAR_ENDS: Final = (3, 31)
_JULY: Final = 7
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


def last_day(opens_on: date, *, days: int = WORKING_DAYS) -> date:
    """I1: the last of so many working days, counted from the first one on or after a day.

    A holiday that is proclaimed for one year alone is counted as a working day: whoever opens
    the books adds a day for it.
    """
    day, left = opens_on, days
    while True:
        left -= is_working(day)
        if not left:
            return day
        day += _DAY


def july_of(ends_on: date) -> tuple[date, date] | None:
    """I1: the first and the tenth working day of July that the inspection of a period holds; None
    for a period that does not end on 31 March.
    """
    if (ends_on.month, ends_on.day) != _YEAR_ENDS:
        return None
    july = date(ends_on.year, _JULY, 1)
    return last_day(july, days=1), last_day(july, days=JULY_DAYS)


def first_days(ends_on: date, *, days: int = WORKING_DAYS) -> tuple[date, date] | None:
    """I1: from which day to which day the inspection of a period may begin, so that it holds the
    first ten working days of July; None for a period of which no such thing is asked.
    """
    july = july_of(ends_on)
    if july is None:
        return None
    earliest, left = july[1], days - 1
    while left:
        earliest -= _DAY
        left -= is_working(earliest)
    return earliest, july[0]


def is_working(day: date) -> bool:
    """Whether a day is neither at a weekend nor a bank holiday."""
    return day.weekday() < _SATURDAY and day not in bank_holidays(day.year)


def bank_holidays(year: int) -> set[date]:
    """The yearly bank holidays of England and Wales; one at a weekend moves to the next free day."""
    easter = _easter(year)
    moved: set[date] = set()
    for day in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        while day.weekday() >= _SATURDAY or day in moved:
            day += _DAY  # noqa: PLW2901 - the day on which it is kept
        moved.add(day)
    return moved | {
        easter - 2 * _DAY, easter + _DAY, _monday(date(year, 5, 1)),
        _monday(date(year, 5, 25)), _monday(date(year, 8, 25)),
    }  # fmt: skip


def _monday(day: date) -> date:
    """The first Monday on or after a day."""
    return day + timedelta(days=-day.weekday() % 7)


def _easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (the anonymous computus)."""
    golden, century = year % 19, year // 100
    leap = century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15
    moon = leap % 30
    moon -= (moon // 28) * (1 - (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    ahead = moon - weekday
    month = 3 + (ahead + 40) // 44
    return date(year, month, ahead + 28 - 31 * (month // 4))
