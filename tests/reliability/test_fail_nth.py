"""Whatever fails, at whichever statement, a unit of work leaves the database as it was.

The stories give every command that a service has. Each is tried with its BEGIN failing, then its
first statement, its second, and so on to its commit; only then is it let through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel import clock as kernel_clock
from ledger.kernel import keys
from ledger.kernel.clock import FixedClock
from tests import dividing, hall, pledging, stage
from tests.conftest import START_AT
from tests.raw_books import spec
from tests.reliability import (
    failing,
    stories_books,
    stories_deals,
    stories_giving,
    stories_people,
    stories_places,
)
from tests.reliability.failing import Proof, Tally, Told

STORIES = (
    *stories_places.STORIES, *stories_giving.STORIES, *stories_deals.STORIES,
    *stories_people.STORIES, *stories_books.STORIES,
)  # fmt: skip
ONLY_READ = {
    "bookings.plan", "books.row_check", "books.self_check", "dividends.due",
    "dividends.evaluate_due", "dividends.recomputed", "dividends.recorded", "inspections.sealed",
    "parties.salts_of",
}  # fmt: skip
"""What a service offers that writes nothing. The stories ask it where nothing can be written."""

UNITS_MIN, POINTS_MIN = 200, {"sqlite": 2_600, "postgresql": 2_300}
"""How many units the stories have, and points to fail at. Never fewer."""


@contextmanager
def staged(
    stages: stage.Stages, engine: str, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Told]:
    """A fresh place at the usual hour, where all that the stories' helpers do is tried too."""
    app, clock = stages.fresh(engine, peopled=True), FixedClock(START_AT)
    with (
        app.app_context(), kernel_clock.using(clock), monkeypatch.context() as patch,
        failing.planted(patch) as faults,
    ):  # fmt: skip
        told = Told(stages.place(engine), clock, Proof(faults, tally))
        told.note(patch)
        for module in (pledging, hall, dividing):
            patch.setattr(module, "transact", told.proof.transact)
        try:
            yield told
        finally:
            told.proof.contents.eye.close()


def test_no_unit_of_the_stories_is_ever_half_applied(
    stages: stage.Stages, engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, tally = set(failing.commands()), Tally()
    for story in STORIES:
        with staged(stages, engine_name, tally, monkeypatch) as told:
            story(told)
            assert told.ask(lambda s: books.self_check(s, book=told.place.book)) == []
            assert told.ask(lambda s: books.row_check(s, book=told.place.book)) == []
    print(
        f"COUNT engine={engine_name} fail_commands={len(tally.tried)} of={len(known - ONLY_READ)}"
        f" fail_units={tally.units} fail_points={tally.points} fail_begins={tally.begins}"
        f" half_applied={len(tally.half)} swallowed={len(tally.swallowed)}"
    )
    assert tally.half == []
    assert tally.swallowed == []
    assert known - tally.tried == ONLY_READ, "each other command is made to fail by a story"
    assert tally.only_read >= ONLY_READ, "these are asked where nothing can be written"
    assert tally.begins == tally.units >= UNITS_MIN
    assert tally.points >= POINTS_MIN[engine_name]


def test_a_unit_that_commits_half_way_is_found(
    stages: stage.Stages, engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: two journals with a commit between them, and a key destroyed too early."""
    with staged(stages, engine_name, Tally(), monkeypatch) as told:
        book, tally = told.place.book, told.proof.tally
        specs = [AccountSpec("Assets:Bank", guard="D"), AccountSpec("Income:Gifts")]
        told.set_up(lambda s: books.open_accounts(s, book=book, specs=specs))

        def unit(session: Session) -> None:
            for part in ("first half", "second half"):
                gift = spec(part, debit("Assets:Bank", 5), credit("Income:Gifts", 5))
                books.post(session, book=book, spec=gift, now=told.now)
                session.commit()

        def destroy(session: Session) -> None:
            keys.store().destroy(person="PER-1", key_id="a key", at="now")
            session.connection().execute(text("SELECT 1"))

        told.proof.transact(unit)
        halves = len(tally.half)
        told.proof.transact(destroy)
    print(f"COUNT engine={engine_name} fail_control_half_applied={len(tally.half)}")
    assert 0 < halves < len(tally.half)
