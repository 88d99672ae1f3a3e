"""The list of leaves of a pack: number, hash, chain and stored bytes of every journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from ledger.exports.files import HashedFile
from ledger.exports.tables import Scope, for_postgresql

NAME: Final = "leaves.tsv"
AT_ONCE: Final = 1_000
_SQLITE: Final = (
    "SELECT group_concat(j.seq || char(9) || lower(hex(j.leaf_hash)) || char(9)"
    " || lower(hex(j.chain)) || char(9) || {leaf} || char(10), '' ORDER BY j.seq)"
    " FROM journal j WHERE j.book = :book AND j.seq BETWEEN :first AND :last"
)
_POSTGRESQL: Final = (
    "SELECT convert_to(string_agg(concat(j.seq, chr(9), encode(j.leaf_hash, 'hex'), chr(9),"
    " encode(j.chain, 'hex'), chr(9), {leaf}, chr(10)), '' ORDER BY j.seq), 'UTF8')"
    " FROM journal j WHERE j.book = :book AND j.seq BETWEEN :first AND :last"
)
_DATED: Final = "CASE WHEN j.effective_on BETWEEN :starts AND :ends THEN {leaf} ELSE '' END"


def write(engine: Engine, folder: Path, scope: Scope) -> str:
    """Write the list, joined by the database itself, a thousand leaves at once; its SHA-256.

    It has a connection of its own, so that it can run beside other work: whatever is below a
    signed checkpoint is the same for whoever reads it. Journals of other days have no bytes.
    """
    with HashedFile(folder / NAME) as file:
        for words in _words(engine, scope):
            file.write_bytes(words)
        return file.sha256


def _words(engine: Engine, scope: Scope) -> Iterator[bytes]:
    sqlite = engine.dialect.name == "sqlite"
    leaf = "CAST(j.leaf AS TEXT)" if sqlite else "convert_from(j.leaf, 'UTF8')"
    told = leaf if scope.whole else _DATED.format(leaf=leaf)
    statement = (_SQLITE if sqlite else _POSTGRESQL).format(leaf=told)
    values: dict[str, Any] = {
        "book": scope.book,
        "starts": scope.starts_on.isoformat() if sqlite else scope.starts_on,
        "ends": scope.ends_on.isoformat() if sqlite else scope.ends_on,
    }
    with engine.connect().execution_options(ledger_readonly=True) as connection:
        connection.begin()
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor() if sqlite else driver.cursor(binary=True)
        statement = statement if sqlite else for_postgresql(statement)
        for first in range(1, scope.size + 1, AT_ONCE):
            numbers = {"first": first, "last": min(first + AT_ONCE - 1, scope.size)}
            (words,) = cursor.execute(statement, values | numbers).fetchone()
            yield words.encode() if sqlite else words
