"""Bring the service up: migrate, fill an empty place with the demonstration, serve, wait.

``scripts/run`` calls this when the environment and the page assets are in place. Web and
scheduler are two processes; whatever stops one of them stops both, cleanly.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from config.settings import BadSettings, Settings  # noqa: E402 - found by the line above

BIN = Path(sys.executable).parent
STARTED_SECONDS_MAX = 60
STOPPED_SECONDS_MAX = 40


class CannotStart(Exception):
    """The service cannot start; the message says why and what to do."""


class Asked(Exception):
    """Somebody asked the service to stop."""


@dataclass(slots=True)
class Part:
    """One process of the service and the file that takes what it says."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def main() -> int:
    """Start everything and stay until Ctrl-C or SIGTERM; returns the exit status."""
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _asked)
    try:
        _check_port(options.host, options.port)
        env = _environment(options)
        _prepare(env, demo=not options.no_demo)
        with _parts(env, options) as parts:
            sign_ins = _sign_ins(env, demo=not options.no_demo)
            _wait_until_healthy(options, parts)
            _announce(env, options, sign_ins)
            _watch(parts)
    except Asked:
        print("\nStopped.")
        return 0
    except CannotStart as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/run", description="Start the Community Ledger.")
    parser.add_argument("--port", type=int, default=8000, help="where to answer (default: 8000)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="on which address (default: this machine only)"
    )
    parser.add_argument("--data", default=None, help="folder of the database (default: var)")
    parser.add_argument("--no-demo", action="store_true", help="leave the demonstration town out")
    return parser.parse_args()


def _asked(_number: int, _frame: FrameType | None) -> None:
    raise Asked


def _environment(options: argparse.Namespace) -> dict[str, str]:
    env = dict(os.environ)
    if options.data:
        env["LEDGER_DATA_DIR"] = options.data
    env["LEDGER_DATA_DIR"] = str(
        Path(env.get("LEDGER_DATA_DIR") or ROOT / "var").expanduser().resolve()
    )
    env.setdefault("LEDGER_BASE_URL", f"http://{options.host}:{options.port}")
    if not options.no_demo:
        env.setdefault("LEDGER_PLACE_NAME", "Harrowmere Community Ledger")
    try:
        Settings.from_env(env)
    except BadSettings as wrong:
        raise CannotStart(str(wrong)) from wrong
    return env


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CannotStart(
                f"Port {port} cannot be used ({error}).\nChoose another: scripts/run --port 8001"
            ) from error


def _prepare(env: dict[str, str], *, demo: bool) -> None:
    _begin_again_if_interrupted(Path(env["LEDGER_DATA_DIR"]), env.get("LEDGER_DATABASE_URL") or "")
    print("Bringing the database up to date …", flush=True)
    _flask(env, "db", "upgrade")
    if demo:
        _flask(env, "ledger", "demo", "--if-empty")
    else:
        _flask(env, "ledger", "place")


def _begin_again_if_interrupted(data: Path, url: str) -> None:
    """A demonstration that was cut short is put aside, never deleted, and told from the start."""
    unfinished = data / "demo.unfinished"
    if not unfinished.exists():
        return
    if url:
        raise CannotStart(
            "The demonstration was interrupted while it filled this database.\n"
            f"Give an empty database, or delete {unfinished} to keep what there is."
        )
    print("The demonstration was interrupted; it begins again.", flush=True)
    aside = data / f"interrupted-{int(unfinished.stat().st_mtime)}"
    aside.mkdir(exist_ok=True)
    for file in data.glob("ledger.sqlite*"):
        file.rename(aside / file.name)
    unfinished.unlink()


def _flask(env: dict[str, str], *arguments: str) -> None:
    process = subprocess.Popen([str(BIN / "flask"), *arguments], cwd=ROOT, env=env)
    try:
        status = process.wait()
    except Asked:
        process.terminate()
        process.wait()
        raise
    if status:
        raise CannotStart(f"“flask {' '.join(arguments)}” did not finish; its reason is above.")


@contextlib.contextmanager
def _parts(env: dict[str, str], options: argparse.Namespace) -> Iterator[list[Part]]:
    folder = Path(env["LEDGER_DATA_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    bind = f"{options.host}:{options.port}"
    commands = {
        "web": [str(BIN / "gunicorn"), "-c", "config/gunicorn.py", "--bind", bind, "wsgi:app"],
        "scheduler": [sys.executable, "scripts/scheduler.py"],
    }
    parts: list[Part] = []
    try:
        for name, command in commands.items():
            log = folder / f"{name}.log"
            with log.open("ab") as output:
                # A session of its own: Ctrl-C reaches this process, which stops the others in turn.
                process = subprocess.Popen(
                    command, cwd=ROOT, env=env, stdout=output, stderr=output, start_new_session=True
                )
            parts.append(Part(name, process, log))
        yield parts
    finally:
        _stop(parts)


def _stop(parts: list[Part]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for part in parts:
        part.process.terminate()
    deadline = time.monotonic() + STOPPED_SECONDS_MAX
    for part in parts:
        try:
            part.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            part.process.kill()
            part.process.wait()


def _wait_until_healthy(options: argparse.Namespace, parts: list[Part]) -> None:
    deadline = time.monotonic() + STARTED_SECONDS_MAX
    problem = ""
    while time.monotonic() < deadline:
        _check_alive(parts)
        try:
            with urllib.request.urlopen(
                f"http://{options.host}:{options.port}/health/reading", timeout=5
            ):
                return
        except (urllib.error.URLError, OSError) as error:
            problem = str(error)
        time.sleep(0.2)
    raise CannotStart(f"The service did not answer in time ({problem}). See {parts[0].log}.")


def _check_alive(parts: list[Part]) -> None:
    for part in parts:
        status = part.process.poll()
        if status is not None:
            last = part.log.read_text(errors="replace").splitlines()[-15:]
            raise CannotStart(
                f"The {part.name} stopped by itself (status {status}). Its last words:\n  "
                + "\n  ".join(last)
            )


def _sign_ins(env: dict[str, str], *, demo: bool) -> subprocess.Popen[str] | None:
    """Ask who can sign in while the web is still starting."""
    if not demo:
        return None
    command = [str(BIN / "flask"), "ledger", "demo", "--sign-ins"]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)


def _announce(
    env: dict[str, str], options: argparse.Namespace, sign_ins: subprocess.Popen[str] | None
) -> None:
    print(f"\nThe Community Ledger answers at http://{options.host}:{options.port}\n")
    if sign_ins:
        print(sign_ins.communicate()[0])
    if not env.get("LEDGER_SMTP_URL"):
        print(f"What is written to people is kept in {env['LEDGER_DATA_DIR']}/messages.")
    print(f"Logs are in {env['LEDGER_DATA_DIR']}. Stop with Ctrl-C.", flush=True)


def _watch(parts: list[Part]) -> None:
    while True:
        _check_alive(parts)
        time.sleep(0.5)


if __name__ == "__main__":
    raise SystemExit(main())
