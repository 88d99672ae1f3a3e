"""A town on one database: a seed chooses who asks what, and every answer is kept.

Chance, clock and references come from the seed alone, so that the same seed asks the same of two
databases and two answers, or two tables, that differ are a difference between the databases.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random

import pytest
from flask import Flask

from ledger.books import queries
from ledger.books import service as books
from ledger.exports import signing
from ledger.kernel import clock as kernel_clock
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transaction
from tests.simulating.asking import ODD_QUANTITIES, ODD_WORDS, Asker, Ways
from tests.simulating.deals import Deals
from tests.simulating.digests import digest
from tests.simulating.giving import Giving
from tests.simulating.halls import Halls
from tests.simulating.money import PATHS, Office

__all__ = ["ODD_QUANTITIES", "ODD_WORDS", "Town", "digest", "seeded"]


class Town(Asker):
    """One place on one database, and all who work in it, most of all in the wing of ``focus``."""

    def __init__(self, app: Flask, clock: FixedClock, chance: Random, *, focus: int) -> None:
        super().__init__(app, clock, chance)
        self.wings = (Office(self), Giving(self), Halls(self), Deals(self))
        self.focus = self.wings[focus % len(self.wings)]

    @property
    def ways(self) -> Ways:
        """What belongs to no wing."""
        return [(self.add_person, 2), (self.read, 6), (self.wait, 2), (self.night, 3)]

    def add_person(self) -> None:
        body = {"name": self.words(), "email": self.one_of(("", "a@b.example", "no"))}
        self.post(self.any("administrator"), "people", body)

    def read(self) -> None:
        path = self.one_of(PATHS[:8])
        known = f"2026-03-{self.chance.randint(1, 9):02d}T09:00:00Z"
        where = self.one_of((
            "accounts", f"accounts/{path}", f"accounts/{path}/entries", "accounts/by-fund",
            f"accounts?as_at={self.day()}&known_at={known}", "journals?limit=3", "drafts",
            f"journals/{self.chance.randint(0, 12)}", f"journals/{self.chance.randint(1, 12)}/proof",
            "people", "periods", "pledges", "commitments", "offers", "approvals", "checkpoints",
            "organisations", "neighbourhoods", f"restatements?on=2026-03-31&first_known_at={known}",
            "jobs", "me", "tokens", "witnesses", "extracts", "inspections",
        ))  # fmt: skip
        self.ask("GET", self.any("auditor", "officer", "resident"), where)

    def wait(self) -> None:
        self.sleep(self.one_of((1, 5, 30)))
        self.read()

    def work(self, operations: int) -> None:
        """Ask so many things."""
        wings = (*[self] * 3, *self.wings, *[self.focus] * 6)
        ways = [way for wing in wings for way in wing.ways]
        steps: list[Callable[[], object]] = [way for way, weight in ways for _ in range(weight)]
        while self.asked < operations:
            self.one_of(steps)()

    def whole(self) -> bool:
        """Whether the books agree with themselves, whatever both databases say."""
        with transaction(read_only=True) as session:
            rows = queries.trial_balance(session, self.place.book)
            below = [row for row in rows if row.path.startswith("Assets:Bank") and row.net < 0]
            return not below and books.self_check(session, book=self.place.book) == []


@contextmanager
def seeded(
    patch: pytest.MonkeyPatch, seed: int, at: datetime
) -> Iterator[tuple[FixedClock, Random]]:
    """Chance, clock and every reference from one seed."""
    bytes_of, chance, clock = Random(f"bytes {seed}"), Random(f"steps {seed}"), FixedClock(at)
    with patch.context() as within, kernel_clock.using(clock):
        within.setattr(signing, "seed", lambda: bytes(32))  # it lies in a file of each engine
        within.setattr(secrets, "token_bytes", lambda size=32: bytes_of.randbytes(size or 32))
        yield clock, chance
