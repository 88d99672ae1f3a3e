"""Kill, race and mistreat the service for long, and say plainly what came of it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
RUNS: Final = {
    "kill -9 of web and scheduler": ["tests/reliability/test_kill9.py"],
    "bad input in every field": ["tests/reliability/test_bad_input.py"],
    "many at once": ["tests/domain", "-k", "race or at_once or many"],
    "random books": ["tests/properties"],
    "a hundred for one thing": ["tests/reliability/test_races.py"],
    "requests killed on their way": ["tests/reliability/test_idempotency.py"],
    "the power cut": ["tests/reliability/test_power_cut.py"],
    "two databases and the same seeds": ["tests/reliability/test_two_engines.py"],
}
COUNTS_SHORT: Final = {
    "LEDGER_TEST_KILLS": "50", "LEDGER_TEST_SEEDS": "2", "LEDGER_TEST_RACES": "2",
    "LEDGER_TEST_KEYED": "60", "LEDGER_TEST_CUTS": "300",
}  # fmt: skip
COUNTS_LONG: Final = {
    "LEDGER_TEST_KILLS": "1000", "LEDGER_TEST_SEEDS": "60", "LEDGER_TEST_RACES": "50",
    "LEDGER_TEST_KEYED": "1000", "LEDGER_TEST_CUTS": "1000",
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run everything, print the report, keep it in ``var/soak.txt``."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--short", action="store_true", help="minutes, not an hour")
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args(arguments)
    counts = COUNTS_SHORT if options.short else COUNTS_LONG
    report = [f"soak {'--short ' if options.short else ''}{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"]
    failed = 0
    for name, chosen in RUNS.items():
        print(f"… {name}", flush=True)
        began = time.monotonic()
        done = _run([*chosen, "--engine", options.engine], counts)
        failed += done.returncode != 0
        report.append(
            f"{'PASSED' if done.returncode == 0 else 'FAILED'} {name}"
            f" in {time.monotonic() - began:.0f} s"
        )
        report += [line.lstrip(".F") for line in done.stdout.splitlines() if "COUNT " in line]
        if done.returncode != 0:
            report += done.stdout.splitlines()[-40:]
        print("\n".join(report[-8:]), flush=True)
    report.append(f"COUNT soak_runs={len(RUNS)} soak_failed={failed}")
    kept = ROOT / "var" / "soak.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("\n".join(report) + "\n")
    print(f"{report[-1]}\nThe report is in {kept.relative_to(ROOT)}.")
    return 1 if failed else 0


def _run(chosen: list[str], counts: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", *chosen],
        cwd=ROOT, env={**os.environ, **counts}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
