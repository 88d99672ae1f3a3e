"""Reading a supplier's file of counts, whole or not at all (O8, O10).

Two layouts are known: *wide*, as the Metropolitan Police publish it (offence group, offence,
place, then one column a month, 201004), and *long* (area, period, value).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from ledger.kernel import limits
from ledger.kernel.errors import Invalid, LedgerError
from ledger.kernel.files import not_a_table, wrong_separator
from ledger.kernel.texts import clean_line
from ledger.outcomes.rules.refusals import FileRefused, FileTooLarge

VALUE_MAX: Final = 1_000_000_000
_WIDE: Final = ("majortext", "minortext", "lookup_boroughname")
_LONG: Final = ("area", "period", "value")
_MONTH: Final = re.compile(r"((?:19|20)[0-9]{2})-?(0[1-9]|1[0-2])(?:-01)?", re.ASCII)
_SAVE_AS: Final = "Open it in the program it came from and save it as CSV (UTF-8)."
_NAME: Final = f"Write a name of 1 to {limits.NAME_CHARS_MAX} characters that can all be seen."


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong on a line, in which column, and how to mend it."""

    line: int
    column: str
    facts: str
    remedy: str


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One area's counts of one offence; a value belongs to the month of the same place."""

    line: int
    major: str
    minor: str
    area: str
    values: tuple[int | None, ...]


