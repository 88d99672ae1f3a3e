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
from ledger.http import cookies
from ledger.kernel import keys
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
    made = served_from(small_disk / "ledger.sqlite", small_disk.parent)
    with made.app_context():
        yield made
        db.engine.dispose()


@contextmanager
def also_read_only(folder: Path, place: Path) -> Iterator[Path]:
    """The same disk a second time, at a place where nothing can be written."""
    place.mkdir()
    subprocess.run(["mount", "--bind", str(folder), str(place)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def served_from(file: Path, data_dir: Path) -> Flask:
    """The service upon a database's file."""
    made = create_app(
        Settings(
            database_url=f"sqlite:///{file}", data_dir=data_dir, keys_url=_keys(),
            secret_key="only for tests, and longer than any guess", serving=False, testing=True,
        )
    )  # fmt: skip
    made.test_client_class = Browser
    return made


def _keys() -> str:
    return keys.store().url.render_as_string(hide_password=False)


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
        for path in READ:
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


READ = ("/", "/account", "/pledges", "/agreements", "/health/reading")


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_disk_that_can_only_be_read_is_read_and_nothing_is_lost(
    small: Flask, small_disk: Path, place: cast.Place, clock: FixedClock
) -> None:
    acknowledged = 0

    def give() -> int:
        gift = spec(f"gift-{acknowledged}", debit("Assets:Bank", 5), credit("Income:Gifts", 5))
        transact(lambda session: books.post(session, book=place.book, spec=gift, now=clock.now()))
        return acknowledged + 1

    for _ in range(20):
        acknowledged = give()
    secret = cast.api_secret(place, "administrator")
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one-key-for-one-person"}
    session_of = cast.sign_in(small.test_client(), place, "treasurer").get_cookie(cookies.SESSION)
    assert session_of is not None
    statuses, refused = [], 0
    with also_read_only(small_disk, small_disk.parent / "read-only") as read_only:
        stuck = served_from(read_only / "ledger.sqlite", small_disk.parent)
        clock.move(timedelta(minutes=2))  # so that the session wants to be noted as seen
        with stuck.app_context():
            reader, program = stuck.test_client(), stuck.test_client()
            reader.set_cookie(cookies.SESSION, session_of.value)
            statuses = [reader.get(path).status_code for path in READ]
            for _ in range(5):
                answer = program.post("/api/v1/people", json={"name": "Ann"}, headers=headers)
                refused += (answer.status_code, answer.get_json()["code"]) == (
                    507, "ledger.storage_full",
                )  # fmt: skip
            with pytest.raises(StorageFull, match="can only be read"):
                give()
            assert journals(place.book) == acknowledged
            db.engine.dispose()
    answer = small.test_client().post("/api/v1/people", json={"name": "Ann"}, headers=headers)
    acknowledged = give()
    lost = acknowledged - journals(place.book)
    print(
        f"COUNT read_only_reads={len(statuses)} answered_200={statuses.count(200)}"
        f" writes=5 answered_507={refused} lost={lost} first_write_after={answer.status_code}"
    )
    assert (statuses, refused, lost, answer.status_code) == ([200] * len(READ), 5, 0, 201)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_backup_to_a_full_disk_is_refused_and_leaves_nothing(
    small: Flask, small_disk: Path, clock: FixedClock
) -> None:
    with filled(small_disk), pytest.raises(StorageFull):
        taking.make(into=small_disk / "backups", now=clock.now())
    assert [path.name for path in (small_disk / "backups").glob("*")] in ([], [])
    with db.engine.connect() as wire:
        assert wire.scalar(text("PRAGMA integrity_check")) == "ok"
