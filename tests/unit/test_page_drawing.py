"""Charts and calendars are laid out in whole numbers, without losing anything."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ledger.pages.charts import BOTTOM, LEFT, RIGHT, TOP, plot
from ledger.pages.weeks import Entry, monday_of, week_grid

MONDAY = date(2026, 3, 23)


def entry(day: int, hour: int, minutes: int, minute: int = 0) -> Entry:
    starts_at = datetime(2026, 3, day, hour, minute, tzinfo=UTC)
    return Entry(starts_at, starts_at + timedelta(minutes=minutes), "Chess club")


def test_a_gap_splits_the_line_and_keeps_the_other_points() -> None:
    drawn = plot([("a", 1), ("b", 2), ("c", None), ("d", 3), ("e", 4)])
    assert len(drawn.paths) == 2
    assert [dot.label for dot in drawn.dots] == ["a", "b", "d", "e"]


def test_a_chart_without_figures_has_no_dots() -> None:
    assert plot([]).dots == []
    assert plot([("a", None)]).dots == []


def test_two_close_lines_do_not_write_over_each_other() -> None:
    drawn = plot([("a", 10)], [("One", 10), ("Two", Fraction(99, 10), "baseline")])
    assert abs(drawn.lines[0].text_y - drawn.lines[1].text_y) == 34


def test_words_for_a_point_are_kept() -> None:
    assert plot([("a", 1, "1 (provisional)"), ("b", 2)]).dots[0].shown == "1 (provisional)"


def test_long_runs_name_only_some_periods() -> None:
    assert len(plot([(str(n), n) for n in range(60)]).ticks_x) <= 8


@given(st.lists(st.none() | st.integers(0, 10**9) | st.fractions(0, 1000), max_size=60))
def test_every_point_lies_inside_the_frame(values: list[int | Fraction | None]) -> None:
    drawn = plot([(str(n), value) for n, value in enumerate(values)])
    assert all(LEFT <= dot.x <= RIGHT and TOP <= dot.y <= BOTTOM for dot in drawn.dots)
    assert 1 < len(drawn.ticks_y) <= 8


def test_an_entry_stands_in_its_day_and_rows() -> None:
    week = week_grid(MONDAY, [entry(23, 18, 120)])
    box = week.days[0].boxes[0]
    assert (box.row, box.rows, box.starts, box.ends) == (41, 8, "6pm", "8pm")
    assert week.rows == 56


def test_an_entry_past_midnight_stands_on_both_days() -> None:
    week = week_grid(MONDAY, [entry(23, 23, 120)])
    assert week.days[0].boxes[0].ends == "midnight"
    assert week.days[1].boxes[0].starts == "midnight"


def test_the_hours_widen_for_an_early_entry() -> None:
    week = week_grid(MONDAY, [entry(24, 6, 30, 30)])
    assert week.hours[0][1] == "6am"
    assert week.days[1].boxes[0].rows == 2


def test_on_the_day_the_clocks_change_the_wall_clock_is_drawn() -> None:
    week = week_grid(MONDAY, [entry(29, 8, 60)])
    assert week.summer_change_on == date(2026, 3, 29)
    assert week.days[6].boxes[0].starts == "9am"


def test_an_entry_of_another_week_is_left_out() -> None:
    week = week_grid(MONDAY, [entry(22, 10, 60)])
    assert all(not day.boxes for day in week.days)
    assert week.summer_change_on == date(2026, 3, 29)


def test_a_week_begins_on_monday() -> None:
    assert monday_of(date(2026, 3, 29)) == MONDAY
