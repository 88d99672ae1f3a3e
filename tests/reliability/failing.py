"""Makes a unit of work fail at every one of its points in turn, and looks for what it left behind.

The points are its BEGIN, each statement and its COMMIT. The failing statement is put in the place
of the real one, so that it is the database that refuses it; then another connection looks.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from ledger.kernel import db as kernel_db
from ledger.kernel import keys, wire
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import Base, db, reader, transaction
from ledger.parties.rules import Actor
from tests.cast import Place

Result = TypeVar("Result")
ROOT = Path(__file__).resolve().parents[2]
FAULT = "SELECT a_fault_that_was_planted()"
POINTS_MAX = 1_000


class Planted(Exception):
    """The failure of a commit."""


class Faults:
    """Fails the n-th thing that is said to the database; none while ``at`` is 0."""

    def __init__(self) -> None:
        self.at = self.seen = 0
        self.struck, self.words = False, ""

    def due(self, words: str) -> bool:
        """Whether this one is to fail."""
        self.seen += 1
        if self.seen != self.at:
            return False
        self.struck, self.words = True, words
        return True

    def statement(self, words: str, values: Any) -> tuple[str, Any]:
        """The statement to run: its own, or one that the database refuses."""
        return (FAULT, ()) if self.due(words) else (words, values)


@contextmanager
def planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """Count, and make fail, each BEGIN, what is said through SQLAlchemy and past it, each COMMIT."""
    faults = Faults()

    def execute(
        _connection: Any, _cursor: Any, words: str, values: Any, _context: Any, many: bool
    ) -> tuple[str, Any]:
        said, with_values = faults.statement(words, values)
        return said, [()] if many and said == FAULT else with_values

    def commit(_connection: Any) -> None:
        if faults.due("COMMIT"):
            raise Planted

    with monkeypatch.context() as patch:
        listen_to_the_wire(faults, patch)
        event.listen(db.engine, "before_cursor_execute", execute, retval=True)
        event.listen(db.engine, "commit", commit)
        end = listen_for_begin(faults, patch)
        try:
            yield faults
        finally:
            end()
            event.remove(db.engine, "before_cursor_execute", execute)
            event.remove(db.engine, "commit", commit)


def listen_to_the_wire(faults: Faults, patch: pytest.MonkeyPatch) -> None:
    """The same for what is said straight to the driver, and for COPY, which no event tells of."""
    run, run_many, copy = wire.run, wire.run_many, psycopg.Cursor.copy

    def run_one(connection: Any, words: str, values: Any = ()) -> Any:
        return run(connection, *faults.statement(words, values))

    def run_each(connection: Any, words: str, values: Any) -> None:
        if faults.due(words):
            run(connection, FAULT)
        run_many(connection, words, values)

    def copy_in(cursor: Any, words: Any, *args: Any, **options: Any) -> Any:
        return copy(cursor, faults.statement(str(words), ())[0], *args, **options)

    for module in modules_that_hold(run):
        patch.setattr(module, "run", run_one)
    for module in modules_that_hold(run_many):
        patch.setattr(module, "run_many", run_each)
    patch.setattr(psycopg.Cursor, "copy", copy_in)


def modules_that_hold(function: Any) -> list[Any]:
    """Every module of the service that has imported this function by its name."""
    return [
        module for name, module in list(sys.modules.items())
        if name.startswith("ledger.") and name != "ledger.kernel.wire"
        and getattr(module, function.__name__, None) is function
    ]  # fmt: skip


def listen_for_begin(faults: Faults, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The same for BEGIN: on SQLite the service says it, on PostgreSQL the driver does.

    Returns what ends it.
    """
    if db.engine.dialect.name != "sqlite":
        begin = psycopg.Connection._get_tx_start_command

        def words(connection: Any) -> bytes:
            return FAULT.encode() if faults.due("BEGIN") else begin(connection)

        patch.setattr(psycopg.Connection, "_get_tx_start_command", words)
        return lambda: None

    def before_begin(connection: Connection) -> None:
        if faults.due("BEGIN"):
            cursor: Any = connection.connection.cursor()
            cursor.execute(FAULT)

    engines = {db.engine, reader(db.engine)}
    for engine in engines:
        event.listen(engine, "begin", before_begin, insert=True)
    return lambda: [event.remove(one, "begin", before_begin) for one in engines] and None


class Contents:
    """Whether anything was committed, as another connection sees it, or a person's key destroyed."""

    def __init__(self) -> None:
        self.eye = reader(db.engine).connect()
        self.sqlite = self.eye.dialect.name == "sqlite"
        self.since = 0 if self.sqlite else self._ask(_NEXT)
        self.commits = 0

    def now(self) -> tuple[int, list[str]]:
        """How many commits there were, and the keys that were ever destroyed.

        SQLite says itself when others have committed. PostgreSQL is asked what became of each
        transaction since: whatever writes has a number.
        """
        if self.sqlite:
            self.commits = self._ask("PRAGMA data_version")
        else:
            next_one = self._ask(_NEXT)
            self.commits += self._ask(_COMMITTED, since=self.since, next=next_one)
            self.since = next_one
        return self.commits, sorted(keys.store().erased())

    def tables(self) -> dict[str, tuple[int, str]]:
        """Every table's rows, counted and hashed: to name what was found (PostgreSQL)."""
        if self.sqlite:
            return {}
        found = {row[0]: (row[1], str(row[2])) for row in self.eye.execute(text(_EVERY_ROW))}
        self.eye.rollback()
        return found

    def _ask(self, question: str, **values: int) -> int:
        found = int(self.eye.execute(text(question), values).scalar_one())
        self.eye.rollback()
        return found


