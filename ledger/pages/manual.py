"""The list of refusals as a page, read from ``docs/errors.md`` so that it is written once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ERRORS = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(slots=True)
class Section:
    """One domain's refusals: code and paragraph."""

    title: str
    refusals: list[tuple[str, str]] = field(default_factory=list)


@cache
def refusals() -> list[Section]:
    """Every documented refusal, by the part of the service it belongs to."""
    sections: list[Section] = []
    text = ERRORS.read_text(encoding="utf-8") if ERRORS.is_file() else ""
    for block in re.split(r"\n\s*\n", text):
        line = " ".join(block.split())
        if line.startswith("## "):
            sections.append(Section(line[3:]))
        elif line.startswith("### ") and sections:
            sections[-1].refusals.append((line[4:].strip("`"), ""))
        elif sections and sections[-1].refusals:
            code, said = sections[-1].refusals[-1]
            words = _LINK.sub(r"\1", line).replace("`", "")
            sections[-1].refusals[-1] = (code, f"{said} {words}".strip())
    return sections
