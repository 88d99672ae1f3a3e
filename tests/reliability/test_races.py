"""A hundred at once for one dividend, one hour of a hall, one escrow: exactly what there is.

``LEDGER_TEST_RACES`` asks for more seeds than the two of an ordinary run; fifty are the full one.
Each race has its control: the same hundred look first, act in another unit, and the guard that
stands below the lock is taken off. It must break, or the race is none. So that it breaks on every
machine, a control's hands meet after they have looked; nothing makes the race itself wait.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.bookings import service as bookings
from ledger.books import queries as book_queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.dividends import queries as dividend_queries
from ledger.dividends import service as dividends
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Busy, LedgerError
from tests import dividing
from tests.cast import Place
from tests.dividing import JOB, NOW
from tests.hall import TUESDAY, Hall, open_hall
from tests.raw_books import spec
from tests.unguarded import allow, take_off

SEEDS = int(os.environ.get("LEDGER_TEST_RACES") or 2)
HANDS = 100
POT, PART, SPENDS = 1_000, 30, 33


def race(app: Flask, seed: int, act: Callable[[int], bool]) -> int:
    """A hundred start at one signal, each after a pause of its own; how many were served."""
    chance, signal = random.Random(seed), threading.Barrier(HANDS)
    pauses = [chance.uniform(0, 0.01) for _ in range(HANDS)]
    served: list[bool] = []
    faults: list[BaseException] = []

    def hand(number: int) -> None:
        try:
            with app.app_context():
                signal.wait(60)
                time.sleep(pauses[number])
                served.append(asked_until_answered(lambda: act(number)))
        except BaseException as error:  # noqa: BLE001 - a thread's fault is the test's
            faults.append(error)

    threads = [threading.Thread(target=hand, args=(number,)) for number in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert faults == []
    assert len(served) == HANDS
    return sum(served)


class Meeting:
    """Where a control's hands wait, once, until all of them have looked."""

    def __init__(self) -> None:
        self.looked: set[int] = set()
        self.all_looked = threading.Event()
        self.lock = threading.Lock()

    def wait(self, number: int) -> None:
        """Wait for the others; a hand that asks again, as the database was busy, goes on."""
        with self.lock:
            self.looked.add(number)
            if len(self.looked) == HANDS:
                self.all_looked.set()
        assert self.all_looked.wait(60), "all of them look"


def asked_until_answered(act: Callable[[], bool]) -> bool:
    """A busy database is asked again, as its refusal says; any other refusal is a no."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            return act()
        except Busy:
            continue
        except LedgerError:
            return False
    raise AssertionError("busy for a minute")


# One dividend ---------------------------------------------------------------------------------


def awards(place: Place, agreement: str) -> int:
    with transaction(read_only=True) as session:
        found = book_queries.journals(session, place.book, group=agreement)
    return sum(row.kind == "dividend.award" for row in found)


def approved(place: Place) -> tuple[dividing.Deal, str]:
    deal = dividing.running(place)
    determination = dividing.proposed(deal)
    dividing.decided(deal, determination)
    return deal, determination


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_hundred_releases_of_one_dividend_pay_once(
    app: Flask, place: Place, engine_name: str, seed: int
) -> None:
    deal, determination = approved(place)

    def release(_number: int) -> bool:
        return transact(
            lambda s: dividends.release(s, determination=determination, actor=JOB, now=NOW)
        )

    served = race(app, seed, release)
    paid = awards(place, deal.agreement)
    print(f"COUNT engine={engine_name} race_dividend_seed={seed} payments={paid} told={served}")
    assert (served, paid) == (1, 1)


def test_a_release_that_looks_first_and_pays_later_pays_twice(
    app: Flask, place: Place, clock: FixedClock, engine_name: str
) -> None:
    """The control. Whoever sees it approved pays, under a key of their own."""
    deal, determination = approved(place)
    specs = [AccountSpec("Expenses:Awards"), AccountSpec("Liabilities:Awards")]
    transact(lambda s: books.open_accounts(s, book=place.book, specs=specs))
    meeting = Meeting()

    def pay(number: int) -> bool:
        with transaction(read_only=True) as session:
            state = dividend_queries.determination(session, determination).state
        meeting.wait(number)
        if state != "APPROVED":
            return False

        def unit(session: Session) -> None:
            award = spec(
                f"award-{number}", debit("Expenses:Awards", 5), credit("Liabilities:Awards", 5)
            )
            books.post(session, book=place.book, spec=award, now=NOW)
            if session.execute(text("SELECT state FROM determination")).scalar() == "APPROVED":
                dividends.release(session, determination=determination, actor=JOB, now=NOW)

        transact(unit)
        return True

    paid = race(app, 1, pay)
    print(f"COUNT engine={engine_name} race_control_dividend_payments={paid}")
    assert paid > 1
    assert awards(place, deal.agreement) == 1, "the service's own release stays single"


# One hour of a hall ---------------------------------------------------------------------------


@dataclass(slots=True)
class Slot:
    """A Tuesday's evening in one room, wanted by a hundred, each for a stretch around 20:00."""

    hall: Hall
    now: datetime
    seed: int

    def request(self, number: int) -> bookings.Request:
        """One of the stretches; all of them hold the quarter of an hour from 20:00."""
        chance = random.Random(self.seed * HANDS + number)
        return self.hall.request(
            starts_on=TUESDAY + timedelta(weeks=self.seed),
            start_minute=chance.randrange(18 * 60, 20 * 60 + 1, 15),
            end_minute=chance.randrange(20 * 60 + 15, 22 * 60, 15),
        )

    def book(self, number: int) -> bool:
        """Ask for it as everybody does."""
        actor = self.hall.place.actor("organiser")
        transact(
            lambda s: bookings.book(s, request=self.request(number), actor=actor, now=self.now)
        )
        return True


