"""What the first bytes of a file show: for every reader of tables that people send."""

from __future__ import annotations

from typing import Final

_SIGNS: Final = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "an Excel workbook or a zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"SQLite": "a database",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"{\\rtf": "a word processor's document",
}
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}


def not_a_table(head: bytes) -> str:
    """What a file is, such as ``a PDF``, when its first bytes show that it is no table."""
    for sign, what in _SIGNS.items():
        if head.startswith(sign):
            return what
    return "a web page or JSON" if head.lstrip()[:1] in (b"<", b"{", b"[") else ""


def wrong_separator(cells: list[str]) -> str:
    """What separates the cells of headings that were read as one cell: ``semicolons``, or nothing.

    A spreadsheet set to another country's habits writes such files. A sentence may hold a semicolon
    too, with a space behind it: that separates no cells.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) != 1:
        return ""
    for mark, words in _SEPARATORS.items():
        marks = filled[0].count(mark)
        if marks and not (mark == ";" and filled[0].count("; ") == marks):
            return words
    return ""
