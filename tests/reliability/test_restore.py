"""A backup that is taken while others write is restored elsewhere, proved, and equal to the penny."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from ledger.backups import programs, restoring, rules, shelf, taking
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, credit, debit
from ledger.exports import checkpoints
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import db, opened, transact, transaction, transaction_on
from ledger.kernel.ids import new_id
from tests import dividing
from tests.cast import Place
from tests.raw_books import NOW


@pytest.fixture
def deal(place: Place) -> dividing.Deal:
    """A place with a decided and released agreement, a checkpoint, and an account to give to."""
    made = dividing.running(place)
    determination = dividing.proposed(made)
    dividing.decided(made, determination)

    def unit(session: Any) -> None:
        dividing.dividends.release(
            session, determination=determination, actor=dividing.JOB, now=dividing.NOW
        )
        books.open_accounts(
            session, book=place.book,
            specs=[AccountSpec("Assets:Bank:Gifts", guard="D"), AccountSpec("Income:Gifts")],
        )  # fmt: skip

    transact(unit)
    checkpoints.make(book=place.book, reason="asked", made_by="PER-TEST", now=dividing.NOW)
    return made


def give(book: int) -> int:
    spec = JournalSpec(
        id=new_id("JRN", length=16), kind="receipt", effective_on=NOW.date(),
        legs=(debit("Assets:Bank:Gifts", 5), credit("Income:Gifts", 5)), maker="PER-TEST",
        group="", reason="gift",
    )  # fmt: skip
    return transact(lambda s: books.post(s, book=book, spec=spec, now=NOW)).seq


@contextmanager
def writers(app: Flask, book: int, count: int = 2) -> Iterator[list[int]]:
    """So many threads that post one gift after another; yields what was acknowledged."""
    acknowledged: list[int] = []
    stop = threading.Event()

    def write() -> None:
        with app.app_context():
            while not stop.is_set():
                acknowledged.append(give(book))

    threads = [threading.Thread(target=write) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield acknowledged
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()


def elsewhere(tmp_path: Path) -> str:
    """A new place of the engine that runs: a file, or a database beside the test's own."""
    if db.engine.dialect.name == "sqlite":
        return str(tmp_path / "restored.sqlite")
    url = db.engine.url.set(drivername="postgresql", database=new_id("restored").lower())
    return url.render_as_string(hide_password=False)


@contextmanager
def restored(place_of: str) -> Iterator[Engine]:
    url = place_of if "://" in place_of else f"sqlite:///{place_of}"
    try:
        with opened(url) as engine:
            yield engine
    finally:
        if "://" in url and not url.startswith("sqlite"):
            restoring._drop(restoring._address(url))


def digest(engine: Engine) -> dict[str, str]:
    """Every row of every table, hashed: what two equal books have in common."""
    found = {}
    with engine.connect() as wire:
        for table in db.metadata.sorted_tables:
            rows = sorted(repr(tuple(row)) for row in wire.execute(table.select()))
            found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def test_a_backup_under_load_is_restored_proved_and_equal(
    app: Flask, deal: dividing.Deal, tmp_path: Path, clock: FixedClock, engine_name: str
) -> None:
    book = deal.place.book
    with writers(app, book) as acknowledged:
        while len(acknowledged) < 20:
            time.sleep(0.01)
        began = time.monotonic()
        taken = taking.make(into=tmp_path / "backups", now=clock.now())
        lost_at, lost_seq = time.monotonic(), max(acknowledged)
    number, chain = taken.manifest.heads["MAIN"]
    goal = elsewhere(tmp_path)
    if engine_name == "sqlite":  # what a lost file may leave beside the place of the new one
        Path(goal + "-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(4_096))
        Path(goal + "-shm").write_bytes(bytes(32_768))
    done = restoring.restore(taken.path, to=goal, now=clock.now())
    with restored(goal) as engine, transaction_on(engine, read_only=True) as session:
        head = books_queries.head(session, book)
        assert (head.next_seq - 1, head.chain.hex()) == (number, chain)
        assert books.self_check(session, book=book) == []
    with (
        transaction(read_only=True) as session,
        books_queries.leaves(session, book) as leaves,
    ):
        live = {seq: stored for seq, _leaf, _hash, stored in leaves}
    assert live[number].hex() == chain
    assert done.proof.journals == number
    assert (done.proof.checkpoints, done.proof.decisions, done.proof.undecidable) == (1, 1, 0)
    print(
        f"COUNT engine={engine_name} rpo_s={lost_at - began:.3f} rto_s={done.seconds:.3f}"
        f" journals={number} written_meanwhile={len(acknowledged)} lost={lost_seq - number}"
    )
    assert done.seconds < 300


def test_a_quiet_book_and_its_restored_copy_are_the_same_in_every_row(
    deal: dividing.Deal, tmp_path: Path, clock: FixedClock
) -> None:
    taken = taking.make(into=tmp_path / "backups", now=clock.now())
    before = digest(db.engine)
    goal = elsewhere(tmp_path)
    restoring.restore(taken.path, to=goal, now=clock.now())
    with restored(goal) as engine:
        assert digest(engine) == before


def bend(table: str, change: str) -> None:
    """Change a row behind the back of its guards, which stand again at once."""
    with db.engine.begin() as wire:
        if db.engine.dialect.name == "postgresql":
            wire.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            assert wire.exec_driver_sql(change).rowcount == 1
            wire.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
            return
        guards = wire.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t"),
            {"t": table},
        ).all()
        for name, _sql in guards:
            wire.execute(text(f'DROP TRIGGER "{name}"'))
        assert wire.exec_driver_sql(change).rowcount == 1
        for _name, sql in guards:
            wire.exec_driver_sql(sql)


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("balance", "UPDATE balance SET dr = dr + 1 WHERE account ="
         " (SELECT MIN(account) FROM balance)", "running balance differs"),
        ("determination", "UPDATE determination SET facts ="
         " replace(facts, '\"before\":144', '\"before\":145')", "comes out otherwise: counts"),
        ("checkpoint", "UPDATE checkpoint SET note = replace(note, 'chain ', 'chain 00')",
         "No signature"),
    ],
)  # fmt: skip
@pytest.mark.owner_only("it bends what only an owner can")
def test_what_does_not_prove_is_taken_away_again(
    deal: dividing.Deal, tmp_path: Path, clock: FixedClock, table: str, change: str, words: str,
    engine_name: str,
) -> None:  # fmt: skip
    """The negative control: a penny more, other workings, a signature that does not hold."""
    bend(table, change)
    taken = taking.make(into=tmp_path / "backups", now=clock.now())
    goal = elsewhere(tmp_path)
    with pytest.raises(rules.NotProven) as refused:
        restoring.restore(taken.path, to=goal, now=clock.now())
    assert words in refused.value.facts
    if engine_name == "sqlite":
        assert [path.name for path in tmp_path.iterdir()] == ["backups"]
    else:
        with pytest.raises(OperationalError, match="does not exist"), opened(goal) as engine:
            engine.connect()


