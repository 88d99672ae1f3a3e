"""What an auditor takes away, each of its files read for what every account comes to."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from beancount import loader

from ledger.audit.queries import CheckpointRow
from ledger.books import queries
from ledger.exports import checkpoints, extracts, pack
from ledger.kernel.db import transaction
from scripts import verify_books
from tests import workbooks
from tests.checkers import bean_check, hledger, hledger_balances
from tests.owner import as_owner, chain_again
from tests.pledging import Stage

Sums = dict[str, int]


@dataclass(frozen=True, slots=True)
class Taken:
    """What an auditor took away: the pack, and each extract by its name."""

    pack: pack.Pack
    extracts: dict[str, Path]

    @property
    def files(self) -> list[Path]:
        return [*sorted(self.pack.folder.iterdir()), self.pack.zip, *self.extracts.values()]

    def read(self, name: str) -> str:
        return (self.pack.folder / name).read_text()


def sign(stage: Stage) -> CheckpointRow:
    return checkpoints.make(book=stage.place.book, reason="asked", made_by="PER-A", now=stage.now)


def take(stage: Stage, into: Path, *days: date, size: int | None = None) -> Taken:
    """Everything that can be taken away of a range, as the service makes it."""
    first, last = days or (None, None)
    facts = {"book": stage.place.book, "code": "MAIN", "starts_on": first, "ends_on": last}
    with transaction(read_only=True) as session:
        scope = pack.scope_of(session, **facts)
        made = {
            name: extracts.make(
                session, kind, extracts.scope_of(session, size=size, **facts), into / "extracts"
            )
            for name, kind in extracts.EXTRACTS.items()
        }
    whole = pack.make(scope, into / "packs")
    pack.zipped(whole)
    return Taken(whole, made)


def prove(folder: Path, *, old: CheckpointRow | None = None) -> list[str]:
    kept = {"old": old.note, "key": old.key_line} if old else {}
    return verify_books.verify(folder, say=lambda _words: None, **kept)


def texts_of(folder: Path) -> list[tuple[Path, Callable[[Path], int]]]:
    """Every text journal with the tool that checks it."""
    return [(path, hledger) for path in sorted(folder.glob("hledger-*"))] + [
        (path, bean_check) for path in sorted(folder.glob("beancount-*"))
    ]


def nets(rows: list[tuple[str, int]]) -> Sums:
    found: Counter[str] = Counter()
    for path, quantity in rows:
        found[path] += quantity
    return {path: net for path, net in found.items() if net}


def whole(value: str) -> int:
    return int(value.replace(".", ""))


def by_hledger(taken: Taken) -> Sums:
    rows = [
        row
        for path in taken.pack.folder.glob("hledger-*")
        for row in csv.DictReader(io.StringIO(hledger_balances(path)))
    ]
    return nets([(row["account"], whole(row["balance"].split()[0])) for row in rows])


def by_beancount(taken: Taken) -> Sums:
    rows = []
    for path in taken.pack.folder.glob("beancount-*"):
        entries, _, _ = loader.load_file(str(path))
        rows += [
            (leg.account, whole(str(leg.units.number)))
            for entry in entries
            for leg in getattr(entry, "postings", ())
        ]
    return nets(rows)


def by_entries(taken: Taken) -> Sums:
    return nets([
        (row["account"], (1 if row["side"] == "D" else -1) * int(row["quantity"]))
        for row in csv.DictReader(io.StringIO(taken.read("entries.csv")))
        if row["layer"] == "P"
    ])  # fmt: skip


def by_sheet(taken: Taken) -> Sums:
    rows = csv.DictReader(io.StringIO(taken.read("trial-balance.csv")))
    return nets([(row["account"], int(row["closing"])) for row in rows])


def by_database(taken: Taken) -> Sums:
    store = sqlite3.connect(taken.pack.folder / "books.sqlite")
    asked = "SELECT path, closing FROM trial_balance JOIN account ON account.id = account"
    rows = store.execute(asked).fetchall()
    store.close()
    return nets(rows)


def by_leaves(taken: Taken) -> Sums:
    leaves = [json.loads(row.split("\t")[3]) for row in taken.read("leaves.tsv").splitlines()]
    return nets([
        (path, quantity if side == "D" else -quantity)
        for leaf in leaves
        for _, path, side, quantity, layer, *_ in leaf["entries"]
        if layer == "P"
    ])  # fmt: skip


def by_totals(taken: Taken) -> Sums:
    rows = workbooks.sheets(taken.extracts["ledger"])["Totals"]
    return nets([(row["account"].said, int(row["net"].said)) for row in rows])


def by_cells(taken: Taken) -> Sums:
    return nets([
        (row["account"].said, (1 if row["side"].said == "D" else -1) * int(row["quantity"].said))
        for row in workbooks.sheets(taken.extracts["ledger"])["Entries"]
        if row["layer"].said == "P"
    ])  # fmt: skip


READINGS = (
    by_hledger, by_beancount, by_entries, by_sheet, by_database, by_leaves, by_totals, by_cells,
)  # fmt: skip


def trial_balance(stage: Stage) -> tuple[Sums, dict[str, queries.BalanceRow]]:
    with transaction(read_only=True) as session:
        rows = queries.trial_balance(session, stage.place.book)
    return nets([(row.path, row.net) for row in rows]), {row.path: row for row in rows}


def awarded(taken: Taken) -> tuple[Decimal, Decimal, Decimal]:
    """What the two files of grants and the file of payments come to, in pounds."""
    package = json.loads(taken.extracts["360giving"].read_text(), parse_float=Decimal)
    columns = [
        [Decimal(row["amount"]) for row in csv.DictReader(io.StringIO(path.read_text()))]
        for path in (taken.extracts["grants"], taken.extracts["spending"])
    ]
    giving = sum((grant["amountAwarded"] for grant in package["grants"]), Decimal(0))
    return giving, sum(columns[0], Decimal(0)), sum(columns[1], Decimal(0))


def rewrite(stage: Stage, id: str) -> None:
    """A penny more on both sides of a journal, carried through everything as if always so."""
    book = stage.place.book
    with as_owner() as run:
        [(seq,)] = run("SELECT seq FROM journal WHERE book = ? AND id = ?", book, id)
        legs = run("SELECT account, side FROM entry WHERE book = ? AND seq = ?", book, seq)
        run("UPDATE entry SET amount = amount + 1 WHERE book = ? AND seq = ?", book, seq)
        for account, side in legs:
            more, column = (1, "dr") if side == "D" else (-1, "cr")
            run("UPDATE entry SET balance_after = balance_after + ? WHERE account = ?"
                " AND layer = 'P' AND seq >= ?", more, account, seq)  # fmt: skip
            run(f"UPDATE balance SET {column} = {column} + 1 WHERE account = ?", account)
        rows = run("SELECT seq, leaf FROM journal WHERE book = ? AND seq >= ?", book, seq)
        for number, leaf in rows:
            facts = json.loads(bytes(leaf))
            lines = run("SELECT line, amount, balance_after FROM entry WHERE book = ? AND seq = ?"
                        " ORDER BY line", book, number)  # fmt: skip
            for written, (line, amount, after) in zip(facts["entries"], lines, strict=True):
                assert written[0] == line
                written[3], written[8] = amount, after
            words = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
            run("UPDATE journal SET leaf = ? WHERE book = ? AND seq = ?", words, book, number)
        chain_again(run, book)
        for table in ("cosignature", "checkpoint"):
            run(f"DELETE FROM {table} WHERE book = ? AND size >= ?", book, seq)
