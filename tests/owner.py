"""What somebody who owns the database can do: raw SQL with every guard out of the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection

from ledger.audit import rules
from ledger.kernel.db import db, opened
from tests.postgres import OWNER

Run = Callable[..., Any]
"""Runs one statement with ``?`` for each value, and returns its rows."""


@contextmanager
def connected() -> Iterator[Connection]:
    """A connection as whoever owns the tables, when the service itself does not."""
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            yield connection
        return
    url = db.engine.url.set(username=OWNER).render_as_string(hide_password=False)
    with opened(url) as engine, engine.connect() as connection:
        yield connection


@contextmanager
def as_owner() -> Iterator[Run]:
    """A connection of its own without triggers and foreign keys; they are back afterwards."""
    on = _sqlite() if db.engine.dialect.name == "sqlite" else _postgresql()
    with on as run:
        yield run


@contextmanager
def _sqlite() -> Iterator[Run]:
    connection = sqlite.connect(db.engine.url.database)
    try:
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        yield lambda words, *values: connection.execute(words, values).fetchall()
        for _, words in guards:
            connection.execute(words)
        connection.commit()
    finally:
        connection.close()


@contextmanager
def _postgresql() -> Iterator[Run]:
    url = db.engine.url.set(drivername="postgresql", username=OWNER).render_as_string(
        hide_password=False
    )
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")

        def run(words: str, *values: Any) -> Sequence[Any]:
            done = connection.execute(words.replace("?", "%s"), values)  # type: ignore[arg-type]
            return done.fetchall() if done.description else []

        yield run


def chain_again(run: Run, book: int) -> None:
    """Hash and chain every journal again as its bytes now are, and move the head with them."""
    chain = bytes(32)
    rows = run("SELECT seq, leaf FROM journal WHERE book = ? ORDER BY seq", book)
    for seq, leaf in rows:
        digest = rules.leaf_hash(bytes(leaf))
        chain = hashlib.sha256(b"\x02" + chain + digest).digest()
        run(
            "UPDATE journal SET leaf_hash = ?, chain = ? WHERE book = ? AND seq = ?",
            digest, chain, book, seq,
        )  # fmt: skip
    run("UPDATE head SET chain = ? WHERE book = ?", chain, book)


def rewrite_history(book: int, seq: int, was: bytes, now: bytes) -> None:
    """Change one journal's bytes as if it had always been so, and forget what was signed of it."""
    with as_owner() as run:
        leaf = bytes(run("SELECT leaf FROM journal WHERE book = ? AND seq = ?", book, seq)[0][0])
        assert was in leaf
        run("UPDATE journal SET leaf = ? WHERE book = ? AND seq = ?",
            leaf.replace(was, now), book, seq)  # fmt: skip
        chain_again(run, book)
        for table in ("cosignature", "checkpoint"):
            run(f"DELETE FROM {table} WHERE book = ? AND size >= ?", book, seq)
