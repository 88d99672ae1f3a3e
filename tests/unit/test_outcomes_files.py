"""What a file of counts may hold, cell by cell."""

from __future__ import annotations

from datetime import date

from ledger.outcomes.rules.files import count_of, parse

TODAY = date(2026, 3, 2)


def test_a_count_may_stand_between_spaces_and_nothing_else() -> None:
    assert count_of("12") == count_of("  12 ") == 12
    for wrong in ("", " ", "-1", "1.5", "1 2", "٣"):
        assert isinstance(count_of(wrong), str)


def test_an_empty_line_is_passed_over_and_a_short_one_is_named() -> None:
    wide = b"MajorText,MinorText,LookUp_BoroughName,202401,202402\nFire,Arson,Canal Side,3,0\n,,,,\nFire,Arson,Mill Lane,3\n"
    found = parse(wide, today=TODAY)
    assert [(one.line, "4 columns" in one.facts) for one in found.problems] == [(4, True)]
    long = b"area,period,value\nCanal Side,2024-01,3\n,,\nCanal Side,2024-02,4\n"
    assert parse(long, today=TODAY).problems == []
