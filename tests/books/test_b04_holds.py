"""B4: a hold is posted, given up or run out exactly once, and gives back exactly what it kept."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import queries, rules
from ledger.books import service as books
from ledger.books.rules import Leg, credit, debit
from ledger.jobs import holds as hold_jobs
from ledger.jobs.job import JobContext
from ledger.jobs.registry import job_named
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import LedgerError, RefusedByDatabase
from ledger.schedule.rules import Slot
from tests.raw_books import NOW, Raw, open_books, spec
from tests.unguarded import allow, take_off

HANDS, HOLDS = 50, 20
BANK, ESCROW, PAYABLE = "Assets:Bank", "Liabilities:Escrow:PLG-1", "Liabilities:Payable:GRP-1"
HELD = (Leg(ESCROW, "D", 400, "H"), Leg(PAYABLE, "C", 400, "H"))
RELEASE = tuple((leg.path, leg.side, -leg.quantity, "H") for leg in HELD)
PAID = (debit(ESCROW, 400), credit(PAYABLE, 400))
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def _hold(book: int, id: str = "hold", pence: int = 400) -> int:
    legs = (Leg(ESCROW, "D", pence, "H"), Leg(PAYABLE, "C", pence, "H"))
    held = spec(id, *legs, kind="hold", deadline_at=LATER)
    return transact(lambda s: books.post(s, book=book, spec=held, now=NOW)).seq


def _resolve(book: int, hold: int, journal: rules.JournalSpec, now: datetime = NOW) -> None:
    transact(lambda s: books.resolve_hold(s, book=book, hold=hold, spec=journal, now=now))


def _sweep(now: datetime) -> str:
    return hold_jobs.JOB.run(
        JobContext(job="hold-expiry", slot=Slot(key="test", at=now), now=now, book_code="RAW")
    )


def _held(book: int) -> dict[str, tuple[int, int]]:
    with transaction(read_only=True) as session:
        rows = queries.balances(session, book, [ESCROW, PAYABLE])
    return {path: (row.held_dr, row.held_cr) for path, row in rows.items()}


def _count(book: int, kind: str) -> int:
    with transaction(read_only=True) as session:
        asked = text("SELECT COUNT(*) FROM journal WHERE book = :book AND kind = :kind")
        return int(session.execute(asked, {"book": book, "kind": kind}).scalar_one())


def test_of_fifty_hands_one_resolves_a_hold_and_the_rest_are_told_why(
    app: Flask, book: int
) -> None:
    hold = _hold(book)

    def resolve(hand: int) -> str:
        ways = (
            spec(f"post-{hand}", *PAID, kind="hold.post"),
            spec(f"void-{hand}", kind="hold.void"),
        )
        with app.app_context():
            try:
                _resolve(book, hold, ways[hand % 2])
            except LedgerError as refusal:
                return refusal.code
            return "done"

    with ThreadPoolExecutor(HANDS) as pool:
        told = Counter(pool.map(resolve, range(HANDS)))
    print(f"COUNT b04_hands={HANDS} resolved={told['done']} "
          f"typed_errors={told['books.already_resolved']}")  # fmt: skip
    assert told == {"done": 1, "books.already_resolved": HANDS - 1}
    assert set(_held(book).values()) == {(0, 0)}


def test_past_its_deadline_a_hold_is_not_posted_though_no_scheduler_runs(book: int) -> None:
    """No sweep has run and none will: the database itself knows the deadline."""
    hold = _hold(book)
    late = LATER + timedelta(microseconds=1)
    with pytest.raises(rules.HoldExpired):
        _resolve(book, hold, spec("late", *PAID, kind="hold.post"), late)
    assert _count(book, "hold.expire") == 0
    _resolve(book, hold, spec("in-time", *PAID, kind="hold.post"), LATER)
    print("COUNT b04_late_posts=1 refused=1 in_time_posts=1 taken=1")


def test_two_sweeps_at_once_write_one_journal_for_each_hold(app: Flask, book: int) -> None:
    numbers = [_hold(book, f"hold-{number}", 10) for number in range(HOLDS)]
    assert _sweep(LATER) == "no hold has run out"

    def sweep(_hand: int) -> str:
        with app.app_context():
            return _sweep(LATER + timedelta(seconds=1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sweep, range(4)))
    expired = _count(book, "hold.expire")
    with transaction(read_only=True) as session:
        answers = [queries.answered_by(session, book, resolves=number) for number in numbers]
        row, entries = queries.journal(session, book, queries.head(session, book).next_seq - 1)
        faults = books.self_check(session, book=book)
    print(f"COUNT b04_holds={HOLDS} sweeps=4 expiry_journals={expired}")
    assert expired == HOLDS
    assert answers == [f"hold-{number}-ran-out" for number in numbers]
    assert (row.kind, row.maker) == ("hold.expire", "job:hold-expiry")
    assert {(entry.path, entry.amount) for entry in entries} == {(ESCROW, -10), (PAYABLE, -10)}
    assert set(_held(book).values()) == {(0, 0)}
    assert faults == []
    assert _sweep(LATER + timedelta(days=1)) == "no hold has run out"


def test_the_job_is_on_the_list_and_says_how_many(book: int) -> None:
    assert job_named("hold-expiry") is hold_jobs.JOB
    _hold(book)
    assert _sweep(LATER + timedelta(seconds=1)) == "1 hold ran out"


def test_a_hold_given_up_between_the_look_and_the_lock_is_left_alone(
    book: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = _hold(book)
    _resolve(book, hold, spec("void", kind="hold.void"))
    monkeypatch.setattr(queries, "run_out_holds", lambda *_: [hold])
    assert _sweep(LATER + timedelta(seconds=1)) == "no hold has run out"


def test_what_comes_back_equals_what_was_held_account_by_account(book: int) -> None:
    sums: dict[str, int] = {}
    for number, pence in enumerate((1, 7, 99, 250)):
        hold = _hold(book, f"hold-{number}", pence)
        _resolve(book, hold, spec(f"void-{number}", kind="hold.void"))
        with transaction(read_only=True) as session:
            for seq in (hold, hold + 1):
                for entry in queries.journal(session, book, seq)[1]:
                    sums[entry.path] = sums.get(entry.path, 0) + entry.amount
    print(f"COUNT b04_accounts={len(sums)} not_given_back={sum(map(bool, sums.values()))}")
    assert sums == {ESCROW: 0, PAYABLE: 0}


def test_without_its_keys_a_hold_is_resolved_twice(
    book: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = _hold(book)
    _hold(book, "another")
    void = {"kind": "hold.void", "resolves": hold}
    transact(lambda session: Raw(session, book).journal(*RELEASE, **void))
    with pytest.raises(RefusedByDatabase):
        transact(lambda session: Raw(session, book).journal(*RELEASE, **void))
    take_off("uq_journal_book_resolves")
    transact(lambda session: Raw(session, book).journal(*RELEASE, **void))
    with transaction(read_only=True) as session:
        asked = text("SELECT COUNT(*) FROM journal WHERE resolves = :hold")
        twice = session.execute(asked, {"hold": hold}).scalar_one()
    print(f"COUNT b04_control_resolutions={twice}")
    assert twice == 2
    assert set(_held(book).values()) == {(0, 0)}, "the second took what another hold kept"


def test_without_its_check_a_hold_is_posted_long_after_its_deadline(book: int) -> None:
    hold = _hold(book)
    allow("a hold cannot be posted past its deadline")
    _resolve(book, hold, spec("late", *PAID, kind="hold.post"), LATER + timedelta(days=9))
    print(f"COUNT b04_control_late_posts={_count(book, 'hold.post')}")
    assert _count(book, "hold.post") == 1


def test_without_its_check_less_comes_back_than_was_held(book: int) -> None:
    hold = _hold(book)
    part: list[Any] = [(path, side, amount + 1, layer) for path, side, amount, layer in RELEASE]
    allow("a hold is released exactly")
    transact(lambda s: Raw(s, book).journal(*part, kind="hold.void", resolves=hold))
    print(f"COUNT b04_control_left_held={_held(book)[ESCROW][0]}")
    assert _held(book) == {ESCROW: (1, 0), PAYABLE: (0, 1)}
