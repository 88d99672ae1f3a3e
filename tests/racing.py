"""Attempts to book one hall from many processes at once (see ``test_bookings_races``)."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.settings import Settings
from ledger.app import create_app
from ledger.bookings import rules, service
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact
from ledger.kernel.errors import Busy
from tests.cast import Place
from tests.hall import TUESDAY, Hall

REFUSALS = (
    rules.SlotTaken, rules.HoldLapsed, rules.NothingToBook, rules.DatesRefused, rules.MoveRefused,
    Busy,
)  # fmt: skip


def attempt(hall: Hall, chance: random.Random, clock: FixedClock) -> str:
    """Ask for a random stretch of a random space; now and then hold, let lapse, take back."""
    start = chance.randrange(8 * 60, 20 * 60, 15)
    request = hall.request(
        chance.choice([hall.hall, hall.room_a, hall.room_b]),
        starts_on=TUESDAY + timedelta(days=chance.randrange(2)), start_minute=start,
        end_minute=start + chance.choice([30, 60, 90, 120]),
        every_weeks=1, count=chance.choice([1, 3]),
    )  # fmt: skip
    organiser, hold = hall.place.actor("organiser"), chance.random() < 0.3
    mode = chance.choice(["all", "skip"])
    try:
        made = transact(
            lambda s: service.book(
                s, request=request, actor=organiser, now=clock.now(), hold=hold, mode=mode
            )
        ).id
        if hold:
            clock.move(timedelta(minutes=chance.choice([1, 20])))
            transact(
                lambda s: service.claim_hold(s, booking=made, actor=organiser, now=clock.now())
            )
        elif chance.random() < 0.4:
            transact(lambda s: service.withdraw(s, booking=made, actor=organiser, now=clock.now()))
        elif chance.random() < 0.4:
            hall.confirm(made, now=clock.now())
    except REFUSALS as refusal:
        return refusal.code
    return "done"


def race(url: str, facts: str, seed: int, attempts: int) -> None:
    """Attempt so many bookings with one seed, each process in its own time."""
    known = json.loads(facts)
    place = Place(known["book"], known["people"], known["organisations"])
    settings = Settings(
        database_url=url, data_dir=Path("/nowhere"), secret_key="race",
        serving=False, testing=True,
    )  # fmt: skip
    chance = random.Random(seed)
    clock = FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    with create_app(settings).app_context():
        hall = Hall(place, *known["hall"])
        print(dict(Counter(attempt(hall, chance, clock) for _ in range(attempts))))
