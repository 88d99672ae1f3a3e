"""Holds, reversals and periods by the service (docs/rules.md, B7 to B9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.books import service as books
from ledger.books.rules import JournalSpec, Leg, credit, debit
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Conflict, LedgerError
from tests.raw_books import NOW, TODAY, open_books, spec

BANK, GIFTS = "Assets:Bank", "Income:Gifts"
ESCROW, PAYABLE = "Liabilities:Escrow:PLG-1", "Liabilities:Payable:GRP-1"
HELD = (Leg(ESCROW, "D", 400, "H"), Leg(PAYABLE, "C", 400, "H"))
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def read(question: Callable[[Session], Any]) -> Any:
    with transaction(read_only=True) as session:
        return question(session)


def hold(book: int, **facts: Any) -> int:
    journal = spec("hold", *HELD, kind="hold", **facts)
    return transact(lambda s: books.post(s, book=book, spec=journal, now=NOW)).seq


def resolve(book: int, number: int, journal: JournalSpec, now: datetime = NOW) -> books.Posted:
    return transact(lambda s: books.resolve_hold(s, book=book, hold=number, spec=journal, now=now))


def test_what_is_held_cannot_be_spent_and_comes_back_when_it_is_given_up(book: int) -> None:
    number = hold(book)
    spend = spec("spend", debit(ESCROW, 601), credit(BANK, 601))
    with pytest.raises(rules.NotEnoughMoney, match=r"£0\.01"):
        transact(lambda s: books.post(s, book=book, spec=spend, now=NOW))
    resolve(book, number, spec("void", kind="hold.void"))
    row = read(lambda s: queries.balance(s, book, ESCROW))
    assert (row.held_dr, row.held_cr, row.owed) == (0, 0, 1_000)
    transact(lambda s: books.post(s, book=book, spec=spend, now=NOW))


def test_a_hold_is_posted_in_part_and_the_rest_comes_back(book: int) -> None:
    number = hold(book)
    resolve(book, number, spec("post", debit(ESCROW, 150), credit(PAYABLE, 150), kind="hold.post"))
    escrow, payable = (read(lambda s, p=p: queries.balance(s, book, p)) for p in (ESCROW, PAYABLE))
    assert (escrow.owed, escrow.held_dr, payable.owed, payable.held_cr) == (850, 0, 150, 0)
    assert read(lambda s: books.self_check(s, book=book)) == []


def test_a_hold_is_resolved_once_and_the_same_request_again_is_no_second(book: int) -> None:
    number = hold(book)
    first = resolve(book, number, spec("void", kind="hold.void"))
    assert resolve(book, number, spec("void", kind="hold.void")).seq == first.seq
    with pytest.raises(rules.AlreadyResolved, match="resolved by void"):
        resolve(book, number, spec("again", kind="hold.void"))


def test_only_a_hold_can_be_resolved(book: int) -> None:
    with pytest.raises(rules.AlreadyResolved, match="is not a hold"):
        resolve(book, 1, spec("void", kind="hold.void"))
    release = resolve(book, hold(book), spec("void", kind="hold.void")).seq
    with pytest.raises(rules.AlreadyResolved, match="is not a hold"):
        resolve(book, release, spec("void-void", kind="hold.void"))


def test_a_hold_past_its_deadline_can_only_run_out(book: int) -> None:
    number = hold(book, deadline_at=NOW + timedelta(hours=1))
    late = NOW + timedelta(hours=1, microseconds=1)
    paid = spec("post", debit(ESCROW, 400), credit(PAYABLE, 400), kind="hold.post")
    with pytest.raises(rules.HoldExpired, match="deadline"):
        resolve(book, number, paid, now=late)
    resolve(book, number, spec("expire", kind="hold.expire"), now=late)
    assert read(lambda s: queries.balance(s, book, ESCROW)).held_dr == 0


def test_a_hold_at_the_very_instant_of_its_deadline_can_be_posted(book: int) -> None:
    number = hold(book, deadline_at=NOW + timedelta(hours=1))
    paid = spec("post", debit(ESCROW, 400), credit(PAYABLE, 400), kind="hold.post")
    assert not resolve(book, number, paid, now=NOW + timedelta(hours=1)).replayed


def reverse(book: int, seq: int, id: str, **facts: Any) -> books.Posted:
    facts = {"maker": "PER-A", "checker": "PER-B", "reason": "entered twice"} | facts
    return transact(
        lambda s: books.reverse(s, book=book, seq=seq, id=id, now=NOW, effective_on=TODAY, **facts)
    )


def test_a_reversal_is_the_mirror_and_leaves_what_it_answers_alone(book: int) -> None:
    before = read(lambda s: queries.journal(s, book, 1))
    posted = reverse(book, 1, "undo-first")
    row, entries = read(lambda s: queries.journal(s, book, posted.seq))
    assert (row.reverses, row.reason, row.checker) == (1, "entered twice", "PER-B")
    assert {(entry.path, entry.side, entry.amount) for entry in entries} == {
        (BANK, "C", 10_000), (GIFTS, "D", 10_000),
    }  # fmt: skip
    assert read(lambda s: queries.journal(s, book, 1)) == before


def test_a_journal_is_reversed_once(book: int) -> None:
    first = reverse(book, 1, "undo")
    assert reverse(book, 1, "undo").seq == first.seq
    with pytest.raises(rules.AlreadyReversed, match="reversed by undo"):
        reverse(book, 1, "undo-again")


def test_a_reversal_needs_a_second_person(book: int) -> None:
    with pytest.raises(rules.JournalRefused, match="same person"):
        reverse(book, 1, "undo", checker="PER-A")


def test_a_reversal_that_would_overdraw_is_refused(book: int) -> None:
    paid = spec("paid", debit(ESCROW, 1_000), credit(BANK, 1_000))
    transact(lambda s: books.post(s, book=book, spec=paid, now=NOW))
    with pytest.raises(rules.NotEnoughMoney):
        reverse(book, 3, "undo")


def open_march(book: int) -> int:
    return transact(lambda s: books.open_period(s, book=book, starts_on=MARCH[0], ends_on=MARCH[1]))


def close(period: int, signer: str = "PER-A", second: str = "PER-B") -> str:
    transact(lambda s: books.begin_closing(s, period=period))
    return transact(
        lambda s: books.close_period(
            s, period=period, signed_by=signer, countersigned_by=second, reason="all is in", now=NOW
        )
    )


GIFT = (debit(BANK, 500), credit(GIFTS, 500))


def test_nothing_is_posted_into_a_closed_period_and_the_next_is_open(book: int) -> None:
    close(open_march(book))
    with pytest.raises(rules.PeriodClosed, match="2026-03-02"):
        transact(lambda s: books.post(s, book=book, spec=spec("late", *GIFT), now=NOW))
    april = spec("april", *GIFT, effective_on=date(2026, 4, 1))
    transact(lambda s: books.post(s, book=book, spec=april, now=NOW))


def test_a_period_being_closed_takes_only_what_two_people_made(book: int) -> None:
    period = open_march(book)
    transact(lambda s: books.begin_closing(s, period=period))
    with pytest.raises(LedgerError, match="second person"):
        transact(lambda s: books.post(s, book=book, spec=spec("alone", *GIFT), now=NOW))
    both = spec("both", *GIFT, kind="adjustment", checker="PER-B")
    transact(lambda s: books.post(s, book=book, spec=both, now=NOW))


def test_a_period_is_closed_by_two_people(book: int) -> None:
    period = open_march(book)
    with pytest.raises(LedgerError):
        close(period, second="PER-A")


def test_a_period_moves_only_from_where_it_stands(book: int) -> None:
    period = open_march(book)
    with pytest.raises(Conflict, match="is not adjusting"):
        transact(
            lambda s: books.close_period(
                s,
                period=period,
                signed_by="PER-A",
                countersigned_by="PER-B",
                reason="all is in",
                now=NOW,
            )
        )
    close(period)
    with pytest.raises(Conflict, match="is not open"):
        transact(lambda s: books.begin_closing(s, period=period))


def test_closing_again_gives_the_same_hash_unless_something_was_posted(book: int) -> None:
    period = open_march(book)
    first = close(period)
    reopen = {"signed_by": "PER-A", "countersigned_by": "PER-B", "reason": "a late invoice"}
    transact(lambda s: books.reopen_period(s, period=period, now=NOW, **reopen))

    def again() -> str:
        return transact(
            lambda s: books.close_period(
                s,
                period=period,
                signed_by="PER-A",
                countersigned_by="PER-B",
                reason="all is in",
                now=NOW,
            )
        )

    assert again() == first
    transact(lambda s: books.reopen_period(s, period=period, now=NOW, **reopen))
    late = spec("late", *GIFT, kind="adjustment", checker="PER-B")
    transact(lambda s: books.post(s, book=book, spec=late, now=NOW))
    assert again() != first


def test_an_empty_period_can_be_closed(book: int) -> None:
    period = transact(
        lambda s: books.open_period(
            s, book=book, starts_on=date(2025, 1, 1), ends_on=date(2025, 1, 31)
        )
    )
    close(period)
    row = read(lambda s: queries.periods(s, book))[0]
    assert (row["status"], row["seq_at_close"], row["starts_on"]) == (
        "CLOSED", 4, date(2025, 1, 1),
    )  # fmt: skip


def test_periods_do_not_overlap(book: int) -> None:
    open_march(book)
    with pytest.raises(LedgerError, match="overlaps no other"):
        transact(
            lambda s: books.open_period(
                s, book=book, starts_on=date(2026, 3, 31), ends_on=date(2026, 4, 30)
            )
        )
