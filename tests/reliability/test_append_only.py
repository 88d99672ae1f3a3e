"""Eight attacks upon what is written: the database refuses them, or `ledger verify` names them.

The first four are what the application's own role may try; the others are for somebody who owns the
database or its file. Each of these is named by the journal that was bent, or by the guard that is
gone. `tests/books/test_b06_append_only.py` tries the first four on every table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import queries
from ledger.exports import checkpoints
from ledger.kernel.db import db, is_sqlite, transact, transaction
from ledger.kernel.errors import RefusedByDatabase
from tests.owner import as_owner, chain_again
from tests.raw_books import NOT_GRANTED, NOW, Raw, open_books
from tests.unguarded import allow, take_off

pytestmark = pytest.mark.both_roles


@pytest.fixture
def book(app: Flask, monkeypatch: pytest.MonkeyPatch) -> int:
    """Three journals under a signed checkpoint."""
    served = replace(app.extensions["ledger.settings"], book_code="RAW")
    monkeypatch.setitem(app.extensions, "ledger.settings", served)
    book = open_books()
    checkpoints.make(book=book, reason="daily", made_by="job:x", now=NOW)
    return book


def refused(book: int, words: str) -> str:
    """Run one statement by the application's role; empty when it was taken."""
    try:
        transact(lambda session: Raw(session, book).run(words))
    except RefusedByDatabase as refusal:
        return str(refusal)
    return ""


def update(book: int) -> str:
    return refused(book, "UPDATE entry SET amount = amount + 1 WHERE seq = 2")


def delete(book: int) -> str:
    return refused(book, "DELETE FROM journal WHERE seq = 3")


def insert_or_replace(book: int) -> str:
    """The journal's own row, put in its own place with another reason."""

    def unit(raw: Raw) -> None:
        row = dict(raw.run("SELECT * FROM journal WHERE seq = 2").mappings().one())
        row["reason"] = "something else"
        if is_sqlite(raw.session):
            raw.insert("journal", row, verb="INSERT OR REPLACE")
            return
        names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        raw.session.execute(
            text(
                f"INSERT INTO journal ({names}) VALUES ({marks})"
                " ON CONFLICT (book, seq) DO UPDATE SET reason = EXCLUDED.reason"
            ),
            row,
        )

    try:
        transact(lambda session: unit(Raw(session, book)))
    except RefusedByDatabase as refusal:
        return str(refusal)
    return ""


def truncate(book: int) -> str:
    with transaction(read_only=True) as session:
        verb = "DELETE FROM entry" if is_sqlite(session) else "TRUNCATE entry"
    return refused(book, verb)


def drop_trigger(book: int) -> str:
    take_off("journal_no_update")
    return ""


def edit_file(book: int) -> str:
    """One letter of a journal in the database's own file; PostgreSQL's pages by their owner."""
    if db.engine.dialect.name != "sqlite":
        with as_owner() as run:
            leaf = bytes(run("SELECT leaf FROM journal WHERE seq = 2")[0][0])
            run("UPDATE journal SET leaf = ? WHERE seq = 2", leaf.replace(b"5000", b"5001"))
        return ""
    with db.engine.connect() as wire:
        leaf = bytes(wire.scalar(text("SELECT leaf FROM journal WHERE seq = 2")))
    with db.engine.connect() as wire:
        wire.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[no-untyped-call]
    db.engine.dispose()
    file = Path(db.engine.url.database or "")
    raw = file.read_bytes()
    assert raw.count(leaf) == 1
    file.write_bytes(raw.replace(leaf, leaf.replace(b"5000", b"5001")))
    return ""


def cut_tail(book: int) -> str:
    with as_owner() as run:
        for table in ("seal", "entry", "journal"):
            run(f"DELETE FROM {table} WHERE seq = 3")
        (chain,) = run("SELECT chain FROM journal WHERE seq = 2")[0]
        run("UPDATE head SET next_seq = 3, chain = ?", bytes(chain))
    return ""


def hash_again(book: int) -> str:
    with as_owner() as run:
        leaf = bytes(run("SELECT leaf FROM journal WHERE seq = 2")[0][0])
        run("UPDATE journal SET leaf = ? WHERE seq = 2", leaf.replace(b'"second"', b'"forged"'))
        run("UPDATE journal SET id = 'forged' WHERE seq = 2")
        chain_again(run, book)
    return ""


ATTACKS: dict[str, tuple[Callable[[int], str], str]] = {
    "update": (update, "never edited"),
    "delete": (delete, "never deleted"),
    "insert or replace": (insert_or_replace, "never"),
    "truncate": (truncate, "never"),
    "drop trigger": (drop_trigger, "journal_no_update"),
    "edit file": (edit_file, "journal 2: its bytes do not match its hash"),
    "cut tail": (cut_tail, "Only 2 of 3 journals that were signed are left."),
    "re-hash": (hash_again, "Journals 1 to 3 are not those of the last"),
}


def verified(app: Flask) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["ledger", "verify"])
    return done.exit_code, done.output


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_written_stays_or_the_journal_is_named(
    app: Flask, book: int, attack: str, database_role: str
) -> None:
    do, words = ATTACKS[attack]
    said = do(book)
    status, printed = verified(app)
    stopped = bool(said)
    # Who owns nothing lacks the right, and no guard is asked.
    in_words = words in said or (database_role == "restricted" and NOT_GRANTED in said)
    found = in_words if stopped else (status, words in printed) == (1, True)
    print(
        f"COUNT role={database_role} append_only_{attack.replace(' ', '_').replace('-', '_')}=1"
        f" refused={int(stopped)} named={int(not stopped and found)}"
    )
    assert found, said or printed
    assert not stopped or status == 0, printed


@pytest.mark.owner_only("it bends what only an owner can")
def test_a_guard_that_refuses_in_vain_is_seen_by_the_rows_themselves(app: Flask, book: int) -> None:
    """The control: with the words of the guard silenced an edit is taken, and is named all the same."""
    allow("entry rows are never edited")
    assert update(book) == ""
    with transaction(read_only=True) as session:
        _, entries = queries.journal(session, book, 2)
    status, printed = verified(app)
    print(f"COUNT append_only_control_taken={int(entries[0].amount == 5_001)} named={status}")
    assert entries[0].amount == 5_001
    assert "journal 2, line 1: its quantity is 5001, and was" in printed
