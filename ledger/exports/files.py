"""Files that know their own hash when they are closed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

CHUNK_BYTES = 1 << 20


class HashedFile:
    """A text file in UTF-8 whose SHA-256 is known as soon as it is written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=CHUNK_BYTES)
        self._digest = hashlib.sha256()

    def write(self, words: str) -> int:
        """Write some text (the csv module calls this too)."""
        return self.write_bytes(words.encode())

    def write_bytes(self, raw: bytes) -> int:
        """Write some text that is in UTF-8 already."""
        self._digest.update(raw)
        return self._file.write(raw)

    def write_all(self, parts: Iterable[bytes | str]) -> None:
        """Write many texts in order."""
        for part in parts:
            self.write_bytes(part if isinstance(part, bytes) else part.encode())

    @property
    def sha256(self) -> str:
        """The hash of what was written so far, in hex."""
        return self._digest.hexdigest()

    def __enter__(self) -> HashedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._file.close()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex, read a megabyte at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
