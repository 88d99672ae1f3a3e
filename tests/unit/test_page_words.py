"""How values read on a page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ledger.books.rules import JOURNAL_KINDS, KIND_WORDS
from ledger.pages import words

SUMMER = datetime(2026, 7, 1, 16, 30, tzinfo=UTC)
WINTER = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pence", "shown"), [(2000, "£20"), (2050, "£20.50"), (0, "£0"), (-100, "-£1"), (5, "£0.05")]
)
def test_pounds_in_a_sentence_drop_empty_pence(pence: int, shown: str) -> None:
    assert words.pounds(pence) == shown


def test_pounds_in_a_column_keep_their_pence() -> None:
    assert words.pounds_exact(123_456_00) == "£123,456.00"


def test_a_quantity_is_said_in_the_words_of_its_unit() -> None:
    assert words.quantity(2000, "GBP") == "£20"
    assert words.quantity(150, "HOUR") == "2 hours 30 minutes"
    assert words.hours(60) == "1 hour"
    assert words.exactly(2000, "GBP") == "£20.00"


def test_an_instant_is_told_by_londons_clock_in_summer() -> None:
    assert words.london_time(SUMMER) == "1 July 2026 at 5:30pm"


def test_an_instant_is_told_by_londons_clock_in_winter() -> None:
    assert words.london_time(WINTER) == "5 January 2026 at midnight"
    assert words.clock_time(datetime(2026, 1, 5, 12, 0, tzinfo=UTC)) == "midday"
    assert words.clock_time(datetime(2026, 1, 5, 12, 5, tzinfo=UTC)) == "12:05pm"


def test_an_instant_just_before_midnight_utc_in_summer_is_the_next_london_day() -> None:
    assert words.london_day(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == "1 July 2026"


def test_a_day_is_itself_and_nothing_is_empty() -> None:
    assert words.london_day(date(2026, 3, 2)) == "2 March 2026"
    assert words.day_short(date(2026, 3, 2)) == "Mon 2 Mar"
    assert words.london_day(None) == "" == words.london_time(None)


def test_nouns_follow_their_number() -> None:
    assert words.plural(1, "household") == "1 household"
    assert words.plural(0, "household") == "0 households"
    assert words.plural(1200, "person", "people") == "1,200 people"


def test_lines_of_a_file_are_drawn_together_and_counted_after_a_dozen() -> None:
    assert words.line_numbers([]) == ""
    assert words.line_numbers([7, 5, 6, 2, 9, 10, 2]) == "2, 5 to 7, 9, 10"
    assert words.line_numbers(range(1, 41, 3), most=2) == "1, 4 and 12 more"


def test_every_kind_of_journal_has_words_of_its_own() -> None:
    assert set(KIND_WORDS) == set(JOURNAL_KINDS)
    assert len(set(KIND_WORDS.values())) == len(KIND_WORDS)
    assert words.kind_words("pledge.pay") == "Paid to a group"
    assert words.kind_words("of.old") == "of.old"


def test_what_was_done_is_said_without_its_points() -> None:
    assert words.action_words("pledge.fell_short") == "Pledge: fell short"
    assert words.action_words("close") == "Close"


def test_a_microsecond_is_said_as_londons_clock_says_it() -> None:
    assert words.recorded_time(1_782_919_800_000_000) == "1 July 2026 at 4:30pm"
