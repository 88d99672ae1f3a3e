"""Backups of the key store: few, short-lived, and without the keys of whoever was erased since.

They lie apart from the book's backups: whoever has one of each could read names.
"""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from flask import current_app

from ledger.backups import rules, shelf
from ledger.kernel import keys

log = logging.getLogger("ledger.backups")
KEPT_DAYS: Final = 7
KEPT_AT_LEAST: Final = 2
_OLD: Final = ".old"
_AT: Final = "%Y%m%dT%H%M%SZ"


def folder() -> Path:
    """Where this installation keeps the backups of its keys."""
    settings = current_app.extensions["ledger.settings"]
    chosen: Path = settings.keys_backup_dir or settings.data_dir / "key-backups"
    return chosen


def make(*, now: datetime) -> Path:
    """Keep all keys and erasures in a new file, and drop those older than a week."""
    into = folder()
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    found, erased = keys.store().everything()
    rows = [{"id": row["id"], "key": base64.b64encode(row["key"]).decode()} for row in found]
    path = into / f"keys-{now.astimezone(UTC).strftime(_AT)}.json"
    shelf.write(path, json.dumps({"format": 1, "keys": rows, "erased": erased}).encode())
    for old in sorted(into.glob("keys-*.json"))[:-KEPT_AT_LEAST]:
        made_at = datetime.strptime(old.stem, f"keys-{_AT}").replace(tzinfo=UTC)
        if now - made_at > timedelta(days=KEPT_DAYS):
            _wipe(old)
    return path


def destroy(key_ids: Collection[str]) -> None:
    """P12: take keys out of every backup of the keys within reach.

    The new copy is whole before the old one is wiped. One that cannot be read is left, and said.
    """
    for left in folder().glob(f"keys-*{_OLD}"):  # a crash came between the two
        _wipe(left)
    for path in sorted(folder().glob("keys-*.json")):
        try:
            facts = _read(path)
        except rules.NotABackup as refusal:
            log.error("a copy of the keys is left as it is: %s", refusal)
            continue
        kept = [row for row in facts["keys"] if row["id"] not in key_ids]
        if len(kept) < len(facts["keys"]):
            old = path.with_suffix(_OLD)
            os.link(path, old)
            shelf.write(path, json.dumps(facts | {"keys": kept}).encode())
            _wipe(old)


def restore(path: Path) -> int:
    """Fill an empty key store from a backup of it; how many keys.

    Raises:
        NotABackup: the file cannot be read.
        BackupRefused: the store holds keys.
    """
    facts = _read(path)
    found, _erased = keys.store().everything()
    if found:
        raise rules.BackupRefused(
            f"The key store holds {len(found)} keys. A restore never writes over anything.",
            remedy="Name a new one in LEDGER_KEYS_URL, or move the old one aside.",
        )
    rows = [{"id": row["id"], "key": base64.b64decode(row["key"])} for row in facts["keys"]]
    keys.store().put_back(rows, facts["erased"])
    return len(rows)


def _read(path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if facts["format"] != 1:
            raise ValueError(facts["format"])
        return facts
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise rules.NotABackup(
            f"{path.name} is no backup of a key store ({type(error).__name__}).",
            remedy="Take a file that the job backup has made.",
            place=path.name,
        ) from error


def _wipe(path: Path) -> None:
    """Overwrite a file before it is deleted, so that its bytes do not lie about."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
