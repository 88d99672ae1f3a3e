"""A disk that loses its power: what SQLite writes is recorded, and any instant of it made again.

SQLite reaches its files through a table of functions (sqlite.org/vfs.html). The recorder stands
in that table, before the one of the system, in the very build that the service uses: each write,
cut and sync is noted and then done. Afterwards the disk at any instant can be put together:
whatever was synced is there; of everything later, each piece of 512 bytes is there or not, by
chance, as drives and kernels leave them. What SQLite may rely upon stays true: bytes beside a
write are never harmed by it (its ``POWERSAFE_OVERWRITE``), and a name that was synced is there.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pysqlite3._sqlite3 as built

PIECE_BYTES = 512
Library = ctypes.CDLL(built.__file__)
At = ctypes.c_void_p
Open = ctypes.CFUNCTYPE(ctypes.c_int, At, At, At, ctypes.c_int, At)
Write = ctypes.CFUNCTYPE(ctypes.c_int, At, At, ctypes.c_int, ctypes.c_int64)
Truncate = ctypes.CFUNCTYPE(ctypes.c_int, At, ctypes.c_int64)
Sync = ctypes.CFUNCTYPE(ctypes.c_int, At, ctypes.c_int)


class Methods(ctypes.Structure):
    """SQLite's ``sqlite3_io_methods``: what can be done with one open file."""

    _fields_ = [
        ("version", ctypes.c_int), ("close", At), ("read", At), ("write", Write),
        ("truncate", Truncate), ("sync", Sync), ("others", At * 13),
    ]  # fmt: skip


class System(ctypes.Structure):
    """SQLite's ``sqlite3_vfs``: how files are opened."""

    _fields_ = [
        ("version", ctypes.c_int), ("file_bytes", ctypes.c_int), ("path_max", ctypes.c_int),
        ("next", At), ("name", ctypes.c_char_p), ("data", At), ("open", Open), ("others", At * 15),
    ]  # fmt: skip


Library.sqlite3_vfs_find.restype = ctypes.POINTER(System)


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that SQLite did to a file; ``data`` is None for a cut to ``offset`` bytes."""

    path: str
    offset: int
    data: bytes | None = None
    is_sync: bool = False


@dataclass
class Recorder:
    """Everything done to the files of one database, in order."""

    database: Path
    done: list[Done] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)  # what C points to must not be freed

    def opening(self, original: Any) -> Any:
        """A function that opens as the system does, and listens to the database's own files."""

        def opened(system: int, name: int | None, file: int, flags: int, out: int) -> int:
            result: int = original(system, name, file, flags, out)  # SQLite keeps this very name
            path = ctypes.string_at(name).decode() if name else ""
            if result == 0 and path.startswith(str(self.database)):
                self._listen(file, path)
            return result

        return Open(opened)

    def _listen(self, file: int, path: str) -> None:
        first = ctypes.cast(file, ctypes.POINTER(ctypes.POINTER(Methods)))
        system = first[0].contents
        listening = Methods.from_buffer_copy(system)

        def write(file: int, data: int, count: int, offset: int) -> int:
            self.done.append(Done(path, offset, ctypes.string_at(data, count)))
            return int(system.write(file, data, count, offset))

        def truncate(file: int, size: int) -> int:
            self.done.append(Done(path, size))
            return int(system.truncate(file, size))

        def sync(file: int, flags: int) -> int:
            result = int(system.sync(file, flags))
            self.done.append(Done(path, 0, is_sync=True))
            return result

        listening.write, listening.truncate = Write(write), Truncate(truncate)
        listening.sync = Sync(sync)
        first[0] = ctypes.pointer(listening)
        self.kept.append((system, listening))


@contextmanager
def recorded(database: Path) -> Iterator[Recorder]:
    """Note all that is done to a database that is opened, used and closed within the block."""
    recorder = Recorder(database)
    system = Library.sqlite3_vfs_find(None)
    listening = System.from_buffer_copy(system.contents)
    listening.name = b"recorded"
    listening.open = recorder.opening(system.contents.open)
    recorder.kept.append(listening)
    assert Library.sqlite3_vfs_register(ctypes.byref(listening), 1) == 0
    try:
        yield recorder
    finally:
        Library.sqlite3_vfs_unregister(ctypes.byref(listening))
        Library.sqlite3_vfs_register(system, 1)


class Disk:
    """The files as they would be found when the power comes back."""

    def __init__(self, before: dict[str, bytes]) -> None:
        self.synced = {path: bytearray(data) for path, data in before.items()}
        self.unsynced: dict[str, list[Done]] = {}

    def do(self, done: Done) -> None:
        """Go on by one thing done."""
        waiting = self.unsynced.setdefault(done.path, [])
        if not done.is_sync:
            waiting.append(done)
            return
        file = self.synced.setdefault(done.path, bytearray())
        for each in waiting:
            _apply(file, each)
        waiting.clear()

    def cut(self, chance: random.Random) -> dict[str, bytearray]:
        """Take the power away now: of what was not synced, each piece is there or not."""
        likely = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        found = {path: bytearray(data) for path, data in self.synced.items()}
        for path, waiting in self.unsynced.items():
            for each in waiting:
                for piece in _pieces(each):
                    if chance.random() < likely:
                        _apply(found.setdefault(path, bytearray()), piece)
        return found


def _apply(file: bytearray, done: Done) -> None:
    if done.data is None:
        del file[done.offset :]
        return
    file.extend(bytes(max(0, done.offset - len(file))))
    file[done.offset : done.offset + len(done.data)] = done.data


def _pieces(done: Done) -> Iterator[Done]:
    if done.data is None:
        yield done
        return
    start, end = done.offset, done.offset + len(done.data)
    while start < end:
        stop = min(end, (start // PIECE_BYTES + 1) * PIECE_BYTES)
        yield Done(done.path, start, done.data[start - done.offset : stop - done.offset])
        start = stop
