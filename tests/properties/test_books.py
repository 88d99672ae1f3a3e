"""Whatever is posted in whatever order: sums stay zero, and balances equal their entries."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from flask import Flask

from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, Leg
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import LedgerError
from tests.raw_books import NOW, TODAY, open_books, spec

SEEDS = [20260302, 7, 1983]
PATHS = ("Assets:Bank", "Income:Gifts", "Expenses:Grants", "Equity:Opening",
         "Liabilities:Escrow:PLG-1", "Liabilities:Payable:GRP-1")  # fmt: skip


def _random_journal(chance: random.Random, number: int) -> JournalSpec:
    layer = "H" if chance.random() < 0.1 else "P"
    legs: list[Leg] = []
    for _ in range(chance.randint(1, 3)):
        quantity = chance.randint(1, 400)
        debited, credited = chance.sample(PATHS, 2)
        legs += [Leg(debited, "D", quantity, layer), Leg(credited, "C", quantity, layer)]  # type: ignore[arg-type]
    return spec(
        f"j{number}", *legs, kind="hold" if layer == "H" else "receipt",
        effective_on=TODAY + timedelta(days=chance.randint(-40, 40)),
    )  # fmt: skip


def _post_randomly(chance: random.Random, book: int, count: int) -> int:
    """Post journals one by one and in batches, with some rolled back; returns how many stand."""
    posted = 0
    for number in range(count):
        batch = [
            _random_journal(chance, 10 * number + part) for part in range(chance.randint(1, 4))
        ]
        try:
            with transaction() as session:
                books.post_many(session, book=book, specs=batch, now=NOW)
                if chance.random() < 0.2:
                    raise ZeroDivisionError
            posted += len(batch)
        except (LedgerError, ZeroDivisionError):
            continue
    return posted


@pytest.mark.parametrize("seed", SEEDS)
def test_random_journals_leave_sums_at_zero_and_balances_true(app: Flask, seed: int) -> None:
    book = open_books()
    posted = _post_randomly(random.Random(seed), book, 60)
    with transaction(read_only=True) as session:
        rows = queries.trial_balance(session, book)
        assert books.self_check(session, book=book) == []
        assert queries.head(session, book).next_seq == posted + 4
    for unit, fund in {(row.unit, row.fund) for row in rows}:
        group = [row for row in rows if (row.unit, row.fund) == (unit, fund)]
        assert sum(row.net for row in group) == 0
        assert sum(row.held_dr - row.held_cr for row in group) == 0
    for row in rows:
        if row.path.startswith("Liabilities"):
            assert row.owed - row.held_dr >= 0
        if row.path.startswith("Assets:Bank"):
            assert row.net - row.held_cr >= 0


@pytest.mark.parametrize("seed", SEEDS)
def test_balances_as_at_any_day_equal_a_count_by_hand(app: Flask, seed: int) -> None:
    chance = random.Random(seed)
    book = open_books()
    _post_randomly(chance, book, 40)
    with transaction(read_only=True) as session:
        history = [
            queries.journal(session, book, row.seq)
            for row in queries.journals(session, book, limit=1_000)
        ]
        for _ in range(25):
            day = TODAY + timedelta(days=chance.randint(-45, 45))
            by_hand = _by_hand(history, day)
            asked = queries.balances_as_at(session, book, queries.AsAt(day))
            assert {row.path: row.net for row in asked if row.net} == by_hand


def _by_hand(
    history: list[tuple[queries.JournalRow, list[queries.EntryRow]]], day: date
) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row, entries in history:
        for entry in entries:
            if row.effective_on <= day and entry.layer == "P":
                signed = entry.amount if entry.side == "D" else -entry.amount
                sums[entry.path] = sums.get(entry.path, 0) + signed
    return {path: net for path, net in sums.items() if net}


def test_a_wide_journal_is_kept_and_a_wider_one_refused(app: Flask) -> None:
    book = open_books()
    accounts = [AccountSpec(f"Liabilities:Payable:GRP-{number}X") for number in range(1_999)]
    transact(lambda s: books.open_accounts(s, book=book, specs=accounts))
    legs = [Leg(account.path, "C", 1) for account in accounts]
    wide = spec("wide", Leg("Expenses:Grants", "D", 1_999), *legs)
    posted = transact(lambda s: books.post(s, book=book, spec=wide, now=NOW))
    assert not posted.replayed
    wider = spec("wider", Leg("Expenses:Grants", "D", 2_000), *legs, legs[0])
    with pytest.raises(LedgerError, match="2001 legs"):
        transact(lambda s: books.post(s, book=book, spec=wider, now=NOW))
