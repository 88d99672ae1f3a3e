"""Extracts: one file about the journals of a period, made from one reading of the books.

An extract knows the journals up to a number whose days lie in the period. The same period up to
the same number gives the same bytes (X1); of a closed period it is so by itself.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Final

from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.exports import giving, risks, transparency, workbook
from ledger.exports.tables import Scope, check_days
from ledger.kernel.errors import Invalid, Missing

Writer = Callable[[Session, Scope, IO[bytes]], None]
CSV: Final = "text/csv"


@dataclass(frozen=True, slots=True)
class Extract:
    """A kind of extract: its name, what it is in words, its file's ending and how it is written."""

    name: str
    title: str
    words: str
    suffix: str
    media_type: str
    write: Writer


EXTRACTS: Final = {
    one.name: one
    for one in (
        Extract(
            "journal-risks", "Journals with signs of risk",
            "Who made and checked each journal, and whether it is back-dated, out of hours, at a"
            " weekend, round, or just under a delegated limit",
            "csv", CSV, risks.write,
        ),
        Extract(
            "spending", "Spending over £500",
            "Each payment over £500, as the Local Government Transparency Code wants it every"
            " quarter; people are redacted",
            "csv", CSV, transparency.write_spending,
        ),
        Extract(
            "grants", "Grants to groups",
            "Each grant to a voluntary, community or social enterprise body, as the Local"
            " Government Transparency Code wants it every year",
            "csv", CSV, transparency.write_grants,
        ),
        Extract(
            "360giving", "Awards as 360Giving",
            "Each award to an organisation in the form of the 360Giving data standard",
            "json", "application/json", giving.write,
        ),
        Extract(
            "ledger", "The ledger as a spreadsheet",
            "Every entry of the period, and what each account's entries come to",
            "xlsx", workbook.XLSX, workbook.write,
        ),
    )
}  # fmt: skip


def named(name: str) -> Extract:
    """The extract of this name.

    Raises:
        Missing: there is none.
    """
    if name not in EXTRACTS:
        raise Missing(
            f"There is no extract “{name[:40]}”.",
            remedy=f"Ask for one of these: {', '.join(EXTRACTS)}.",
            place=name[:40],
        )
    return EXTRACTS[name]


def scope_of(
    session: Session, *, book: int, code: str, starts_on: date | None, ends_on: date | None,
    size: int | None = None,
) -> Scope:  # fmt: skip
    """Which journals an extract holds: those of the days, up to the number ``size``.

    Without days it holds every day, without a number every journal that is posted now.

    Raises:
        Invalid: only one day, the wrong order, or a number that was not reached yet.
    """
    check_days(starts_on, ends_on)
    posted = books.head(session, book).next_seq - 1
    if size is not None and not 0 <= size <= posted:
        raise Invalid(
            f"The books have {posted} journals, not {size}.",
            remedy="Give a number that was reached, or none for all.",
            place="size",
        )
    known = posted if size is None else size
    if starts_on is None or ends_on is None:
        return Scope(book, code, known)
    return Scope(book, code, known, starts_on, ends_on)


def file_name(extract: Extract, scope: Scope) -> str:
    """What an extract's file is called: book, period, number of journals known, kind."""
    return f"{scope.code}-{scope.words}-{scope.size}-{extract.name}.{extract.suffix}"


def opened(session: Session, extract: Extract, scope: Scope, folder: Path) -> IO[bytes]:
    """The whole extract as a nameless file of a folder, from its beginning (X2).

    It goes when it is closed. Nothing is sent before all of it is there, so that a fault is a
    refusal and not half a file.
    """
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - whoever sends it closes it
    try:
        extract.write(session, scope, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def make(session: Session, extract: Extract, scope: Scope, into: Path) -> Path:
    """Write the extract into a folder under its own name, renamed when it is whole (X2)."""
    into.mkdir(parents=True, exist_ok=True)
    path = into / file_name(extract, scope)
    handle, working = tempfile.mkstemp(prefix=f".{path.name}.", dir=into)
    try:
        with os.fdopen(handle, "wb") as file:
            extract.write(session, scope, file)
        Path(working).chmod(0o644)
        Path(working).rename(path)
    finally:
        Path(working).unlink(missing_ok=True)
    return path
