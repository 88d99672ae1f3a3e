"""B6: nothing of value is edited, deleted, emptied or replaced, by the application's own role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import service as books
from ledger.kernel.db import transact, transaction
from tests.raw_books import Raw, open_books, statements, taken
from tests.unguarded import allow

pytestmark = pytest.mark.both_roles

BANK = "Assets:Bank"


@pytest.fixture
def book(app: Flask) -> int:
    """Three journals, and a period that is open."""
    made = open_books()
    days = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 3, 31)}
    transact(lambda session: books.open_period(session, book=made, **days))
    return made


ROWS: dict[str, tuple[str, str]] = {
    "an edited amount": ("UPDATE entry SET amount = 1 WHERE book = :book", "never edited"),
    "an edited journal": ("UPDATE journal SET reason = 'x' WHERE book = :book", "never edited"),
    "an edited seal": ("UPDATE seal SET lines = 3 WHERE book = :book", "never edited"),
    "an edited account": ("UPDATE account SET path = 'Assets:Mine'", "never edited"),
    "an edited fund": ("UPDATE fund SET purpose = 'roof' WHERE book = :book", "never edited"),
    "an edited unit": ("UPDATE unit SET scale = 0", "never edited"),
    "an edited kind": ("UPDATE journal_kind SET needs_checker = 0", "never edited"),
    "a book under another code": ("UPDATE book SET code = 'X'", "code of a book never changes"),
    "a deleted entry": ("DELETE FROM entry WHERE book = :book", "never deleted"),
    "a deleted journal": ("DELETE FROM journal WHERE book = :book", "never deleted"),
    "a deleted seal": ("DELETE FROM seal WHERE book = :book", "never deleted"),
    "a deleted balance": ("DELETE FROM balance", "never deleted"),
    "a deleted head": ("DELETE FROM head WHERE book = :book", "never deleted"),
    "a deleted account": ("DELETE FROM account WHERE book = :book", "never deleted"),
    "a deleted kind": ("DELETE FROM journal_kind", "never deleted"),
    "a deleted book": ("DELETE FROM book", "never deleted"),
    "a balance moved by hand": (
        "UPDATE balance SET dr = dr + 100, version = version + 1",
        "moves only with an entry",
    ),
    "a guard taken off": ("UPDATE balance SET guard = 'N' WHERE guard <> 'N'", "moves only with"),
    "a head put back": (
        "UPDATE head SET next_seq = next_seq - 1 WHERE book = :book",
        "moves only with a journal",
    ),
    "a head put forward": (
        "UPDATE head SET next_seq = next_seq + 1, last_us = last_us + 1 WHERE book = :book",
        "moves only with a journal",
    ),
    "a chain rewritten at the head": (
        "UPDATE head SET chain = BYTES WHERE book = :book",
        "moves only with a journal",
    ),
    "a second head": (
        "INSERT INTO head (book, next_seq, chain, last_us)"
        " SELECT book, 1, chain, 0 FROM head WHERE book = :book",
        "begins at entry one, once",
    ),
    "an account that begins with money": (
        "INSERT INTO balance (account, dr, cr, held_dr, held_cr, version, guard)"
        " SELECT account, 5, 0, 0, 0, 0, 'N' FROM balance",
        "begins at zero",
    ),
}


def test_the_database_refuses_every_edit_and_delete(book: int, engine_name: str) -> None:
    blob = "CAST('x' AS BLOB)" if engine_name == "sqlite" else "'x'"
    rows = {name: (sql.replace("BYTES", blob), words) for name, (sql, words) in ROWS.items()}
    missed = taken(book, statements(rows))
    print(f"COUNT b06_edits_and_deletes={len(rows)} taken={len(missed)}")
    assert missed == []


def test_nothing_of_value_can_be_truncated(book: int, engine_name: str) -> None:
    verb = "DELETE FROM {}" if engine_name == "sqlite" else "TRUNCATE {} CASCADE"
    tables = ("journal", "entry", "seal", "balance", "head", "period")
    attacks = {table: (verb.format(table), "never deleted") for table in tables}
    missed = taken(book, statements(attacks))
    print(f"COUNT b06_emptied={len(attacks)} taken={len(missed)}")
    assert missed == []


KEYS = {
    "journal": "book, seq", "entry": "book, seq, line", "seal": "book, seq", "balance": "account",
    "head": "book", "account": "id", "fund": "id", "unit": "code", "journal_kind": "code",
}  # fmt: skip


def _replace(table: str, engine: str) -> Callable[[Raw], Any]:
    def attack(raw: Raw) -> None:
        row = dict(raw.run(f"SELECT * FROM {table} ORDER BY 1 LIMIT 1").mappings().one())
        if engine == "sqlite":
            raw.insert(table, row, verb="INSERT OR REPLACE")
            return
        names, marks = ", ".join(row), ", ".join(":" + name for name in row)
        first = KEYS[table].split(",", maxsplit=1)[0]
        raw.session.execute(
            text(
                f"INSERT INTO {table} ({names}) VALUES ({marks})"
                f" ON CONFLICT ({KEYS[table]}) DO UPDATE SET {first} = EXCLUDED.{first}"
            ),
            row,
        )

    return attack


def test_an_insert_that_replaces_replaces_nothing(book: int, engine_name: str) -> None:
    """``INSERT OR REPLACE`` walks past a no-delete trigger unless the set-up prevents it."""
    attacks = {table: (_replace(table, engine_name), "") for table in KEYS}
    missed = taken(book, attacks)
    print(f"COUNT b06_replaced={len(attacks)} taken={len(missed)}")
    assert missed == []


LATE: dict[str, tuple[Callable[[Raw], Any], str]] = {
    "a late line on a sealed journal": (
        lambda raw: raw.insert("entry", raw.entry_row(1, 3, BANK, "D", 5)),
        "takes no more lines",
    ),
    "a second seal": (
        lambda raw: raw.insert("seal", {"book": raw.book, "seq": 1, "lines": 2}),
        "never replaced|pk_seal",
    ),
}


def test_a_sealed_journal_takes_no_late_line_and_no_second_seal(book: int) -> None:
    missed = taken(book, LATE)
    print(f"COUNT b06_late_lines={len(LATE)} taken={len(missed)}")
    assert missed == []


CONTROLS = {
    "an edited amount": (
        "entry rows are never edited",
        "UPDATE entry SET amount = 1 WHERE line = 1",
    ),
    "an edited reason": ("journal rows are never edited", "UPDATE journal SET reason = 'x'"),
    "a deleted line": ("entry rows are never deleted", "DELETE FROM entry WHERE line = 2"),
}


@pytest.mark.parametrize("what", CONTROLS)
@pytest.mark.owner_only("it bends what only an owner can")
def test_without_its_check_a_row_is_changed(book: int, what: str) -> None:
    words, attack = CONTROLS[what]
    allow(words)
    with transaction() as session:
        changed = session.execute(text(attack)).rowcount  # type: ignore[attr-defined]
    print(f"COUNT b06_control_rows_changed={changed}")
    assert changed >= 3


def test_without_its_checks_a_sealed_journal_takes_a_late_line(book: int) -> None:
    allow("a sealed journal takes no more lines")
    attack = LATE["a late line on a sealed journal"][0]
    transact(lambda session: attack(Raw(session, book)))
    with transaction(read_only=True) as session:
        lines = session.execute(text("SELECT COUNT(*) FROM entry WHERE seq = 1")).scalar_one()
        sealed = session.execute(text("SELECT lines FROM seal WHERE seq = 1")).scalar_one()
    print(f"COUNT b06_control_late_lines={lines - sealed}")
    assert lines == sealed + 1
