"""Checkpoints leave the house: a file for each, and a call to a machine outside (X7, X8).

Every rule of exports is in the words of the package.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from config.settings import Settings
from ledger.audit import queries
from ledger.audit.queries import CheckpointRow
from ledger.audit.rules import HistoryChanged
from ledger.books import queries as books
from ledger.kernel import limits
from ledger.kernel.db import transaction
from ledger.messages import service as messages


def _settings() -> Settings:
    settings: Settings = current_app.extensions["ledger.settings"]
    return settings


def folder() -> Path:
    """Where the files go: where the settings say, else below the installation's data."""
    settings = _settings()
    made = settings.checkpoint_dir or settings.data_dir / "checkpoints"
    made.mkdir(parents=True, exist_ok=True)
    return made


def history(session: Session, book: int) -> str:
    """What a book's history is called in file names: the code, and what its first journal hashes to.

    Another database under the same settings begins otherwise, and has files of its own.
    """
    return f"{books.book_code(session, book)}-{books.leaf(session, book, 1).leaf_hash.hex()[:8]}"


def path_of(row: CheckpointRow, name: str) -> Path:
    """Where the file of a checkpoint is: by its history and the number of journals."""
    return folder() / f"{name}-{row.size:012d}.txt"


def write_file(row: CheckpointRow, name: str) -> bool:
    """X7: write a checkpoint's file whole; False when it was there already.

    Raises:
        HistoryChanged: a file of this name says something else.
    """
    path = path_of(row, name)
    if holds(row, name):
        return False
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    _write(temporary, row.note)
    try:
        path.hardlink_to(temporary)  # never over a file that is there
    except FileExistsError:
        return not holds(row, name)  # another process wrote it meanwhile
    except OSError:
        _write(path, row.note)  # a disk without links: killed meanwhile, the next run completes it
    finally:
        temporary.unlink()
    return True


def _write(path: Path, words: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(words)
        file.flush()
        os.fsync(file.fileno())


def holds(row: CheckpointRow, name: str) -> bool:
    """X7: whether a checkpoint's file is there. A half one is cleared away, to be written whole.

    Raises:
        HistoryChanged: it is there and says something else.
    """
    path, wanted = path_of(row, name), row.note.encode()
    try:
        kept = path.read_bytes()
    except FileNotFoundError:
        return False
    if kept == wanted:
        return True
    if wanted.startswith(kept):
        path.unlink()
        return False
    raise HistoryChanged(
        f"The file {path.name} is not the checkpoint that was signed.",
        remedy="Keep the file as it is, and compare it with copies that others kept.",
        place=path.name,
    )


def check_kept(session: Session, row: CheckpointRow) -> None:
    """X7: refuse to sign over a file that says something else.

    A folder that cannot be reached stops no signing: the job that writes the file says so.

    Raises:
        HistoryChanged: there is such a file.
    """
    with suppress(OSError):
        holds(row, history(session, row.book))


def write_soon(row: CheckpointRow) -> None:
    """X7: write the file now if the folder can be reached, else leave it to the job."""
    with transaction(read_only=True) as session:
        name = history(session, row.book)
    with suppress(OSError):
        write_file(row, name)


def every_checkpoint(session: Session, book: int) -> Iterator[CheckpointRow]:
    """All checkpoints of a book, the newest first, read a page at a time."""
    before = None
    while rows := queries.checkpoints(session, book, before=before, rows_max=limits.PAGE_ROWS_MAX):
        yield from rows
        before = rows[-1].size


def write_missing(session: Session, book: int) -> int:
    """X7: write every checkpoint that has no file yet; returns how many were written."""
    there = {path.name for path in folder().glob("*.txt")}
    rows = list(every_checkpoint(session, book))
    name = history(session, book) if rows else ""
    return sum(write_file(row, name) for row in rows if path_of(row, name).name not in there)


def check_files(session: Session, book: int) -> int:
    """X7: compare every checkpoint with its file, and write those that lack one.

    Raises:
        HistoryChanged: a file says something else than was signed.
    """
    name = history(session, book)
    return sum(write_file(row, name) for row in every_checkpoint(session, book))


def announce(session: Session, row: CheckpointRow, *, now: datetime) -> None:
    """X8: keep the call about a checkpoint, when the settings name somebody to call."""
    settings = _settings()
    if not settings.checkpoint_webhook_url:
        return
    facts = {
        "kind": "checkpoint", "origin": row.origin, "size": row.size, "root": row.root.hex(),
        "reason": row.reason, "made_at": row.made_at.astimezone(UTC).isoformat(),
        "note": row.note, "key": row.key_line,
        "address": f"{settings.base_url}/checkpoints/{row.size}",
    }  # fmt: skip
    messages.enqueue_call(session, key=f"checkpoint:{row.origin}:{row.size}", facts=facts, now=now)
