"""Extracts of long books: rows a second beside the plain csv module, and the memory they need."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, credit, debit
from ledger.exports import extracts
from ledger.kernel.db import transact
from scripts.benches import alone
from scripts.benches.history import History
from scripts.benches.measure import Row, progress, seconds
from scripts.benches.stage import Stage

ENTRIES: Final = (10_000, 100_000)
ENTRIES_QUICK: Final = (1_000,)
GROUPS: Final = 40


def extract(stage: Stage) -> list[Row]:
    """Each extract of all journals: half of them award, half of them pay more than £500."""
    with stage.app.app_context():
        transact(lambda session: _open(stage, session))
    made = awards_and_payments(stage)
    rows = []
    for entries in ENTRIES_QUICK if stage.quick else ENTRIES:
        history = History(stage, made)
        history.grow(entries)
        history.close()
        bare = _bare(stage, stage.folder / "bare.csv")
        for name in extracts.EXTRACTS:
            progress(f"{name} of {entries:,} entries")
            found = alone.run(f"extract:{name}", stage.url, stage.folder, stage.book)
            rows.append(Row(
                f"extract-{name}", stage.engine, entries / found.seconds, "entries/s",
                "the csv module, entries alone", bare / found.seconds, found.rss_mb,
                entries / bare, {"entries": entries, "seconds": found.seconds},
            ))  # fmt: skip
    return rows


def _open(stage: Stage, session: Session) -> None:
    run = session.execute
    specs = [AccountSpec("Expenses:Dividends"), AccountSpec("Assets:Bank:Payments")]
    for number in range(GROUPS):
        run(
            text("INSERT INTO organisation (id, name, kind, added_at)"
                 " VALUES (:id, :name, 'group', '2026-01-05 09:00:00')"),
            {"id": f"ORG-BENCH{number:03}", "name": f"Group {number}"},
        )  # fmt: skip
        specs.append(
            AccountSpec(f"Liabilities:PayableGroup:G{number}", owner=f"ORG-BENCH{number:03}")
        )
    books.open_accounts(session, book=stage.book, specs=specs)


def awards_and_payments(stage: Stage) -> Callable[[int, str], JournalSpec]:
    """Journals that award and then pay in turn, from £510 up."""

    def spec(number: int, series: str) -> JournalSpec:
        owed = f"Liabilities:PayableGroup:G{number // 2 % GROUPS}"
        pence = 51_000 + number % 900
        pays = (debit(owed, pence), credit("Assets:Bank:Payments", pence))
        awards = (debit("Expenses:Dividends", pence), credit(owed, pence))
        kind, legs = ("pledge.release", awards) if number % 2 else ("payment", pays)
        return replace(stage.spec(number, series), kind=kind, legs=legs)

    return spec


def _bare(stage: Stage, target: Path) -> float:
    wire = stage.driver()

    def write() -> None:
        with target.open("w", newline="") as file:
            csv.writer(file).writerows(wire.execute("SELECT * FROM entry"))

    took = min(seconds(write) for _ in range(3))
    wire.close()
    return took