_NEXT = "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)"
_COMMITTED = (
    "SELECT count(*) FROM generate_series(CAST(:since AS bigint), CAST(:next AS bigint) - 1) AS n"
    " WHERE pg_xact_status(CAST(CAST(n AS text) AS xid8)) = 'committed'"
)
_EVERY_ROW = " UNION ALL ".join(
    f"SELECT '{name}', count(*), sum(hashtextextended(t::text, 0)) FROM {name} t"
    for name in sorted(Base.metadata.tables)
)


@dataclass
class Tally:
    """What was made to fail, over all stories, and what became of it."""

    units: int = 0
    points: int = 0
    begins: int = 0
    half: list[str] = field(default_factory=list)
    """Units that left something behind when they failed."""
    swallowed: list[str] = field(default_factory=list)
    """Units that went on as if nothing had failed."""
    tried: set[str] = field(default_factory=set)
    only_read: set[str] = field(default_factory=set)
    """Commands that were made to fail, and those asked where nothing can be written."""


class Proof:
    """Runs units as `transact` does, but first makes each of them fail at each of its points."""

    def __init__(self, faults: Faults, tally: Tally) -> None:
        self.faults, self.tally, self.whole = faults, tally, kernel_db.transact
        self.contents = Contents()
        self.resting = False

    @property
    def trying(self) -> bool:
        """Whether a unit is being made to fail just now."""
        return self.faults.at > 0

    @contextmanager
    def rest(self) -> Iterator[None]:
        """What is done meanwhile only sets the stage: it is let through at once."""
        self.resting = True
        try:
            yield
        finally:
            self.resting = False

    def transact(self, unit: Callable[[Session], Result], name: str = "") -> Result:
        """Let the unit through once it has failed everywhere."""
        if self.resting:
            return self.whole(unit)
        self.tally.units += 1
        name = name or unit.__qualname__
        before, rows = self.contents.now(), self.contents.tables()
        for point in range(1, POINTS_MAX):
            self.faults.at, self.faults.seen, self.faults.struck = point, 0, False
            try:
                done = self.whole(unit)
            except Exception:
                if not self.faults.struck:
                    raise
                self.faults.at = 0
                self.tally.begins += self.faults.words == "BEGIN"
                found = self.contents.now()
                if found != before:
                    left = self.contents.tables()
                    changed = sorted(table for table in left if left[table] != rows[table])
                    self.tally.half.append(f"{name} at {point}, {self.faults.words}: {changed}")
                    before, rows = found, left
                continue
            self.faults.at = 0
            if self.faults.struck:
                self.tally.swallowed.append(f"{name} at {point}: {self.faults.words}")
            self.tally.points += point - 1
            return done
        raise AssertionError(f"{name} has no end")


def commands() -> dict[str, tuple[Any, str]]:
    """Every public command of every service, as ``wing.name``, with the module to find it in.

    A command is what takes a session: whatever else a service offers only computes.
    """
    found = {}
    for path in sorted((ROOT / "ledger").glob("*/service*")):
        wing = path.parent.name
        module = importlib.import_module(f"ledger.{wing}.service")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__.startswith(f"ledger.{wing}.service")
            takes_session = next(iter(inspect.signature(function).parameters), "") == "session"
            if own and takes_session and not name.startswith("_"):
                found[f"{wing}.{name}"] = (module, name)
    return found


class Told:
    """A place with its clock, where every command that is given is first made to fail."""

    def __init__(self, place: Place, clock: FixedClock, proof: Proof) -> None:
        self.place, self.clock, self.proof = place, clock, proof
        self.reading = False

    def note(self, patch: pytest.MonkeyPatch) -> None:
        """Note from now on which commands are given, by whomever."""
        for known, (module, name) in commands().items():
            patch.setattr(module, name, self._noted(known, getattr(module, name)))

    def _noted(self, known: str, command: Callable[..., Any]) -> Callable[..., Any]:
        tally = self.proof.tally

        @wraps(command)
        def give(*args: Any, **facts: Any) -> Any:
            if self.proof.trying:
                tally.tried.add(known)
            if self.reading:
                tally.only_read.add(known)
            return command(*args, **facts)

        return give

    @property
    def now(self) -> datetime:
        """The time of the clock."""
        return self.clock.now()

    def actor(self, part: str) -> Actor:
        """Somebody of the cast."""
        return self.place.actor(part)

    def do(self, command: Callable[..., Result], **facts: Any) -> Result:
        """Give one command as a unit of its own, at the time of the clock unless told another."""
        if "now" in inspect.signature(command).parameters:
            facts.setdefault("now", self.now)
        return self.proof.transact(lambda s: command(s, **facts), command.__name__)

    def set_up(self, unit: Callable[[Session], Result]) -> Result:
        """Set the stage, without making anything fail."""
        return self.proof.whole(unit)

    def ask(self, question: Callable[[Session], Result]) -> Result:
        """Ask something where nothing can be written."""
        self.reading = True
        try:
            with transaction(read_only=True) as session:
                return question(session)
        finally:
            self.reading = False
