"""Words straight to the driver, for the few statements that every request or posting says.

SQLAlchemy's own way costs more than these statements do. Their text is fixed in the code and
their values always travel apart. Written with ``?`` for each value, in the words of both engines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, exc

from ledger.kernel.db import db, reader

Row = tuple[Any, ...]


def run(connection: Connection, sql: str, values: Sequence[object] = ()) -> Any:
    """Run one statement within the unit of work that holds the connection; returns the cursor.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy raises it everywhere else.
    """
    cursor: Any = connection.connection.cursor()
    try:
        cursor.execute(_marked(sql, connection.dialect.name), values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy(connection, sql, error) from error
    return cursor


def run_many(connection: Connection, sql: str, values: Sequence[Sequence[object]]) -> None:
    """Run one statement for each row of values, in order.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy raises it everywhere else.
    """
    if len(values) == 1:
        run(connection, sql, values[0])
        return
    cursor: Any = connection.connection.cursor()
    try:
        cursor.executemany(_marked(sql, connection.dialect.name), values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy(connection, sql, error) from error


def glance(sql: str, values: Sequence[object] = ()) -> list[Row]:
    """The rows of one question by itself: what is committed now, outside any unit of work.

    It costs PostgreSQL one round trip, where a read-only unit costs four.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy raises it everywhere else.
    """
    engine = reader(db.engine)
    proxy = engine.raw_connection()
    try:
        wire: Any = proxy.driver_connection
        if engine.dialect.name != "sqlite":
            wire.autocommit = True
        try:
            rows: list[Row] = wire.execute(_marked(sql, engine.dialect.name), values).fetchall()
        finally:
            if engine.dialect.name != "sqlite":
                wire.autocommit = False
        return rows
    except engine.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy(engine, sql, error) from error
    finally:
        proxy.close()


def instant(value: str | datetime) -> datetime:
    """An instant as a driver gives it: SQLite keeps text without a zone, always UTC."""
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def bound_instant(connection: Connection, at: datetime) -> object:
    """An instant as a driver takes it, in the form that `UtcDateTime` keeps."""
    assert at.tzinfo is not None, "an instant must be aware"
    if connection.dialect.name != "sqlite":
        return at
    return at.astimezone(UTC).replace(tzinfo=None).strftime("%Y-%m-%d %H:%M:%S.%f")


@cache
def _marked(sql: str, dialect: str) -> str:
    return sql if dialect == "sqlite" else sql.replace("?", "%s")


def _as_sqlalchemy(bind: Connection | Engine, sql: str, error: Exception) -> BaseException:
    return exc.DBAPIError.instance(
        sql, None, error, bind.dialect.loaded_dbapi.Error, dialect=bind.dialect
    )
