"""How values read on a page: the template filters, in the style of GOV.UK content."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from flask import Flask

from ledger.books.rules import KIND_WORDS
from ledger.kernel import clock
from ledger.kernel.money import format_minutes, format_pence, format_quantity


def pounds(quantity_pence: int) -> str:
    """``2000`` as ``£20`` and ``2050`` as ``£20.50``: for sentences and summary lists."""
    return format_pence(quantity_pence).removesuffix(".00")


def pounds_exact(quantity_pence: int) -> str:
    """``2000`` as ``£20.00``: for columns of figures and statements."""
    return format_pence(quantity_pence)


def hours(quantity_minutes: int) -> str:
    """``150`` as ``2 hours 30 minutes``."""
    return format_minutes(quantity_minutes)


def quantity(amount: int, unit: str) -> str:
    """A quantity in the words of its unit: pounds, hours, or a number and a noun."""
    return pounds(amount) if unit in ("GBP", "SAVING") else format_quantity(amount, unit)


def exactly(amount: int, unit: str) -> str:
    """A quantity in the words of its unit, pence always shown: for columns of figures."""
    return format_quantity(amount, unit)


def london_day(when: datetime | date | None) -> str:
    """``2 March 2026``, the London day of an instant, or of a day itself."""
    if when is None:
        return ""
    return clock.day_in_words(clock.london_day(when) if isinstance(when, datetime) else when)


def day_short(when: datetime | date) -> str:
    """``Mon 2 Mar``: for calendars."""
    day = clock.london_day(when) if isinstance(when, datetime) else when
    return f"{day:%a} {day.day} {day:%b}"


def clock_time(at: datetime) -> str:
    """``9am``, ``5:30pm``, ``midday``, ``midnight`` on London's wall clock."""
    local = at.astimezone(clock.LONDON)
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    minute = f":{local.minute:02d}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minute}{'pm' if local.hour >= 12 else 'am'}"


def london_time(at: datetime | None) -> str:
    """``2 March 2026 at 5:30pm`` on London's wall clock."""
    return f"{london_day(at)} at {clock_time(at)}" if at else ""


def recorded_time(recorded_us: int) -> str:
    """The microsecond at which a journal was recorded, as ``london_time`` says it."""
    return london_time(clock.from_microseconds(recorded_us))


def kind_words(kind: str) -> str:
    """``pledge.pay`` as ``Paid to a group``; a kind of an older time stays as it is written."""
    return KIND_WORDS.get(kind, kind)


def action_words(action: str) -> str:
    """``pledge.fell_short`` as ``Pledge: fell short``."""
    thing, _, deed = action.replace("_", " ").partition(".")
    return f"{thing.capitalize()}: {deed}" if deed else thing.capitalize()


def line_numbers(lines: Iterable[int], most: int = 12) -> str:
    """``2, 5 to 9, 14 and 31 more``: lines of a file, runs drawn together, the first few of them."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    shown = [
        str(first) if first == last else f"{first} to {last}" if last > first + 1
        else f"{first}, {last}"
        for first, last in runs[:most]
    ]  # fmt: skip
    left = sum(last - first + 1 for first, last in runs[most:])
    return ", ".join(shown) + (f" and {left:,} more" if left else "")


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 household``, ``1,200 households``; ``many`` for nouns like people."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def install(app: Flask) -> None:
    """Give the templates these words."""
    for word in (
        pounds, pounds_exact, hours, quantity, exactly, london_day, day_short, clock_time, london_time, plural,
        line_numbers, recorded_time, kind_words, action_words,
    ):  # fmt: skip
        app.add_template_filter(word)
