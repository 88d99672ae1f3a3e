"""Random lives of bookings: the sums that must always hold, whatever happened in which order."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from ledger.bookings import queries, rules, service
from ledger.bookings.rules import Series, Slot
from ledger.books import queries as books
from ledger.books import service as books_service
from ledger.kernel.clock import LONDON, FixedClock
from ledger.kernel.db import transact, transaction
from tests.cast import Place
from tests.hall import Hall, open_hall

DAYS = st.dates(date(2025, 1, 1), date(2030, 12, 31))


@given(DAYS, st.integers(0, 1439), st.integers(1, 1440))
def test_a_slot_shows_the_wall_times_that_were_asked_for_or_none(
    day: date, start: int, length: int
) -> None:
    slot = rules.slot_on(day, start, start + length, start_fold=0, end_fold=0)
    if isinstance(slot, str):
        assert slot == "clock_change"
        return
    for at, minute in ((slot.starts_at, start), (slot.ends_at, start + length)):
        shown = at.astimezone(LONDON).replace(tzinfo=None)
        assert shown == datetime.combine(day, time(0)) + timedelta(minutes=minute)
    assert abs(slot.minutes - length) in (0, 60)


@given(DAYS, st.integers(1, 8), st.integers(1, 100))
def test_a_series_keeps_its_weekday_and_its_interval(start: date, weeks: int, count: int) -> None:
    series = Series(start, 60, 120, weeks, count=count)
    try:
        found = rules.dates(series)
    except rules.SeriesRefused:
        assert weeks * 7 * (count - 1) > 3 * 366
        return
    assert len(found) == count
    assert {day.weekday() for day in found} == {start.weekday()}
    assert all((second - first).days == 7 * weeks for first, second in pairwise(found))


@given(st.integers(0, 100_000), st.integers(1, 1440), st.integers(0, 100))
def test_list_is_charge_and_subsidy_and_a_refund_loses_no_penny(
    pence: int, minutes: int, percent: int
) -> None:
    rates = [
        rules.Rate("L", "standard", pence, date(2026, 1, 1), "LIST"),
        rules.Rate("C", "community", pence * percent // 100, date(2026, 1, 1), "C-1"),
    ]
    quote = rules.quote(
        rates, user_class="community", on=date(2026, 1, 1), minutes=minutes, vat_percent=20
    )
    assert quote is not None
    assert quote.net_pence + quote.subsidy_pence == quote.list_pence
    parts = rules.refund_split(
        net_pence=quote.net_pence, vat_pence=quote.vat_pence, retention_percent=percent
    )
    assert sum(parts) == quote.net_pence + quote.vat_pence
    assert min(parts) >= 0


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=30),
       st.integers(0, 300), st.integers(1, 60))  # fmt: skip
def test_a_clash_is_found_exactly_when_something_overlaps(
    wanted: list[tuple[int, int]], start: int, length: int
) -> None:
    claims: list[tuple[int, int, str]] = []
    for starts, long in wanted:
        if all(starts >= ends or starts + long <= begins for begins, ends, _ in claims):
            claims.append((starts, starts + long, "booking"))
    claims.sort()
    slot = Slot(rules.from_epoch(start), rules.from_epoch(start + length))
    found = queries.clashes({"A": claims}, atoms=["A"], slot=slot)
    assert bool(found) == any(
        begins < start + length and start < ends for begins, ends, _ in claims
    )


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_minutes_and_the_prices_reconcile(
    app: Flask, place: Place, clock: FixedClock, seed: int
) -> None:
    chance = random.Random(seed)
    hall = open_hall(place, now=clock.now(), retention_percent=30, vat_percent=20)
    for _ in range(12):
        _live(hall, place, clock, chance)
    clock.at = datetime(2026, 5, 2, 9, tzinfo=UTC)
    for month in (3, 4):
        transact(
            lambda s, month=month: service.close_month(  # type: ignore[misc]
                s, asset=hall.asset, month_on=date(2026, month, 1), maker="job:m", now=clock.now()
            )
        )
    with transaction(read_only=True) as s:
        assert books_service.self_check(s, book=place.book) == []
        net = {row.path: row.net for row in books.trial_balance(s, place.book)}
        months = [queries.month(s, asset=hall.asset, month_on=date(2026, m, 1)) for m in (3, 4)]
        used = [
            date_
            for view in queries.bookings_of(s, limit=200)
            for date_ in queries.occurrences(s, view.id)
            if date_.state in ("used", "no_show")
        ]
    minutes = sum(value for path, value in net.items() if path.startswith("Expenses:Minutes:"))
    assert minutes == sum(month.endowed_minutes for month in months if month)  # K12
    assert net.get(f"Assets:Minutes:Available:{hall.asset}", 0) == 0
    earned = sum(
        -net.get(f"Income:{kind}:{hall.asset}", 0) for kind in ("Hire", "HireForgone", "NoShow")
    )
    assert earned == sum(date_.list_pence for date_ in used)  # K11
    assert all(value == 0 for path, value in net.items() if path.startswith("Liabilities:Deferred"))


def _live(hall: Hall, place: Place, clock: FixedClock, chance: random.Random) -> None:
    """One booking from request to end, each date in its own way."""
    start = chance.randrange(8 * 60, 20 * 60, 7)
    try:
        booking = hall.book(
            chance.choice([hall.hall, hall.room_a, hall.room_b]), now=clock.now(), mode="skip",
            starts_on=date(2026, 3, 3) + timedelta(days=chance.randrange(28)),
            start_minute=start, end_minute=start + chance.randrange(10, 115), every_weeks=1,
            count=chance.randrange(1, 5), user_class=chance.choice(["community", "standard"]),
        )  # fmt: skip
    except (rules.SlotTaken, rules.NothingToBook):
        return
    hall.confirm(booking, now=clock.now())
    with transaction(read_only=True) as s:
        dates = [one for one in queries.occurrences(s, booking) if one.state == "confirmed"]
    for one in dates:
        assert one.starts_at is not None
        _end(place, one.id, one.starts_at, chance)


def _end(place: Place, occurrence: str, starts_at: datetime, chance: random.Random) -> None:
    fate = chance.choice(["used", "used", "no_show", "hirer", "provider"])
    after = starts_at + timedelta(hours=3)
    before = starts_at - timedelta(hours=chance.choice([1, 100]))
    if fate in ("used", "no_show"):
        settle = service.confirm_use if fate == "used" else service.mark_no_show
        transact(lambda s: settle(s, occurrence=occurrence, actor=place.actor("broker"), now=after))
        return
    who = place.actor("organiser" if fate == "hirer" else "broker")
    transact(
        lambda s: service.cancel_occurrence(
            s, occurrence=occurrence, side=fate, reason="chance", actor=who, now=before
        )
    )