def test_a_restore_never_writes_over_anything(
    deal: dividing.Deal, tmp_path: Path, clock: FixedClock, engine_name: str
) -> None:
    taken = taking.make(into=tmp_path / "backups", now=clock.now())
    own = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    file = tmp_path / "mine.sqlite"
    file.write_text("mine")
    with pytest.raises(rules.BackupRefused, match="never writes over"):
        restoring.restore(
            taken.path, to=str(file) if engine_name == "sqlite" else own, now=clock.now()
        )
    assert file.read_text() == "mine"
    other = "postgresql://nobody@/none" if engine_name == "sqlite" else str(tmp_path / "new")
    with pytest.raises(rules.BackupRefused, match="of the same kind"):
        restoring.restore(taken.path, to=other, now=clock.now())


def test_a_backup_that_was_changed_or_lacks_its_file_is_none(
    deal: dividing.Deal, tmp_path: Path, clock: FixedClock
) -> None:
    taken = taking.make(into=tmp_path, now=clock.now())
    file = taken.path / taken.manifest.file
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)
    with pytest.raises(rules.NotABackup, match="not the file"):
        shelf.read(taken.path)
    file.unlink()
    with pytest.raises(rules.NotABackup):
        shelf.read(taken.path)
    (taken.path / "manifest.json").write_text(json.dumps({"format": 1}))
    with pytest.raises(rules.NotABackup, match="cannot be read"):
        shelf.read(taken.path)
    with pytest.raises(rules.NotABackup):
        shelf.read(tmp_path / "nowhere")


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_copy_of_the_file_alone_is_what_a_backup_must_not_be(
    app: Flask, deal: dividing.Deal, tmp_path: Path
) -> None:
    """The negative control of K1: what was committed and not yet checkpointed is not in a copy."""
    give(deal.place.book)
    copied = tmp_path / "copied.sqlite"
    shutil.copyfile(db.engine.url.database or "", copied)
    with opened(f"sqlite:///{copied}") as engine, engine.connect() as wire:
        there = wire.scalar(text("SELECT COUNT(*) FROM journal"))
    with transaction(read_only=True) as session:
        assert there < books_queries.head(session, deal.place.book).next_seq - 1


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_a_missing_or_older_program_is_named_with_the_remedy(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(rules.NoPrograms, match="postgresql-client-99") as refused:
        programs.find("pg_dump", server=99, folder=None)
    assert "LEDGER_PG_PROGRAMS" in refused.value.remedy
    with pytest.raises(rules.NoPrograms, match="found: none"):
        programs.find("pg_dump", server=15, folder=tmp_path)


def test_the_same_second_gives_one_backup(
    deal: dividing.Deal, tmp_path: Path, clock: FixedClock
) -> None:
    taking.make(into=tmp_path, now=clock.now())
    with pytest.raises(rules.BackupRefused, match="is there already"):
        taking.make(into=tmp_path, now=clock.now())
    clock.move(timedelta(seconds=1))
    taking.make(into=tmp_path, now=clock.now())
    assert len(shelf.listed(tmp_path)) == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
