"""The packs that were made for people at the pages, and how far the next one is.

A pack is made by a thread of the web process, which says in a small file how far it is. If the
process dies, nothing is half there: the file grows old, and whoever asks again starts it anew.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from flask import Flask, current_app

from ledger.audit import queries as audit_queries
from ledger.exports import pack
from ledger.exports.tables import Scope
from ledger.kernel.db import transaction
from ledger.kernel.errors import LedgerError, Missing

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,150}", re.ASCII)
_SILENT_MAX: Final = timedelta(minutes=15)
_SIGNED_TRIES_MAX: Final = 100
_SIGNED_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Shelved:
    """One pack: ``state`` is "done", "running", "stopped" or "failed"; ``step`` says where it is."""

    name: str
    state: str
    step: str = ""
    size_bytes: int = 0

    @property
    def is_done(self) -> bool:
        """Whether it can be downloaded."""
        return self.state == "done"


def folder() -> Path:
    """Where packs are kept: below the installation's data."""
    made: Path = current_app.extensions["ledger.settings"].data_dir / "exports"
    made.mkdir(parents=True, exist_ok=True)
    return made


def listed(*, now: datetime) -> list[Shelved]:
    """Every pack that is there or being made, the newest first."""
    names = {path.stem for path in folder().glob("*.zip")}
    names |= {path.name[1:].removesuffix(".status") for path in folder().glob(".*.status")}
    order = {name: _changed(name) for name in names if _NAME.fullmatch(name)}
    return [look(name, now=now) for name in sorted(order, key=lambda name: -order[name])]


def _changed(name: str) -> int:
    paths = (folder() / f"{name}.zip", _status_path(name))
    return max((path.stat().st_mtime_ns for path in paths if path.exists()), default=0)


def look(name: str, *, now: datetime) -> Shelved:
    """How far one pack is.

    Raises:
        Missing: nobody asked for such a pack.
    """
    if _NAME.fullmatch(name):
        done = folder() / f"{name}.zip"
        if done.exists():
            return Shelved(name, "done", size_bytes=done.stat().st_size)
        if (path := _status_path(name)).exists():
            return _running(name, path, now)
    raise Missing("There is no such pack.", remedy="See the list of packs, or make it.", place=name)


def _running(name: str, path: Path, now: datetime) -> Shelved:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = {"state": "running", "step": ""}
    silent = now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > _SILENT_MAX
    state = "stopped" if silent and said["state"] == "running" else said["state"]
    return Shelved(name, state, said["step"])


def download(name: str, *, now: datetime) -> Path:
    """The file of a pack that is done.

    Raises:
        Missing: it is not.
    """
    if not look(name, now=now).is_done:
        raise Missing("The pack is not made yet.", remedy="Wait until it is.", place=name)
    return folder() / f"{name}.zip"


def start(scope: Scope, *, now: datetime) -> str:
    """Begin to make a pack unless it is there or being made; returns its name at once."""
    name = pack.name_of(scope)
    try:
        if look(name, now=now).state in ("done", "running"):
            return name
    except Missing:
        pass
    _say(_status_path(name), "running", "waiting to begin")
    application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    threading.Thread(
        target=_make, args=(application, scope, folder(), _status_path(name)), daemon=True
    ).start()
    return name


def _make(application: Flask, scope: Scope, into: Path, status: Path) -> None:
    with application.app_context():
        try:
            _wait_until_signed(scope)
            made = pack.make(scope, into, listener=_teller(status))
            _say(status, "running", "packing it into one file")
            pack.zipped(made)
            status.unlink(missing_ok=True)
        except LedgerError as refusal:
            _say(status, "failed", str(refusal))
        except Exception:
            _say(status, "failed", "Something went wrong; the service's log says what.")
            raise


def _wait_until_signed(scope: Scope) -> None:
    """The unit that asked for the pack may have signed its checkpoint and not ended yet."""
    for _ in range(_SIGNED_TRIES_MAX):
        with transaction(read_only=True) as session:
            if audit_queries.checkpoint(session, scope.book, scope.size) is not None:
                return
        time.sleep(_SIGNED_PAUSE_SECONDS)
    raise Missing("Its checkpoint was not signed.", remedy="Ask for the pack again.")


def _teller(status: Path) -> Callable[[str], None]:
    return lambda step: _say(status, "running", step)


def _say(path: Path, state: str, step: str) -> None:
    facts: dict[str, Any] = {"state": state, "step": step}
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json.dumps(facts), encoding="utf-8")
    temporary.rename(path)


def _status_path(name: str) -> Path:
    return folder() / f".{name}.status"
