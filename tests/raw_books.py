"""Rows of the books by raw SQL: whole and true ones, so that a test can bend exactly one thing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, Leg, credit, debit
from ledger.kernel.db import db, is_sqlite, transact, transaction
from ledger.kernel.errors import RefusedByDatabase
from tests.postgres import ROLE

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
NOT_GRANTED = "ermission denied for table"

ACCOUNTS = [
    AccountSpec("Assets:Bank", guard="D"),
    AccountSpec("Assets:Bank:River", fund="RIVER", guard="D"),
    AccountSpec("Assets:Hours", unit="HOUR"),
    AccountSpec("Equity:Opening"),
    AccountSpec("Equity:Transfer:River", fund="RIVER"),
    AccountSpec("Expenses:Grants"),
    AccountSpec("Expenses:River", fund="RIVER"),
    AccountSpec("Income:Gifts"),
    AccountSpec("Income:Hours", unit="HOUR"),
    AccountSpec("Income:River", fund="RIVER"),
    AccountSpec("Liabilities:Escrow:PLG-1", guard="C"),
    AccountSpec("Liabilities:Payable:GRP-1", guard="C"),
]


def spec(id: str, *legs: Leg, kind: str = "receipt", **facts: Any) -> JournalSpec:
    """A journal to post, with the usual day and maker."""
    facts = {"effective_on": TODAY, "maker": "PER-MAKER"} | facts
    return JournalSpec(id=id, kind=kind, legs=legs, **facts)


def open_books() -> int:
    """A book with two funds, twelve accounts and three journals; £100 in the bank."""

    def unit(session: Session) -> int:
        book = books.create_book(session, code="RAW", name="Rawton")
        books.open_fund(
            session, book=book, code="RIVER", fund_class="restricted", name="River bank",
            purpose="river",
        )  # fmt: skip
        books.open_accounts(session, book=book, specs=ACCOUNTS)
        books.post_many(
            session, book=book, now=NOW,
            specs=[
                spec("first", debit("Assets:Bank", 10_000), credit("Income:Gifts", 10_000)),
                spec("second", debit("Assets:Bank:River", 5_000), credit("Income:River", 5_000)),
                spec("third", debit("Assets:Bank", 1_000),
                     credit("Liabilities:Escrow:PLG-1", 1_000)),
            ],
        )  # fmt: skip
        return book

    return transact(unit)


class Raw:
    """Raw SQL upon one book, inside one unit of work."""

    def __init__(self, session: Session, book: int) -> None:
        self.session, self.book = session, book

    def run(self, statement: str, **values: Any) -> Any:
        """Run one statement with ``:book`` bound."""
        return self.session.execute(text(statement), {"book": self.book} | values)

    def insert(self, table: str, row: dict[str, Any], *, verb: str = "INSERT") -> None:
        """Insert one row exactly as given."""
        names, marks = ", ".join(row), ", ".join(":" + name for name in row)
        self.session.execute(text(f"{verb} INTO {table} ({names}) VALUES ({marks})"), row)

    def journal_row(self, **bent: Any) -> dict[str, Any]:
        """A true journal row that takes the next number, but for what is bent."""
        head = queries.head(self.session, self.book)
        day = TODAY.isoformat() if is_sqlite(self.session) else TODAY
        row = {
            "book": self.book, "seq": head.next_seq, "id": f"raw-{head.next_seq}",
            "kind": "receipt", "effective_on": day, "recorded_us": head.last_us + 1,
            "deadline_us": None, "group_id": "", "reason": "", "purpose": "", "maker": "PER-RAW",
            "checker": None, "resolves": None, "reverses": None, "req_hash": bytes(32),
            "leaf": b"{}", "leaf_hash": hashlib.sha256(b"leaf").digest(),
            "chain": hashlib.sha256(b"chain").digest(),
        }  # fmt: skip
        return row | bent

    def entry_row(
        self, seq: int, line: int, path: str, side: str, amount: Any, layer: str = "P", **bent: Any
    ) -> dict[str, Any]:
        """A true entry row, but for what is bent."""
        found = self.run(
            "SELECT a.id, a.unit, a.fund, b.dr, b.cr, b.held_dr, b.held_cr, b.version FROM account a"
            " JOIN balance b ON b.account = a.id WHERE a.book = :book AND a.path = :path",
            path=path,
        ).one()
        before = found[3] - found[4] if layer == "P" else found[5] - found[6]
        whole = amount if isinstance(amount, int) else 0
        row = {
            "book": self.book, "seq": seq, "line": line, "account": found[0], "side": side,
            "amount": amount, "layer": layer, "unit": found[1], "fund": found[2],
            "acct_version": found[7] + 1,
            "balance_after": before + (whole if side == "D" else -whole),
        }  # fmt: skip
        return row | bent

    def journal(
        self, *legs: tuple[Any, ...], seal: bool = True, lines: int | None = None, **bent: Any
    ) -> int:
        """Write a whole journal by hand: row, entries, seal; returns its number."""
        row = self.journal_row(**bent)
        self.insert("journal", row)
        for line, leg in enumerate(legs, start=1):
            self.insert("entry", self.entry_row(row["seq"], line, *leg))
        if seal:
            count = len(legs) if lines is None else lines
            self.insert("seal", {"book": self.book, "seq": row["seq"], "lines": count})
        return int(row["seq"])


def contents(book: int) -> list[Any]:
    """Everything of value in the book, to be compared before and after."""
    with transaction(read_only=True) as session:
        return [
            session.execute(text(statement), {"book": book}).all()
            for statement in (
                "SELECT * FROM head WHERE book = :book",
                "SELECT * FROM journal WHERE book = :book ORDER BY seq",
                "SELECT * FROM entry WHERE book = :book ORDER BY seq, line",
                "SELECT * FROM seal WHERE book = :book ORDER BY seq",
                "SELECT b.* FROM balance b JOIN account a ON a.id = b.account"
                " WHERE a.book = :book ORDER BY b.account",
                "SELECT * FROM account WHERE book = :book ORDER BY id",
                "SELECT * FROM fund WHERE book = :book ORDER BY id",
                "SELECT * FROM period WHERE book = :book ORDER BY id",
                "SELECT * FROM journal_kind ORDER BY code",
                "SELECT * FROM unit ORDER BY code",
            )
        ]


def refused(book: int, attack: Callable[[Raw], Any]) -> str:
    """Run an attack that must be refused; returns the words, having seen that nothing changed."""
    before = contents(book)
    with pytest.raises(RefusedByDatabase) as caught, transaction() as session:
        attack(Raw(session, book))
    assert contents(book) == before
    return str(caught.value)


def taken(book: int, attacks: dict[str, tuple[Callable[[Raw], Any], str]]) -> list[str]:
    """The attacks that were not refused in the words expected; each runs on the same books.

    Where the engines refuse by different means, a bar stands between the words of each.
    """
    missed = []
    for name, (attack, words) in attacks.items():
        try:
            said = refused(book, attack)
        except pytest.fail.Exception:
            missed.append(f"{name}: was taken")
            continue
        if not any(part in said for part in _refusals(words)):
            missed.append(f"{name}: {said}")
    return missed


def _refusals(words: str) -> list[str]:
    """Who owns nothing is refused by the lack of a right, before any guard is asked."""
    restricted = db.engine.url.username == ROLE
    return [*words.split("|"), *([NOT_GRANTED] if restricted else [])]


def statements(table: dict[str, tuple[str, str]]) -> dict[str, tuple[Callable[[Raw], Any], str]]:
    return {
        name: (lambda raw, sql=statement: raw.run(sql), words)
        for name, (statement, words) in table.items()
    }
