"""Making a backup of the book while it is in use (K1, K2)."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from flask import current_app
from sqlalchemy import Connection, create_engine, func, select, text

from ledger.backups import programs, rules, shelf
from ledger.backups.rules import Manifest
from ledger.kernel.db import db, transaction
from ledger.kernel.errors import NotReady
from ledger.kernel.faults import refusal_of

SQLITE_FILE: Final = "book.sqlite"
POSTGRESQL_FILE: Final = "book.pgdump"


def keep_days() -> int:
    """K6: for how many days this installation keeps its backups."""
    days: int = current_app.extensions["ledger.settings"].backup_keep_days
    return days


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was made: where it lies, what is in it, and in how many seconds."""

    path: Path
    manifest: Manifest
    seconds: float


def folder() -> Path:
    """Where this installation keeps its backups."""
    settings = current_app.extensions["ledger.settings"]
    chosen: Path = settings.backup_dir or settings.data_dir / "backups"
    return chosen


def make(*, into: Path, now: datetime) -> Taken:
    """K1, K2: back the whole book up into a new folder below ``into``.

    Raises:
        BackupRefused: one was made in this very second, or the copy failed.
        NoPrograms: pg_dump is missing, or older than the server.
        StorageFull: no room; nothing is left behind.
    """
    settings = current_app.extensions["ledger.settings"]
    name = rules.name_of(book=settings.book_code, made_at=now)
    began = time.monotonic()
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = into / f".{name}.part"
    if part.exists() or (into / name).exists():
        raise rules.BackupRefused(
            f"{name} is there already.", remedy="Wait a second and ask again.", place=name
        )
    part.mkdir(mode=0o700)
    try:
        manifest = _copy(part, name=name, now=now, folder=settings.pg_programs)
        shelf.write(part / shelf.MANIFEST, json.dumps(rules.as_facts(manifest), indent=1).encode())
        part.rename(into / name)
        shelf.settle(into)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        refusal = refusal_of(error)
        if refusal is not None:
            raise refusal from error
        raise
    return Taken(into / name, manifest, time.monotonic() - began)


def _copy(part: Path, *, name: str, now: datetime, folder: Path | None) -> Manifest:
    if db.engine.dialect.name == "sqlite":
        file = part / SQLITE_FILE
        made_by, contents = _sqlite(file)
    else:
        file = part / POSTGRESQL_FILE
        made_by, contents = _postgresql(file, folder=folder)
    file.chmod(0o600)
    shelf.settle(file)
    return Manifest(
        name=name, engine=db.engine.dialect.name, made_at=now, file=file.name,
        size_bytes=file.stat().st_size, sha256=shelf.sha256_of(file), made_by=made_by, **contents,
    )  # fmt: skip


def _sqlite(file: Path) -> tuple[str, Mapping[str, Any]]:
    """VACUUM INTO reads one snapshot while others go on writing, and takes no free page along:
    what was erased is not in a backup. It does not wait for the disk; the caller does.
    """
    import pysqlite3.dbapi2 as sqlite

    source = Path(db.engine.url.database or "")
    if not source.is_file():
        raise NotReady(
            f"There is no database {source.name}.", remedy="Migrate first: flask db upgrade."
        )
    connection = sqlite.connect(f"file:{quote(str(source))}?mode=rw", uri=True, timeout=30)
    try:
        connection.execute("VACUUM INTO ?", [str(file)])
    finally:
        connection.close()
    engine = create_engine(
        f"sqlite:///file:{quote(str(file))}?mode=ro&immutable=1&uri=true", module=sqlite
    )
    try:
        with engine.connect() as copy:
            return f"SQLite {sqlite.sqlite_version}", contents_of(copy)
    finally:
        engine.dispose()


def _postgresql(file: Path, *, folder: Path | None) -> tuple[str, Mapping[str, Any]]:
    """pg_dump copies the very snapshot in which the rows were counted."""
    with transaction(read_only=True) as session:
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        version = int(session.execute(text("SHOW server_version_num")).scalar_one())
        server = rules.server_major(version)
        program = programs.find("pg_dump", server=server, folder=folder)
        snapshot = session.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        contents = contents_of(session.connection())
        programs.run(
            program,
            ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
             f"--file={file}"],
            url=db.engine.url,
        )  # fmt: skip
    if not os.path.getsize(file):  # noqa: PTH202 - as short as it gets
        raise rules.BackupRefused("pg_dump wrote nothing.", remedy="Look at the server's log.")
    return f"PostgreSQL {server}", contents


def contents_of(connection: Connection) -> Mapping[str, Any]:
    """K2: the schema, the rows of every table and the heads, as one snapshot shows them."""
    rows = {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in db.metadata.sorted_tables
    }
    heads = connection.execute(
        text("SELECT k.code, h.next_seq - 1, h.chain FROM head h JOIN book k ON k.id = h.book")
    )
    schema = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return {
        "schema": str(schema),
        "rows": rows,
        "heads": {row[0]: (int(row[1]), bytes(row[2]).hex()) for row in heads},
    }
