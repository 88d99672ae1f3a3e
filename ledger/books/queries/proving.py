"""The leaves by which journals are known: their stored bytes, hashes and chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books.queries.rows import LeafRow
from ledger.kernel.db import is_sqlite
from ledger.kernel.errors import Missing

LEAVES_AT_ONCE: Final = 500
LEAVES_ASKED_AT_ONCE: Final = 100_000
"""How many one statement gives in PostgreSQL: what takes a second of its time at most."""

LeafRun = tuple[Sequence[int], Sequence[bytes], Sequence[bytes], Sequence[bytes]]
"""Numbers, stored bytes, hashes and chains of some journals in order."""

_LEAVES: Final = text(
    "SELECT seq, leaf, leaf_hash, chain FROM journal WHERE book = :book ORDER BY seq"
)
_NUMBERS: Final = "SELECT min(seq), max(seq) FROM journal WHERE book = %(book)s"
_RUNS: Final = (
    "SELECT run.* FROM (SELECT first FROM generate_series(%(first)s::bigint, %(last)s::bigint,"
    f" {LEAVES_AT_ONCE}) first ORDER BY first) piece, LATERAL (SELECT array_agg(seq),"
    " array_agg(leaf), array_agg(leaf_hash), array_agg(chain) FROM (SELECT seq, leaf, leaf_hash,"
    " chain FROM journal WHERE book = %(book)s AND seq BETWEEN piece.first AND"
    f" LEAST(piece.first + {LEAVES_AT_ONCE - 1}, %(last)s) ORDER BY seq) j) run"
)
"""Some hundred journals to a row, column by column. The driver takes the rows while the database
makes the next ones, and has five hundred times fewer to take.
"""


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
    driver: Any = session.connection().connection.dbapi_connection
    with driver.cursor() as cursor:
        lowest, highest = cursor.execute(_NUMBERS, {"book": book}).fetchone()
        if lowest is None:
            return
        for first in range(lowest, highest + 1, LEAVES_ASKED_AT_ONCE):
            last = min(first + LEAVES_ASKED_AT_ONCE - 1, highest)
            asked = {"book": book, "first": first, "last": last}
            with closing(cursor.stream(_RUNS, asked, binary=True)) as rows:
                for run in rows:
                    if run[0] is not None:  # a piece without any journal
                        yield run


def leaves(session: Session, book: int) -> Iterator[tuple[int, bytes, bytes, bytes]]:
    """Number, stored leaf bytes, leaf hash and chain of every journal in order, streamed."""
    for run in leaf_runs(session, book):
        yield from zip(*run, strict=True)
