"""What others check our files with: the programs of accountants, and the schema of 360Giving."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

CONTRACTS = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "contracts"
needs_contracts = pytest.mark.skipif(
    not CONTRACTS.is_dir() and os.environ.get("CI") != "true",
    reason="the shared data are not beside the project",
)


def hledger(path: Path) -> int:
    """What ``hledger check -s ordereddates`` exits with: 0 when all is well."""
    return _run("hledger", _hledger(), "-f", path, "check", "-s", "ordereddates").returncode


def hledger_balances(path: Path) -> str:
    """The balance of every account as hledger itself reckons it, as CSV."""
    done = _run("hledger", _hledger(), "-f", path, "balance", "--flat", "-N", "-O", "csv")
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def _hledger() -> Path | None:
    found = shutil.which("hledger")
    return Path(found) if found else None


def bean_check(path: Path) -> int:
    """What ``bean-check`` exits with: 0 when all is well."""
    program = Path(sys.executable).with_name("bean-check")
    there = program if program.exists() else None
    return _run("beancount", there, "--no-cache", path).returncode


def _run(what: str, program: Path | None, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
    if program is None:
        pytest.skip(f"{what} is not installed here")
    return subprocess.run(
        [program, *words], capture_output=True, check=False,
        env={"LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")},
    )  # fmt: skip


def giving_validator() -> Any:
    """What says whether a package of grants is as the standard wants it."""
    grant = json.loads((CONTRACTS / "360-giving-schema.json").read_text())
    package = json.loads((CONTRACTS / "360-giving-package-schema.json").read_text())
    package["properties"]["grants"]["items"] = grant | {"$id": "urn:grant"}
    return jsonschema_rs.validator_for(package, validate_formats=True)
