"""Reading a file into rows, outside any transaction: twice in pieces, never whole as bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO, Final

from ledger.assets import rules
from ledger.assets.rules import Facts, FileFacts, Note, RowReader
from ledger.kernel import limits
from ledger.kernel.errors import LedgerError

Progress = Callable[[int, int], None]
"""Called with bytes read and bytes in all."""

_PIECE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One row, ready to be written: its line, its facts, their text and its SHA-256 (hex)."""

    line: int
    facts: Facts
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file read and judged, ready to be written: its rows with their lines, and its notes."""

    file: FileFacts
    file_name: str
    profile: rules.Profile
    register: str
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]


def _no_progress(_done: int, _all: int) -> None:
    """Say nothing."""


def prepare(
    stream: BinaryIO,
    *,
    file_name: str,
    profile: str = "auto",
    register: str = "",
    progress: Progress = _no_progress,
) -> Prepared:
    """Read a register's file. Writes nothing; the stream must be one that can go back.

    ``register`` names the list that the file belongs to; without it the name is made from
    the one council that the rows name, else from the file's name.

    Raises:
        FileTooLarge, FileNotText, FileTruncated, HeadingsUnknown: each says what to do.
    """
    size = stream.seek(0, io.SEEK_END)
    if size > limits.IMPORT_BYTES_MAX:
        raise rules.FileTooLarge(
            f"It has {size:,} bytes; a register may have {limits.IMPORT_BYTES_MAX:,}.",
            remedy="Split the register, or take out columns that are not needed.",
            place=file_name,
        )
    try:
        facts, reader, rows = _read_whole(stream, size, profile, progress)
    except LedgerError as refusal:
        refusal.name_place(file_name)
        raise
    progress(size, size)
    chosen = reader.columns.profile
    name = _printable(PurePath(file_name).name)
    return Prepared(
        file=facts,
        file_name=name[: limits.NAME_CHARS_MAX],
        profile=chosen,
        register=_printable(register)[: limits.LINE_CHARS_MAX]
        or _register_name(chosen, rows, name),
        rows=tuple(rows),
        notes=tuple(sorted(reader.notes, key=lambda note: note.line)),
    )


def _read_whole(
    stream: BinaryIO, size: int, profile: str, progress: Progress
) -> tuple[FileFacts, RowReader, list[Row]]:
    stream.seek(0)
    facts = rules.inspect(_pieces(stream, size, progress))
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=facts.encoding, errors="replace", newline="")
    try:
        return facts, *_read_rows(text, facts, profile)
    finally:
        text.detach()


def _printable(text: str) -> str:
    """A name as given from outside, without what cannot be seen."""
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _pieces(stream: BinaryIO, size: int, progress: Progress) -> Iterator[bytes]:
    done = 0
    while piece := stream.read(_PIECE_BYTES):
        done += len(piece)
        progress(done // 2, size)
        yield piece


def _register_name(profile: rules.Profile, rows: Sequence[Row], file_name: str) -> str:
    councils = {row.facts.council for row in rows if row.facts.council}
    owner = councils.pop() if len(councils) == 1 else PurePath(file_name).stem.replace("_", " ")
    return f"{owner}: {profile.title}"[: limits.LINE_CHARS_MAX]


def _read_rows(
    text: io.TextIOWrapper, facts: FileFacts, wanted: str
) -> tuple[RowReader, list[Row]]:
    records = _records(text)
    top: list[tuple[int, list[str]]] = []
    for record in records:
        top.append(record)
        if len(top) == 12:
            break
    at, columns = rules.find_headings([row for _, row in top] or [[]], wanted=wanted)
    reader = RowReader(columns)
    reader.notes += _file_notes(facts, titles=at)
    rows: list[Row] = []
    last: tuple[int, list[str]] = top[at]
    for last in _chain(top[at + 1 :], records):
        found = reader.read(*last)
        if found is not None:
            said = rules.text_of(found)
            rows.append(Row(last[0], found, said, rules.digest_of(said)))
            _check_count(len(rows))
    _check_end(last, len(columns.headings), facts)
    _check_any(rows)
    reader.notes += _end_notes(last, facts)
    _check_broken(reader, len(rows))
    _note_far_points(reader, rows)
    reader.finish()
    return reader, rows


def _file_notes(facts: FileFacts, *, titles: int) -> Iterator[Note]:
    if facts.encoding == "cp1252":
        yield Note(0, "encoding_cp1252")
    if titles:
        yield Note(0, "title_lines", found=f"{titles} lines")


def _end_notes(last: tuple[int, list[str]], facts: FileFacts) -> Iterator[Note]:
    if not facts.ends_with_newline:
        line, row = last
        yield Note(line, "end_unsure", found=row[-1] if row else "")


def _check_any(rows: Sequence[Row]) -> None:
    if not rows:
        raise rules.NoRows(
            "The file has headings and no rows.",
            remedy="Choose the file that has the assets; nothing was imported.",
        )


def _chain(
    first: Sequence[tuple[int, list[str]]], rest: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield from first
    yield from rest


def _records(text: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line that it begins on."""
    reader = csv.reader(text)
    line = 1
    try:
        for row in reader:
            if len(row) > limits.IMPORT_COLUMNS_MAX:
                raise rules.FileTooLarge(
                    f"The row has {len(row):,} cells; {limits.IMPORT_COLUMNS_MAX:,} is the most.",
                    remedy="Check that the cells are separated by commas.",
                    place=f"line {line}",
                )
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise rules.FileTruncated(
            f"The row that begins on line {line} cannot be read ({error}).",
            remedy="Look for a quotation mark that is never closed, and save the file again.",
            place=f"line {line}",
        ) from error


