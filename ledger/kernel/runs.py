"""Long tables from PostgreSQL, some hundred rows to a row and column by column.

A driver takes a million rows one by one in more time than all that is then done with them. Here
the database puts the rows of five hundred numbers into arrays, and makes the next ones while these
are used. SQLite, which is in the process itself, gains nothing by it and has no such thing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

from sqlalchemy.orm import Session

NUMBERS_AT_ONCE: Final = 500
NUMBERS_ASKED_AT_ONCE: Final = 100_000
"""How many numbers one statement goes through: a second's work, far from any time limit."""

Run = tuple[list[Any] | None, ...]
"""A column to a list, for all tables in order; None where no row has these numbers."""


@contextmanager
def runs(
    session: Session, tables: Sequence[tuple[Sequence[str], str]], *, first: int, last: int,
    values: Mapping[str, object],
) -> Iterator[Iterator[Run]]:  # fmt: skip
    """The rows of some tables whose numbers are ``first`` to ``last``, in runs of equal numbers.

    Each table is its columns and a SELECT of rows of ``piece``, from ``piece.first`` to
    ``piece.last``, in order. While the runs are read the connection is theirs alone: whoever asked
    it anything else, be it to roll back, would wait for ever. So they are read within a block, at
    whose end, for whatever reason, the connection is free again.
    """
    with closing(_read(session, _statement(tables), first, last, values)) as found:
        yield found


def _read(
    session: Session, statement: str, first: int, last: int, values: Mapping[str, object]
) -> Generator[Run, None, None]:
    driver: Any = session.connection().connection.dbapi_connection
    with driver.cursor() as cursor:
        for start in range(first, last + 1, NUMBERS_ASKED_AT_ONCE):
            end = min(start + NUMBERS_ASKED_AT_ONCE - 1, last)
            asked = {**values, "run_start": start, "run_end": end}
            with closing(cursor.stream(statement, asked, binary=True)) as rows:
                yield from rows


def _statement(tables: Sequence[tuple[Sequence[str], str]]) -> str:
    pieces = (
        "(SELECT first, LEAST(first + {more}, %(run_end)s::bigint) AS last FROM"
        " generate_series(%(run_start)s::bigint, %(run_end)s::bigint, {step}) first"
        " ORDER BY first) piece"
    )
    froms = [pieces.format(more=NUMBERS_AT_ONCE - 1, step=NUMBERS_AT_ONCE)]
    for number, (columns, rows) in enumerate(tables):
        arrays = ", ".join(f"array_agg({column})" for column in columns)
        froms.append(f"LATERAL (SELECT {arrays} FROM ({rows}) r) run{number}")  # noqa: S608 - tables' own columns
    chosen = ", ".join(f"run{number}.*" for number in range(len(tables)))
    return f"SELECT {chosen} FROM {', '.join(froms)}"  # noqa: S608 - the same
