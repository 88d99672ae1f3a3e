"""Every journal and entry as its row says, in order, to be compared with the bytes it is known by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

ROWS_AT_ONCE: Final = 1_000
_JOURNALS: Final = text(
    "SELECT seq, leaf, id, kind, effective_on, recorded_us, deadline_us, group_id, reason, purpose,"
    " maker, checker, resolves, reverses FROM journal WHERE book = :book ORDER BY seq"
)
_ENTRIES: Final = text(
    "SELECT e.seq, e.line, a.path, e.side, e.amount, e.layer, e.unit, f.code, e.acct_version,"
    " e.balance_after FROM entry e JOIN account a ON a.id = e.account JOIN fund f ON f.id = e.fund"
    " WHERE e.book = :book ORDER BY e.seq, e.line"
)
HEADS: Final = (
    "id", "kind", "effective_on", "recorded_us", "deadline_us", "group", "reason", "purpose",
    "maker", "checker", "resolves", "reverses",
)  # fmt: skip
"""What a leaf says of its journal, in the order in which `journal_heads` gives it."""


def journal_heads(session: Session, book: int) -> Iterator[tuple[int, bytes, list[Any]]]:
    """Number, stored leaf and the row's own `HEADS` of every journal, streamed."""
    streamed = {"yield_per": ROWS_AT_ONCE}
    with session.execute(_JOURNALS, {"book": book}, execution_options=streamed) as rows:
        for part in rows.partitions(ROWS_AT_ONCE):
            for row in part:  # either engine's day is written as ISO says
                yield row[0], bytes(row[1]), [row[2], row[3], str(row[4]), *row[5:]]


def entry_lines(session: Session, book: int) -> Iterator[tuple[int, list[Any]]]:
    """The number of its journal and what a leaf says of it, of every entry in order, streamed."""
    streamed = {"yield_per": ROWS_AT_ONCE}
    with session.execute(_ENTRIES, {"book": book}, execution_options=streamed) as rows:
        for part in rows.partitions(ROWS_AT_ONCE):
            for row in part:
                yield row[0], list(row[1:])


def book_code(session: Session, book: int) -> str:
    """The code of a book."""
    return str(
        session.execute(text("SELECT code FROM book WHERE id = :book"), {"book": book}).scalar()
    )
