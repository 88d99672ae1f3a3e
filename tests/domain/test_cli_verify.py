"""`flask ledger verify` names the entry that whoever owns the database has bent, guards and all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.exports import checkpoints
from ledger.kernel.db import transact, transaction
from tests.owner import Run, as_owner, chain_again
from tests.raw_books import NOW, open_books, spec

BENT = "UPDATE journal SET leaf = ? WHERE seq = 2"


def leaf_of(run: Run, seq: int) -> bytes:
    return bytes(run("SELECT leaf FROM journal WHERE seq = ?", seq)[0][0])


def amount(run: Run) -> None:
    """The classic: an amount and every balance after it, so that all sums still fit."""
    for side in ("D", "C"):
        run("UPDATE entry SET amount = amount + 1, balance_after = balance_after + ?"
            " WHERE seq = 2 AND side = ?", 1 if side == "D" else -1, side)  # fmt: skip
    run("UPDATE balance SET dr = dr + 1 WHERE account IN"
        " (SELECT account FROM entry WHERE seq = 2 AND side = 'D')")  # fmt: skip
    run("UPDATE balance SET cr = cr + 1 WHERE account IN"
        " (SELECT account FROM entry WHERE seq = 2 AND side = 'C')")  # fmt: skip


def payee(run: Run) -> None:
    run("UPDATE entry SET account = (SELECT id FROM account WHERE path = 'Equity:Opening')"
        " WHERE seq = 3 AND side = 'C'")  # fmt: skip


def whole_rechain(run: Run) -> None:
    run(BENT, leaf_of(run, 2).replace(b'"second"', b'"forged"'))
    run("UPDATE journal SET id = 'forged' WHERE seq = 2")
    chain_again(run, 1)


def tail(run: Run) -> None:
    for table in ("seal", "entry", "journal"):
        run(f"DELETE FROM {table} WHERE seq = 3")
    (chain,) = run("SELECT chain FROM journal WHERE seq = 2")[0]
    run("UPDATE head SET next_seq = 3, chain = ?", bytes(chain))


def added(run: Run) -> None:
    run("INSERT INTO entry (book, seq, line, account, side, amount, layer, unit, fund, acct_version,"
        " balance_after) SELECT book, seq, 3, account, side, amount, layer, unit, fund, 9, 9"
        " FROM entry WHERE seq = 1 AND line = 1")  # fmt: skip


TAMPERS = {
    "an amount, with every balance": (amount, "journal 2, line 1: its quantity is 5001, and was"),
    "who was paid": (payee, "journal 3, line 2: its account is Equity:Opening, and was signed as"),
    "who made it": (
        lambda run: run("UPDATE journal SET maker = 'PER-X' WHERE seq = 2"),
        "journal 2: its maker is 'PER-X', and was signed as 'PER-MAKER'",
    ),
    "who checked it": (
        lambda run: run("UPDATE journal SET checker = 'PER-X' WHERE seq = 1"),
        "journal 1: its checker is 'PER-X'",
    ),
    "its day": (
        lambda run: run("UPDATE journal SET effective_on = '2026-02-02' WHERE seq = 3"),
        "journal 3: its effective_on is '2026-02-02', and was signed as '2026-03-02'",
    ),
    "its bytes": (
        lambda run: run(BENT, leaf_of(run, 2).replace(b"5000", b"5001")),
        "journal 2: its bytes do not match its hash",
    ),
    "its bytes and its hash": (
        lambda run: [
            run(BENT, leaf_of(run, 2).replace(b"5000", b"5001")),
            run("UPDATE journal SET leaf_hash = ? WHERE seq = 2", bytes(32)),
        ],
        "journal 2: its bytes do not match its hash",
    ),
    "bytes that are no journal": (lambda run: run(BENT, b"{}"), "journal 2: its bytes are not a"),
    "bytes of another": (
        lambda run: run(BENT, leaf_of(run, 1)), "journal 2: its bytes are those of another",
    ),
    "everything made to fit again": (whole_rechain, "Journals 1 to 3 are not those of the last"),
    "the tail cut off": (tail, "Only 2 of 3 journals that were signed are left."),
    "a line added": (added, "journal 1, line 3: it was added"),
    "a line taken away": (
        lambda run: run("DELETE FROM entry WHERE seq = 3 AND line = 2"),
        "journal 3, line 2: it is missing",
    ),
    "entries without their journal": (
        lambda run: [run("DELETE FROM journal WHERE seq = 2")],
        "journal 2: it has entries and is not there",
    ),
    "entries of nothing at the end": (
        lambda run: run("UPDATE entry SET seq = 9 WHERE seq = 3"),
        "journal 9: it has entries and is not there",
    ),
}  # fmt: skip


@pytest.fixture
def book(app: Flask, monkeypatch: pytest.MonkeyPatch) -> int:
    served = replace(app.extensions["ledger.settings"], book_code="RAW")
    monkeypatch.setitem(app.extensions, "ledger.settings", served)
    book = open_books()
    checkpoints.make(book=book, reason="daily", made_by="job:x", now=NOW)
    return book


def verified(app: Flask) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["ledger", "verify"])
    return done.exit_code, done.output


@pytest.mark.parametrize("what", TAMPERS)
def test_verify_names_what_the_owner_of_the_database_bent(app: Flask, book: int, what: str) -> None:
    tamper, words = TAMPERS[what]
    status, said = verified(app)
    assert (status, said[:7]) == (0, "PROVEN:"), said
    with as_owner() as run:
        tamper(run)
    status, said = verified(app)
    assert status == 1
    assert f"NOT PROVEN: {words}" in said, said


def test_no_more_than_twenty_are_named(app: Flask, book: int) -> None:
    specs = [
        spec(f"gift-{number}", debit("Assets:Bank", 5), credit("Income:Gifts", 5))
        for number in range(40)
    ]
    transact(lambda s: books.post_many(s, book=book, specs=specs, now=NOW))
    with as_owner() as run:
        run("UPDATE journal SET maker = 'PER-X'")
    with transaction(read_only=True) as session:
        assert len(books.row_check(session, book=book)) == 20


def _asked(book: int) -> int:
    """How many questions the comparison of every row puts to SQLite."""
    said: list[str] = []
    with transaction(read_only=True) as session:
        wire: Any = session.connection().connection.dbapi_connection
        wire.set_trace_callback(said.append)
        try:
            assert books.row_check(session, book=book) == []
        finally:
            wire.set_trace_callback(None)
    return len(said)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_row_is_compared_with_as_few_questions_as_one(app: Flask, book: int) -> None:
    """What it costs is one reading of the rows: no journal is asked for by itself."""
    few = _asked(book)
    specs = [
        spec(f"gift-{number}", debit("Assets:Bank", 5), credit("Income:Gifts", 5))
        for number in range(1_000)
    ]
    transact(lambda s: books.post_many(s, book=book, specs=specs, now=NOW))
    many = _asked(book)
    print(f"COUNT questions_for_3_journals={few} questions_for_1003_journals={many}")
    assert 0 < many == few
