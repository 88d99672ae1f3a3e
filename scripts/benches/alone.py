"""One act in a process of its own, so that the memory it needs is its own.

    python -m scripts.benches.alone pack URL FOLDER BOOK | check URL FOLDER BOOK
    python -m scripts.benches.alone extract:NAME URL FOLDER BOOK | prove PACK | leaves PACK

It prints seconds and megabytes as JSON on its last line.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.benches.measure import rss_mb, seconds

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Alone:
    """How long the act took, and the most memory that its process ever needed."""

    seconds: float
    rss_mb: int


def run(act: str, *words: object) -> Alone:
    """Let a new process do one act."""
    command = [sys.executable, "-m", "scripts.benches.alone", act, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return Alone(**json.loads(done.stdout.splitlines()[-1]))


def peak_mb() -> int:
    """The most memory of this process since it began; what its parent needed does not count."""
    status = Path("/proc/self/status")
    if not status.exists():
        return rss_mb()
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def _with_books(act: str, url: str, folder: str, book: str) -> Callable[[], object]:
    from config.settings import Settings
    from ledger.app import create_app
    from ledger.books import service as books
    from ledger.exports import extracts, pack
    from ledger.kernel.db import transaction

    app = create_app(
        Settings(
            database_url=url, data_dir=Path(folder), secret_key="for measuring, on no network",  # noqa: S106
            serving=False,
        )
    )  # fmt: skip
    app.app_context().push()

    def check() -> None:
        with transaction(read_only=True) as session:
            assert books.self_check(session, book=int(book)) == []

    def make() -> None:
        with transaction(read_only=True) as session:
            scope = pack.scope_of(
                session, book=int(book), code="MAIN", starts_on=None, ends_on=None
            )
        pack.make(scope, Path(folder) / "packs")

    def extract() -> None:
        with transaction(read_only=True) as session:
            scope = extracts.scope_of(
                session, book=int(book), code="MAIN", starts_on=None, ends_on=None
            )
            kind = extracts.named(act.removeprefix("extract:"))
            extracts.make(session, kind, scope, Path(folder) / "extracts")

    return {"check": check, "pack": make}.get(act, extract)


def _without_service(act: str, folder: str) -> Callable[[], object]:
    place = ROOT / "scripts" / "verify_books.py"
    found = importlib.util.spec_from_file_location("verify_books", place)
    assert found is not None
    assert found.loader is not None
    verifier: Any = importlib.util.module_from_spec(found)
    found.loader.exec_module(verifier)

    def prove() -> None:
        assert verifier.verify(Path(folder)) == []

    def leaves() -> None:
        pack = verifier.Pack(Path(folder))
        name, public = verifier.read_key(pack.text("checkpoint.key"))
        signed = verifier.Checkpoint(pack.text("checkpoint.txt"), name, public, "it")
        verifier.check_leaves(pack, signed, None)

    return prove if act == "prove" else leaves


def main(act: str, *words: str) -> None:
    """Do one act, and say what it took."""
    logging.disable(logging.INFO)
    done = _without_service(act, *words) if act in ("prove", "leaves") else _with_books(act, *words)
    took = seconds(done)
    print(json.dumps({"seconds": took, "rss_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
