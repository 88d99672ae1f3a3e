"""The yardsticks: one transfer row, two lines and two balances by the bare driver."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ledger.kernel.db import transact
from scripts.benches.stage import PEOPLE, Stage, open_book

_TABLES = (
    "CREATE TABLE bare_transfer (id BIGINT PRIMARY KEY, ref TEXT NOT NULL UNIQUE, day TEXT NOT NULL)",
    "CREATE TABLE bare_line (transfer BIGINT NOT NULL, line INTEGER NOT NULL, account BIGINT NOT NULL,"
    " side TEXT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (transfer, line))",
    "CREATE TABLE bare_balance (account BIGINT PRIMARY KEY, dr BIGINT NOT NULL, cr BIGINT NOT NULL)",
)
_CTE = """
WITH t AS (INSERT INTO bare_transfer VALUES (%(id)s, %(ref)s, %(day)s)),
l AS (INSERT INTO bare_line VALUES (%(id)s, 1, 0, 'D', %(amount)s),
    (%(id)s, 2, %(to)s, 'C', %(amount)s)),
d AS (UPDATE bare_balance SET dr = dr + %(amount)s WHERE account = 0)
UPDATE bare_balance SET cr = cr + %(amount)s WHERE account = %(to)s
"""
_INTO_TRANSFER = "INSERT INTO bare_transfer VALUES (?, ?, ?)"
_INTO_LINE = "INSERT INTO bare_line VALUES (?, ?, ?, ?, ?)"
_INTO_BALANCE = (
    "INSERT INTO bare_balance VALUES (?, ?, ?) ON CONFLICT (account) DO UPDATE"
    " SET dr = dr + excluded.dr, cr = cr + excluded.cr"
)


class Bare:
    """Transfers without a service, one by one or many at once, each call one commit."""

    def __init__(self, stage: Stage) -> None:
        self.numbers = itertools.count(1)
        self.wire = stage.driver(apart=True)
        self.sqlite = stage.engine == "sqlite"
        for statement in _TABLES:
            self.wire.execute(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
        for account in range(PEOPLE + 1):
            self.wire.execute(f"INSERT INTO bare_balance VALUES ({account}, 0, 0)")
        self.post: Callable[[], None] = self._sqlite_post if self.sqlite else self._pg_post

    def _next(self) -> tuple[int, str, int, int]:
        number = next(self.numbers)
        return number, f"ref-{number}", 1 + number % PEOPLE, 100 + number % 900

    def _sqlite_post(self) -> None:
        number, ref, to, amount = self._next()
        wire = self.wire
        wire.execute("BEGIN IMMEDIATE")
        wire.execute(_INTO_TRANSFER, (number, ref, "2026-03-02"))
        wire.execute(_INTO_LINE, (number, 1, 0, "D", amount))
        wire.execute(_INTO_LINE, (number, 2, to, "C", amount))
        wire.execute(_INTO_BALANCE, (0, amount, 0))
        wire.execute(_INTO_BALANCE, (to, 0, amount))
        wire.commit()

    def _pg_post(self) -> None:
        number, ref, to, amount = self._next()
        values = {"id": number, "ref": ref, "day": "2026-03-02", "amount": amount, "to": to}
        self.wire.execute(_CTE, values, prepare=True)

    def many(self, count: int) -> None:
        """``count`` transfers in one commit, by executemany."""
        rows = [self._next() for _ in range(count)]
        lines: list[tuple[Any, ...]] = []
        balances: list[tuple[int, int, int]] = []
        for number, _, to, amount in rows:
            lines += [(number, 1, 0, "D", amount), (number, 2, to, "C", amount)]
            balances += [(0, amount, 0), (to, 0, amount)]
        transfers = [(number, ref, "2026-03-02") for number, ref, _, _ in rows]
        if self.sqlite:
            self.wire.execute("BEGIN IMMEDIATE")
            self.wire.executemany(_INTO_TRANSFER, transfers)
            self.wire.executemany(_INTO_LINE, lines)
            self.wire.executemany(_INTO_BALANCE, balances)
            self.wire.commit()
            return
        mended = _INTO_BALANCE.replace("= dr +", "= bare_balance.dr +")
        mended = mended.replace("= cr +", "= bare_balance.cr +")
        with self.wire.transaction(), self.wire.cursor() as cursor:
            cursor.executemany(_INTO_TRANSFER.replace("?", "%s"), transfers)
            cursor.executemany(_INTO_LINE.replace("?", "%s"), lines)
            cursor.executemany(mended.replace("?", "%s"), balances)

    def close(self) -> None:
        """Let go."""
        self.wire.close()


_JOURNAL = (
    "INSERT INTO journal (book, seq, id, kind, effective_on, recorded_us, group_id, reason, purpose,"
    " maker, req_hash, leaf, leaf_hash, chain)"
    " VALUES (?, ?, ?, 'receipt', '2026-03-02', ?, 'PLG-7K2M9QXA', 'gift', '', 'PER-7K2M9QXA',"
    " ?, ?, ?, ?)"
)
_ENTRY = (
    "INSERT INTO entry (book, seq, line, account, side, amount, layer, unit, fund, acct_version,"
    " balance_after) VALUES (?, ?, ?, ?, ?, ?, 'P', 'GBP', ?, ?, ?)"
)
_SEAL = "INSERT INTO seal (book, seq, lines) VALUES (?, ?, 2)"
_KEEP = (
    "INSERT INTO request_answer (caller, route, key, fingerprint, status, location, content_type,"
    " body, answered_at) VALUES ('PER-7K2M9QXA', 'POST /bare', ?, ?, 201, '', 'application/json',"
    " ?, '2026-03-02 09:00:00.000000')"
)


class SameRows:
    """The rows of the ledger itself, written to a second book by the bare driver.

    The leaf is made up and nothing is looked up or checked: what is left is the database.
    """

    def __init__(self, stage: Stage) -> None:
        self.book = transact(lambda session: open_book(session, "SAME"))
        self.wire = stage.driver()
        mark = "?" if stage.engine == "sqlite" else "%s"
        self.statements = [sql.replace("?", mark) for sql in (_JOURNAL, _ENTRY, _SEAL)]
        self.keep = _KEEP.replace("?", mark)
        self.begin = "BEGIN IMMEDIATE" if stage.engine == "sqlite" else "BEGIN"
        rows = self.wire.execute(
            f"SELECT id, fund FROM account WHERE book = {self.book} ORDER BY id"
        ).fetchall()
        self.accounts = [row[0] for row in rows]
        self.fund = rows[0][1]
        self.stands = dict.fromkeys(self.accounts, (0, 0))
        self.seq = 0

    def post(self) -> None:
        """One journal of two lines, one commit."""
        wire = self.wire
        wire.execute(self.begin)
        for statement, rows in zip(self.statements, self._rows(1), strict=True):
            for row in rows:
                wire.execute(statement, row)
        wire.commit()

    def answered(self) -> None:
        """One journal and the answer kept under a key, one commit."""
        wire = self.wire
        wire.execute(self.begin)
        for statement, rows in zip(self.statements, self._rows(1), strict=True):
            for row in rows:
                wire.execute(statement, row)
        wire.execute(self.keep, (f"same-key-{self.seq:012d}", _FINGERPRINT, b"{}" + bytes(40)))
        wire.commit()

    def many(self, count: int) -> None:
        """``count`` journals in one commit, by executemany."""
        cursor = self.wire.cursor()
        cursor.execute(self.begin)
        for statement, rows in zip(self.statements, self._rows(count), strict=True):
            cursor.executemany(statement, rows)
        self.wire.commit()

    def _rows(self, count: int) -> tuple[list[tuple[Any, ...]], ...]:
        journals: list[tuple[Any, ...]] = []
        entries: list[tuple[Any, ...]] = []
        seals: list[tuple[Any, ...]] = []
        for _ in range(count):
            self.seq += 1
            seq, amount = self.seq, 100 + self.seq % 900
            journals.append((self.book, seq, f"same-{seq}", seq, _HASH, _LEAF, _HASH, _HASH))
            payer = self.accounts[1 + seq % PEOPLE]
            for line, (account, side, signed) in enumerate(
                ((self.accounts[0], "D", amount), (payer, "C", -amount)), start=1
            ):
                version, balance = self.stands[account]
                self.stands[account] = (version + 1, balance + signed)
                entries.append(
                    (self.book, seq, line, account, side, amount, self.fund, version + 1,
                     balance + signed)
                )  # fmt: skip
            seals.append((self.book, seq))
        return journals, entries, seals

    def close(self) -> None:
        """Let go."""
        self.wire.close()


_HASH, _LEAF, _FINGERPRINT = bytes(32), b"{" + b"x" * 460 + b"}", "0" * 64
