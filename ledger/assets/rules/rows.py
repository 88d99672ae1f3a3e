"""One row of a register: its cells cleaned, mended where only one mending fits, else flagged (A4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ledger.assets.rules.notes import Note
from ledger.assets.rules.points import parse_point, place_point
from ledger.assets.rules.profiles import Columns
from ledger.kernel import limits

_FULL_POSTCODE: Final = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}", re.ASCII)
_DISTRICT: Final = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?", re.ASCII)
_UPRN: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ].*)?", re.ASCII)
_BRITISH: Final = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})", re.ASCII)
_DOUBLE_ENCODED: Final = re.compile("[ÂÃâ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ ¡-¿]")

TENURES: Final = ("Freehold", "Leasehold")
TENURE_DETAILS: Final = {
    "Owner Occupied": "in use", "Occupied by the authority": "in use",
    "Ground leasehold": "in use", "Leasehold": "in use", "Sub-leasehold": "in use",
    "Licence": "in use", "Leasehold In": "in use", "Leasehold Out": "in use",
    "Occupied": "in use", "Vacant": "vacant", "Other": "unknown",
}  # fmt: skip
"""The Code's tenure characteristics and this publisher's words, with the occupancy each means."""
OWNERSHIPS: Final = {
    "owned by a public authority": "Public", "local authority": "Public",
    "not owned by a public authority": "Not public", "private": "Not public",
    "unknown ownership": "Unknown", "unknown": "Unknown", "mixed ownership": "Mixed",
    "mixed": "Mixed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What the register says of one asset. Points are millionths of a degree; dates are days."""

    code: str
    name: str
    kind: str
    council: str = ""
    uprn: str = ""
    street_number: str = ""
    street: str = ""
    town: str = ""
    postcode: str = ""
    lat_microdegrees: int | None = None
    lon_microdegrees: int | None = None
    tenure: str = ""
    tenure_detail: str = ""
    other_detail: str = ""
    holding: str = ""
    occupancy: str = "unknown"
    size: str = ""
    area: str = ""
    energy_rating: str = ""
    ownership: str = ""
    website: str = ""
    effective_on: date | None = None
    ended_on: date | None = None
    source_row: dict[str, str] = field(default_factory=dict)

    def as_record(self) -> dict[str, object]:
        """The facts as plain values, days as ISO text."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


class RowReader:
    """Reads the rows of one file in order; remembers what must not repeat."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.notes: list[Note] = []
        self._codes: dict[str, int] = {}
        self._uprns: dict[str, int] = {}
        self._rows: dict[int, int] = {}
        self._spellings: dict[str, str] = {}
        self._filled = [False] * len(columns.headings)
        self._dates: set[date] = set()

    def read(self, line: int, row: Sequence[str]) -> Facts | None:
        """One row's facts; ``None`` for an empty row. What was odd is added to ``notes``."""
        cells = [self._clean(line, number, cell) for number, cell in enumerate(row)]
        if not any(cells):
            self._note(line, "row_empty")
            return None
        self._check_width(line, cells)
        self._check_repeat(line, cells)
        for number, cell in enumerate(cells[: len(self._filled)]):
            self._filled[number] = self._filled[number] or bool(cell)
        cell_of = self._cells(cells)
        facts = self._facts(line, cell_of, cells)
        if facts.effective_on:
            self._dates.add(facts.effective_on)
        return facts

    def finish(self) -> None:
        """Notes on the whole file: published columns that are always empty, dates that differ."""
        names = {number: name for name, number in self.columns.at.items()}
        for number, filled in enumerate(self._filled):
            if not filled and number in names:
                self._note(0, "column_empty", self.columns.headings[number])
        if self.columns.profile.name == "transparency" and len(self._dates) > 1:
            days = ", ".join(sorted(day.isoformat() for day in self._dates)[:12])
            self._note(0, "dates_differ", self._heading("effective_on"), days)

    def _note(self, line: int, kind: str, column: str = "", found: str = "") -> None:
        self.notes.append(Note(line, kind, column, found[:200]))

    def _heading(self, field_name: str) -> str:
        at = self.columns.at.get(field_name)
        return self.columns.headings[at] if at is not None else ""

    def _cells(self, cells: Sequence[str]) -> Callable[[str], str]:
        def cell_of(field_name: str) -> str:
            at = self.columns.at.get(field_name)
            return cells[at] if at is not None and at < len(cells) else ""

        return cell_of

    def _clean(self, line: int, number: int, cell: str) -> str:
        if not cell:
            return cell
        text = " ".join(cell.split())
        if text.isascii() and text.isprintable() and len(text) <= limits.IMPORT_CELL_CHARS_MAX:
            return text
        column = self.columns.headings[number] if number < len(self.columns.headings) else ""
        mended = _undouble(text)
        if mended != text:
            self._note(line, "text_double_encoded", column, text)
        if "\ufffd" in mended:
            self._note(line, "text_lost", column, mended)
        plain = "".join(
            letter for letter in mended if unicodedata.category(letter) not in ("Cc", "Cf")
        )
        if plain != mended:
            self._note(line, "text_control", column, plain)
        return self._cut(line, column, unicodedata.normalize("NFC", plain))

    def _cut(self, line: int, column: str, text: str) -> str:
        if len(text) > limits.IMPORT_CELL_CHARS_MAX:
            self._note(line, "cell_long", column, text[:60])
        return text[: limits.IMPORT_CELL_CHARS_MAX]

    def _check_width(self, line: int, cells: Sequence[str]) -> None:
        width = len(self.columns.headings)
        if len(cells) < width:
            self._note(line, "row_short", "", f"{len(cells)} of {width} cells")
        elif any(cells[width:]):
            self._note(line, "row_long", "", "; ".join(cell for cell in cells[width:] if cell))

    def _check_repeat(self, line: int, cells: Sequence[str]) -> None:
        first = self._rows.setdefault(hash(tuple(cells)), line)
        if first != line:
            self._note(line, "row_repeat", "", f"line {first}")

    def _facts(self, line: int, cell_of: Callable[[str], str], cells: Sequence[str]) -> Facts:
        name = self._name(line, cell_of)
        point, notes = place_point(
            *parse_point(cell_of("x"), cell_of("y"), cell_of("point")),
            cell_of("crs") if "crs" in self.columns.at else "WGS84"
            if "point" in self.columns.at or self.columns.profile.name == "places" else "",
            line=line,
        )  # fmt: skip
        self.notes += notes
        tenure, detail, occupancy = self._tenure(line, cell_of)
        return Facts(
            code=self._code(line, cell_of, name), name=name, kind=self.columns.profile.kind,
            council=_council(cell_of("council")), uprn=self._uprn(line, cell_of("uprn")),
            street_number=cell_of("street_number"), street=cell_of("street"),
            town=cell_of("town"), postcode=self._postcode(line, cell_of("postcode")),
            lat_microdegrees=point.lat_microdegrees if point else None,
            lon_microdegrees=point.lon_microdegrees if point else None,
            tenure=tenure, tenure_detail=detail, other_detail=cell_of("other_detail"),
            holding=cell_of("holding"), occupancy=occupancy, size=cell_of("size"),
            area=cell_of("area"), energy_rating=cell_of("energy_rating"),
            ownership=OWNERSHIPS.get(cell_of("ownership").casefold(), cell_of("ownership")),
            website=cell_of("website"),
            effective_on=self._day(line, "effective_on", cell_of),
            ended_on=self._day(line, "ended_on", cell_of),
            source_row=self._source_row(cells),
        )  # fmt: skip

    def _source_row(self, cells: Sequence[str]) -> dict[str, str]:
        """Every cell that is filled, under its heading; nothing is lost where two are alike."""
        spare = [""] * max(0, len(cells) - len(self.columns.headings))
        row: dict[str, str] = {}
        pairs = zip([*self.columns.headings, *spare], cells, strict=False)
        for number, (heading, cell) in enumerate(pairs, start=1):
            if cell:
                alone = heading and heading not in row
                row[heading if alone else f"{heading} column {number}".strip()] = cell
        return row

    def _name(self, line: int, cell_of: Callable[[str], str]) -> str:
        name = cell_of("name")
        if name:
            return name[: limits.LINE_CHARS_MAX]
        self._note(line, "name_missing", self._heading("name"))
        stand_in = cell_of("street") or cell_of("code") or f"Line {line}"
        return stand_in[: limits.LINE_CHARS_MAX]

    def _code(self, line: int, cell_of: Callable[[str], str], name: str) -> str:
        stated = cell_of("code")
        code = stated or f"{name} {cell_of('postcode')}".strip()
        if not stated and "code" in self.columns.at:
            self._note(line, "code_missing", self._heading("code"), name)
        code = code[: limits.NAME_CHARS_MAX - 8]
        used = self._codes[code] = self._codes.get(code, 0) + 1
        if used == 1:
            return code
        self._note(line, "code_repeat", self._heading("code"), code)
        return f"{code} #{used}"

    def _uprn(self, line: int, text: str) -> str:
        if "uprn" not in self.columns.at:
            return ""
        heading = self._heading("uprn")
        if not text:
            self._note(line, "uprn_missing", heading)
            return ""
        if not _UPRN.fullmatch(text):
            self._note(line, "uprn_bad", heading, text)
            return ""
        first = self._uprns.setdefault(text, line)
        if first != line:
            self._note(line, "uprn_repeat", heading, f"{text}, first on line {first}")
        return text

    def _postcode(self, line: int, text: str) -> str:
        if "postcode" not in self.columns.at:
            return ""
        heading = self._heading("postcode")
        if not text:
            self._note(line, "postcode_missing", heading)
            return ""
        squeezed = text.upper().replace(" ", "")
        if _FULL_POSTCODE.fullmatch(f"{squeezed[:-3]} {squeezed[-3:]}"):
            return f"{squeezed[:-3]} {squeezed[-3:]}"
        kind = "postcode_district" if _DISTRICT.fullmatch(squeezed) else "postcode_bad"
        self._note(line, kind, heading, text)
        return squeezed if kind == "postcode_district" else text[:20]

    def _tenure(self, line: int, cell_of: Callable[[str], str]) -> tuple[str, str, str]:
        if "tenure" not in self.columns.at:
            return "", "", "unknown"
        stated = cell_of("tenure")
        if not stated:
            self._note(line, "tenure_missing", self._heading("tenure"))
        tenure = self._word(line, "tenure", stated, TENURES)
        detail = self._word(line, "tenure_detail", cell_of("tenure_detail"), tuple(TENURE_DETAILS))
        return tenure, detail, TENURE_DETAILS.get(detail, "unknown")

    def _word(self, line: int, field_name: str, text: str, known: Sequence[str]) -> str:
        if not text or text in known:
            return text
        same = next((word for word in known if word.casefold() == text.casefold()), "")
        kind = "tenure_variant" if same else "tenure_unknown"
        self._note(line, kind, self._heading(field_name), text)
        return same or text[: limits.NAME_CHARS_MAX]

    def _day(self, line: int, field_name: str, cell_of: Callable[[str], str]) -> date | None:
        text = cell_of(field_name)
        if not text:
            return None
        day = _parse_day(text)
        if day is None:
            self._note(line, "date_bad", self._heading(field_name), text)
        return day


def _council(text: str) -> str:
    """A publisher given only as an address on the web is named by its last part."""
    if text.startswith(("http://", "https://")):
        text = text.rstrip("/").rsplit("/", 1)[-1].replace("-", " ").title()
    return text[: limits.NAME_CHARS_MAX]


def _undouble(text: str) -> str:
    """``Â£62`` back to ``£62``, where the bytes leave no other reading."""
    if not _DOUBLE_ENCODED.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def _parse_day(text: str) -> date | None:
    iso, british = _ISO.fullmatch(text), _BRITISH.fullmatch(text)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        return date(int(british[3]), int(british[2]), int(british[1])) if british else None
    except ValueError:
        return None
