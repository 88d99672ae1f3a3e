"""`scripts/start.py` as a person meets it: it answers, says where, and stops as one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


@pytest.fixture
def started(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(port, tmp_path)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()
    assert process.stdout
    process.stdout.close()


def start(port: int, data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "scripts/start.py", "--port", str(port), "--data", str(data), "--no-demo"],
        cwd=ROOT, env=os.environ | {"LEDGER_WEB_WORKERS": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it ended without saying {words!r}:\n{said}")


def answer(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as found:
            return int(found.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_it_says_where_it_answers_and_stops_cleanly(
    started: subprocess.Popen[str], port: int, tmp_path: Path
) -> None:
    said = read_until(started, "Stop with Ctrl-C")
    assert f"http://127.0.0.1:{port}" in said
    assert answer(port, "/health") == 200
    assert answer(port, "/") == 200
    started.send_signal(signal.SIGINT)
    assert started.wait(timeout=45) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert "Traceback" not in (tmp_path / "web.log").read_text()
    assert "Traceback" not in (tmp_path / "scheduler.log").read_text()


def test_a_port_in_use_is_said_before_anything_is_made(port: int, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        process = start(port, tmp_path / "data")
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {port} cannot be used" in said
    assert not (tmp_path / "data").exists()


def test_it_stops_when_a_part_of_it_dies(started: subprocess.Popen[str], port: int) -> None:
    read_until(started, "Stop with Ctrl-C")
    listed = subprocess.run(
        ["ps", "-A", "-o", "ppid=,pid=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [line.split(maxsplit=2) for line in listed]
    (scheduler,) = [
        int(pid) for parent, pid, args in rows
        if int(parent) == started.pid and "scheduler.py" in args
    ]  # fmt: skip
    os.kill(scheduler, signal.SIGKILL)
    rest = read_until(started, "scheduler stopped by itself")
    assert started.wait(timeout=45) == 1, rest
    time.sleep(0.1)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_an_interrupted_demonstration_is_put_aside(tmp_path: Path) -> None:
    from scripts import start as starting

    (tmp_path / "demo.unfinished").touch()
    (tmp_path / "ledger.sqlite").write_text("half a town")
    starting._begin_again_if_interrupted(tmp_path, "")
    assert not (tmp_path / "demo.unfinished").exists()
    assert not (tmp_path / "ledger.sqlite").exists()
    (kept,) = tmp_path.glob("interrupted-*/ledger.sqlite")
    assert kept.read_text() == "half a town"


def test_an_interrupted_demonstration_elsewhere_is_for_a_person_to_decide(tmp_path: Path) -> None:
    from scripts import start as starting

    (tmp_path / "demo.unfinished").touch()
    with pytest.raises(starting.CannotStart, match="interrupted"):
        starting._begin_again_if_interrupted(tmp_path, "postgresql://somewhere/town")
