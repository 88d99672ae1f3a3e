"""The power fails at any instant: what was acknowledged is there, and the file is whole.

``disk.py`` notes what SQLite writes and syncs while the service posts; each cut makes the files
again as the disk would hold them. ``LEDGER_TEST_CUTS`` asks for more cuts than the thirty of an
ordinary run; three hundred are the full one. The two controls are the settings that we refuse.
"""

from __future__ import annotations

import os
import pickle
import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import exc, text

from ledger.books import service as books
from ledger.books.rules import AccountSpec
from ledger.kernel.db import db, opened, transact, transaction_on
from tests import cast
from tests.reliability.disk import Disk

CUTS = int(os.environ.get("LEDGER_TEST_CUTS") or 30)
JOURNALS = 60
ROOT = Path(__file__).resolve().parents[2]
OFF, NORMAL, FULL = range(3)


@dataclass(frozen=True, slots=True)
class Recording:
    """The database before, and all that was done to its files."""

    before: bytes
    notes: list[tuple[Any, ...]]


@pytest.fixture
def book(app: Flask, place: cast.Place) -> int:
    specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
    transact(lambda session: books.open_accounts(session, book=place.book, specs=specs))
    with db.engine.connect() as wire:
        wire.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[no-untyped-call]
    db.engine.dispose()
    return place.book


def recorded(folder: Path, synchronous: int) -> Recording:
    """Let a process of its own post to a copy of the database, and read its notes."""
    copy, kept = folder / "ledger.sqlite", folder / "notes"
    shutil.copyfile(db.engine.url.database or "", copy)
    before = copy.read_bytes()
    subprocess.run(
        [sys.executable, "-m", "tests.reliability.disk", str(copy), str(synchronous),
         str(JOURNALS), str(kept)],
        cwd=ROOT, check=True, timeout=60,
    )  # fmt: skip
    notes = pickle.loads(kept.read_bytes())  # noqa: S301 - written by the line above
    return Recording(before, notes)


def after_the_cut(folder: Path, files: dict[str, bytes], book: int) -> tuple[set[str], bool]:
    """Start upon the files: the journals that are there, and whether everything is sound."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        with opened(f"sqlite:///{folder / 'ledger.sqlite'}") as engine:
            with transaction_on(engine, read_only=True) as session:
                whole = session.scalar(text("PRAGMA integrity_check")) == "ok"
                faults = books.self_check(session, book=book)
                stored = set(session.scalars(text("SELECT id FROM journal")))
            return stored, whole and faults == []
    except exc.DatabaseError:
        return set(), False


def cuts_of(folder: Path, recording: Recording, book: int, *, seed: int) -> Counter[str]:
    """Cut the power at so many places, and count what is lost, broken and unsynced."""
    chance = random.Random(seed)
    places = sorted(chance.choices(range(len(recording.notes)), k=CUTS))
    disk, told = Disk({"ledger.sqlite": recording.before}), set()
    found: Counter[str] = Counter(cuts=CUTS)
    at = 0
    for place in places:
        for note in recording.notes[at:place]:
            if note[0] == "told":
                told.add(note[1])
            disk.apply(note)
        at = place
        found["loose"] += any(disk.loose.values())
        stored, sound = after_the_cut(folder / "cut", disk.cut(chance), book)
        found["broken"] += not sound
        found["told"] += len(told)
        found["lost"] += len(told - stored) if sound else 0
    return found


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_power_cut_loses_nothing_that_was_acknowledged(
    app: Flask, book: int, tmp_path: Path
) -> None:
    recording = recorded(tmp_path, FULL)
    found = cuts_of(tmp_path, recording, book, seed=1)
    kinds = Counter(note[0] for note in recording.notes)
    print(
        f"COUNT engine=sqlite power_cuts={found['cuts']} lost={found['lost']}"
        f" broken={found['broken']} in_the_middle={found['loose']} checked={found['told']}"
        f" writes={kinds['write']} syncs={kinds['sync']}"
    )
    assert kinds["told"] == JOURNALS
    assert kinds["sync"] >= JOURNALS
    assert {note[1] for note in recording.notes if note[0] == "sync"} == {
        "ledger.sqlite", "ledger.sqlite-wal",
    }, "both files are written and synced, so that cuts fall into check-points too"  # fmt: skip
    assert (found["lost"], found["broken"]) == (0, 0)
    assert found["loose"] > CUTS // 4


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_with_the_usual_setting_acknowledged_journals_are_lost(
    app: Flask, book: int, tmp_path: Path
) -> None:
    """The control: ``synchronous=NORMAL`` syncs the log at check-points only."""
    found = cuts_of(tmp_path, recorded(tmp_path, NORMAL), book, seed=1)
    print(f"COUNT engine=sqlite power_control_normal_lost={found['lost']} broken={found['broken']}")
    assert found["lost"] > 0


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_without_any_sync_the_file_itself_breaks(app: Flask, book: int, tmp_path: Path) -> None:
    """The control of the other check: ``synchronous=OFF`` lets a cut fall between the files."""
    found = cuts_of(tmp_path, recorded(tmp_path, OFF), book, seed=1)
    print(f"COUNT engine=sqlite power_control_off_lost={found['lost']} broken={found['broken']}")
    assert found["broken"] > 0
