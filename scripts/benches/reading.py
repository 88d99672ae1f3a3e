"""Reading: one balance, the trial balance, the whole proof and the audit pack, over long books."""

from __future__ import annotations

import csv
import hashlib
import itertools
import shutil
from pathlib import Path

from ledger.books import queries
from ledger.books import service as books
from ledger.exports import checkpoints
from ledger.kernel.db import transaction
from scripts.benches import alone
from scripts.benches.history import History
from scripts.benches.measure import Row, in_turn, progress, rate_row, seconds, time_row
from scripts.benches.stage import PEOPLE, Stage, now

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SIZES_QUICK = (1_000, 10_000)
_MARK = {"sqlite": "?", "postgresql": "%s"}
_SHEET = (
    "SELECT e.seq, e.line, j.effective_on, j.recorded_us, j.kind, j.id, j.group_id, j.reason,"
    " j.purpose, j.maker, j.checker, a.path, f.code, a.unit, e.layer, e.side, e.amount, e.amount,"
    " e.balance_after FROM entry e JOIN journal j ON j.book = e.book AND j.seq = e.seq"
    " JOIN account a ON a.id = e.account JOIN fund f ON f.id = a.fund ORDER BY e.seq, e.line"
)
"""What the pack's own sheet of entries holds."""


def _grown(stage: Stage, entries: int) -> None:
    history = History(stage)
    history.grow(entries)
    history.close()


def _sizes(stage: Stage) -> tuple[int, ...]:
    return SIZES_QUICK if stage.quick else SIZES


def balance(stage: Stage) -> list[Row]:
    """One account's balance: the same however long the book is, and its slowest hundredth too."""
    rows = [_balance(stage, entries) for entries in _sizes(stage)]
    for row in rows[1:]:
        row.more["p99_to_10k"] = row.more["p99_ms"] / rows[1].more["p99_ms"]
    return rows


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
    return [row for entries in _sizes(stage) for row in _trial_balance(stage, entries)]


def _trial_balance(stage: Stage, entries: int) -> list[Row]:
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
        time_row("trial-balance", stage.engine, quick, entries=entries,
                 yardstick="bare driver: the same rows"),
        time_row("trial-balance-again", stage.engine, slow, entries=entries,
                 yardstick="bare driver: SUM by account"),
    ]  # fmt: skip


def verify(stage: Stage) -> list[Row]:
    """The books compared with themselves: sums, every hash, and the chain."""
    return [_verify(stage, entries) for entries in _sizes(stage)]


def _verify(stage: Stage, entries: int) -> Row:
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
        turns = in_turn(ours, bare, things=entries // 2, rounds=3)
    wire.close()
    by_itself = alone.run("check", stage.url, stage.folder, stage.book)
    yardstick = "bare driver: hash every leaf, SUM by account"
    return rate_row(
        "verify", stage.engine, turns, unit="journals/s", yardstick=yardstick, entries=entries,
        alone_mb=by_itself.rss_mb,
    )  # fmt: skip


def audit_pack(stage: Stage) -> list[Row]:
    """The audit pack of everything, beside the plain csv module writing every entry once: bare
    (six columns), and with the columns of the pack's own sheet. Then its proof without the
    service, beside the bare hashes.
    """
    return [row for entries in _sizes(stage) for row in _audit_pack(stage, entries)]


def _audit_pack(stage: Stage, entries: int) -> list[Row]:
    _grown(stage, entries)
    wire = stage.driver()
    target, packs = stage.folder / "entries.csv", stage.folder / "packs"

    def bare(statement: str) -> float:
        def write() -> None:
            with target.open("w", newline="") as file:
                csv.writer(file).writerows(wire.execute(statement))

        return seconds(write)

    with stage.app.app_context():
        checkpoints.make(book=stage.book, reason="asked", made_by="job:bench", now=now())
    progress("writing the pack")
    yardsticks = {"pack": "SELECT * FROM entry", "pack-same-columns": _SHEET}
    before = [bare(one) for one in yardsticks.values()]
    made = alone.run("pack", stage.url, stage.folder, stage.book)
    (folder,) = packs.iterdir()
    written = sum(path.stat().st_size for path in folder.iterdir())
    rows = []
    for (name, statement), once in zip(yardsticks.items(), before, strict=True):
        took = (once + bare(statement)) / 2
        size = target.stat().st_size
        what = "the sheet's columns" if name != "pack" else "entries alone"
        rows.append(Row(
            name, stage.engine, entries / made.seconds, "entries/s", f"the csv module, {what}",
            took / made.seconds, made.rss_mb, entries / took,
            {"entries": entries, "pack_mb": written / 1e6, "csv_mb": size / 1e6,
             "ratio_of_bytes": written / made.seconds / (size / took)},
        ))  # fmt: skip
    wire.close()
    proofs = [_prove(stage, act, folder, entries) for act in ("prove", "leaves")]
    shutil.rmtree(packs)
    return [*rows, *proofs]


def _prove(stage: Stage, act: str, folder: Path, entries: int) -> Row:
    """The whole pack compared with its leaves, or the leaves alone with the checkpoint."""
    with (folder / "leaves.tsv").open("rb") as file:
        leaves = [line.split(b"\t")[3] for line in itertools.islice(file, 10_000)]
    bare = len(leaves) / seconds(lambda: _hash(leaves))
    found, journals = alone.run(act, folder), entries // 2
    return Row(
        f"pack-{act}", stage.engine, journals / found.seconds, "leaves/s",
        "bare hashlib: leaf, chain and tree", journals / found.seconds / bare, found.rss_mb, bare,
        {"entries": entries, "seconds": found.seconds},
    )  # fmt: skip


def _hash(leaves: list[bytes]) -> bytes:
    sha256, chain, level = hashlib.sha256, bytes(32), []
    for leaf in leaves:
        level.append(sha256(b"\x00" + leaf).digest())
        chain = sha256(b"\x02" + chain + level[-1]).digest()
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return chain
