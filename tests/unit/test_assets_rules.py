"""What the register makes of odd files, rows and places: A1 to A6 of docs/rules.md."""

from __future__ import annotations

import hashlib

import pytest

from ledger.assets import rules
from ledger.kernel import limits

HEADINGS = ("Name", "Postcode", "Longitude", "Latitude")
HUB = ("The Old Library", "ZZ1 1AA", "-1.5", "52.5")


def read(*rows: tuple[str, ...]) -> tuple[list[rules.Facts | None], list[rules.Note]]:
    columns = rules.recognise(HEADINGS)
    assert columns is not None
    reader = rules.RowReader(columns)
    return [reader.read(line, row) for line, row in enumerate(rows, start=2)], reader.notes


def kinds(notes: list[rules.Note]) -> list[tuple[int, str]]:
    return [(note.line, note.kind) for note in notes]


def pieces_of(whole: bytes, length: int) -> list[bytes]:
    return [whole[at : at + length] for at in range(0, len(whole), length)]


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_a1_a_file_in_pieces_is_the_same_as_the_file_in_one(length: int) -> None:
    whole = "\ufeffName,Postcode\r\nCafé “Ost”,ZZ1\r\n".encode()
    facts = rules.inspect([whole])
    assert rules.inspect(pieces_of(whole, length)) == facts
    assert facts.digest == hashlib.sha256(whole).hexdigest()
    assert (facts.encoding, facts.ends_with_newline) == ("utf-8-sig", True)


@pytest.mark.parametrize("length", [1, 2, 512])
def test_a1_a_file_of_another_kind_is_known_however_small_its_pieces_are(length: int) -> None:
    for whole, what in ((b"PK\x03\x04 and more", "zip"), (b"%PDF-1.7", "PDF"), (b" \n{}", "JSON")):
        with pytest.raises(rules.FileNotText, match=what):
            rules.inspect(pieces_of(whole, length))


def test_a1_a_file_that_ends_within_a_letter_is_not_utf_8() -> None:
    assert rules.inspect(["Café".encode()[:-1]]).encoding == "cp1252"


def test_a1_a_file_is_refused_at_its_first_byte_too_many_and_not_read_on() -> None:
    asked = []

    def pieces():  # type: ignore[no-untyped-def]
        for piece in (b"a,b\n", b"1,2\n", b"3,4\n"):
            asked.append(piece)
            yield piece

    assert rules.inspect([b"a,b\n", b"1,2\n"], bytes_max=8).size_bytes == 8
    with pytest.raises(rules.FileTooLarge):
        rules.inspect(pieces(), bytes_max=7)
    assert len(asked) == 2


def test_a2_only_the_kind_of_register_that_is_wanted_is_recognised() -> None:
    found = rules.recognise(HEADINGS)
    assert found is not None
    assert rules.recognise(HEADINGS, wanted=found.profile.name) == found
    other = next(name for name in reversed(rules.PROFILES) if name != found.profile.name)
    assert rules.recognise(HEADINGS, wanted=other) is None


def test_a4_an_empty_row_is_noted_and_is_no_asset() -> None:
    found, notes = read(("", "", "", ""), HUB)
    assert found[0] is None
    assert found[1] is not None
    assert kinds(notes) == [(2, "row_empty")]


def test_a4_cells_without_a_heading_are_kept_and_noted_and_empty_ones_are_not() -> None:
    found, notes = read((*HUB, "", "opens at nine"), (*HUB[:1], "ZZ1 1AB", *HUB[2:], ""))
    assert found[0] is not None
    assert "opens at nine" in found[0].source_row.values()
    assert (2, "row_long") in kinds(notes)
    assert (3, "row_long") not in kinds(notes)


@pytest.mark.parametrize(
    ("written", "read_as", "kind"),
    [
        ("CafÃ© Ost", "Café Ost", "text_double_encoded"),
        ("Caf\ufffd Ost", "Caf\ufffd Ost", "text_lost"),
        ("Café\u200b Ost", "Café Ost", "text_control"),
        ("x" * (limits.IMPORT_CELL_CHARS_MAX + 1), None, "cell_long"),
    ],
)
def test_a4_odd_text_is_mended_where_it_can_be_and_always_noted(
    written: str, read_as: str | None, kind: str
) -> None:
    found, notes = read((written, *HUB[1:]))
    assert found[0] is not None
    assert read_as is None or found[0].name == read_as
    assert kinds(notes) == [(2, kind)]


def test_a4_text_that_only_looks_doubly_encoded_is_left_as_it_is() -> None:
    found, notes = read(("Ã© and 中", *HUB[1:]), ("Ã©ù", "ZZ1 1AB", *HUB[2:]))
    assert [facts.name for facts in found if facts] == ["Ã© and 中", "Ã©ù"]
    assert notes == []


@pytest.mark.parametrize("place", [("5", "5"), ("900000", "200000"), ("400000", "1300001")])
def test_a6_a_point_outside_the_country_is_no_point(place: tuple[str, str]) -> None:
    point, notes = rules.place_point(*place, "", line=7)
    assert point is None
    assert kinds(notes) == [(7, "point_bad")]


@pytest.mark.parametrize("written", ["NaN", "1e5", "Infinity", "1,5", "٣", "1" * 10])
def test_a6_a_coordinate_that_is_no_plain_number_is_no_point(written: str) -> None:
    assert rules.place_point(written, "52.5", "", line=7)[0] is None
