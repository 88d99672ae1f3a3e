"""Blocks of text that come in one order and are wanted in another, in little memory."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

HELD_CHARS_MAX: Final = 4 << 20


class Spool:
    """Keeps the blocks of several files by day, on the disk as soon as they are many.

    Journals come by number and text journals are by day. Sorting them in the database would
    read every row again in an order in which they do not lie; here each block is written once,
    beside others of its day, and read once.
    """

    def __init__(self, path: Path, kinds: int) -> None:
        self._file = path.open("w+b")
        self._path, self._kinds = path, kinds
        self._held: dict[tuple[str, str], tuple[list[str], ...]] = {}
        self._chars = self._end = 0
        self._places: dict[tuple[str, int], list[tuple[str, int, int]]] = defaultdict(list)

    def day(self, unit: str, day: str) -> tuple[list[str], ...]:
        """Where to append a day's blocks in one unit: a list for each kind of text."""
        held = self._held.get((unit, day))
        if held is None:
            held = self._held[unit, day] = tuple([] for _ in range(self._kinds))
        return held

    def grown(self, chars: int) -> None:
        """Put the blocks on the disk when about so many more have made them too many to hold."""
        self._chars += chars
        if self._chars > HELD_CHARS_MAX:
            self._put_down()

    def _put_down(self) -> None:
        for (unit, day), kinds in self._held.items():
            for kind, blocks in enumerate(kinds):
                raw = "".join(blocks).encode()
                self._file.write(raw)
                self._places[unit, kind].append((day, self._end, len(raw)))
                self._end += len(raw)
        self._held.clear()
        self._chars = 0

    def blocks(self, unit: str, kind: int) -> Iterator[bytes]:
        """The blocks of one file in order of day, those of a day as they came."""
        self._put_down()
        self._file.flush()
        for _, start, size in sorted(self._places[unit, kind]):
            yield os.pread(self._file.fileno(), size, start)

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._file.close()
        self._path.unlink(missing_ok=True)
