"""A protection taken off in this test's own database, to show that it is what protects.

Each negative control takes one trigger, constraint or index away, does the bad thing, and sees it
happen. The database is a copy that is thrown away after the test.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, text

from ledger.kernel.db import db
from tests.owner import connected


def allow(*refusals: str) -> None:
    """Let through what triggers refuse in these words, and nothing else; unknown words fail."""
    with connected() as connection:
        for words in refusals:
            if connection.dialect.name == "sqlite":
                _allow_sqlite(connection, words)
            else:
                _allow_postgresql(connection, words)
        connection.commit()
    db.engine.dispose()


def _allow_sqlite(connection: Connection, words: str) -> None:
    refusal = f"RAISE(ABORT, 'ledger: {words}')"
    found = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND instr(sql, :part)"),
        {"part": refusal},
    ).all()
    assert found, f"no trigger refuses in the words: {words}"
    for name, sql in found:
        connection.execute(text(f"DROP TRIGGER {name}"))
        connection.exec_driver_sql(sql.replace(refusal, "1"))


def _allow_postgresql(connection: Connection, words: str) -> None:
    refusal = f"RAISE EXCEPTION 'ledger: {words}' USING ERRCODE = 'integrity_constraint_violation';"
    found = connection.execute(
        text(
            "SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid"
            " WHERE position(:part IN p.prosrc) > 0"
        ),
        {"part": refusal},
    ).scalars()
    functions = set(found)
    assert functions, f"no trigger refuses in the words: {words}"
    for function in functions:
        connection.exec_driver_sql(function.replace(refusal, "NULL;").replace("%", "%%"))


def take_off(*names: str) -> None:
    """Take triggers, constraints or indexes off by name; one that is not there fails the test."""
    with connected() as connection:
        for name in names:
            if connection.dialect.name == "sqlite":
                _off_sqlite(connection, name)
            else:
                _off_postgresql(connection, name)
        connection.commit()
    db.engine.dispose()  # every connection reads the schema anew


def _off_sqlite(connection: Connection, name: str) -> None:
    found = connection.execute(
        text("SELECT type FROM sqlite_master WHERE name = :name"), {"name": name}
    ).scalar()
    if found is not None:
        connection.execute(text(f"DROP {found} {name}"))
        return
    table, schema = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE :part"),
        {"part": f"%CONSTRAINT {name} %"},
    ).one()
    connection.execute(text("PRAGMA writable_schema = 1"))
    connection.execute(
        text("UPDATE sqlite_master SET sql = :sql WHERE name = :name AND type = 'table'"),
        {"sql": _without(schema, name), "name": table},
    )
    version = connection.execute(text("PRAGMA schema_version")).scalar_one()
    connection.execute(text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(text("PRAGMA writable_schema = 0"))


def _without(schema: str, name: str) -> str:
    """A CREATE TABLE without one of its named constraints."""
    start = re.search(rf",\s*CONSTRAINT {name} ", schema)
    assert start is not None, name
    depth, at = 0, start.end()
    while depth > 0 or schema[at] not in ",)":
        depth += {"(": 1, ")": -1}.get(schema[at], 0)
        at += 1
    return schema[: start.start()] + schema[at:]


_KINDS = (
    ("SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = :name", "DROP TRIGGER {0} ON {1}"),
    (
        "SELECT conrelid::regclass FROM pg_constraint WHERE conname = :name",
        "ALTER TABLE {1} DROP CONSTRAINT {0}",
    ),
    ("SELECT relname FROM pg_class WHERE relname = :name AND relkind = 'i'", "DROP INDEX {1}"),
)


def _off_postgresql(connection: Connection, name: str) -> None:
    for sql, drop in _KINDS:
        table = connection.execute(text(sql), {"name": name}).scalar()
        if table is not None:
            connection.execute(text(drop.format(name, table)))
            return
    raise AssertionError(f"there is no trigger, constraint or index called {name}")
