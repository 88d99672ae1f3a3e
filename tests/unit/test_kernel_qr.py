"""QR codes: three that a reader of another make has read, and what every code has."""

from __future__ import annotations

import hashlib

import pytest

from ledger.kernel import qr
from ledger.kernel.errors import Invalid

READ_ELSEWHERE = [
    ("https://ledger.example.org/pledges/PLG-7K2M9QXA", 33, "89b59fb2f56f6c5988b36af3c25dd0b2"),
    ("a" * 150, 49, "5e73da45c7806f7d6feff560c3852ce0"),
    ("b" * 213, 57, "87f4de11cf73adfb1546a13f5c0364ca"),
]


@pytest.mark.parametrize(("text", "size", "digest"), READ_ELSEWHERE)
def test_codes_are_those_that_another_reader_has_read(text: str, size: int, digest: str) -> None:
    grid = qr.squares(text)
    cells = "".join("1" if cell else "0" for row in grid for cell in row)
    assert len(grid) == size
    assert hashlib.sha256(cells.encode()).hexdigest().startswith(digest)


def test_every_code_has_its_three_corners() -> None:
    grid = qr.squares("x")
    corner = [row[:7] for row in grid[:7]]
    assert [row[-7:] for row in grid[:7]] == corner
    assert [row[:7] for row in grid[-7:]] == corner
    assert all(corner[0])


def test_a_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Invalid, match="214 bytes"):
        qr.squares("c" * 214)
