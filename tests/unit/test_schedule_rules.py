"""S1 to S4 as sentences: when a job is due, and when it is tried again."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from ledger.kernel.clock import LONDON
from ledger.schedule import rules
from ledger.schedule.rules import Timetable

NIGHTLY = Timetable("nightly", "Looks at the night.", daily_at=time(3, 30))
QUARTERLY = Timetable("quarter", "Looks each quarter of an hour.", every_minutes=15)


@pytest.mark.parametrize("at", ["03:00", "03:30", "06:15", "12:00", "23:59"])
def test_a_daily_job_has_one_slot_on_every_london_day_from_2025_to_2035(at: str) -> None:
    timetable = Timetable("daily", "Daily.", daily_at=time.fromisoformat(at))
    first, last = date(2025, 1, 1), date(2035, 12, 31)
    slot = rules.slot_on(timetable, first)
    seen = []
    while slot.on <= last:
        assert f"{slot.at.astimezone(LONDON):%H:%M}" == at
        seen.append(slot.on)
        slot = rules.following(timetable, slot)
    assert seen == [first + timedelta(days=day) for day in range((last - first).days + 1)]
    print(f"COUNT dst_days={len(seen)}")


def test_walking_minute_by_minute_over_both_clock_changes_finds_each_night_once() -> None:
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        last = (day - timedelta(days=1)).isoformat()
        now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=2)
        ran = []
        for _ in range(28 * 60):
            now += timedelta(minutes=1)
            for slot in rules.due(NIGHTLY, last=last, now=now, most=10):
                ran.append(slot.key)
                last = slot.key
        assert ran == [day.isoformat()]


def test_missed_slots_are_all_due_oldest_first() -> None:
    now = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    found = rules.due(NIGHTLY, last="2026-03-01", now=now, most=400)
    assert [slot.key for slot in found] == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]
    assert [slot.key for slot in rules.due(NIGHTLY, last="2026-03-01", now=now, most=2)] == [
        "2026-03-02", "2026-03-03",
    ]  # fmt: skip


def test_a_slot_is_not_due_before_its_time() -> None:
    early = datetime(2026, 3, 5, 3, 29, 59, tzinfo=UTC)
    assert rules.due(NIGHTLY, last="2026-03-04", now=early, most=9) == []
    on_time = early + timedelta(seconds=1)
    assert [s.key for s in rules.due(NIGHTLY, last="2026-03-04", now=on_time, most=9)] == [
        "2026-03-05"
    ]


def test_a_job_never_seen_begins_with_its_latest_slot() -> None:
    now = datetime(2026, 7, 5, 2, 0, tzinfo=UTC)
    assert [s.key for s in rules.due(NIGHTLY, last=None, now=now, most=9)] == ["2026-07-04"]
    assert [s.key for s in rules.due(QUARTERLY, last=None, now=now, most=9)] == [
        "2026-07-05T02:00Z"
    ]


def test_slots_of_minutes_follow_each_other_over_midnight_and_the_change_of_clocks() -> None:
    now = datetime(2026, 10, 25, 2, 7, tzinfo=UTC)
    found = rules.due(QUARTERLY, last="2026-10-24T23:30Z", now=now, most=100)
    assert found[0].key == "2026-10-24T23:45Z"
    assert found[-1].key == "2026-10-25T02:00Z"
    assert len({slot.key for slot in found}) == len(found) == 10


def test_a_failed_slot_waits_longer_each_time_and_is_given_up_at_the_fifth_attempt() -> None:
    now = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    waits = [rules.retry_at(attempt, now) for attempt in range(1, 6)]
    assert [at - now if at else None for at in waits] == [
        *(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)), None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [{"daily_at": time(2, 59)}, {"every_minutes": 7}, {},
     {"daily_at": time(4), "every_minutes": 5}],
)  # fmt: skip
def test_a_timetable_that_could_skip_or_repeat_a_slot_is_a_fault_of_the_code(wrong: dict) -> None:
    with pytest.raises(AssertionError):
        Timetable("wrong", "Wrong.", **wrong)


def test_a_timetable_says_itself_in_words() -> None:
    assert NIGHTLY.words == "every day at 03:30"
    assert QUARTERLY.words == "every 15 minutes"
    assert Timetable("m", "M.", every_minutes=1).words == "every minute"


def test_what_is_done_can_move_nowhere() -> None:
    assert rules.MOVES[rules.State.DONE] == frozenset()


def test_the_first_slot_of_a_day_named_by_hand_is_that_days() -> None:
    assert rules.slot_on(QUARTERLY, date(2026, 3, 5)).key == "2026-03-05T00:00Z"
    assert rules.slot_named(NIGHTLY, "2026-07-05").at == datetime(2026, 7, 5, 2, 30, tzinfo=UTC)
