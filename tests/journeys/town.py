"""The demonstration town, loaded by its own command and served by its own server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent.parent
FLASK = (sys.executable, "-m", "flask")
READY_SECONDS = 60


@dataclass(slots=True)
class Town:
    """A running service with the town in it."""

    address: str
    folder: Path
    server: subprocess.Popen[bytes] | None
    environment: dict[str, str]

    @classmethod
    def begin(cls, folder: Path, *, database_url: str = "") -> Town:
        """Migrate, live through the town's years, and serve it on a free port."""
        port = _free_port()
        address = f"http://127.0.0.1:{port}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LEDGER_")}
        environment = kept | {
            "LEDGER_DATA_DIR": str(folder),
            "LEDGER_PLACE_NAME": "Harrowmere Community Ledger",
            "LEDGER_BASE_URL": address,
        }
        if database_url:
            environment["LEDGER_DATABASE_URL"] = database_url
        for command in (("db", "upgrade"), ("ledger", "demo", "--if-empty")):
            _run([*FLASK, *command], environment, folder)
        with (folder / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1",
                 "--threads", "4", "--no-control-socket", "wsgi:app"],
                cwd=ROOT, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        town = cls(address, folder, server, environment)
        town._wait()
        return town

    def run(self, *command: str) -> str:
        """One command of the service against this town, for example a job."""
        return _run([*FLASK, *command], self.environment, self.folder)

    def end(self) -> None:
        """Stop serving."""
        if self.server is None:
            return
        self.server.terminate()
        try:
            self.server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.server and self.server.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=5):  # noqa: S310 - ours
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        self.end()
        raise AssertionError((self.folder / "server.log").read_text()[-3000:])


def upgraded_by_its_owner(folder: Path, server: postgres.Server, database: str) -> str:
    """Let the owner make the tables of an empty database, and give the address of the role that
    owns nothing of them.
    """
    server.make_role()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LEDGER_")}
    owner = {
        "LEDGER_DATA_DIR": str(folder), "LEDGER_DATABASE_URL": server.url(database),
        "LEDGER_DATABASE_ROLE": postgres.ROLE,
    }  # fmt: skip
    _run([*FLASK, "db", "upgrade"], kept | owner, folder)
    return server.url(database, role=postgres.ROLE)


def _run(command: list[str], environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    with (folder / "commands.log").open("a") as log:
        log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}\n")
    assert done.returncode == 0, f"{command}: {done.stdout[-1500:]}{done.stderr[-3000:]}"
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
