"""B2: value is whole numbers everywhere, and splits are exact."""

from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import fields
from sqlalchemy import inspect, text

from ledger.kernel.clock import FixedClock
from ledger.kernel.db import db, transact, transaction
from ledger.kernel.errors import RefusedByDatabase
from ledger.kernel.money import split
from tests.cast import Place
from tests.pledging import Stage
from tests.raw_books import Raw, open_books
from tests.unguarded import allow

SPLITS = 100_000
ROOT = Path(__file__).resolve().parents[2]
FRACTIONS = ("FLOAT", "REAL", "DOUBLE", "NUMERIC", "DECIMAL", "MONEY")
NO_MONEY = [0.1, 10.0, "10", True, None, "0.10"]


def _cases(count: int) -> list[tuple[int, list[int]]]:
    chance = random.Random(20261125)
    return [
        (
            chance.randrange(10 ** chance.randint(1, 11)),
            [chance.randrange(1, 10 ** chance.randint(1, 4)) for _ in range(chance.randint(1, 12))],
        )
        for _ in range(count)
    ]


def _by_weight(weights: list[int], parts: list[int]) -> Counter[tuple[int, int]]:
    return Counter(zip(weights, parts, strict=True))


def test_a_hundred_thousand_splits_lose_no_penny_and_hang_on_no_order() -> None:
    chance, lost, far, moved, otherwise = random.Random(7), 0, 0, 0, 0
    for total, weights in _cases(SPLITS):
        parts, whole = split(total, weights), sum(weights)
        lost += sum(parts) != total
        # Within one unit of the exact share, said in whole numbers.
        far += any(
            abs(part * whole - total * weight) >= whole
            for part, weight in zip(parts, weights, strict=True)
        )
        otherwise += split(total, weights) != parts
        shuffled = chance.sample(weights, len(weights))
        moved += _by_weight(weights, parts) != _by_weight(shuffled, split(total, shuffled))
    print(
        f"COUNT b02_splits={SPLITS} lost_a_penny={lost} far_from_share={far} by_order={moved}"
        f" otherwise_when_run_again={otherwise}"
    )
    assert (lost, far, moved, otherwise) == (0, 0, 0, 0)


def test_rounding_each_share_by_itself_loses_pennies() -> None:
    lost = 0
    for total, weights in _cases(5_000):
        lost += sum(round(Fraction(total * weight, sum(weights))) for weight in weights) != total
    print(f"COUNT b02_control_naive_splits_that_lose={lost}")
    assert lost > 1_000


def test_equal_remainders_are_decided_by_weight_before_place() -> None:
    assert split(2, [1, 3]) == [0, 2]
    assert split(2, [3, 1]) == [2, 0]


def test_no_column_of_the_database_is_a_fraction(app: Flask) -> None:
    found = inspect(db.engine)
    columns = [
        (table, column["name"], str(column["type"]).upper())
        for table in found.get_table_names()
        for column in found.get_columns(table)
    ]
    loose = [one for one in columns if any(word in one[2] for word in FRACTIONS)]
    print(f"COUNT b02_columns={len(columns)} fractions={len(loose)}")
    assert loose == []


def test_the_code_that_keeps_value_names_no_float() -> None:
    paths = [*(ROOT / "ledger" / "books").rglob("*.py"), ROOT / "ledger" / "kernel" / "money.py"]
    named = [
        f"{path.name}:{node.lineno}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
    ]
    print(f"COUNT b02_files={len(paths)} floats={len(named)}")
    assert named == []


def test_the_api_answers_422_to_what_is_no_whole_number(
    api: Callable[[str], FlaskClient], place: Place, clock: FixedClock
) -> None:
    pledge, resident = Stage(place, clock).open(), api("resident")
    said: list[Any] = [
        resident.post(
            f"/api/v1/pledges/{pledge}/commitments",
            json={"promise": {"unit": "GBP", "quantity": amount}},
        ).status_code
        for amount in NO_MONEY
    ]
    print(f"COUNT b02_bodies={len(said)} answered_422={said.count(422)}")
    assert said == [422] * len(NO_MONEY)


def test_a_plain_integer_field_would_have_taken_a_tenth_as_nothing() -> None:
    assert fields.Integer().deserialize(0.1) == 0


def _half_penny(raw: Raw) -> None:
    row = raw.journal_row()
    raw.insert("journal", row)
    for line, (path, side, after) in enumerate(
        [("Assets:Bank", "D", 11_001.5), ("Income:Gifts", "C", -10_001.5)], start=1
    ):
        raw.insert("entry", raw.entry_row(row["seq"], line, path, side, 1.5, balance_after=after))
    raw.insert("seal", {"book": raw.book, "seq": row["seq"], "lines": 2})


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_without_its_check_sqlite_keeps_half_a_penny(app: Flask, engine_name: str) -> None:
    """PostgreSQL refuses a fraction by the type of the column; SQLite must be told."""
    book = open_books()
    with pytest.raises(RefusedByDatabase, match="whole numbers"):
        transact(lambda session: _half_penny(Raw(session, book)))
    allow("value is kept in whole numbers")
    transact(lambda session: _half_penny(Raw(session, book)))
    with transaction(read_only=True) as session:
        halves = session.execute(text("SELECT COUNT(*) FROM entry WHERE amount = 1.5")).scalar_one()
    print(f"COUNT b02_control_half_pennies={halves}")
    assert halves == 2
