"""What the register of public buildings and land accepts, mends, flags and refuses.

A1  A file is at most 50 MB of text, UTF-8 or Windows-1252; anything else is refused whole.
A2  A file is recognised by its headings; one with headings of no known kind is refused whole.
A3  A file that ends in the middle of a row is refused whole: half a register is no register.
A4  Every row is kept. What is odd is mended where only one mending is possible, else flagged.
A5  A UPRN is text of 1 to 12 digits; a repeat is flagged, since one building may hold many.
A6  A point's system is decided by the size of its numbers, not by its label; swapped axes are
    mended; a point far from the rest of the file is flagged.
A7  Nothing is deleted: what a newer file lacks is marked "not seen"; what returns is current.
A8  A file that lacks more than half of the register is refused unless the person expects it.
A9  The same file again changes nothing; a changed row makes a new version of the same asset.
A10 A vacant building's public address stops at the postcode district.
"""

from __future__ import annotations

from ledger.assets.rules.files import FileFacts, inspect, sniff_refusal
from ledger.assets.rules.notes import NOTE_KINDS, Note, NoteKind, tally
from ledger.assets.rules.points import FarPoint, Point, far_points, parse_point, place_point
from ledger.assets.rules.profiles import (
    PROFILES,
    Columns,
    Profile,
    find_headings,
    normalised,
    recognise,
)
from ledger.assets.rules.refusals import (
    FileNotText,
    FileTooLarge,
    FileTruncated,
    HeadingsUnknown,
    ListingMoveRefused,
    NoRows,
    RowsBroken,
    TooFewRows,
)
from ledger.assets.rules.register import (
    LISTING_MOVES,
    OCCUPANCIES,
    check_fall,
    digest_of,
    public_postcode,
    search_text,
    text_of,
)
from ledger.assets.rules.rows import Facts, RowReader

__all__ = [
    "LISTING_MOVES", "NOTE_KINDS", "OCCUPANCIES", "PROFILES", "Columns", "Facts", "FarPoint",
    "FileFacts", "FileNotText", "FileTooLarge", "FileTruncated", "HeadingsUnknown",
    "ListingMoveRefused", "NoRows", "Note", "NoteKind", "Point", "Profile", "RowReader",
    "RowsBroken", "TooFewRows",
    "check_fall", "digest_of", "far_points", "find_headings", "inspect", "normalised",
    "parse_point", "place_point", "public_postcode", "recognise", "search_text",
    "sniff_refusal", "tally", "text_of",
]  # fmt: skip
