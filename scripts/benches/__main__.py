"""Run the measurements that are asked for, on each engine, and print the table."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.benches import (
    booking,
    evaluating,
    extracting,
    importing,
    paging,
    posting,
    reading,
    settling,
)
from scripts.benches.measure import Row, progress
from scripts.benches.stage import Stage, forget, on

ENGINES = ("sqlite", "postgresql")
NOT_YET = "Not yet: resolve, which will settle chains of pledges that depend on one another."
BENCHES: dict[str, Callable[[Stage], list[Row]]] = {
    "post": posting.post,
    "post-same-rows": posting.post_same,
    "post-batch": posting.post_batch,
    "post-batch-same-rows": posting.post_batch_same,
    "post-http": posting.post_http,
    "post-http-same-rows": posting.post_http_same,
    "balance": reading.balance,
    "trial-balance": reading.trial_balance,
    "verify": reading.verify,
    "pack": reading.audit_pack,
    "extract": extracting.extract,
    "import-register": importing.register,
    "import-readings": importing.readings,
    "evaluate": evaluating.evaluate,
    "claim": booking.claim,
    "series": booking.series,
    "week-grid": booking.week_grid,
    "commit-http": paging.commit_http,
    "settle": settling.settle,
    "page-http": paging.page_http,
}


def main(arguments: list[str]) -> int:
    """Measure, print, and keep the rows where ``--json`` says."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, epilog=NOT_YET)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--engine", choices=ENGINES, help="one engine only (default: both)")
    parser.add_argument("--json", type=Path, help="keep the rows in this file")
    parser.add_argument("--quick", action="store_true", help="small sizes, to try it out")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(BENCHES))
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there is {', '.join(BENCHES)}")
    logging.disable(logging.INFO)
    rows = []
    for engine in [options.engine] if options.engine else ENGINES:
        for name in options.names or BENCHES:
            rows += _one(name, engine, quick=options.quick)
    if options.json:
        options.json.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    return 0


def _one(name: str, engine: str, *, quick: bool) -> list[Row]:
    progress(f"{name} on {engine}")
    with on(engine, quick=quick) as stage:
        try:
            found = BENCHES[name](stage)
        finally:
            forget(stage.app)
    for row in found:
        print(row.line(), flush=True)
    return found


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