def claims() -> tuple[int, int]:
    """Active claims, and pairs of them that overlap."""
    with transaction(read_only=True) as session:
        pairs = session.execute(
            text(
                "SELECT count(*) FROM space_claim a JOIN space_claim b ON a.atom = b.atom"
                " AND a.id < b.id AND a.starts < b.ends AND b.starts < a.ends"
                " WHERE a.active = 1 AND b.active = 1"
            )
        ).scalar_one()
        count = session.execute(
            text("SELECT count(*) FROM space_claim WHERE active = 1")
        ).scalar_one()
    return int(count), int(pairs)


def test_a_hundred_requests_for_one_hour_are_one_booking(
    app: Flask, place: Place, clock: FixedClock, engine_name: str
) -> None:
    hall = open_hall(place, now=clock.now())
    served = [race(app, seed, Slot(hall, clock.now(), seed).book) for seed in range(SEEDS)]
    taken, overlapping = claims()
    print(
        f"COUNT engine={engine_name} race_slot_seeds={SEEDS} bookings={sum(served)}"
        f" overlapping={overlapping}"
    )
    assert served == [1] * SEEDS
    assert (taken, overlapping) == (SEEDS, 0)


def test_a_booking_that_looks_first_and_claims_later_overlaps(
    app: Flask, place: Place, clock: FixedClock, engine_name: str
) -> None:
    """The control: the plan is looked at, and the claim is written later and without its guard."""
    slot = Slot(open_hall(place, now=clock.now()), clock.now(), 1)
    if engine_name == "sqlite":
        allow("somebody else has that part of the building at that time")
    else:
        take_off("space_claim_no_overlap")
    meeting = Meeting()

    def claim(number: int) -> bool:
        with transaction(read_only=True) as session:
            found = bookings.plan(session, request=slot.request(number), now=slot.now)
            (atom,) = session.execute(
                text("SELECT atom FROM space_part WHERE space = :space"),
                {"space": slot.hall.room_a},
            ).scalars()
        meeting.wait(number)
        if not found.bookable:
            return False
        taken = [(atom, found.bookable[0].slot, None)]
        transact(lambda s: bookings.claims.write_claims(s, taken, kind="closure"))
        return True

    race(app, 1, claim)
    _, overlapping = claims()
    print(f"COUNT engine={engine_name} race_control_slot_overlapping={overlapping}")
    assert overlapping > 0


# One escrow -----------------------------------------------------------------------------------


def escrow(place: Place, path: str, *, guard: str) -> None:
    """An escrow with ten pounds in it."""
    specs = [AccountSpec("Assets:Bank"), AccountSpec("Assets:Paid"), AccountSpec(path, guard=guard)]

    def unit(session: Session) -> None:
        books.open_accounts(session, book=place.book, specs=specs)
        filled = spec(f"fill {path}", debit("Assets:Bank", POT), credit(path, POT))
        books.post(session, book=place.book, spec=filled, now=NOW)

    transact(unit)


def spend(place: Place, path: str, number: int) -> bool:
    one = spec(f"{path} {number}", debit(path, PART), credit("Assets:Paid", PART))
    transact(lambda s: books.post(s, book=place.book, spec=one, now=NOW))
    return True


def left(place: Place, path: str) -> int:
    with transaction(read_only=True) as session:
        assert books.self_check(session, book=place.book) == []
        return book_queries.owed(session, place.book, path)


def test_an_escrow_of_a_thousand_pence_is_spent_thirty_three_times(
    app: Flask, place: Place, engine_name: str
) -> None:
    served, rest = [], []
    for seed in range(SEEDS):
        path = f"Liabilities:Escrow:S{seed}"
        escrow(place, path, guard="C")
        served.append(race(app, seed, lambda number, path=path: spend(place, path, number)))
        rest.append(left(place, path))
    print(
        f"COUNT engine={engine_name} race_escrow_seeds={SEEDS} spends={sum(served)}"
        f" overspent={sum(pence < 0 for pence in rest)}"
    )
    assert served == [SPENDS] * SEEDS
    assert rest == [POT - SPENDS * PART] * SEEDS


def test_a_spend_that_looks_first_and_posts_later_overspends(
    app: Flask, place: Place, engine_name: str
) -> None:
    """The control: an account without a guard, looked at before."""
    path = "Liabilities:Escrow:Open"
    escrow(place, path, guard="N")
    meeting = Meeting()

    def look_and_spend(number: int) -> bool:
        enough = left_now(place, path) >= PART
        meeting.wait(number)
        return enough and spend(place, path, number)

    served = race(app, 1, look_and_spend)
    print(f"COUNT engine={engine_name} race_control_escrow_spends={served}")
    assert served > SPENDS
    assert left(place, path) < 0


def left_now(place: Place, path: str) -> int:
    with transaction(read_only=True) as session:
        return book_queries.owed(session, place.book, path)
