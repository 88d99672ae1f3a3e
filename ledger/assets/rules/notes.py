"""What can be odd about a row, what it means and how to mend it (A4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NoteKind:
    """One sort of oddity: what is wrong, how to mend it at the source, and whether the import
    mended it already.
    """

    title: str
    remedy: str
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """One oddity of one line (line 0: of the whole file), with what was found there."""

    line: int
    kind: str
    column: str = ""
    found: str = ""


NOTE_KINDS: Final[dict[str, NoteKind]] = {
    "encoding_cp1252": NoteKind(
        "The file is Windows-1252, not UTF-8", "Save it as “CSV UTF-8”.", mended=True
    ),
    "title_lines": NoteKind(
        "Title lines stand above the headings",
        "Delete the lines above the headings.", mended=True,
    ),
    "end_unsure": NoteKind(
        "The last line has no line end, so its last cell may have been cut off",
        "Look at the last row. If it is whole, end its line.",
    ),
    "column_empty": NoteKind(
        "A published column is empty in every row", "Fill the column, or leave it out."
    ),
    "dates_differ": NoteKind(
        "The rows have several effective dates",
        "Give every row of one publication the same date, or say that it is a running list.",
    ),
    "row_empty": NoteKind("The row is empty", "Delete the row."),
    "row_short": NoteKind(
        "The row has fewer cells than there are headings",
        "Check the row for a missing comma or a line break inside a cell.",
    ),
    "row_long": NoteKind(
        "The row has more cells than there are headings",
        "Put quotation marks round cells that contain commas.",
    ),
    "row_repeat": NoteKind("The row says the same as an earlier one", "Delete one of the two."),
    "cell_long": NoteKind("A cell is longer than the ledger keeps", "Shorten the text."),
    "code_missing": NoteKind(
        "There is no reference; one was made from the name and place",
        "Give each asset a reference that never changes.", mended=True,
    ),
    "code_repeat": NoteKind(
        "The reference was used on an earlier line; this row was kept under a numbered one",
        "Give each asset its own reference.",
    ),
    "name_missing": NoteKind(
        "There is no name; the reference or street stands in for it", "Give the asset a name."
    ),
    "text_double_encoded": NoteKind(
        "The text was encoded twice (such as Â£ for £)",
        "Save the source as UTF-8 once.", mended=True,
    ),
    "text_lost": NoteKind(
        "A character was lost before the file reached us (�)", "Type the text again."
    ),
    "text_control": NoteKind(
        "The text had invisible characters, which were taken out",
        "Type the text again.", mended=True,
    ),
    "uprn_missing": NoteKind(
        "There is no UPRN", "Look the address up in the Local Land and Property Gazetteer."
    ),
    "uprn_bad": NoteKind(
        "The UPRN is not 1 to 12 digits",
        "Keep the column as text: spreadsheets turn UPRNs into rounded numbers.",
    ),
    "uprn_repeat": NoteKind(
        "The UPRN stands on an earlier line too",
        "If they are parts of one building say which is the parent; else correct one.",
    ),
    "postcode_missing": NoteKind("There is no postcode", "Add the postcode."),
    "postcode_district": NoteKind(
        "The postcode is only a district",
        "Add the full postcode, unless it is withheld because the building is vacant.",
    ),
    "postcode_bad": NoteKind("That is not a postcode", "Correct the postcode."),
    "point_missing": NoteKind("There are no coordinates", "Add the coordinates of the asset."),
    "point_half": NoteKind("Only one of two coordinates is there", "Add the other one."),
    "point_bad": NoteKind(
        "The coordinates are no place in Great Britain", "Correct the coordinates."
    ),
    "point_swapped": NoteKind(
        "Longitude and latitude are swapped", "Swap the two columns in this row.", mended=True
    ),
    "point_far": NoteKind(
        "The point lies far from the rest of the file",
        "Check that no digit is missing and that the asset really is there.",
    ),
    "crs_missing": NoteKind(
        "The coordinate system is not named; it was decided by the size of the numbers",
        "Name it: WGS84 for degrees, OSGB36 for metres.", mended=True,
    ),
    "crs_unknown": NoteKind(
        "The name of the coordinate system is not known; the size of the numbers decided",
        "Name it: WGS84 for degrees, OSGB36 for metres.", mended=True,
    ),
    "crs_contradicts": NoteKind(
        "The numbers do not fit the named coordinate system; their size decided",
        "Correct the name of the coordinate system.", mended=True,
    ),
    "tenure_missing": NoteKind("The tenure is missing", "Say freehold or leasehold."),
    "tenure_unknown": NoteKind(
        "The tenure is none that the Transparency Code knows",
        "Use freehold or leasehold, and the Code's words for the detail.",
    ),
    "tenure_variant": NoteKind(
        "The tenure is spelt in another way than elsewhere", "Use one spelling.", mended=True
    ),
    "date_bad": NoteKind("That is not a date", "Write dates as 2026-03-31."),
}  # fmt: skip
"""Every oddity that is reported, in the words of the report."""


def tally(notes: Iterable[Note]) -> dict[str, int]:
    """How many notes of each kind, in the order of the table above."""
    counts = Counter(note.kind for note in notes)
    return {kind: counts[kind] for kind in NOTE_KINDS if counts[kind]}
