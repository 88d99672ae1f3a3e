"""Time by London's days, names for records, and refusals in a person's words."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel import clock, errors, ids

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)],
)
def test_a_london_day_has_its_true_length_at_both_clock_changes(day: date, hours: int) -> None:
    length = clock.end_of_london_day(day) - clock.london_midnight(day)
    assert length == timedelta(hours=hours)


def test_the_end_of_a_day_is_the_first_instant_of_the_next() -> None:
    end = clock.end_of_london_day(date(2026, 10, 25))
    assert end == datetime(2026, 10, 26, tzinfo=UTC)
    assert clock.london_day(end) == date(2026, 10, 26)
    assert clock.london_day(end - timedelta(microseconds=1)) == date(2026, 10, 25)


def test_in_summer_a_london_day_begins_at_eleven_in_the_evening_utc() -> None:
    assert clock.london_midnight(date(2026, 7, 1)) == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert clock.london_day(datetime(2026, 6, 30, 23, tzinfo=UTC)) == date(2026, 7, 1)


@given(at=INSTANTS)
def test_every_instant_lies_within_its_london_day(at: datetime) -> None:
    day = clock.london_day(at)
    assert clock.london_midnight(day) <= at < clock.end_of_london_day(day)


@given(at=INSTANTS)
def test_microseconds_lose_nothing(at: datetime) -> None:
    assert clock.from_microseconds(clock.microseconds(at)) == at


def test_a_fixed_clock_is_read_until_its_block_ends() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with clock.using(clock.FixedClock(at)) as fixed:
        assert clock.now() == at
        assert isinstance(fixed, clock.FixedClock)
        fixed.move(timedelta(days=1))
        assert clock.now() == at + timedelta(days=1)
    assert clock.now() > at


def test_references_are_short_random_and_can_be_read_aloud() -> None:
    made = {ids.new_id("PLG") for _ in range(2_000)}
    assert len(made) == 2_000
    assert all(len(name) == 12 and not set(name[4:]) & set("ILOU") for name in made)


def test_the_same_facts_give_the_same_reference_and_cannot_be_run_together() -> None:
    assert ids.derived_id("JNL", "a", "b") == ids.derived_id("JNL", "a", "b")
    assert ids.derived_id("JNL", "ab", "c") != ids.derived_id("JNL", "a", "bc")


def test_of_a_secret_only_the_hash_is_kept() -> None:
    secret = ids.new_secret()
    assert len(secret) >= 43
    assert ids.secret_hash(secret) == hashlib.sha256(secret.encode()).hexdigest()


def test_a_refusal_says_place_facts_and_remedy() -> None:
    refusal = errors.Invalid("It is too long.", remedy="Use 20 letters.", place="name")
    assert str(refusal) == "name: It is too long. Use 20 letters."
    assert str(errors.Missing("Gone.", remedy="Look elsewhere.")) == "Gone. Look elsewhere."


def _family(kind: type[errors.LedgerError]) -> list[type[errors.LedgerError]]:
    return [kind, *(child for direct in kind.__subclasses__() for child in _family(direct))]


def test_every_refusal_has_its_own_code() -> None:
    codes = [kind.code for kind in _family(errors.LedgerError)]
    assert len(codes) == len(set(codes))
