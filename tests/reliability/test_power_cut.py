"""The power goes at any instant: nothing acknowledged is lost, and every file that is left is whole.

``LEDGER_TEST_CUTS`` asks for another number of cuts than the three hundred of an ordinary run.
PostgreSQL has no such table of functions to stand in: its own crash tests are relied upon.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError

from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import db, opened, transact, transaction_on
from tests import cast
from tests.raw_books import spec
from tests.reliability.cutting import Disk, Done, recorded
from tests.reliability.test_disk_full import served_from

CUTS = int(os.environ.get("LEDGER_TEST_CUTS") or 300)
CONTROL_CUTS = 40
GIFTS = 60
CHECKPOINT_PAGES = 20  # so that the log is moved into the database often while it is watched


@dataclass(frozen=True, slots=True)
class History:
    """What was done to the files, and after how many things done each gift was acknowledged."""

    book: int
    before: bytes
    database: Path
    done: list[Done]
    first: int
    acknowledged: dict[str, int]


@dataclass(slots=True)
class Found:
    """What is there when the power comes back, over all cuts."""

    cuts: int = 0
    whole: int = 0
    lost: int = 0
    acknowledged: int = 0
    unsynced: int = 0


@pytest.fixture
def database(app: Flask, place: cast.Place, tmp_path: Path) -> Path:
    """A closed database with its cast and two accounts, in a file of its own."""
    specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
    transact(lambda session: books.open_accounts(session, book=place.book, specs=specs))
    with db.engine.connect() as connection:
        cursor: Any = connection.connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    source = Path(db.engine.url.database or "")
    db.engine.dispose()
    return Path(shutil.copyfile(source, tmp_path / "ledger.sqlite"))


def given(database: Path, place: cast.Place, clock: FixedClock, synchronous: str) -> History:
    """Post gifts one after the other through the service, and note everything done to the disk."""
    before, acknowledged = database.read_bytes(), {}
    with recorded(database) as recorder, served_from(database, database.parent).app_context():

        @event.listens_for(db.engine, "connect")
        def _set(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA synchronous={synchronous}").close()
            connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}").close()

        try:
            give(place.book, clock, "gift-first")
            first = len(recorder.done)
            for number in range(GIFTS):
                give(place.book, clock, f"gift-{number}")
                acknowledged[f"gift-{number}"] = len(recorder.done)
            done = recorder.done[:]  # without what is tidied up when the last connection closes
        finally:
            db.engine.dispose()
    assert any(each.path == str(database) and each.data for each in done[first:])
    return History(place.book, before, database, done, first, acknowledged)


def give(book: int, clock: FixedClock, group: str) -> None:
    gift = spec(group, debit("Assets:Bank", 5), credit("Income:Gifts", 5), group=group)
    transact(lambda session: books.post(session, book=book, spec=gift, now=clock.now()))


def cut(history: History, folder: Path, *, cuts: int, seed: int) -> Found:
    """Take the power away at instants drawn by the seed, and open each time what is left."""
    chance, found, at = random.Random(seed), Found(), 0
    disk = Disk({str(history.database): history.before})
    instants = [chance.randint(history.first, len(history.done)) for _ in range(cuts)]
    for instant in sorted(instants):
        for each in history.done[at:instant]:
            disk.do(each)
        at = instant
        acknowledged = {group for group, told in history.acknowledged.items() if told <= instant}
        found.cuts += 1
        found.unsynced += any(disk.unsynced.values())
        found.acknowledged += len(acknowledged)
        stored = left(disk.cut(chance), folder, history)
        if stored is not None:
            found.whole += 1
            found.lost += len(acknowledged - stored)
    return found


def left(files: dict[str, bytearray], folder: Path, history: History) -> set[str] | None:
    """The gifts in the files that are left, or None when they are broken."""
    for file in folder.glob("ledger.sqlite*"):
        file.unlink()
    for path, data in files.items():
        (folder / Path(path).name).write_bytes(data)
    try:
        with (
            opened(f"sqlite:///{folder / 'ledger.sqlite'}") as engine,
            transaction_on(engine, read_only=True) as session,
        ):
            whole = session.scalar(text("PRAGMA integrity_check")) == "ok"
            if not whole or books.self_check(session, book=history.book):
                return None
            return set(session.scalars(text("SELECT group_id FROM journal")))
    except SQLAlchemyError:  # no database any more, or one without its rows
        return None


@pytest.fixture
def remains(stages: Any) -> Iterator[Path]:
    """Where what is left is put: in memory, where there is one."""
    folder = Path(stages.folder) / "remains"
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_power_cut_loses_nothing_acknowledged_and_breaks_no_file(
    database: Path, place: cast.Place, clock: FixedClock, remains: Path
) -> None:
    history = given(database, place, clock, "FULL")
    found = cut(history, remains, cuts=CUTS, seed=5)
    print(
        f"COUNT cuts={found.cuts} with_unsynced_writes={found.unsynced}"
        f" acknowledged={found.acknowledged} lost={found.lost} whole={found.whole}"
    )
    assert found.unsynced > found.cuts // 2  # else the power went only while all was quiet
    assert (found.lost, found.whole) == (0, found.cuts)


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_a_service_that_syncs_less_would_be_found(
    database: Path, place: cast.Place, clock: FixedClock, remains: Path, synchronous: str
) -> None:
    """The negative controls: the usual advice loses what was said to be kept, and less breaks it."""
    history = given(database, place, clock, synchronous)
    found = cut(history, remains, cuts=CONTROL_CUTS, seed=5)
    print(
        f"COUNT control={synchronous} cuts={found.cuts} acknowledged={found.acknowledged}"
        f" lost={found.lost} broken={found.cuts - found.whole}"
    )
    assert found.lost if synchronous == "NORMAL" else found.whole < found.cuts
