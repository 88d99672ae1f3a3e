"""A long history made quickly: true leaves, hashes and balances, with the triggers set aside.

Only measurements do this; the book is compared with itself afterwards by the service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from ledger.books import rules
from ledger.books.rules import Line
from scripts.benches.measure import progress
from scripts.benches.stage import Stage

CHUNK = 20_000
JOURNAL = (
    "book, seq, id, kind, effective_on, recorded_us, group_id, reason, purpose, maker, req_hash,"
    " leaf, leaf_hash, chain"
)
ENTRY = "book, seq, line, account, side, amount, layer, unit, fund, acct_version, balance_after"
_GUARDED = ("journal", "entry", "seal", "head", "balance")


class History:
    """Journals appended to a stage's book by the driver, a chunk a commit."""

    def __init__(
        self, stage: Stage, spec: Callable[[int, str], rules.JournalSpec] | None = None
    ) -> None:
        self.stage, self.wire, self.spec = stage, stage.driver(), spec or stage.spec
        row = self.wire.execute(
            f"SELECT next_seq, chain, last_us FROM head WHERE book = {stage.book}"
        ).fetchone()
        self.seq, self.chain, self.last_us = row[0], bytes(row[1]), row[2]
        self.accounts = {
            path: (account, fund, version, dr, cr)
            for path, account, fund, version, dr, cr in self.wire.execute(
                "SELECT a.path, a.id, a.fund, b.version, b.dr, b.cr FROM account a"
                f" JOIN balance b ON b.account = a.id WHERE a.book = {stage.book}"
            ).fetchall()
        }

    def grow(self, entries: int) -> None:
        """Append journals of two lines until the book has this many entries."""
        missing = max(0, entries // 2 - (self.seq - 1))
        if not missing:
            return
        progress(f"making {missing:,} journals for {entries:,} entries")
        self._set_aside()
        while missing:
            size = min(CHUNK, missing)
            self._write(list(self._journals(size)))
            missing -= size
        self._put_back()
        self.wire.execute("ANALYZE")

    def _journals(self, count: int) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
        for _ in range(count):
            day = date(2026, 3, 2) - timedelta(days=(self.seq * 7) % 900)
            spec = replace(self.spec(self.seq, "old"), effective_on=day)
            lines = [self._line(number, leg) for number, leg in enumerate(spec.legs, start=1)]
            self.last_us += 1_000
            leaf = rules.leaf_bytes(
                book="MAIN", seq=self.seq, recorded_us=self.last_us, deadline_us=None, spec=spec,
                lines=lines, note_commitment="",
            )  # fmt: skip
            digest = rules.leaf_hash(leaf)
            self.chain = rules.chain_hash(self.chain, digest)
            journal = (
                self.stage.book, self.seq, spec.id, spec.kind, day.isoformat(), self.last_us,
                spec.group, spec.reason, spec.purpose, spec.maker, digest, leaf, digest, self.chain,
            )  # fmt: skip
            fund = next(iter(self.accounts.values()))[1]
            entries = [
                (self.stage.book, self.seq, line.line, line.account, line.side, line.quantity, "P",
                 "GBP", fund, line.version, line.balance_after)
                for line in lines
            ]  # fmt: skip
            yield journal, entries
            self.seq += 1

    def _line(self, number: int, leg: rules.Leg) -> Line:
        account, fund, version, dr, cr = self.accounts[leg.path]
        dr, cr = (dr + leg.quantity, cr) if leg.side == "D" else (dr, cr + leg.quantity)
        self.accounts[leg.path] = (account, fund, version + 1, dr, cr)
        return Line(
            number, account, leg.path, leg.side, leg.quantity, "P", "GBP", "GENERAL",
            version + 1, dr - cr,
        )  # fmt: skip

    def _write(self, made: list[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]) -> None:
        journals = [journal for journal, _ in made]
        entries = [entry for _, lines in made for entry in lines]
        seals = [(journal[0], journal[1], 2) for journal in journals]
        tables = (("journal", JOURNAL, journals), ("entry", ENTRY, entries),
                  ("seal", "book, seq, lines", seals))  # fmt: skip
        if self.stage.engine == "sqlite":
            self.wire.execute("BEGIN IMMEDIATE")
            for table, columns, rows in tables:
                marks = ", ".join("?" * len(rows[0]))
                self.wire.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
            self._stand()
            self.wire.commit()
            return
        with self.wire.transaction(), self.wire.cursor() as cursor:
            for table, columns, rows in tables:
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            self._stand()

    def _stand(self) -> None:
        mark = "?" if self.stage.engine == "sqlite" else "%s"
        balances = [
            (version, dr, cr, account) for account, _, version, dr, cr in self.accounts.values()
        ]
        run = self.wire.cursor()
        run.executemany(
            f"UPDATE balance SET version = {mark}, dr = {mark}, cr = {mark} WHERE account = {mark}",
            balances,
        )
        run.execute(
            f"UPDATE head SET next_seq = {mark}, chain = {mark}, last_us = {mark}"
            f" WHERE book = {mark}",
            (self.seq, self.chain, self.last_us, self.stage.book),
        )

    def _set_aside(self) -> None:
        if self.stage.engine == "postgresql":
            self.wire.execute("SET session_replication_role = replica")
            return
        self.triggers = self.wire.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN {_GUARDED}"
        ).fetchall()
        self.wire.execute("PRAGMA foreign_keys=0")
        for name, _ in self.triggers:
            self.wire.execute(f"DROP TRIGGER {name}")

    def _put_back(self) -> None:
        if self.stage.engine == "postgresql":
            self.wire.execute("SET session_replication_role = origin")
            return
        for _, sql in self.triggers:
            self.wire.execute(sql)
        self.wire.execute("PRAGMA foreign_keys=1")

    def close(self) -> None:
        """Let go."""
        self.wire.close()
