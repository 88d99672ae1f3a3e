"""B5: no overdraft, what is held included, however many hands reach for it at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import queries, rules
from ledger.books import service as books
from ledger.books.rules import Leg, Standing, credit, debit
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import RefusedByDatabase
from tests.raw_books import NOW, open_books, spec
from tests.unguarded import take_off

HANDS = 64
BANK, ESCROW, PAYABLE = "Assets:Bank", "Liabilities:Escrow:PLG-1", "Liabilities:Payable:GRP-1"
BELOW_ZERO = text(
    "SELECT COUNT(*) FROM entry e JOIN account a ON a.id = e.account JOIN balance b"
    " ON b.account = a.id WHERE e.layer = 'P' AND (b.guard = 'C' AND e.balance_after > 0"
    " OR b.guard = 'D' AND e.balance_after < 0)"
)


@pytest.fixture
def book(app: Flask) -> int:
    """£10 in escrow, of which each hand wants £1."""
    return open_books()


def _withdrawals(app: Flask, book: int) -> int:
    def take(hand: int) -> bool:
        with app.app_context():
            out = spec(f"take-{hand}", debit(ESCROW, 100), credit(BANK, 100))
            try:
                transact(lambda session: books.post(session, book=book, spec=out, now=NOW))
            except rules.NotEnoughMoney:
                return False
            return True

    with ThreadPoolExecutor(HANDS) as pool:
        return sum(pool.map(take, range(HANDS)))


def _standing(book: int) -> tuple[int, int, list[str]]:
    """What escrow holds, how often any guarded account stood below zero, and the self-check."""
    with transaction(read_only=True) as session:
        return (
            queries.owed(session, book, ESCROW),
            session.execute(BELOW_ZERO).scalar_one(),
            books.self_check(session, book=book),
        )


def test_of_sixty_four_withdrawals_of_a_tenth_exactly_ten_succeed(app: Flask, book: int) -> None:
    done = _withdrawals(app, book)
    left, below, faults = _standing(book)
    print(f"COUNT b05_hands={HANDS} succeeded={done} left_pence={left} below_zero={below}")
    assert (done, left, below, faults) == (10, 0, 0, [])


def test_what_is_held_is_not_there_for_the_sixty_four(app: Flask, book: int) -> None:
    held = (Leg(ESCROW, "D", 400, "H"), Leg(PAYABLE, "C", 400, "H"))
    hold = spec("hold", *held, kind="hold")
    transact(lambda session: books.post(session, book=book, spec=hold, now=NOW))
    done = _withdrawals(app, book)
    left, below, faults = _standing(book)
    print(f"COUNT b05_held_pence=400 succeeded={done} left_pence={left} below_zero={below}")
    assert (done, left, below, faults) == (6, 400, 0, [])


def test_the_database_alone_lets_exactly_ten_through(
    book: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service looks away: the constraint refuses in its place."""
    monkeypatch.setattr(Standing, "overdrawn", property(lambda _self: 0))
    done = 0
    for hand in range(20):
        out = spec(f"take-{hand}", debit(ESCROW, 100), credit(BANK, 100))
        try:
            transact(lambda s, out=out: books.post(s, book=book, spec=out, now=NOW))  # type: ignore[misc]
        except RefusedByDatabase:
            continue
        done += 1
    print(f"COUNT b05_by_constraint_alone={done}")
    assert (done, _standing(book)[0]) == (10, 0)


def test_without_the_constraint_and_the_look_the_account_falls_below_zero(
    app: Flask, book: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Standing, "overdrawn", property(lambda _self: 0))
    take_off("ck_balance_credit_not_overdrawn")
    done = _withdrawals(app, book)
    left, below, _ = _standing(book)
    print(f"COUNT b05_control_succeeded={done} left_pence={left} below_zero={below}")
    assert (done, left) == (HANDS, 1_000 - 100 * HANDS)
    assert below > 0
