"""What a spreadsheet's own file holds, read from its XML, so that no spreadsheet is needed."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CODED = re.compile("_x([0-9A-F]{4})_")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: ``kind`` is ``inlineStr`` for a text and ``n`` for a number."""

    kind: str
    said: str
    format: str


def sheets(path: Path) -> dict[str, list[dict[str, Cell]]]:
    """The rows of each sheet, by the headings of its first row."""
    with zipfile.ZipFile(path) as parts:
        styles = _formats(parts.read("xl/styles.xml"))
        names = [
            one.get("name", "") for one in _read(parts.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
        ]
        return {
            name: _rows(parts.read(f"xl/worksheets/sheet{at}.xml"), styles)
            for at, name in enumerate(names, start=1)
        }


def formulas(path: Path) -> int:
    """How many formulas and links stand in any part of it."""
    with zipfile.ZipFile(path) as parts:
        roots = [_read(parts.read(name)) for name in parts.namelist() if name.endswith(".xml")]
    return sum(
        1 for root in roots for one in root.iter() if one.tag in (f"{MAIN}f", f"{MAIN}hyperlink")
    )


def _read(raw: bytes) -> ET.Element:
    return ET.fromstring(raw)  # noqa: S314 - a file that the test itself made


def _formats(raw: bytes) -> list[str]:
    styles = _read(raw).find(f"{MAIN}cellXfs")
    assert styles is not None
    return [one.get("numFmtId", "0") for one in styles]


def _rows(raw: bytes, styles: list[str]) -> list[dict[str, Cell]]:
    rows = [
        {re.sub(r"\d", "", cell.get("r", "")): _cell(cell, styles) for cell in row}
        for row in _read(raw).iter(f"{MAIN}row")
    ]
    heads = {column: cell.said for column, cell in rows[0].items()}
    return [{heads[column]: cell for column, cell in row.items()} for row in rows[1:]]


def _cell(cell: ET.Element, styles: list[str]) -> Cell:
    said = "".join(cell.itertext())
    decoded = _CODED.sub(lambda found: chr(int(found[1], 16)), said)
    return Cell(cell.get("t", "n"), decoded, styles[int(cell.get("s", "0"))])
