"""A full disk: nothing acknowledged is lost, reading goes on, and writing begins again by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from config.settings import Settings
from ledger.app import create_app
from ledger.backups import taking
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import db, transact, transaction
from ledger.kernel.errors import StorageFull
from tests import cast
from tests.raw_books import spec
from tests.stage import Browser

KILOBYTES = 1_500


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte and a half above what the database takes: a file system in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    file = Path(db.engine.url.database or "")
    size = file.stat().st_size // 1024 + KILOBYTES
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)],
        check=False, capture_output=True,
    ).returncode == 0  # fmt: skip
    if not mounted:
        pytest.skip("a small disk can only be made by somebody who may mount one (root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small(app: Flask, place: cast.Place, small_disk: Path, clock: FixedClock) -> Iterator[Flask]:
    """The service with its cast, on the small disk."""
    specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
    transact(lambda session: books.open_accounts(session, book=place.book, specs=specs))
    taken = taking.make(into=small_disk.parent / "backups", now=clock.now())
    shutil.copyfile(taken.path / taken.manifest.file, small_disk / "ledger.sqlite")
    made = create_app(
        Settings(
            database_url=f"sqlite:///{small_disk / 'ledger.sqlite'}", data_dir=small_disk.parent,
            secret_key="only for tests, and longer than any guess", serving=False, testing=True,
        )
    )  # fmt: skip
    made.test_client_class = Browser
    with made.app_context():
        yield made
        db.engine.dispose()


@contextmanager
def filled(folder: Path, *, left: int = 0) -> Iterator[None]:
    """The rest of the disk, but so many bytes, taken by something else."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file, suppress(OSError):
        while shutil.disk_usage(folder).free > left:
            os.write(file.fileno(), bytes(512))
    yield
    ballast.unlink()


def journals(book: int) -> int:
    with transaction(read_only=True) as session:
        assert books.self_check(session, book=book) == []
        return books_queries.head(session, book).next_seq - 1


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_full_disk_loses_nothing_and_reading_goes_on(
    small: Flask, small_disk: Path, place: cast.Place, clock: FixedClock
) -> None:
    reader = cast.sign_in(small.test_client(), place, "treasurer")
    program = cast.api_client(small, place, "administrator")
    acknowledged = failed = 0

    def give() -> None:
        gift = spec(f"gift-{acknowledged}", debit("Assets:Bank", 5), credit("Income:Gifts", 5))
        transact(lambda session: books.post(session, book=place.book, spec=gift, now=clock.now()))

    with filled(small_disk, left=KILOBYTES * 512):
        while failed < 50:
            try:
                give()
                acknowledged += 1
            except StorageFull:
                failed += 1
        assert acknowledged > 10
        clock.move(timedelta(minutes=2))  # so that the session wants to be noted as seen
        for path in ("/", "/account", "/pledges", "/agreements", "/health/reading"):
            assert reader.get(path).status_code == 200, path
        assert program.get("/api/v1/people").status_code == 200
        refused = program.post("/api/v1/people", json={"name": "Anna Testova"})
        assert (refused.status_code, refused.get_json()["code"]) == (507, "ledger.storage_full")
        assert journals(place.book) == acknowledged
    assert program.post("/api/v1/people", json={"name": "Anna Testova"}).status_code == 201
    give()
    acknowledged += 1
    assert journals(place.book) == acknowledged
    print(f"COUNT engine=sqlite acknowledged={acknowledged} refused={failed} lost=0")


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_backup_to_a_full_disk_is_refused_and_leaves_nothing(
    small: Flask, small_disk: Path, clock: FixedClock
) -> None:
    with filled(small_disk), pytest.raises(StorageFull):
        taking.make(into=small_disk / "backups", now=clock.now())
    assert [path.name for path in (small_disk / "backups").glob("*")] in ([], [])
    with db.engine.connect() as wire:
        assert wire.scalar(text("PRAGMA integrity_check")) == "ok"
