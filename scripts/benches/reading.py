"""Reading: one balance, the trial balance, the whole proof and the audit pack, over long books."""

from __future__ import annotations

import csv
import hashlib
import itertools
import shutil
from pathlib import Path
from typing import Any

from ledger.books import queries
from ledger.books import service as books
from ledger.exports import checkpoints, pack
from ledger.kernel.db import transaction
from scripts.benches.history import History
from scripts.benches.measure import Row, in_turn, progress, rate_row, rss_mb, seconds, time_row
from scripts.benches.stage import PEOPLE, Stage, now

SIZES = (1_000, 100_000, 1_000_000)
SIZES_QUICK = (1_000, 10_000)
_MARK = {"sqlite": "?", "postgresql": "%s"}


def _grown(stage: Stage, entries: int) -> None:
    history = History(stage)
    history.grow(entries)
    history.close()


def balance(stage: Stage) -> list[Row]:
    """One account's balance: the same however long the book is."""
    return [_balance(stage, entries) for entries in (SIZES_QUICK if stage.quick else SIZES)]


def _balance(stage: Stage, entries: int) -> Row:
    _grown(stage, entries)
    things, wire, mark = stage.size(200, 50), stage.driver(), _MARK[stage.engine]
    bare = (
        "SELECT b.dr, b.cr FROM account a JOIN balance b ON b.account = a.id"
        f" WHERE a.book = {mark} AND a.path = {mark}"
    )
    paths = itertools.cycle([f"Liabilities:Due:P{number}" for number in range(PEOPLE)])

    def theirs() -> None:
        for _ in range(things):
            wire.execute(bare, (stage.book, next(paths))).fetchone()

    with stage.app.app_context(), transaction(read_only=True) as session:

        def one() -> None:
            queries.balance(session, stage.book, next(paths))

        def ours() -> None:
            for _ in range(things):
                one()

        turns = in_turn(ours, theirs, things=things, rounds=stage.size(21, 7))
        times = sorted(seconds(one) for _ in range(stage.size(1_000, 200)))
    wire.close()
    return time_row(
        "balance", stage.engine, turns, yardstick="bare driver: the same row", entries=entries,
        p99_ms=1000 * times[int(len(times) * 0.99)],
    )  # fmt: skip


def trial_balance(stage: Stage) -> list[Row]:
    """Every balance of the book, from running rows and summed again from every entry."""
    entries = stage.size(1_000_000, 10_000)
    _grown(stage, entries)
    wire = stage.driver()
    running = "SELECT a.path, a.type, a.unit, b.dr, b.cr FROM account a JOIN balance b ON b.account = a.id ORDER BY a.path"
    summed = "SELECT account, SUM(CASE side WHEN 'D' THEN amount ELSE -amount END) FROM entry GROUP BY account"
    with stage.app.app_context(), transaction(read_only=True) as session:
        quick = in_turn(
            lambda: queries.trial_balance(session, stage.book),
            lambda: wire.execute(running).fetchall(), things=1, rounds=stage.size(41, 9),
        )  # fmt: skip
        slow = in_turn(
            lambda: queries.recomputed_balances(session, stage.book),
            lambda: wire.execute(summed).fetchall(), things=1, rounds=3,
        )  # fmt: skip
    wire.close()
    return [
        time_row("trial-balance", stage.engine, quick, yardstick="bare driver: the same rows"),
        time_row(
            "trial-balance-again", stage.engine, slow, entries=entries,
            yardstick="bare driver: SUM by account",
        ),
    ]  # fmt: skip


def verify(stage: Stage) -> list[Row]:
    """The books compared with themselves: sums, every hash, and the chain."""
    entries = stage.size(1_000_000, 10_000)
    _grown(stage, entries)
    wire = stage.driver()
    stream = "SELECT leaf FROM journal ORDER BY book, seq"

    def bare() -> None:
        chain = bytes(32)
        for (leaf,) in wire.execute(stream):
            digest = hashlib.sha256(b"\x00" + leaf).digest()
            chain = hashlib.sha256(b"\x02" + chain + digest).digest()
        wire.execute("SELECT account, SUM(amount) FROM entry GROUP BY account").fetchall()

    def ours() -> None:
        with transaction(read_only=True) as session:
            assert books.self_check(session, book=stage.book) == []

    with stage.app.app_context():
        turns = in_turn(ours, bare, things=entries // 2, rounds=1 if not stage.quick else 2)
    wire.close()
    yardstick = "bare driver: hash every leaf, SUM by account"
    return [
        rate_row("verify", stage.engine, turns, unit="journals/s", yardstick=yardstick,
                 entries=entries)
    ]  # fmt: skip


def audit_pack(stage: Stage) -> list[Row]:
    """The audit pack of everything, beside the plain csv module writing every entry once."""
    entries = stage.size(1_000_000, 10_000)
    _grown(stage, entries)
    wire = stage.driver()
    target = stage.folder / "entries.csv"

    def bare() -> None:
        with target.open("w", newline="") as file:
            csv.writer(file).writerows(wire.execute("SELECT * FROM entry"))

    before = rss_mb()
    with stage.app.app_context():
        checkpoints.make(book=stage.book, reason="asked", made_by="job:bench", now=now())
        with transaction(read_only=True) as session:
            scope = pack.scope_of(
                session, book=stage.book, code="MAIN", starts_on=None, ends_on=None
            )
        progress("writing the pack")
        took: Any = seconds(lambda: pack.make(scope, stage.folder / "packs"))
    theirs = seconds(bare)
    wire.close()
    shutil.rmtree(Path(stage.folder / "packs"), ignore_errors=True)
    return [
        Row("pack", stage.engine, entries / took, "entries/s", "the csv module, entries alone",
            theirs / took, rss_mb(), entries / theirs, {"rss_before_mb": before})
    ]  # fmt: skip
