"""The backups that lie in a folder: each a folder of its own, whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ledger.backups import rules
from ledger.backups.rules import Kept, Manifest

MANIFEST: Final = "manifest.json"
PROOF: Final = "proof.json"
_UNFINISHED_SECONDS: Final = 24 * 3600


def read(backup: Path) -> Manifest:
    """K2: the manifest of a backup whose file is there, whole and unchanged.

    Raises:
        NotABackup: it is not.
    """
    try:
        facts = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise rules.NotABackup(
            f"There is no manifest that can be read ({type(error).__name__}).",
            remedy="Name the folder of one backup: flask ledger backups shows them.",
            place=backup.name,
        ) from error
    manifest = rules.from_facts(facts)
    file = backup / manifest.file
    if not file.is_file() or sha256_of(file) != manifest.sha256:
        raise rules.NotABackup(
            f"{manifest.file} is missing, or is not the file that was backed up.",
            remedy="Take another backup, or fetch this one again from where it was copied to.",
            place=backup.name,
        )
    return manifest


def listed(folder: Path) -> list[Kept]:
    """The backups of a folder, the oldest first."""
    found = []
    for path in sorted(folder.glob("*-*Z")) if folder.is_dir() else []:
        made_at = rules.made_at(path.name)
        if made_at is not None and (path / MANIFEST).is_file():
            found.append(Kept(path.name, made_at, _proved_at(path)))
    return sorted(found, key=lambda one: (one.made_at, one.name))


def _proved_at(backup: Path) -> datetime | None:
    try:
        facts = json.loads((backup / PROOF).read_text(encoding="utf-8"))
        return datetime.fromisoformat(facts["proved_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def mark_proven(backup: Path, facts: dict[str, Any]) -> None:
    """K5: write beside a backup when and how it was proved."""
    write(backup / PROOF, json.dumps(facts, indent=1, sort_keys=True).encode())


def drop_old(folder: Path, *, book: str, now: datetime, days: int) -> list[str]:
    """K6: drop what is old, and what an interrupted run left half made; returns the names."""
    for left in folder.glob(".*"):
        aged = now.timestamp() - left.stat().st_mtime > _UNFINISHED_SECONDS
        if aged and left.name.startswith((".scratch-", f".{book}-")):
            shutil.rmtree(left, ignore_errors=True)
    names = rules.to_drop(listed(folder), now=now, days=days)
    for name in names:
        # Renamed first: a deletion that is interrupted leaves no folder that looks whole.
        aside = folder / f".{name}.part"
        (folder / name).rename(aside)
        shutil.rmtree(aside)
    return names


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write(path: Path, body: bytes) -> None:
    """Write a file whole, readable by its owner only, and wait until it is on the disk."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    settle(path.parent)


def settle(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
