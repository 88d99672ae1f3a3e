"""What a file of counts may hold, cell by cell."""

from __future__ import annotations

from ledger.outcomes.rules.files import count_of


def test_a_count_may_stand_between_spaces_and_nothing_else() -> None:
    assert count_of("12") == count_of("  12 ") == 12
    for wrong in ("", " ", "-1", "1.5", "1 2", "٣"):
        assert isinstance(count_of(wrong), str)
