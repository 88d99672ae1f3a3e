"""What a database holds, as one hash for each table."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Integer, Table, select

from ledger.kernel.db import db


def digest() -> dict[str, str]:
    """Every table as one hash. Numbers that a database deals out count by their order alone."""
    return {name: _hashed(table) for name, table in sorted(db.metadata.tables.items())}


def _hashed(table: Table) -> str:
    dealt = {column.name: _dealt(column) for column in table.columns}
    ranks = {name: _ranks(root) for name, root in dealt.items() if root is not None}
    with db.engine.connect() as wire:
        rows = wire.execute(select(table)).mappings().all()
    lines = sorted(
        json.dumps(
            {name: ranks[name].get(value) if name in ranks else _plain(value)
             for name, value in row.items()},
            sort_keys=True,
        )
        for row in rows
    )  # fmt: skip
    return f"{len(lines)} {hashlib.sha256(repr(lines).encode()).hexdigest()}"


def _reached(column: Any) -> list[Any]:
    """A column and all that it refers to; a journal and its seal refer to each other."""
    found, rest = [], [column]
    while rest:
        one = rest.pop()
        if one not in found:
            found.append(one)
            rest += [key.column for key in one.foreign_keys]
    return found


def _dealt(column: Any) -> Any:
    """The column that the database deals out the numbers of this one in, or None."""
    return next(
        (
            one for one in _reached(column)
            if one.primary_key and len(one.table.primary_key.columns) == 1
            and isinstance(one.type, Integer)
        ),
        None,
    )  # fmt: skip


def _ranks(root: Any) -> dict[int, int]:
    with db.engine.connect() as wire:
        numbers = wire.execute(select(root).order_by(root)).scalars()
        return {number: rank for rank, number in enumerate(numbers)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value if isinstance(value, int | str | bool | None) else str(value)
