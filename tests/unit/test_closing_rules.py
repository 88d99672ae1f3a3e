"""C6, C7: one journal in plain words, and what counts as a change between two reports."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ledger.closing import rules
from ledger.closing.rules import Key

BANK, HELD = Key("Assets:Bank", "GBP", "GENERAL"), Key("Assets:Bank", "GBP", "GENERAL", rules.HELD)
PLAIN: dict[str, Any] = {
    "seq": 1_204, "kind": "adjustment", "effective_on": date(2026, 3, 27),
    "recorded_at": datetime(2026, 3, 29, 22, 30, tzinfo=UTC), "maker": "Sam Thorne",
    "checker": "Hana Price", "reason": "a late bill.", "reverses": None, "resolves": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("bent", "words"),
    [
        (
            {},
            "Journal 1,204 (adjustment), made by Sam Thorne and approved by Hana Price. It takes"
            " effect on 27 March 2026 and was known only on 29 March 2026, 2 days later."
            " The reason given: a late bill.",
        ),
        ({"effective_on": date(2026, 3, 28)}, "on 29 March 2026, 1 day later."),
        ({"effective_on": date(2026, 3, 29)}, "was known on the same day."),
        ({"effective_on": date(2026, 4, 1)}, "was known before, on 29 March 2026."),
        ({"checker": None, "reason": ""}, "made by Sam Thorne. It takes effect"),
        ({"reason": ""}, "No reason was given."),
        ({"reverses": 1_003}, "takes back journal 1,003."),
        ({"resolves": 7}, "ends the hold of journal 7."),
    ],
)
def test_a_journal_says_who_made_it_when_it_was_known_and_why(
    bent: dict[str, Any], words: str
) -> None:
    assert words in rules.told(**PLAIN | bent)


def test_an_instant_is_of_the_london_day_in_summer_too() -> None:
    after_midnight = datetime(2026, 3, 30, 23, 30, tzinfo=UTC)  # 0:30 on the 31st in London
    assert "known only on 31 March 2026" in rules.told(**PLAIN | {"recorded_at": after_midnight})


def test_a_line_that_moved_there_and_back_stands_too_and_an_untouched_one_does_not() -> None:
    changes = rules.changes_of({BANK: 5, HELD: 2}, {BANK: 5, HELD: 2}, {}, {BANK: 2})
    assert [(one.key, one.difference, one.unexplained) for one in changes] == [(BANK, 0, 0)]


def test_what_no_journal_explains_is_named_whether_the_figure_moved_or_not() -> None:
    moved = rules.changes_of({BANK: 5}, {BANK: 12}, {BANK: 4}, {BANK: 1})
    still = rules.changes_of({HELD: 5}, {HELD: 5}, {HELD: 4}, {})
    assert [one.unexplained for one in rules.unexplained([*moved, *still])] == [3, -4]
