"""The leaves by which journals are known: their stored bytes, hashes and chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books.queries.rows import LeafRow
from ledger.kernel.db import is_sqlite
from ledger.kernel.errors import Missing
from ledger.kernel.runs import runs

LEAVES_AT_ONCE: Final = 500
LeafRun = tuple[Sequence[int], Sequence[bytes], Sequence[bytes], Sequence[bytes]]
"""Numbers, stored bytes, hashes and chains of some journals in order."""

_LEAVES: Final = text(
    "SELECT seq, leaf, leaf_hash, chain FROM journal WHERE book = :book ORDER BY seq"
)
_NUMBERS: Final = text("SELECT min(seq), max(seq) FROM journal WHERE book = :book")
_COLUMNS: Final = ("seq", "leaf", "leaf_hash", "chain")
_PIECE: Final = (
    "SELECT seq, leaf, leaf_hash, chain FROM journal WHERE book = %(book)s"
    " AND seq BETWEEN piece.first AND piece.last ORDER BY seq"
)


def leaf_hashes(session: Session, book: int, *, after: int = 0) -> Iterator[tuple[int, bytes]]:
    """The stored leaf hashes in order, streamed."""
    rows = session.execute(
        text("SELECT seq, leaf_hash FROM journal WHERE book = :book AND seq > :after ORDER BY seq"),
        {"book": book, "after": after},
        execution_options={"yield_per": 2000},
    )
    with rows:
        for row in rows:
            yield row[0], bytes(row[1])


def leaf(session: Session, book: int, seq: int) -> LeafRow:
    """The stored leaf of one journal.

    Raises:
        Missing: there is no such journal.
    """
    row = session.execute(
        text("SELECT leaf, leaf_hash, chain FROM journal WHERE book = :book AND seq = :seq"),
        {"book": book, "seq": seq},
    ).first()
    if row is None:
        raise Missing(f"There is no journal {seq}.", remedy="Check the number.", place=str(seq))
    return LeafRow(bytes(row[0]), bytes(row[1]), bytes(row[2]))


def leaf_runs(session: Session, book: int) -> Iterator[LeafRun]:
    """All leaves in order, some hundred at a time, column by column: the quick way to prove them.

    Ask the session nothing else until they are read or the iterator is closed.
    """
    if not is_sqlite(session):
        yield from _runs_of_postgresql(session, book)
        return
    streamed = {"yield_per": LEAVES_AT_ONCE}
    with session.execute(_LEAVES, {"book": book}, execution_options=streamed) as rows:
        for part in rows.partitions(LEAVES_AT_ONCE):
            numbers, leaves, hashes, chains = zip(*part, strict=True)
            yield numbers, leaves, hashes, chains


def _runs_of_postgresql(session: Session, book: int) -> Iterator[LeafRun]:
    lowest, highest = session.execute(_NUMBERS, {"book": book}).one()
    if lowest is None:
        return
    found = runs(
        session, [(_COLUMNS, _PIECE)], first=lowest, last=highest, values={"book": book}
    )  # fmt: skip
    for numbers, leaves, hashes, chains in found:
        if numbers and leaves and hashes and chains:  # a piece of the numbers may have none
            yield numbers, leaves, hashes, chains


def leaves(session: Session, book: int) -> Iterator[tuple[int, bytes, bytes, bytes]]:
    """Number, stored leaf bytes, leaf hash and chain of every journal in order, streamed."""
    for run in leaf_runs(session, book):
        yield from zip(*run, strict=True)
