"""A disk whose power can be cut: what SQLite wrote, and what it had made sure of.

The writer is a process of its own. It puts three functions of its own between SQLite and the
system's files (write, truncate and sync: the only ways in which they change), and notes each call
in order, with a mark wherever the service was told that its unit is committed. From the notes the
files can be made again as a power cut at any place would leave them: all that was synced, and of
the rest whatever sectors the disk happened to have kept.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import pickle
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pysqlite3._sqlite3
from sqlalchemy import event

from config.settings import Settings
from ledger.app import create_app
from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.kernel import db as kernel_db
from ledger.kernel.db import db, transact
from tests.raw_books import spec

SECTOR = 512
OK = 0
POINTER, INT, LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
CLOSE = ctypes.CFUNCTYPE(INT, POINTER)
MOVE = ctypes.CFUNCTYPE(INT, POINTER, POINTER, INT, LONG)
TRUNCATE = ctypes.CFUNCTYPE(INT, POINTER, LONG)
SYNC = ctypes.CFUNCTYPE(INT, POINTER, INT)
OPEN = ctypes.CFUNCTYPE(INT, POINTER, ctypes.c_char_p, POINTER, INT, POINTER)


class Methods(ctypes.Structure):
    """The beginning of ``sqlite3_io_methods``, and the rest of it as it is."""

    _fields_ = [
        ("version", INT), ("close", POINTER), ("read", POINTER), ("write", POINTER),
        ("truncate", POINTER), ("sync", POINTER), ("rest", POINTER * 13),
    ]  # fmt: skip


class Vfs(ctypes.Structure):
    """The beginning of ``sqlite3_vfs``."""

    _fields_ = [
        ("version", INT), ("file_size", INT), ("path_max", INT), ("next", POINTER),
        ("name", POINTER), ("data", POINTER), ("open", POINTER),
    ]  # fmt: skip


class Recorder:
    """Stands between SQLite and its files, and keeps every change in order."""

    def __init__(self) -> None:
        self.notes: list[tuple[Any, ...]] = []
        library = ctypes.CDLL(pysqlite3._sqlite3.__file__)
        library.sqlite3_vfs_find.restype = ctypes.POINTER(Vfs)
        self.vfs = library.sqlite3_vfs_find(None).contents
        self.whole_open = OPEN(self.vfs.open)
        self.open = OPEN(self._open)
        self.vfs.open = ctypes.cast(self.open, POINTER).value
        self.names: dict[int, str] = {}
        self.wrapped: dict[int, tuple[Methods, Any]] = {}

    def mark(self, words: str) -> None:
        """Somebody was told something."""
        self.notes.append(("told", words))

    def _open(self, vfs: int, name: bytes | None, file: int, flags: int, out: int) -> int:
        status = int(self.whole_open(vfs, name, file, flags, out))
        if status == OK and name is not None:
            self.names[file] = Path(name.decode()).name
            slot = ctypes.cast(file, ctypes.POINTER(POINTER))
            slot[0] = ctypes.addressof(self._wrapped(slot[0]))
        return status

    def _wrapped(self, address: int) -> Methods:
        """A table of methods with three of ours; one for each that the system's files have."""
        if address not in self.wrapped:
            whole = Methods.from_address(address)
            mine = Methods.from_buffer_copy(whole)
            ours = self._ours(MOVE(whole.write), TRUNCATE(whole.truncate), SYNC(whole.sync))
            mine.write, mine.truncate, mine.sync = (ctypes.cast(one, POINTER) for one in ours)
            self.wrapped[address] = (mine, ours)
        return self.wrapped[address][0]

    def _ours(self, write: Any, truncate: Any, sync: Any) -> tuple[Any, Any, Any]:
        def on_write(file: int, data: int, size: int, at: int) -> int:
            self.notes.append(("write", self.names[file], at, ctypes.string_at(data, size)))
            return int(write(file, data, size, at))

        def on_truncate(file: int, size: int) -> int:
            self.notes.append(("truncate", self.names[file], size))
            return int(truncate(file, size))

        def on_sync(file: int, flags: int) -> int:
            status = int(sync(file, flags))
            self.notes.append(("sync", self.names[file]))
            return status

        return MOVE(on_write), TRUNCATE(on_truncate), SYNC(on_sync)


class Disk:
    """Files as they were synced, and what was done to each since."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.safe = {name: bytearray(content) for name, content in files.items()}
        self.loose: dict[str, list[tuple[Any, ...]]] = {}

    def apply(self, note: tuple[Any, ...]) -> None:
        """What happened next."""
        what, name = note[:2]
        if what in ("write", "truncate"):
            self.loose.setdefault(name, []).append(note)
        elif what == "sync":
            for change in self.loose.pop(name, []):
                self.safe[name] = changed(self.safe.get(name, bytearray()), change)

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """The files when the power comes back: of what was not synced, some sectors."""
        found = {name: bytearray(content) for name, content in self.safe.items()}
        for name, changes in self.loose.items():
            kept = chance.choice((0.0, 0.5, 0.9, 1.0))
            for change in changes:
                for part in sectors(change):
                    if chance.random() < kept:
                        found[name] = changed(found.get(name, bytearray()), part)
        return {name: bytes(content) for name, content in found.items()}


def sectors(change: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """A change as the disk does it: sector by sector."""
    if change[0] == "truncate":
        return [change]
    _, name, at, data = change
    edges = [0, *range(SECTOR - at % SECTOR, len(data), SECTOR), len(data)]
    return [
        ("write", name, at + start, data[start:end]) for start, end in itertools.pairwise(edges)
    ]


def changed(content: bytearray, change: tuple[Any, ...]) -> bytearray:
    """A file after one write or truncation."""
    if change[0] == "truncate":
        return content[: change[2]]
    _, _, at, data = change
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    content[at : at + len(data)] = data
    return content


def post(database: str, journals: int, tell: Callable[[str], None]) -> None:
    """Post one gift after another by the service, and say each time that it is committed."""
    settings = Settings(
        database_url=f"sqlite:///{database}", data_dir=Path(database).parent,
        secret_key="only for tests, and longer than any guess", serving=False, testing=True,
    )  # fmt: skip
    with create_app(settings).app_context():
        event.listen(
            db.engine, "connect", lambda wire, _: wire.execute("PRAGMA wal_autocheckpoint = 40")
        )
        for number in range(journals):
            gift = spec(f"gift-{number}", debit("Assets:Bank", 5), credit("Income:Gifts", 5))
            transact(lambda s, gift=gift: books.post(s, book=1, spec=gift, now=datetime.now(UTC)))
            tell(gift.id)


def main(database: str, synchronous: str, journals: str, kept: str) -> None:
    """Post so many journals, and keep the notes of it; the files are never closed."""
    recorder = Recorder()
    kernel_db._PRAGMAS["synchronous"] = int(synchronous)
    post(database, int(journals), recorder.mark)
    Path(kept).write_bytes(pickle.dumps(recorder.notes))
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
