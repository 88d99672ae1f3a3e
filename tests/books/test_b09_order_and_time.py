"""B9: numbers without a gap, and recorded time that only rises."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import RefusedByDatabase
from tests.raw_books import NOW, Raw, open_books, spec
from tests.unguarded import allow

POSTS, ROLLED_BACK_PERCENT = 10_000, 20
GIFT = (debit("Assets:Bank", 1), credit("Income:Gifts", 1))
FACTS = text(
    "SELECT COUNT(*), MAX(j.seq), (SELECT COUNT(*) FROM journal a JOIN journal b ON b.book = a.book"
    " AND b.seq = a.seq + 1 WHERE b.recorded_us <= a.recorded_us) FROM journal j"
)


class _ThinkAgain(Exception):
    """What rolls a unit of work back."""


def test_ten_thousand_posts_a_fifth_of_them_rolled_back_leave_no_gap(app: Flask) -> None:
    book, chance = open_books(), random.Random(20261125)
    asked = undone = 0
    while asked < POSTS:
        count = min(chance.randint(1, 80), POSTS - asked)
        specs = [spec(f"j-{asked + number}", *GIFT) for number in range(count)]
        # The clock wanders an hour either way, and falls back by an hour half way through.
        now = NOW + timedelta(seconds=chance.randint(-3_600, 3_600))
        if asked > POSTS // 2:
            now -= timedelta(hours=1)
        asked += count
        undo = undone < asked * ROLLED_BACK_PERCENT // 100
        try:
            with transaction() as session:
                books.post_many(session, book=book, specs=specs, now=now)
                if undo:
                    raise _ThinkAgain
        except _ThinkAgain:
            undone += count
    with transaction(read_only=True) as session:
        count, last, backwards = session.execute(FACTS).one()
        head = queries.head(session, book)
        faults = books.self_check(session, book=book)
    print(
        f"COUNT b09_posts={POSTS} rolled_back={undone} journals={count} gaps={last - count}"
        f" times_not_rising={backwards}"
    )
    assert undone >= POSTS * ROLLED_BACK_PERCENT // 100
    assert count == POSTS - undone + 3
    assert (last, head.next_seq, backwards, faults) == (count, count + 1, 0, [])


def test_a_clock_set_back_an_hour_does_not_set_recorded_time_back(app: Flask) -> None:
    book = open_books()
    for number, step in enumerate((0, -1, -2)):
        gift = spec(f"gift-{number}", *GIFT)
        at = NOW + timedelta(hours=step)
        transact(lambda s, gift=gift, at=at: books.post(s, book=book, spec=gift, now=at))  # type: ignore[misc]
    with transaction(read_only=True) as session:
        times = [row.recorded_us for row in queries.journals(session, book)]
    print(f"COUNT b09_clock_set_back_hours=2 times_not_rising={len(times) - len(set(times))}")
    assert times == sorted(set(times))


GIFT_RAW = (("Assets:Bank", "D", 1), ("Income:Gifts", "C", 1))


@pytest.mark.parametrize("bent", [{"seq": 9}, {"recorded_us": 1}])
def test_without_its_check_a_number_is_left_out_and_time_goes_back(
    app: Flask, bent: dict[str, int]
) -> None:
    book = open_books()

    def attack(session: object) -> None:
        Raw(session, book).journal(*GIFT_RAW, **bent)  # type: ignore[arg-type]

    with pytest.raises(RefusedByDatabase):
        transact(attack)
    allow("a journal takes the next number and a later time", "the head of a book moves only with"
          " a journal")  # fmt: skip
    transact(attack)
    with transaction(read_only=True) as session:
        count, last, backwards = session.execute(FACTS).one()
    print(f"COUNT b09_control_gaps={last - count} times_not_rising={backwards}")
    assert last - count > 0 or backwards > 0
