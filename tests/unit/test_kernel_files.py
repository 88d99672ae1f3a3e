"""What separates the cells of a file that was saved another way."""

from __future__ import annotations

import pytest

from ledger.kernel.files import wrong_separator


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["name;address;postcode"], "semicolons"),
        (["name\taddress", ""], "tabs"),
        (["name|address"], "upright strokes"),
        (["name"], ""),
        (["name", "address;postcode"], ""),
        (["pontoons and buoys; a new marina of 232 berths"], ""),
    ],
)
def test_a_lone_cell_is_judged_by_its_marks(cells: list[str], separator: str) -> None:
    assert wrong_separator(cells) == separator
