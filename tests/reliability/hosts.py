"""A host that starts schedulers quickly: it imports the service once, and forks on demand.

Each line on its input starts one scheduler and prints its process id; the end of the input ends
the host. Time runs fast here: each second of the database's clock is one London day.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from config.settings import Settings
from ledger.app import create_app
from ledger.books import queries as book_queries
from ledger.books import service as books
from ledger.books.rules import JournalSpec, credit, debit
from ledger.jobs.job import Job, JobContext
from ledger.jobs.runner import Leader, database_now, tick
from ledger.kernel.db import db
from ledger.kernel.errors import LedgerError

EPOCH = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
LEASE_MS = 900
ITEMS = 2


def pay(context: JobContext) -> str:
    """Post each item of a day once, in its own transaction, by key."""
    for item in range(ITEMS):

        def unit(session: Session, item: int = item) -> None:
            book = book_queries.book_id(session, "MAIN")
            spec = JournalSpec(
                id=context.key(str(item)), kind="receipt", effective_on=context.on,
                legs=(debit("Assets:Bank", 100), credit("Income:Gifts", 100)),
                maker=context.actor, group=context.slot.key, reason="daily",
            )  # fmt: skip
            books.post(session, book=book, spec=spec, now=context.now)

        context.transact(unit)
    return f"posted {ITEMS}"


JOB = Job(name="daily-pay", says="Posts what is due each day.", run=pay, daily_at="03:30")


def fast_now(started: datetime) -> datetime:
    """The simulated instant: a day for each second since the test began."""
    return EPOCH + timedelta(days=1) * ((database_now() - started) / timedelta(seconds=1))


def scheduler(started: datetime) -> None:
    """Beat and look, for ever."""
    leader = Leader(lease_ms=LEASE_MS)
    beaten = 0.0
    while True:
        try:
            if time.monotonic() - beaten > LEASE_MS / 3000:
                leader.beat()
                beaten = time.monotonic()
            if leader.holds():
                tick(leader, [JOB], now=fast_now(started))
        except LedgerError as refusal:
            print(refusal, file=sys.stderr)
        time.sleep(0.02)


def main() -> None:
    """Fork a scheduler for each line read."""
    app = create_app(Settings.from_env(os.environ))
    started = datetime.fromisoformat(sys.argv[1])
    with app.app_context():
        db.engine.dispose()
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with app.app_context():
                scheduler(started)
        print(child, flush=True)


if __name__ == "__main__":
    main()
