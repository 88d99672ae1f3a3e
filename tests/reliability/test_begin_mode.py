"""Every writer begins as a writer: what the driver was told is written down during a story.

On SQLite each unit that writes must have said BEGIN IMMEDIATE, so that nothing it read can be
stale. On PostgreSQL each unit that writes a journal must hold the lock of its book's head by then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, event, text

from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.dividends import service as dividends
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import Base, db, reader, transact, transaction
from tests import dividing
from tests.cast import Place
from tests.dividing import JOB, NOW
from tests.hall import open_hall
from tests.pledging import Stage
from tests.raw_books import spec

WRITE = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|WITH\b.*\bINSERT)", re.I)
BEGIN = re.compile(r"\s*BEGIN", re.I)
END = re.compile(r"\s*(COMMIT|ROLLBACK(?! TO)|END)", re.I)


@dataclass(slots=True)
class Log:
    """What each connection said, unit by unit: the first words, and whether it wrote."""

    units: list[list[str]] = field(default_factory=list)
    open: dict[int, list[str]] = field(default_factory=dict)

    def said(self, wire: int, words: str) -> None:
        """One statement. What is said outside a unit is a unit of its own."""
        if words.startswith("--"):  # a trigger's words
            return
        unit = self.open.setdefault(wire, [])
        unit.append(words)
        if END.match(words) or not BEGIN.match(unit[0]):
            self.units.append(self.open.pop(wire))

    @property
    def writers(self) -> list[list[str]]:
        """The units that wrote."""
        return [unit for unit in self.units if any(WRITE.match(words) for words in unit)]

    @property
    def not_immediate(self) -> list[list[str]]:
        """The writers that did not begin with the write lock."""
        return [unit for unit in self.writers if not re.match(r"BEGIN IMMEDIATE", unit[0])]


@contextmanager
def logged(*engines: Engine) -> Iterator[Log]:
    """Write down everything that SQLite is told through new connections of these engines."""
    log = Log()

    def trace(connection: Any, _record: Any) -> None:
        connection.set_trace_callback(lambda words: log.said(id(connection), words))

    for engine in engines:
        engine.dispose()
        event.listen(engine, "connect", trace)
    yield log
    for engine in engines:
        event.remove(engine, "connect", trace)
        engine.dispose()


def tell_a_story(place: Place, clock: FixedClock, administrator: FlaskClient) -> None:
    """A request, a hall that is booked, a pledge that is delivered, a dividend that is released."""
    assert administrator.post("/api/v1/people", json={"name": "Zoë"}).status_code == 201
    hall = open_hall(place, now=clock.now())
    hall.confirm(hall.book(now=clock.now()), now=clock.now())
    told = Stage(place, clock)
    told.release(told.delivering(), 3_000)
    deal = dividing.running(place)
    determination = dividing.proposed(deal)
    dividing.decided(deal, determination)
    transact(lambda s: dividends.release(s, determination=determination, actor=JOB, now=NOW))


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_writer_of_a_story_begins_immediate(
    app: Flask, place: Place, clock: FixedClock, api: Callable[[str], FlaskClient]
) -> None:
    administrator = api("administrator")
    with logged(db.engine, reader(db.engine)) as log:
        tell_a_story(place, clock, administrator)
    writers, wrong = len(log.writers), log.not_immediate
    readers = len(log.units) - writers
    print(
        f"COUNT engine=sqlite begin_units={len(log.units)} begin_writers={writers}"
        f" begin_immediate={writers - len(wrong)} begin_wrong={len(wrong)}"
    )
    assert wrong == []
    assert writers > 25
    assert readers > 0


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_writer_that_begins_as_drivers_do_is_found(app: Flask) -> None:
    """The control: an engine on the same file as SQLAlchemy makes it."""
    bare = create_engine(db.engine.url, module=db.engine.dialect.loaded_dbapi)
    with logged(bare) as log, bare.begin() as connection:
        connection.execute(text("INSERT INTO book (code, name) VALUES ('X', 'x')"))
    print(f"COUNT engine=sqlite begin_control_wrong={len(log.not_immediate)}")
    assert len(log.not_immediate) == 1


@dataclass(slots=True)
class Locks:
    """Units on PostgreSQL: the journals written, and those without the head locked before."""

    units: int = 0
    journals: int = 0
    unlocked: int = 0


def head_is_locked() -> bool:
    """Whether another connection is told that the head is taken."""
    with db.engine.connect() as other, other.begin():
        free = other.execute(text("SELECT 1 FROM head FOR UPDATE SKIP LOCKED")).all()
        heads = other.execute(text("SELECT count(*) FROM head")).scalar_one()
    return len(free) < heads


@pytest.fixture
def locks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Locks:
    """Look, at the moment a journal is written, whether its head is locked."""
    from ledger.books.service import store

    found, write = Locks(), store.write

    def watched(session: Any, book: int, rows: Any) -> None:
        found.units += 1
        found.journals += len(rows)
        found.unlocked += not head_is_locked()
        write(session, book, rows)

    monkeypatch.setattr(store, "write", watched)
    return found


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_every_journal_of_a_story_is_written_under_the_lock_of_its_book(
    app: Flask, place: Place, clock: FixedClock, api: Callable[[str], FlaskClient], locks: Locks
) -> None:
    tell_a_story(place, clock, api("administrator"))
    print(
        f"COUNT engine=postgresql begin_journals={locks.journals} begin_writers={locks.units}"
        f" begin_locked={locks.units - locks.unlocked} begin_wrong={locks.unlocked}"
    )
    assert locks.unlocked == 0
    assert locks.units > 10


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_a_journal_that_is_written_without_the_lock_is_found(
    app: Flask, place: Place, locks: Locks, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    """The control: the same look in a unit of its own, whose lock is gone when it ends."""
    from ledger.books.service import store

    look = store.look

    def before(_session: Any, *where: Any, **which: Any) -> Any:
        return transact(lambda session: look(session, *where, **which))

    monkeypatch.setattr(store, "look", before)
    specs = [AccountSpec("Assets:Bank"), AccountSpec("Income:Gifts")]
    transact(lambda s: books.open_accounts(s, book=place.book, specs=specs))
    gift = spec("gift", debit("Assets:Bank", 5), credit("Income:Gifts", 5))
    transact(lambda s: books.post(s, book=place.book, spec=gift, now=clock.now()))
    print(f"COUNT engine=postgresql begin_control_wrong={locks.unlocked}")
    assert locks.unlocked == 1


def test_a_read_only_unit_can_write_to_no_table(app: Flask, engine_name: str) -> None:
    tables, taken = sorted(Base.metadata.tables), []
    for table in tables:
        for words in (f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM {table}"):
            try:
                with transaction(read_only=True) as session:
                    session.execute(text(words))
                taken.append(words)
            except Exception as error:  # noqa: BLE001 - what it says is looked at
                if not re.search(r"(?i)read.?only", str(error)):
                    taken.append(f"{words}: {error}")
    with pytest.raises(Exception, match=r"(?i)read.?only"), transaction(read_only=True) as session:
        session.execute(text("CREATE TABLE other (id INTEGER)"))
    print(f"COUNT engine={engine_name} begin_read_only_writes={2 * len(tables)} taken={len(taken)}")
    assert taken == []
    assert len(tables) > 50
