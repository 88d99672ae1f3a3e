"""Whatever fails, at whichever statement, a unit of work leaves the database as it was.

Each unit of the main stories is tried with its first statement failing, then its second, and so
on to its commit; only then is it let through. The failing statement is put in the place of the
real one, so that it is the database that refuses it; then another connection looks for changes.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import wraps
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from ledger.approvals import service as approvals
from ledger.assets import service as assets
from ledger.bookings import service as bookings
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.dividends import service as dividends
from ledger.funds import service as funds
from ledger.kernel import db as kernel_db
from ledger.kernel import wire
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import Base, db, reader, transaction
from ledger.outcomes import service as outcomes
from ledger.parties import service as parties
from ledger.pledges import service as pledges
from tests import dividing, hall, pledging
from tests.cast import Place
from tests.dividing import JOB, NOW
from tests.pledging import Stage
from tests.raw_books import spec

Result = TypeVar("Result")
DOMAINS = (approvals, assets, bookings, books, dividends, funds, outcomes, parties, pledges)
FAULT = "SELECT a_fault_that_was_planted()"
COMMANDS_MIN, UNITS_MIN, POINTS_MIN = 50, 40, {"sqlite": 950, "postgresql": 850}
"""How many service commands and units the stories have, and points to fail at. Never fewer."""


class Planted(Exception):
    """The failure of a commit."""


class Faults:
    """Fails the n-th statement of a unit, or the commit after the last."""

    def __init__(self) -> None:
        self.at = self.seen = 0
        self.struck, self.words = False, ""

    def due(self) -> bool:
        """Whether this one is to fail."""
        self.seen += 1
        self.struck = self.struck or self.seen == self.at
        return self.seen == self.at

    def statement(self, words: str, values: Any) -> tuple[str, Any]:
        """The statement to run: its own, or one that the database refuses."""
        if not self.due():
            return words, values
        self.words = words
        return FAULT, ()


@contextmanager
def planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """Count, and make fail, what is said through SQLAlchemy and past it, and each commit."""
    faults = Faults()

    def execute(
        _connection: Any, _cursor: Any, words: str, values: Any, _context: Any, many: bool
    ) -> tuple[str, Any]:
        said, with_values = faults.statement(words, values)
        return said, [()] if many and said == FAULT else with_values

    def commit(_connection: Any) -> None:
        if faults.due():
            raise Planted

    with monkeypatch.context() as patch:
        listen_to_the_wire(faults, patch)
        event.listen(db.engine, "before_cursor_execute", execute, retval=True)
        event.listen(db.engine, "commit", commit)
        try:
            yield faults
        finally:
            event.remove(db.engine, "before_cursor_execute", execute)
            event.remove(db.engine, "commit", commit)


def listen_to_the_wire(faults: Faults, patch: pytest.MonkeyPatch) -> None:
    """The same for what is said straight to the driver."""
    run, run_many = wire.run, wire.run_many

    def run_one(connection: Any, words: str, values: Any = ()) -> Any:
        return run(connection, *faults.statement(words, values))

    def run_each(connection: Any, words: str, values: Any) -> None:
        if faults.due():
            run(connection, FAULT)
        run_many(connection, words, values)

    for module in modules_that_hold(run):
        patch.setattr(module, "run", run_one)
    for module in modules_that_hold(run_many):
        patch.setattr(module, "run_many", run_each)


def modules_that_hold(function: Any) -> list[Any]:
    """Every module of the service that has imported this function by its name."""
    return [
        module for name, module in list(sys.modules.items())
        if name.startswith("ledger.") and name != "ledger.kernel.wire"
        and getattr(module, function.__name__, None) is function
    ]  # fmt: skip


class Contents:
    """Whether anything in the database changed, as another connection sees it."""

    def __init__(self) -> None:
        self.eye = reader(db.engine).connect()
        name = self.eye.dialect.name
        if name != "sqlite":  # a small question, asked a thousand times
            self.eye.execute(text("SET SESSION max_parallel_workers_per_gather = 0"))
            self.eye.execute(text("SET SESSION jit = off"))
            self.eye.commit()
        self.question = text("PRAGMA data_version" if name == "sqlite" else _EVERY_ROW)

    def now(self) -> list[Any]:
        """SQLite says itself when others have committed; PostgreSQL is asked for every row."""
        found = sorted(map(tuple, self.eye.execute(self.question)))
        self.eye.rollback()
        return found


_EVERY_ROW = " UNION ALL ".join(
    f"SELECT '{name}', sum(hashtextextended(t::text, 0)), count(*) FROM {name} t"
    for name in sorted(Base.metadata.tables)
)


class Proof:
    """Runs units as `transact` does, but first makes each of them fail at each of its points."""

    def __init__(self, faults: Faults) -> None:
        self.faults, self.whole = faults, kernel_db.transact
        self.contents = Contents()
        self.units = self.points = 0
        self.half: list[str] = []
        self.swallowed: list[str] = []

    def transact(self, unit: Callable[[Session], Result]) -> Result:
        """Let the unit through once it has failed everywhere."""
        self.units += 1
        name, before = unit.__qualname__, self.contents.now()
        for point in range(1, 1_000):
            self.faults.at, self.faults.seen, self.faults.struck = point, 0, False
            try:
                done = self.whole(unit)
            except Exception:
                if not self.faults.struck:
                    raise
                self.faults.at = 0
                found = self.contents.now()
                if found != before:
                    changed = sorted({row[0] for row in set(found) ^ set(before)})
                    self.half.append(f"{name} at {point}, {self.faults.words}: {changed}")
                    before = found
                continue
            self.faults.at = 0
            if self.faults.struck:
                self.swallowed.append(f"{name} at {point}: {self.faults.words}")
            self.points += point - 1
            return done
        raise AssertionError(f"{name} has no end")


@pytest.fixture
def proof(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proof]:
    with planted(monkeypatch) as faults:
        made = Proof(faults)
        for module in (pledging, hall, dividing):
            monkeypatch.setattr(module, "transact", made.transact)
        yield made
        made.contents.eye.close()


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The service commands that the stories gave."""
    found: set[str] = set()

    def noted(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def give(*args: Any, **facts: Any) -> Any:
            found.add(f"{command.__module__}.{command.__name__}")
            return command(*args, **facts)

        return give

    for domain in DOMAINS:
        for name, command in inspect.getmembers(domain, inspect.isfunction):
            if not name.startswith("_") and "now" in inspect.signature(command).parameters:
                monkeypatch.setattr(domain, name, noted(command))
    return found


def pledge_story(place: Place, clock: FixedClock) -> None:
    """An offer that two people decided; a pledge with its match: reached, collected, released."""
    told = Stage(place, clock)
    offer = told.offer()
    pledge = told.delivering(offer=offer)
    told.release(pledge, 3_000)


def hall_story(place: Place, clock: FixedClock, proof: Proof) -> None:
    """A hall is let: one booking held and claimed, one confirmed and cancelled."""
    let, now = hall.open_hall(place, now=clock.now()), clock.now()
    held = let.book(now=now, hold=True)
    organiser, broker = place.actor("organiser"), place.actor("broker")
    proof.transact(lambda s: bookings.claim_hold(s, booking=held, actor=organiser, now=now))
    let.confirm(held, now=now)
    proof.transact(
        lambda s: bookings.cancel_booking(
            s, booking=held, side="provider", reason="Water in the hall", actor=broker, now=now
        )
    )


def dividend_story(place: Place, proof: Proof) -> None:
    """E1: signed by all, funded, determined, decided by two, released, paid and confirmed."""
    deal = dividing.stage(place)
    made = deal.agreement = dividing.drafted(deal)
    proof.transact(lambda s: dividing.sign_all(s, deal, made))
    proof.transact(lambda s: dividing.paid_in(s, deal, made))
    s151, officer = place.actor("s151"), place.actor("officer")
    proof.transact(lambda s: dividends.fund(s, agreement=made, actor=s151, now=NOW))
    proof.transact(lambda s: dividends.activate(s, agreement=made, actor=officer, now=NOW))
    determination = dividing.proposed(deal)
    dividing.decided(deal, determination)
    proof.transact(lambda s: dividends.release(s, determination=determination, actor=JOB, now=NOW))
    head = place.actor("head")
    proof.transact(
        lambda s: dividends.pay(
            s, agreement=deal.agreement, payee=deal.groups[0], quantity_pence=477_101,
            reference="PAY-RUN 7", paid_on=date(2026, 3, 2), actor=head, now=NOW,
        )
    )  # fmt: skip
    later = NOW + timedelta(days=366)
    proof.transact(lambda s: dividends.confirm(s, determination=determination, now=later))


def test_no_unit_of_the_stories_is_ever_half_applied(
    app: Flask, place: Place, clock: FixedClock, proof: Proof, engine_name: str, called: set[str]
) -> None:
    hall_story(place, clock, proof)
    pledge_story(place, clock)
    dividend_story(place, proof)
    print(
        f"COUNT engine={engine_name} fail_commands={len(called)} fail_units={proof.units}"
        f" fail_points={proof.points}"
        f" half_applied={len(proof.half)} swallowed={len(proof.swallowed)}"
    )
    assert proof.half == []
    assert proof.swallowed == []
    assert len(called) >= COMMANDS_MIN, sorted(called)
    assert proof.units >= UNITS_MIN
    assert proof.points >= POINTS_MIN[engine_name]
    with transaction(read_only=True) as session:
        assert books.self_check(session, book=place.book) == []


def test_a_unit_that_commits_half_way_is_found(
    app: Flask, place: Place, clock: FixedClock, proof: Proof, engine_name: str
) -> None:
    """The control: two journals that belong together, with a commit between them."""
    specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
    kernel_db.transact(lambda s: books.open_accounts(s, book=place.book, specs=specs))

    def unit(session: Session) -> None:
        for part in ("first half", "second half"):
            gift = spec(part, debit("Assets:Bank", 5), credit("Income:Gifts", 5))
            books.post(session, book=place.book, spec=gift, now=clock.now())
            session.commit()

    proof.transact(unit)
    print(f"COUNT engine={engine_name} fail_control_half_applied={len(proof.half)}")
    assert proof.half
