"""The database's set-up: refuses to start unsafe, keeps units whole, and knows days and instants."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import exc, text
from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.kernel import db as kernel_db
from ledger.kernel import limits
from ledger.kernel.db import UtcDateTime, check_ready, db, is_sqlite, transact, transaction
from ledger.kernel.errors import Busy, NotReady, RefusedByDatabase, StorageFull, ValueStopped
from ledger.kernel.faults import refusal_of


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False),
     ((3, 50, 6), False), ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True),
     ((3, 53, 4), True)],
)  # fmt: skip
def test_only_a_sqlite_free_of_the_write_ahead_fault_is_taken(
    version: tuple[int, ...], safe: bool
) -> None:
    assert kernel_db.sqlite_is_safe(version) is safe


def test_the_service_refuses_the_stock_sqlite(tmp_path: Path, project: Path) -> None:
    """A process of its own, since the driver is chosen when the engine is made."""
    code = (
        "import sqlite3, sys, types\n"
        "stock = types.ModuleType('pysqlite3'); stock.dbapi2 = sqlite3.dbapi2\n"
        "sqlite3.dbapi2.sqlite_version_info = (3, 40, 1)\n"
        "sys.modules['pysqlite3'] = stock; sys.modules['pysqlite3.dbapi2'] = sqlite3.dbapi2\n"
        "from pathlib import Path\nfrom config.settings import Settings\n"
        "from ledger.app import create_app\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "create_app(Settings(database_url=f'sqlite:///{folder}/x.sqlite', data_dir=folder,"
        " secret_key='x' * 40))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(project)}, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "can corrupt a database in WAL mode" in done.stderr


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_sqlite_is_set_up_as_the_rules_say(app: Flask) -> None:
    wanted = {"foreign_keys": 1, "recursive_triggers": 1, "synchronous": 2, "journal_mode": "wal",
              "secure_delete": 1, "trusted_schema": 0}  # fmt: skip
    with db.engine.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in wanted}
    assert found == wanted


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_pragma_that_did_not_take_stops_the_service(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kernel_db._PRAGMAS, "foreign_keys", 7)
    db.engine.dispose()
    with pytest.raises(NotReady, match="foreign_keys"), db.engine.connect():
        pass
    monkeypatch.undo()


@pytest.mark.owner_only("it bends what only an owner can")
def test_the_service_refuses_a_database_that_lacks_a_guard(app: Flask, engine_name: str) -> None:
    check_ready(db.engine)
    drop = "DROP TRIGGER journal_no_update"
    with db.engine.connect() as connection:
        connection.execute(text(drop + (" ON journal" if engine_name == "postgresql" else "")))
        connection.commit()
    with pytest.raises(NotReady, match="journal_no_update"):
        check_ready(db.engine)


@pytest.mark.parametrize("engine_name", ["postgresql"])
@pytest.mark.owner_only("it bends what only an owner can")
def test_a_guard_that_was_switched_off_counts_as_missing(app: Flask) -> None:
    with db.engine.connect() as connection:
        connection.execute(text("ALTER TABLE entry DISABLE TRIGGER entry_checks"))
        connection.commit()
    with pytest.raises(NotReady, match="entry_checks"):
        check_ready(db.engine)


def test_a_read_only_unit_cannot_write(app: Flask) -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only"), transaction(read_only=True) as session:
        session.execute(text("INSERT INTO book (code, name) VALUES ('X', 'x')"))
    with pytest.raises(exc.DBAPIError), transaction(read_only=True) as session:
        session.execute(text("DELETE FROM book"))  # our own mistake is no full disk
    with transaction() as session:
        session.execute(text("INSERT INTO book (code, name) VALUES ('X', 'x')"))


def test_a_unit_that_fails_leaves_nothing(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:  # noqa: PT012 - two steps
        books.create_book(session, code="X", name="x")
        raise ZeroDivisionError
    with transaction(read_only=True) as session:
        assert session.execute(text("SELECT count(*) FROM book")).scalar() == 0
        assert is_sqlite(session) is (session.get_bind().dialect.name == "sqlite")


def test_a_busy_unit_is_tried_again_and_then_given_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_db.time, "sleep", lambda _seconds: None)
    tries: list[int] = []

    def busy(session: Session) -> int:
        tries.append(1)
        if len(tries) < 3:
            raise Busy("Others were writing.", remedy="Try again.")
        return len(tries)

    assert transact(busy) == 3
    tries.clear()

    def always_busy(_session: Session) -> None:
        tries.append(1)
        raise Busy("Others were writing.", remedy="Try again.")

    with pytest.raises(Busy):
        transact(always_busy)
    assert len(tries) == 6


class _Driver(Exception):
    def __init__(self, message: str, *, sqlstate: str = "", name: str = "") -> None:
        super().__init__(message)
        self.sqlstate, self.sqlite_errorname = sqlstate, name


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (_Driver("locked", name="SQLITE_BUSY_SNAPSHOT"), Busy),
        (_Driver("locked", name="SQLITE_LOCKED"), Busy),
        (_Driver("serialization", sqlstate="40001"), Busy),
        (_Driver("deadlock", sqlstate="40P01"), Busy),
        (_Driver("lock timeout", sqlstate="55P03"), Busy),
        (_Driver("full", name="SQLITE_FULL"), StorageFull),
        (_Driver("full", sqlstate="53100"), StorageFull),
        (_Driver("only read", name="SQLITE_READONLY"), StorageFull),
        (_Driver("only read", sqlstate="25006"), StorageFull),
        (_Driver("ledger: never"), RefusedByDatabase),
        (_Driver("ledger: value stands still"), ValueStopped),
        (_Driver("no such table"), None),
    ],
)
def test_what_a_driver_raises_becomes_a_refusal_in_words(
    raised: _Driver, kind: type[Exception] | None
) -> None:
    found = refusal_of(exc.DBAPIError("SELECT 1", {}, raised))
    assert found is None if kind is None else isinstance(found, kind)
    assert refusal_of(ValueError("not the database's")) is None
    assert isinstance(refusal_of(OSError(errno.ENOSPC, "no space")), StorageFull)
    assert isinstance(refusal_of(OSError(errno.EROFS, "read-only")), StorageFull)
    assert refusal_of(OSError(errno.EACCES, "not yours")) is None


def test_an_instant_is_kept_in_utc_and_a_naive_one_is_refused(app: Flask) -> None:
    kind, dialect = UtcDateTime(), db.engine.dialect
    at = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert kind.process_result_value(kind.process_bind_param(at, dialect), dialect) == at
    assert kind.process_bind_param(None, dialect) is None
    assert kind.process_result_value(None, dialect) is None
    with pytest.raises(AssertionError, match="aware"):
        kind.process_bind_param(datetime(2026, 3, 29), dialect)  # noqa: DTZ001 - naive on purpose


def test_a_connection_does_not_cross_a_fork(app: Flask) -> None:
    with db.engine.connect() as connection:
        inherited = connection.connection.dbapi_connection
        connection.connection._connection_record.info["pid"] = -1  # type: ignore[union-attr]
    with db.engine.connect() as connection:
        assert connection.connection.dbapi_connection is not inherited
    assert inherited is not None
    inherited.close()


def test_a_lock_that_is_not_freed_in_time_is_busy_and_never_a_drivers_error(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("SQLite alone has one writer")
    monkeypatch.setattr(limits, "WRITE_ATTEMPTS_MAX", 1)
    with db.engine.connect() as holder:
        holder.exec_driver_sql("SELECT 1")  # holds the write lock: it began with BEGIN IMMEDIATE
        with db.engine.connect() as waiter:
            waiter.connection.cursor().execute("PRAGMA busy_timeout=1")
        with pytest.raises(Busy):
            transact(lambda session: session.execute(text("SELECT 1")))
