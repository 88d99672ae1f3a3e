"""Checkpoints leave the house: a file for each, and a call to a machine outside (X7, X8).

Every rule of exports is in the words of the package.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from config.settings import Settings
from ledger.audit import queries
from ledger.audit.queries import CheckpointRow
from ledger.audit.rules import HistoryChanged
from ledger.kernel import limits
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


def file_name(row: CheckpointRow) -> str:
    """The name of a checkpoint's file: the book's code and the number of journals."""
    return f"{row.origin.rpartition('/')[2]}-{row.size:012d}.txt"


def write_file(row: CheckpointRow) -> bool:
    """X7: write a checkpoint's file whole; False when it was there already.

    Raises:
        HistoryChanged: a file of this name says something else.
    """
    path = folder() / file_name(row)
    if holds(row):
        return False
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(row.note)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(temporary)  # never over a file that is there
    except FileExistsError:
        return not holds(row)  # another process wrote it meanwhile
    finally:
        temporary.unlink()
    return True


def holds(row: CheckpointRow) -> bool:
    """X7: whether a checkpoint's file is there.

    Raises:
        HistoryChanged: it is there and says something else.
    """
    path = folder() / file_name(row)
    try:
        kept = path.read_bytes()
    except FileNotFoundError:
        return False
    if kept != row.note.encode():
        raise HistoryChanged(
            f"The file {path.name} is not the checkpoint that was signed.",
            remedy="Keep the file as it is, and compare it with copies that others kept.",
            place=path.name,
        )
    return True


def every_checkpoint(session: Session, book: int) -> Iterator[CheckpointRow]:
    """All checkpoints of a book, the newest first, read a page at a time."""
    before = None
    while rows := queries.checkpoints(session, book, before=before, rows_max=limits.PAGE_ROWS_MAX):
        yield from rows
        before = rows[-1].size


def write_missing(session: Session, book: int) -> int:
    """X7: write every checkpoint that has no file yet; returns how many were written."""
    there = {path.name for path in folder().glob("*.txt")}
    return sum(
        write_file(row) for row in every_checkpoint(session, book) if file_name(row) not in there
    )


def check_files(session: Session, book: int) -> int:
    """X7: compare every checkpoint with its file, and write those that lack one.

    Raises:
        HistoryChanged: a file says something else than was signed.
    """
    return sum(write_file(row) for row in every_checkpoint(session, book))


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