def _check_count(rows: int) -> None:
    if rows > limits.IMPORT_ROWS_MAX:
        raise rules.FileTooLarge(
            f"It has more than {limits.IMPORT_ROWS_MAX:,} rows.",
            remedy="Split the register into several files, each a register of its own.",
        )


def _check_end(last: tuple[int, list[str]], width: int, facts: FileFacts) -> None:
    """A3: the last row is whole when it has every cell, or ends in a line end and even quotes."""
    line, row = last
    in_quotes = row and ("\n" in row[-1] or "\r" in row[-1] or not facts.ends_with_newline)
    if in_quotes and not facts.quotes_are_even:
        raise rules.FileTruncated(
            f"It ends inside a quoted cell of the row that begins on line {line}.",
            remedy="Look for a quotation mark that is never closed, or fetch the file again if it"
            " was cut off; nothing was imported.",
            place=f"line {line}",
        )
    if len(row) < width and not (facts.ends_with_newline and facts.quotes_are_even):
        raise rules.FileTruncated(
            f"It stops in the middle of the row on line {line}:"
            f" {len(row)} of {width} cells are there.",
            remedy="The file was cut off. Fetch or save it again; nothing was imported.",
            place=f"line {line}",
        )


def _check_broken(reader: RowReader, rows: int) -> None:
    """A3: a table pulled out of a PDF, one cell a line, is refused rather than half understood."""
    nameless = {note.line for note in reader.notes if note.kind == "name_missing"}
    unnumbered = {note.line for note in reader.notes if note.kind == "code_missing"}
    broken = sorted(nameless & unnumbered)
    if len(broken) * 2 > rows:
        raise rules.RowsBroken(
            f"{len(broken)} of {rows} rows have neither a name nor a reference;"
            f" the first is line {broken[0]}.",
            remedy="The table was probably copied out of a PDF. Ask the publisher for the CSV.",
            place=f"line {broken[0]}",
        )


def _note_far_points(reader: RowReader, rows: Sequence[Row]) -> None:
    points = [
        (row.line, rules.Point(row.facts.lat_microdegrees, row.facts.lon_microdegrees))
        for row in rows
        if row.facts.lat_microdegrees is not None and row.facts.lon_microdegrees is not None
    ]
    names = {row.line: row.facts.name for row in rows}
    if reader.columns.profile.name == "places":
        return  # such lists cover a whole region
    reader.notes += [
        Note(far.line, "point_far", found=f"{names[far.line][:80]}: {far.kilometres} km away")
        for far in rules.far_points(points)
    ]
