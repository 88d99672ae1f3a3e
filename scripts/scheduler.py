"""The scheduler: one process that wakes up, holds the lease and runs what is due.

APScheduler is only the alarm clock (nothing of it is stored); the truth is in ``job_lease`` and
``job_run``. Start it beside the web processes; start two, and one waits for the other to die.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config.settings import Settings
from ledger.app import create_app
from ledger.jobs.job import LOG
from ledger.jobs.registry import JOBS
from ledger.jobs.runner import LEASE_MS, Leader, tick
from ledger.kernel.errors import LedgerError

LOOK_SECONDS: Final = 5
JUMP_SECONDS: Final = 2


def main() -> int:
    """Run until SIGTERM or SIGINT; the item at work is finished first."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s scheduler %(name)s %(levelname)s %(message)s"
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    settings = Settings.from_env(os.environ)
    app = create_app(settings)
    leader = Leader(lease_ms=int(os.environ.get("LEDGER_LEASE_MS") or LEASE_MS))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    alarm = alarm_clock(app, leader, settings.book_code)
    alarm.start()
    watch_the_clock(stop, lambda: alarm.modify_job("tick", next_run_time=_now(alarm)))
    leader.stopping = True
    alarm.shutdown(wait=True)
    with app.app_context():
        leader.leave()
    LOG.info("stopped")
    return 0


def alarm_clock(app: Flask, leader: Leader, book_code: str) -> BackgroundScheduler:
    """An alarm that keeps the lease and looks at what is due; it remembers nothing."""
    alarm = BackgroundScheduler(
        timezone=UTC,
        jobstores={"default": MemoryJobStore()},
        executors={"default": ThreadPoolExecutor(2)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )

    def look() -> None:
        if leader.holds() and not leader.stopping:
            tick(leader, JOBS, book_code=book_code)

    beat_seconds = leader.lease_ms / 3000
    look_seconds = min(LOOK_SECONDS, beat_seconds)
    at_once = _now(alarm)
    alarm.add_job(
        _safely(app, leader.beat), "interval", seconds=beat_seconds, id="beat",
        next_run_time=at_once,
    )  # fmt: skip
    alarm.add_job(
        _safely(app, look), "interval", seconds=look_seconds, id="tick", next_run_time=at_once
    )
    return alarm


def _now(alarm: BackgroundScheduler) -> object:
    from datetime import datetime

    return datetime.now(alarm.timezone)


def _safely(app: Flask, act: Callable[[], object]) -> Callable[[], None]:
    """An act that says what went wrong and leaves the rest to the next time."""

    def safe() -> None:
        try:
            with app.app_context():
                act()
        except LedgerError as refusal:
            LOG.warning("%s", refusal)
        except Exception:  # noqa: BLE001 - an alarm clock that dies wakes nobody
            LOG.exception("the scheduler goes on; this is tried again")

    return safe


def watch_the_clock(stop: threading.Event, wake: Callable[[], object]) -> None:
    """Compare the wall clock with the monotonic one each second; a jump forces a look."""
    apart = time.time() - time.monotonic()
    while not stop.wait(1.0):
        now_apart = time.time() - time.monotonic()
        if abs(now_apart - apart) > JUMP_SECONDS:
            LOG.warning("the clock jumped by %+.1f seconds: looking at once", now_apart - apart)
            wake()
        apart = now_apart


if __name__ == "__main__":
    raise SystemExit(main())
