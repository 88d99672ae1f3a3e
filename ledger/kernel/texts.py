"""Texts from outside: one form of Unicode, no hidden characters, a length that is known."""

from __future__ import annotations

import unicodedata

from ledger.kernel import limits
from ledger.kernel.errors import Invalid

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean_line(
    text: str, *, place: str, shortest: int = 0, longest: int = limits.LINE_CHARS_MAX
) -> str:
    """One line of ordinary characters, trimmed and composed (NFC).

    Raises:
        Invalid: hidden characters (control, direction, zero width), or the wrong length.
    """
    return _clean(text, place=place, shortest=shortest, longest=longest, breaks=False)


def clean_text(
    text: str, *, place: str, shortest: int = 0, longest: int = limits.TEXT_CHARS_MAX
) -> str:
    """A text of several lines, as `clean_line`, with its line breaks kept.

    Raises:
        Invalid: as `clean_line`.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _clean(lines, place=place, shortest=shortest, longest=longest, breaks=True)


def _clean(text: str, *, place: str, shortest: int, longest: int, breaks: bool) -> str:
    allowed = "\n\t" if breaks else ""
    for letter in text:
        if unicodedata.category(letter) in _HIDDEN and letter not in allowed:
            raise Invalid(
                f"The text contains a hidden character (U+{ord(letter):04X}).",
                remedy="Type the text again without it.",
                place=place,
            )
    made = unicodedata.normalize("NFC", text).strip()
    if not shortest <= len(made) <= longest:
        raise Invalid(
            f"The text has {len(made)} characters.",
            remedy=f"Use {shortest} to {longest} characters.",
            place=place,
        )
    return made
