"""Wall clocks, series and prices of bookings, over both changes of the clocks (K4, K6, K10, K11)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.bookings import rules
from ledger.bookings.rules import Opening, Rate, Series, Slot, postings
from ledger.bookings.rules.postings import Hire

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
ALL_DAY = [Opening(weekday, 0, 1440) for weekday in range(7)]


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def test_a_weekly_seven_oclock_keeps_its_wall_time_over_the_change() -> None:
    before = rules.slot_on(date(2026, 3, 22), 1140, 1200)
    after = rules.slot_on(SPRING, 1140, 1200)
    assert isinstance(before, Slot)
    assert isinstance(after, Slot)
    assert (before.starts_at.hour, after.starts_at.hour) == (19, 18)


def test_a_night_is_nine_hours_in_autumn_and_seven_in_spring() -> None:
    nights = [rules.slot_on(day - timedelta(days=1), 22 * 60, 30 * 60) for day in (AUTUMN, SPRING)]
    assert [night.minutes for night in nights if isinstance(night, Slot)] == [540, 420]


def test_a_time_that_the_clocks_skip_is_left_out_and_never_moved() -> None:
    assert rules.slot_on(SPRING, 90, 150) == "clock_change"


def test_a_time_shown_twice_needs_to_be_said_which() -> None:
    assert rules.slot_on(AUTUMN, 90, 180) == "clock_twice"
    first = rules.slot_on(AUTUMN, 90, 180, start_fold=0)
    second = rules.slot_on(AUTUMN, 90, 180, start_fold=1)
    assert isinstance(first, Slot)
    assert isinstance(second, Slot)
    assert (first.minutes, second.minutes) == (150, 90)


def test_ten_past_one_the_second_time_is_after_half_past_one_the_first_time() -> None:
    early = rules.slot_on(AUTUMN, 30, 75, end_fold=0)
    late = rules.slot_on(AUTUMN, 70, 120, start_fold=1)
    long = rules.slot_on(AUTUMN, 60, 90, start_fold=0, end_fold=1)
    assert isinstance(early, Slot)
    assert isinstance(late, Slot)
    assert isinstance(long, Slot)
    assert early.ends_at <= late.starts_at
    assert long.minutes == 90


def test_march_and_october_differ_only_where_the_night_is_open() -> None:
    def minutes(opening: Opening, month: date) -> int:
        return sum(rules.real_minutes(day, opening) for day in rules.month_days(month))

    night, day = Opening(0, 0, 1440), Opening(0, 480, 1320)
    march, october, may = date(2026, 3, 1), date(2026, 10, 1), date(2026, 5, 1)
    assert minutes(night, march) - minutes(night, may) == -60
    assert minutes(night, october) - minutes(night, may) == 60
    assert minutes(day, march) == minutes(day, october) == minutes(day, may)


def test_two_days_notice_means_the_same_wall_time_two_days_before() -> None:
    start = utc(SPRING, 18)
    assert rules.nominal_before(start, hours=48) == utc(date(2026, 3, 27), 19)
    assert rules.nominal_before(start, days=14) == utc(date(2026, 3, 15), 19)


def test_open_over_midnight_only_when_both_days_are() -> None:
    late, early = [Opening(0, 18 * 60, 1440)], [Opening(1, 0, 6 * 60)]
    assert rules.is_open(late, early, 22 * 60, 28 * 60)
    assert not rules.is_open(late, [], 22 * 60, 28 * 60)
    assert not rules.is_open(late, early, 22 * 60, 31 * 60)
    assert rules.is_open([Opening(0, 540, 720), Opening(0, 720, 900)], [], 600, 840)
    assert not rules.is_open([Opening(0, 540, 700), Opening(0, 720, 900)], [], 600, 840)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (Series(date(2026, 3, 3), 60, 120), ["2026-03-03"]),
        (Series(date(2026, 12, 29), 60, 120, 1, until_on=date(2027, 1, 12)),
         ["2026-12-29", "2027-01-05", "2027-01-12"]),
        (Series(date(2026, 3, 3), 60, 120, 2, count=3), ["2026-03-03", "2026-03-17", "2026-03-31"]),
        (Series(date(2026, 3, 3), 60, 120, 1, count=2, without=(date(2026, 3, 10),)),
         ["2026-03-03", "2026-03-17"]),
    ],
)  # fmt: skip
def test_the_dates_of_a_series(series: Series, expected: list[str]) -> None:
    assert [day.isoformat() for day in rules.dates(series)] == expected


@pytest.mark.parametrize(
    "series",
    [
        Series(date(2026, 3, 3), 120, 120), Series(date(2026, 3, 3), 1440, 1500),
        Series(date(2026, 3, 3), 60, 1501), Series(date(2026, 3, 3), 60, 120, 1),
        Series(date(2026, 3, 3), 60, 120, 1, count=0),
        Series(date(2026, 3, 3), 60, 120, 1, count=401),
        Series(date(2026, 3, 3), 60, 120, 1, until_on=date(2026, 3, 2)),
        Series(date(2026, 3, 3), 60, 120, 1, until_on=date(2036, 3, 2)),
        Series(date(2026, 3, 3), 60, 120, 1, until_on=date(2026, 3, 4), without=(date(2026, 3, 3),)),
        Series(date(2026, 3, 3), 60, 120, 53, count=2),
    ],
)  # fmt: skip
def test_what_is_no_series_is_refused(series: Series) -> None:
    with pytest.raises(rules.SeriesRefused):
        rules.dates(series)


RATES = [
    Rate("R1", "standard", 2000, date(2026, 1, 1), "LIST"),
    Rate("R2", "standard", 2400, date(2026, 4, 1), "LIST"),
    Rate("R3", "community", 500, date(2026, 1, 1), "COMMUNITY-2026"),
]


def test_a_price_cites_the_rate_of_its_day_and_list_is_charge_plus_subsidy() -> None:
    march = rules.quote(
        RATES, user_class="community", on=date(2026, 3, 31), minutes=95, vat_percent=0
    )
    april = rules.quote(
        RATES, user_class="standard", on=date(2026, 4, 1), minutes=95, vat_percent=20
    )
    assert march is not None
    assert april is not None
    assert (march.list_pence, march.net_pence, march.subsidy_pence) == (3167, 792, 2375)
    assert (march.rate, march.list_rate, march.policy) == ("R3", "R1", "COMMUNITY-2026")
    assert (april.list_rate, april.net_pence, april.vat_pence) == ("R2", 3800, 760)
    assert (
        rules.quote(RATES, user_class="standard", on=date(2025, 1, 1), minutes=60, vat_percent=0)
        is None
    )


def test_tax_is_off_unless_it_is_configured() -> None:
    quote = rules.quote(
        RATES, user_class="standard", on=date(2026, 2, 1), minutes=60, vat_percent=0
    )
    assert quote is not None
    assert quote.vat_pence == 0


def test_no_class_pays_more_than_the_list_price() -> None:
    with pytest.raises(rules.RateRefused, match=r"£20\.00"):
        rules.check_rate(
            RATES, user_class="community", pence_per_hour=2001, from_on=date(2026, 2, 1)
        )
    with pytest.raises(rules.RateRefused, match="no list price"):
        rules.check_rate([], user_class="community", pence_per_hour=1, from_on=date(2026, 2, 1))


@pytest.mark.parametrize("percent", [0, 1, 33, 50, 99, 100])
def test_what_is_kept_and_what_goes_back_add_up(percent: int) -> None:
    kept, kept_vat, back = rules.refund_split(
        net_pence=1001, vat_pence=201, retention_percent=percent
    )
    assert kept + kept_vat + back == 1202


HIRE = Hire("OCC-1", "AST-1", "ORG-1", "COMMUNITY-2026", "community", 1000, 4000, 200, 240)


@pytest.mark.parametrize(
    "legs",
    [
        postings.confirmed(HIRE), postings.used(HIRE, from_account=postings.available("AST-1")),
        postings.not_shown(HIRE, from_account=postings.available("AST-1")),
        postings.cancelled(HIRE, kept=500, kept_vat=100, still_owed=1200),
        postings.cancelled(HIRE, kept=0, kept_vat=0, still_owed=300),
        postings.cancelled(HIRE, kept=1000, kept_vat=200, still_owed=0),
        postings.month_opens("AST-1", 1000),
        postings.month_closes("AST-1", left=700, closed_minutes=200),
        postings.month_closes("AST-1", left=-5, closed_minutes=0),
    ],
)  # fmt: skip
def test_every_event_balances_in_pounds_and_in_minutes_each(legs: postings.Legs) -> None:
    sums: dict[str, int] = {}
    for leg in legs:
        unit = postings.spec(leg.path).unit
        sums[unit] = sums.get(unit, 0) + (leg.quantity if leg.side == "D" else -leg.quantity)
        assert leg.quantity > 0
    assert set(sums.values()) == {0}


@pytest.mark.parametrize(
    ("text", "minute"),
    [("19:30", 1170), ("00:00", 0), ("24:00", 1440), ("9:05", 545), ("24:01", None),
     ("7pm", None), ("19:60", None), ("19", None), ("１９:30", None), ("-1:30", None)],
)  # fmt: skip
def test_times_of_day_as_people_type_them(text: str, minute: int | None) -> None:
    assert rules.parse_minute(text) == minute