@dataclass(slots=True)
class ParsedFile:
    """What a file says. ``months`` are first days; with any problem nothing may be stored."""

    layout: str
    encoding: str
    months: tuple[date, ...]
    rows: list[SeriesRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0

    @property
    def reading_count(self) -> int:
        """How many readings there are."""
        return sum(len(row.values) - row.values.count(None) for row in self.rows)

    def refuse(self, line: int, column: str, facts: str, remedy: str) -> None:
        """Note a problem; only the first thousand are kept, all are counted."""
        self.problem_count += 1
        if len(self.problems) < limits.IMPORT_PROBLEMS_SHOWN_MAX:
            self.problems.append(Problem(line, column, facts, remedy))


Tick = Callable[[int], None]


class Reader(Protocol):
    """The csv module's reader: rows, and how many lines it has read."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]:
        """Each row."""


def no_tick(_line: int) -> None:
    """Nobody watches."""


def parse(content: bytes, *, today: date, name: str = "", tick: Tick = no_tick) -> ParsedFile:
    """Read a file of counts. ``today`` (London) refuses months that have not begun.

    ``name`` is the file's own, for refusals to say.

    Raises:
        FileTooLarge, FileRefused: it cannot be read at all.
    """
    try:
        return _parse(content, today, tick)
    except LedgerError as refusal:
        refusal.name_place(name)
        raise


def _parse(content: bytes, today: date, tick: Tick) -> ParsedFile:
    text, encoding = decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        headings = [cell.strip() for cell in next(reader, [])]
        names = [heading.casefold() for heading in headings]
        if tuple(names[:3]) == _WIDE and len(names) > len(_WIDE):
            return _wide(reader, headings, encoding, today, tick)
        if tuple(names) == _LONG:
            return _long(reader, encoding, today, tick)
    except csv.Error as error:
        raise FileRefused(
            f"Line {reader.line_num} breaks the rules of CSV ({error}).", remedy=_SAVE_AS
        ) from None
    separator = wrong_separator(headings)
    if separator:
        raise FileRefused(
            f"The cells are separated by {separator}.",
            remedy="Save the file as CSV with commas between the cells.",
            place="line 1",
        )
    raise FileRefused(
        f"The headings are “{', '.join(headings)[:120]}”, which is no layout known here.",
        remedy="Use area, period, value; or MajorText, MinorText, LookUp_BoroughName and one"
        " column a month such as 202401.",
        place="line 1",
    )


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a file and how it was written; refuses what is no text.

    Raises:
        FileTooLarge, FileRefused.
    """
    if len(content) > limits.IMPORT_BYTES_MAX:
        raise FileTooLarge(
            f"The file has more than {limits.IMPORT_BYTES_MAX:,} bytes.",
            remedy="Split it by year or by offence.",
        )
    _check_is_text(content)
    if not content.endswith((b"\n", b"\r")):
        raise FileRefused(
            "The last line has no line end, so the file may have been cut off.",
            remedy="Download or export it again. If it is whole, end its last line.",
        )
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise FileRefused("The text is neither UTF-8 nor Windows-1252.", remedy=_SAVE_AS)


def _check_is_text(content: bytes) -> None:
    if not content.strip():
        raise FileRefused("The file is empty.", remedy="Choose the file that has the counts.")
    what = not_a_table(content[:512])
    if what:
        raise FileRefused(f"This is {what}, not a CSV file.", remedy=_SAVE_AS)
    if b"\x00" in content:
        raise FileRefused("The file holds bytes that are not text.", remedy=_SAVE_AS)


def month_of(cell: str, *, today: date) -> date | str:
    """The first day of a month written 202401, 2024-01 or 2024-01-01; else what is wrong."""
    match = _MONTH.fullmatch(cell.strip())
    if match is None:
        return f"“{cell.strip()[:30]}” is not a month"
    month = date(int(match[1]), int(match[2]), 1)
    return f"{month:%B %Y} has not begun yet" if month > today else month


def count_of(cell: str) -> int | str:
    """A whole count, or what is wrong with the cell."""
    if cell.isdigit() and cell.isascii():
        count = int(cell) if len(cell) <= len(str(VALUE_MAX)) else VALUE_MAX + 1
        return count if count <= VALUE_MAX else f"{cell[:20]} is more than {VALUE_MAX:,}"
    text = cell.strip()
    if text.isdigit() and text.isascii():
        return count_of(text)
    if not text:
        return "it is blank"
    if text.startswith("-"):
        return f"“{text[:20]}” is below zero"
    return f"“{text[:20]}” is not a whole number"


def check_code(text: str) -> str:
    """The code of a measure or of a family of measures, as it was written.

    Raises:
        Invalid: it is not a code, or too long for one.
    """
    parts = [slug(part) for part in text.split(".")]
    if not all(parts) or text != ".".join(parts) or len(text) > limits.NAME_CHARS_MAX:
        raise Invalid(
            f"“{text[:80]}” is not the code of a measure.",
            remedy="Use small letters, digits, hyphens and dots, like fires.deliberate, in at most"
            f" {limits.NAME_CHARS_MAX} characters.",
            place="measure",
        )
    return text


def wrong_with(name: str) -> str:
    """What is wrong with the name of an area or an offence, if anything is."""
    if not slug(name):
        return "it has no usable name"
    try:
        clean_line(name, place="name", longest=limits.NAME_CHARS_MAX)
    except Invalid as refusal:
        return refusal.facts.replace("The text", f"“{name[:30]}”", 1).rstrip(".")
    return ""


def label(cell: str) -> str:
    """A name with its spaces and letters in one form."""
    return " ".join(unicodedata.normalize("NFC", cell).split())


def slug(name: str) -> str:
    """A name as it appears in a code: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _wide(
    reader: Reader, headings: list[str], encoding: str, today: date, tick: Tick
) -> ParsedFile:
    months = _heading_months(headings[3:], today)
    parsed = ParsedFile("wide", encoding, months)
    seen: dict[tuple[str, str, str], int] = {}
    for line, cells in _records(reader):
        if not any(cells):
            continue
        if len(cells) != len(headings):
            parsed.refuse(
                line, "", f"it has {len(cells)} columns, the headings {len(headings)}",
                "Give one value for each heading.",
            )  # fmt: skip
            continue
        names = tuple(label(cell) for cell in cells[:3])
        if not _names_hold(parsed, line, names, headings, seen):
            continue
        values = tuple(_counts(parsed, line, cells[3:], headings[3:]))
        parsed.rows.append(SeriesRow(line, names[0], names[1], names[2], values))
        tick(line)
    return _not_empty(parsed)


def _heading_months(headings: list[str], today: date) -> tuple[date, ...]:
    if len(headings) > limits.IMPORT_COLUMNS_MAX:
        raise FileTooLarge(
            f"The file has {len(headings):,} month columns.",
            remedy=f"Split it: {limits.IMPORT_COLUMNS_MAX:,} columns is the most.",
        )
    months: list[date] = []
    for heading in headings:
        month = month_of(heading, today=today)
        if isinstance(month, str) or month in months:
            facts = month if isinstance(month, str) else f"{heading} comes twice"
            raise FileRefused(
                f"A column heading cannot be used: {facts}.",
                remedy="Head each column with one month, like 202401.",
                place="line 1",
            )
        months.append(month)
    return tuple(months)


def _names_hold(
    parsed: ParsedFile, line: int, names: tuple[str, ...], headings: list[str],
    seen: dict[tuple[str, str, str], int],
) -> bool:  # fmt: skip
    for name, heading in zip(names, headings, strict=False):
        wrong = wrong_with(name)
        if wrong:
            parsed.refuse(line, heading, wrong, _NAME)
            return False
    key = (slug(names[0]), slug(names[1]), slug(names[2]))
    first = seen.setdefault(key, line)
    if first != line:
        parsed.refuse(
            line, headings[2], f"{names[2]}, {names[1]} is on line {first} already",
            "Keep one line for each area and offence.",
        )  # fmt: skip
    return first == line


def _counts(
    parsed: ParsedFile, line: int, cells: list[str], headings: list[str]
) -> Iterator[int | None]:
    for cell, heading in zip(cells, headings, strict=True):
        count = count_of(cell)
        if isinstance(count, str):
            parsed.refuse(line, heading, count, "Write a whole number, 0 where there was none.")
            yield None
        else:
            yield count


@dataclass(slots=True)
class _Long:
    """A long file being read: values and first lines by area."""

    parsed: ParsedFile
    today: date
    found: dict[str, dict[date, int]] = field(default_factory=dict)
    lines: dict[str, tuple[int, str]] = field(default_factory=dict)

    def take(self, line: int, cells: list[str]) -> None:
        """Read one row, or note what is wrong with it."""
        if len(cells) != len(_LONG):
            facts = f"it has {len(cells)} columns, not 3"
            self.parsed.refuse(line, "", facts, "Give area, period, value.")
            return
        area, code = label(cells[0]), slug(cells[0])
        month, count = month_of(cells[1], today=self.today), count_of(cells[2])
        wrong = wrong_with(area)
        if wrong:
            self.parsed.refuse(line, "area", wrong, _NAME)
        elif isinstance(month, str):
            self.parsed.refuse(line, "period", month, "Write a month like 2024-01.")
        elif isinstance(count, str):
            self.parsed.refuse(
                line, "value", count, "Write a whole number, 0 where there was none."
            )
        elif month in self.found.get(code, {}):
            facts = f"{area} has {month:%B %Y} twice"
            self.parsed.refuse(line, "period", facts, "Keep one line for each month.")
        else:
            self.lines.setdefault(code, (line, area))
            self.found.setdefault(code, {})[month] = count


def _long(reader: Reader, encoding: str, today: date, tick: Tick) -> ParsedFile:
    parsed = ParsedFile("long", encoding, ())
    work = _Long(parsed, today)
    for line, cells in _records(reader):
        if any(cells):
            work.take(line, cells)
            tick(line)
    parsed.months = tuple(sorted({month for values in work.found.values() for month in values}))
    for code, values in work.found.items():
        line, area = work.lines[code]
        row = tuple(values.get(month) for month in parsed.months)
        parsed.rows.append(SeriesRow(line, "", "", area, row))
    return _not_empty(parsed)


def _records(reader: Reader) -> Iterator[tuple[int, list[str]]]:
    """Each record below the headings, with the number of the line that it begins on."""
    line = reader.line_num + 1
    for count, cells in enumerate(reader, start=1):
        if count > limits.IMPORT_ROWS_MAX:
            raise FileTooLarge(
                f"The file has more than {limits.IMPORT_ROWS_MAX:,} rows.",
                remedy="Split it by year or by offence.",
            )
        yield line, cells
        line = reader.line_num + 1


def _not_empty(parsed: ParsedFile) -> ParsedFile:
    if not parsed.rows and not parsed.problem_count:
        raise FileRefused(
            "The file has headings and no rows.", remedy="Choose the file that has the counts."
        )
    return parsed
