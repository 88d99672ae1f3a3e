"""Restoring a backup to a new place, and proving it there before anybody uses it (K3, K4)."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from flask import current_app
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from ledger.backups import erasing, programs, proving, rules, shelf
from ledger.backups.proving import Proof
from ledger.backups.rules import Manifest
from ledger.kernel.db import driver_url, opened, transaction_on

_SCRATCH: Final = ".scratch"
_ASIDE: Final = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Restored:
    """A book that was restored and proved: its address, what is in it, and how long it took."""

    url: str
    manifest: Manifest
    proof: Proof
    seconds: float


def restore(backup: Path, *, to: str, now: datetime) -> Restored:
    """K3, K4: restore a backup to a new file or an empty database, and prove it.

    ``to`` is a path, ``sqlite:///PATH`` or ``postgresql://…``. When it does not prove, what was
    restored is taken away again.

    Raises:
        NotABackup: the backup is not whole.
        BackupRefused: the place is taken, or of the other engine.
        NotProven: naming what does not hold.
    """
    began = time.monotonic()
    manifest = shelf.read(backup)
    url = _address(to)
    if url.get_backend_name() != manifest.engine:
        raise rules.BackupRefused(
            f"The backup is of {manifest.engine}; that address is of {url.get_backend_name()}.",
            remedy="Give an address of the same kind of database.",
            place="to",
        )
    put = _into_file if manifest.engine == "sqlite" else _into_database
    proof = put(backup / manifest.file, manifest, url, now)
    shown = url.render_as_string(hide_password=True).replace("+psycopg", "")
    return Restored(shown, manifest, proof, time.monotonic() - began)


def prove(backup: Path, *, live: URL, now: datetime) -> Proof:
    """K5: restore a backup to a place of its own, prove it, and take that place away again.

    ``live`` is the service's own address: on PostgreSQL the place is a new database beside it.

    Raises:
        NotProven: naming what does not hold.
    """
    manifest = shelf.read(backup)
    if manifest.engine == "sqlite":
        scratch = backup.parent / f"{_SCRATCH}-{secrets.token_hex(4)}"
        scratch.mkdir(mode=0o700)
        try:
            return restore(backup, to=str(scratch / "book.sqlite"), now=now).proof
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    url = live.set(database=f"{(live.database or 'book')[:40]}_proof_{secrets.token_hex(4)}")
    try:
        return _into_database(backup / manifest.file, manifest, url, now)
    finally:
        _drop(url)


def _address(to: str) -> URL:
    if "://" not in to:
        return make_url(f"sqlite:///{Path(to).expanduser().resolve()}")
    return make_url(driver_url(to))


def _into_file(file: Path, manifest: Manifest, url: URL, now: datetime) -> Proof:
    target = Path(url.database or "")
    if target.exists():
        raise _taken(target.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        shutil.copyfile(file, work)
        work.chmod(0o600)
        with opened(f"sqlite:///{work}") as engine:
            proof = _proved(proving.prove(engine, manifest=manifest))
            _erase_again(engine, proof, now=now)
        _set_aside(target)
        shelf.settle(work)
        try:
            os.link(work, target)  # unlike a rename, it never takes the place of another file
        except FileExistsError as error:
            raise _taken(target.name) from error
    finally:
        for ending in ("", *_ASIDE):
            work.with_name(work.name + ending).unlink(missing_ok=True)
    shelf.settle(target.parent)
    return proof


def _erase_again(engine: Engine, proof: Proof, *, now: datetime) -> None:
    """P12: whoever was erased since the backup was made is erased in it before anybody can look."""
    with transaction_on(engine) as session:
        proof.erased = erasing.replay(session, by="restore", now=now)


def _set_aside(target: Path) -> None:
    """A write-ahead log of a lost file that lies beside the new one would be played into it."""
    for ending in _ASIDE:
        stale = target.with_name(target.name + ending)
        if stale.exists():
            stale.rename(stale.with_name(f"{stale.name}.stale-{secrets.token_hex(4)}"))


def _into_database(file: Path, manifest: Manifest, url: URL, now: datetime) -> Proof:
    made = _prepared(url)
    try:
        with _administrator(url, database=url.database) as connection:
            version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
        program = programs.find(
            "pg_restore", server=rules.server_major(version),
            folder=current_app.extensions["ledger.settings"].pg_programs,
        )  # fmt: skip
        programs.run(
            program,
            ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(file)],
            url=url,
        )
        with opened(url.render_as_string(hide_password=False)) as engine:
            proof = _proved(proving.prove(engine, manifest=manifest))
            _erase_again(engine, proof, now=now)
            return proof
    except BaseException:
        if made:
            _drop(url)
        raise


def _prepared(url: URL) -> bool:
    """Make the database when there is none; whether it was made.

    Raises:
        BackupRefused: it is there and holds something, or cannot be made.
    """
    try:
        with _administrator(url, database=url.database) as connection:
            tables = connection.execute(
                text("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'")
            ).scalar_one()
    except OperationalError:
        return _created(url)
    if tables:
        raise _taken(str(url.database))
    return False


def _created(url: URL) -> bool:
    try:
        with _administrator(url, database="postgres") as connection:
            name = connection.dialect.identifier_preparer.quote_identifier(url.database)
            connection.execute(text(f"CREATE DATABASE {name}"))
    except DBAPIError as error:
        said = next(iter(str(error.orig).splitlines()), "")[:300]
        raise rules.BackupRefused(
            f"The database {url.database} cannot be made: {said}",
            remedy="Let the role make databases (ALTER ROLE … CREATEDB), or make an empty one and"
            " name it.",
            place=str(url.database),
        ) from error
    return True


def _drop(url: URL) -> None:
    with _administrator(url, database="postgres") as connection:
        name = connection.dialect.identifier_preparer.quote_identifier(url.database)
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@contextmanager
def _administrator(url: URL, *, database: str | None) -> Iterator[Any]:
    engine = create_engine(url.set(database=database), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _taken(name: str) -> rules.BackupRefused:
    return rules.BackupRefused(
        f"{name} is there and is not empty. A restore never writes over anything.",
        remedy="Name a new file, or an empty or new database.",
        place=name,
    )


def _proved(proof: Proof) -> Proof:
    if proof.faults:
        more = f" (and {len(proof.faults) - 1} more)" if len(proof.faults) > 1 else ""
        raise rules.NotProven(
            f"It does not prove: {proof.faults[0].rstrip('.')}{more}.",
            remedy="Do not use it: it was taken away again. Restore an older backup, keep this one,"
            " and tell the auditor.",
        )
    return proof
