"""B1: zero sum for each unit, fund and layer, held by the database itself."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.kernel.db import transaction
from ledger.kernel.errors import RefusedByDatabase
from tests.raw_books import Raw, contents, open_books
from tests.unguarded import allow

pytestmark = pytest.mark.both_roles

MUTANTS = 1_000
GROUPS_THAT_ARE_OUT = text(
    "SELECT COUNT(*) FROM (SELECT e.book, e.seq FROM entry e GROUP BY e.book, e.seq, e.unit, e.fund,"
    " e.layer HAVING SUM(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) <> 0) g"
)


def _groups_out() -> int:
    with transaction(read_only=True) as session:
        return int(session.execute(GROUPS_THAT_ARE_OUT).scalar_one())


def _mutant(chance: random.Random, raw: Raw) -> None:
    """A journal of two or four true lines in which one amount, side or unit is bent."""
    legs = []
    for _ in range(chance.randint(1, 2)):
        quantity = chance.randint(2, 900)
        first, second = chance.sample(("Assets:Bank", "Income:Gifts", "Equity:Opening"), 2)
        legs += [[first, "D", quantity], [second, "C", quantity]]
    bent = chance.choice(legs)
    match chance.randrange(4):
        case 0:
            bent[2] += chance.choice([-1, 1])
        case 1:
            bent[1] = "D" if bent[1] == "C" else "C"
        case 2:
            bent[0] = "Income:River" if bent[1] == "C" else "Expenses:River"
        case _:
            bent[0] = "Income:Hours" if bent[1] == "C" else "Assets:Hours"
    raw.journal(*legs, purpose="river")


def _tried(book: int, mutants: int) -> int:
    """How many of so many bent journals the database refused."""
    chance = random.Random(20261122)
    refusals = 0
    for _ in range(mutants):
        try:
            with transaction() as session:
                _mutant(chance, Raw(session, book))
        except RefusedByDatabase:
            refusals += 1
    return refusals


def test_of_a_thousand_bent_journals_by_raw_sql_none_is_committed(app: Flask) -> None:
    book = open_books()
    before = contents(book)
    refusals = _tried(book, MUTANTS)
    print(f"COUNT b01_mutants={MUTANTS} mutants_refused={refusals} groups_out={_groups_out()}")
    assert (refusals, _groups_out()) == (MUTANTS, 0)
    assert contents(book) == before


def test_without_the_seals_check_bent_journals_are_committed(app: Flask) -> None:
    book = open_books()
    allow("a journal balances in every unit, fund and layer")
    refusals = _tried(book, 50)
    print(f"COUNT b01_control_committed={50 - refusals} groups_out={_groups_out()}")
    assert refusals < 50
    assert _groups_out() > 0
