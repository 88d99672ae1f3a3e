"""Several rows in one statement are refused as one by one: the database judges what would stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import queries
from ledger.books import service as books
from ledger.kernel.db import transact, transaction
from tests.raw_books import Raw, contents, open_books, refused

BANK, GIFTS, ESCROW = "Assets:Bank", "Income:Gifts", "Liabilities:Escrow:PLG-1"


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def _insert(raw: Raw, table: str, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    marks = ", ".join(
        "(" + ", ".join(f":{name}_{number}" for name in rows[0]) + ")"
        for number in range(len(rows))
    )
    values = {
        f"{name}_{number}": value for number, row in enumerate(rows) for name, value in row.items()
    }
    raw.session.execute(text(f"INSERT INTO {table} ({names}) VALUES {marks}"), values)


def _journals(raw: Raw, *bends: dict[str, Any]) -> list[int]:
    """As many journals as there are bends, by one statement; returns their numbers."""
    first = raw.journal_row()
    rows = [
        first
        | {"seq": first["seq"] + step, "id": f"raw-{first['seq'] + step}",
           "recorded_us": first["recorded_us"] + step}
        | bend
        for step, bend in enumerate(bends)
    ]  # fmt: skip
    _insert(raw, "journal", rows)
    return [row["seq"] for row in rows]


def _entries(raw: Raw, seqs: list[int], *bends: dict[str, Any], amount: int = 5) -> None:
    """A gift to the bank in each journal, all entries by one statement; a bend for each bank line."""
    rows = []
    for step, seq in enumerate(seqs):
        for line, (path, side) in enumerate(((BANK, "D"), (GIFTS, "C")), start=1):
            row = raw.entry_row(seq, line, path, side, amount)
            signed = amount if side == "D" else -amount
            row["acct_version"] += step
            row["balance_after"] += step * signed
            rows.append(row | (bends[step] if bends and line == 1 else {}))
    _insert(raw, "entry", rows)


def _seals(raw: Raw, seqs: list[int], *lines: int) -> None:
    counts = lines or (2,) * len(seqs)
    rows = [
        {"book": raw.book, "seq": seq, "lines": count}
        for seq, count in zip(seqs, counts, strict=True)
    ]
    _insert(raw, "seal", rows)


def test_three_honest_journals_in_three_statements_are_taken(book: int) -> None:
    def unit(session: Any) -> list[int]:
        raw = Raw(session, book)
        seqs = _journals(raw, {}, {}, {})
        _entries(raw, seqs)
        _seals(raw, seqs)
        return seqs

    assert transact(unit) == [4, 5, 6]
    with transaction(read_only=True) as session:
        assert queries.head(session, book).next_seq == 7
        assert queries.balance(session, book, BANK).net == 11_015


def _bent_entries(*bends: dict[str, Any]) -> Callable[[Raw], None]:
    def attack(raw: Raw) -> None:
        seqs = _journals(raw, {}, {})
        _entries(raw, seqs, *bends)
        _seals(raw, seqs)

    return attack


def _second_unbalanced(raw: Raw) -> None:
    seqs = _journals(raw, {}, {})
    _entries(raw, seqs[:1])
    rows = [raw.entry_row(seqs[1], 1, BANK, "D", 5), raw.entry_row(seqs[1], 2, GIFTS, "C", 4)]
    _insert(raw, "entry", rows)
    _seals(raw, seqs)


def _late_line_beside_an_honest_one(raw: Raw) -> None:
    (seq,) = _journals(raw, {})
    late = raw.entry_row(1, 3, GIFTS, "C", 5)
    _insert(raw, "entry", [raw.entry_row(seq, 1, BANK, "D", 5), late])


def _overdrawn_at_the_end(raw: Raw) -> None:
    (seq,) = _journals(raw, {})
    _insert(
        raw, "entry",
        [raw.entry_row(seq, 1, ESCROW, "D", 1_001), raw.entry_row(seq, 2, BANK, "C", 1_001)],
    )  # fmt: skip
    _seals(raw, [seq])


ATTACKS: dict[str, tuple[Callable[[Raw], Any], str]] = {
    "a gap between two journals": (
        lambda raw: _journals(raw, {}, {"seq": 9, "id": "raw-9"}), "takes the next number",
    ),
    "two journals at one instant": (
        lambda raw: _journals(raw, {}, {"recorded_us": raw.journal_row()["recorded_us"]}),
        "a later time",
    ),
    "the second of two journals needs a second person": (
        lambda raw: _journals(raw, {}, {"kind": "pledge.pay"}), "needs a second person",
    ),
    "an id that is taken beside one that is not": (
        lambda raw: _journals(raw, {}, {"id": "first"}), "never replaced",
    ),
    "a version left out": (
        _bent_entries({}, {"acct_version": 9}), "next version and the true balance",
    ),
    "a wrong balance after the second line": (
        _bent_entries({}, {"balance_after": 12}), "next version and the true balance",
    ),
    "both balances wrong by the same": (
        _bent_entries({"balance_after": 12_005}, {"balance_after": 12_010}),
        "next version and the true balance",
    ),
    "one seal of two on a journal that does not balance": (
        _second_unbalanced, "balances in every unit",
    ),
    "one seal of two that counts too few lines": (
        lambda raw: _counted(raw, 2, 3), "counts every line",
    ),
    "a late line beside an honest one": (_late_line_beside_an_honest_one, "takes no more lines"),
    "an account overdrawn by the statement": (_overdrawn_at_the_end, "not_overdrawn"),
    "a head put forward past two journals that are not there": (
        lambda raw: raw.run(
            "UPDATE head SET next_seq = next_seq + 2, last_us = last_us + 2 WHERE book = :book"
        ),
        "moves only with a journal",
    ),
    "a balance put forward past two entries that are not there": (
        lambda raw: raw.run("UPDATE balance SET dr = dr + 5, version = version + 2"),
        "moves only with an entry",
    ),
}  # fmt: skip


def _counted(raw: Raw, *lines: int) -> None:
    seqs = _journals(raw, {}, {})
    _entries(raw, seqs)
    _seals(raw, seqs, *lines)


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.owner_only("it reads the guard's own words, and without the right no guard is asked")
def test_a_statement_of_several_rows_is_refused_for_any_one_of_them(book: int, name: str) -> None:
    attack, words = ATTACKS[name]
    before = contents(book)
    assert words in refused(book, attack)
    assert contents(book) == before
    with transaction(read_only=True) as session:
        assert books.self_check(session, book=book) == []


def test_a_row_that_is_passed_over_moves_nothing(book: int) -> None:
    """ON CONFLICT DO NOTHING must not move a head or a balance for a row that did not go in."""

    def attack(raw: Raw) -> None:
        row = raw.journal_row(id="first")
        names, marks = ", ".join(row), ", ".join(":" + name for name in row)
        raw.session.execute(
            text(f"INSERT INTO journal ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"), row
        )

    before = contents(book)
    assert "never replaced" in refused(book, attack)
    assert contents(book) == before
