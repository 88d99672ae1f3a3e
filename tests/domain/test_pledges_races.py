"""Many people at once: the last place, the last penny of a pot, the last of an escrow."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from flask import Flask

from ledger.books import service as books
from ledger.funds.rules import PotEmpty
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transaction
from ledger.kernel.errors import Busy, LedgerError
from ledger.pledges import rules
from tests.cast import Place
from tests.pledging import Stage, deal

Result = TypeVar("Result")
THREADS = 50


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


def at_once(app: Flask, acts: list[Callable[[], Result]]) -> list[Result | LedgerError]:
    """Do everything at the same time; a busy database is asked again, a refusal is an answer."""

    def one(act: Callable[[], Result]) -> Result | LedgerError:
        with app.app_context():
            while True:
                try:
                    return act()
                except Busy:
                    continue
                except LedgerError as refusal:
                    return refusal

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        return list(pool.map(one, acts))


def test_fifty_people_at_the_limit_never_pass_the_maximum(app: Flask, stage: Stage) -> None:
    # PL5 and PL9: room for 20 of 50; exactly one of them reaches the minimum.
    pledge = stage.open(deal(minimum=15_000, maximum=20_000))
    asked = [stage.promise(pledge, person, 1_000) for person in stage.people(THREADS)]
    answers = at_once(app, [lambda one=one: stage.confirm(one.secret) for one in asked])
    kept = [answer for answer in answers if not isinstance(answer, LedgerError)]
    refused = [answer for answer in answers if isinstance(answer, LedgerError)]
    assert len(kept) == 20
    assert {type(refusal) for refusal in refused} == {rules.Full}
    assert sum(answer.reached for answer in kept) == 1
    view = stage.pledge(pledge)
    assert (view.state, view.confirmed, view.confirmed_count) == ("REACHED", 20_000, 20)
    assert stage.owed(rules.conditional(pledge, "GBP")) == 20_000
    with transaction(read_only=True) as s:
        assert books.self_check(s, book=stage.place.book) == []


def test_the_same_link_followed_fifty_times_at_once_counts_once(app: Flask, stage: Stage) -> None:
    pledge = stage.open()
    asked = stage.promise(pledge, stage.people(1)[0], 1_000)
    answers = at_once(app, [lambda: stage.confirm(asked.secret) for _ in range(THREADS)])
    assert sum(not answer.again for answer in answers) == 1
    assert stage.pledge(pledge).confirmed == 1_000


def test_the_same_person_joining_from_many_places_has_one_promise(app: Flask, stage: Stage) -> None:
    pledge = stage.open()
    person = stage.people(1)[0]
    answers = at_once(app, [lambda: stage.promise(pledge, person, 1_000) for _ in range(12)])
    assert len({answer.commitment for answer in answers}) == 1


def test_last_gifts_at_once_never_overspend_what_is_reserved(app: Flask, stage: Stage) -> None:
    # PL11 and F3: 20 gifts of £10 under a reservation of £105.
    offer = stage.offer(pot=10_500, donor=1_000, pledge=10_500)
    pledge = stage.open(deal(minimum=20_000))
    stage.take(pledge, offer)
    made = [stage.join(pledge, person, 1_000).commitment for person in stage.people(20)]
    stage.move(hours=48)
    stage.settle(pledge)
    answers = at_once(app, [lambda one=one: stage.pay(one, 1_000, f"BANK {one}") for one in made])
    assert not [answer for answer in answers if isinstance(answer, LedgerError)]
    assert stage.owed(rules.escrow(pledge)) == 20_000 + 10_500
    assert stage.owed(f"Liabilities:MatchReserved:{pledge}:{offer}") == 0


def test_pledges_at_once_never_reserve_more_than_the_pot(app: Flask, stage: Stage) -> None:
    # F4: a pot of £250, pledges that may have £100 each.
    offer = stage.offer(pot=25_000, donor=1_000, pledge=10_000)
    opened = [stage.open() for _ in range(6)]
    answers = at_once(app, [lambda one=one: stage.take(one, offer) for one in opened])
    given = sorted(answer for answer in answers if not isinstance(answer, LedgerError))
    assert given == [5_000, 10_000, 10_000]
    assert sum(isinstance(answer, PotEmpty) for answer in answers) == 3
    assert stage.owed(f"Liabilities:MatchHeld:{offer}") == 0


def test_the_same_bank_line_recorded_at_once_is_one_receipt(app: Flask, stage: Stage) -> None:
    pledge = stage.open(deal(minimum=1_000))
    made = stage.join(pledge, stage.people(1)[0], 1_000).commitment
    stage.move(hours=48)
    stage.settle(pledge)
    answers = at_once(app, [lambda: stage.pay(made, 100, "BANK 1") for _ in range(8)])
    assert sum(not isinstance(answer, LedgerError) for answer in answers) == 1
    assert stage.owed(rules.escrow(pledge)) == 100
