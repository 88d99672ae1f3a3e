"""The leaves by which journals are known: their stored bytes, hashes and chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books.queries.rows import LeafRow
from ledger.kernel.db import is_sqlite
from ledger.kernel.errors import Missing
from ledger.kernel.runs import Run, runs

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


@contextmanager
def leaf_runs(session: Session, book: int) -> Iterator[Iterator[LeafRun]]:
    """All leaves in order, some hundred at a time, column by column: the quick way to prove them.

    The session answers nothing else within the block.
    """
    if is_sqlite(session):
        streamed = {"yield_per": LEAVES_AT_ONCE}
        with session.execute(_LEAVES, {"book": book}, execution_options=streamed) as rows:
            yield _columns(rows.partitions(LEAVES_AT_ONCE))
        return
    lowest, highest = session.execute(_NUMBERS, {"book": book}).one()
    asked = [(_COLUMNS, _PIECE)]
    first, last = (1, 0) if lowest is None else (lowest, highest)
    with runs(session, asked, first=first, last=last, values={"book": book}) as found:
        yield _whole(found)


def _columns(parts: Iterator[Sequence[Any]]) -> Iterator[LeafRun]:
    for part in parts:
        numbers, leaves, hashes, chains = zip(*part, strict=True)
        yield numbers, leaves, hashes, chains


def _whole(found: Iterator[Run]) -> Iterator[LeafRun]:
    for numbers, leaves, hashes, chains in found:
        if numbers and leaves and hashes and chains:  # a piece of the numbers may have none
            yield numbers, leaves, hashes, chains


@contextmanager
def leaves(session: Session, book: int) -> Iterator[Iterator[tuple[int, bytes, bytes, bytes]]]:
    """Number, stored leaf bytes, leaf hash and chain of every journal in order, streamed.

    The session answers nothing else within the block.
    """
    with leaf_runs(session, book) as found:
        yield (row for run in found for row in zip(*run, strict=True))
