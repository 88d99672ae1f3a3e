"""What is typed after a command: plain digits, days that exist, and nothing that cannot be seen."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

import click

from ledger.kernel import limits

_DIGITS: Final = re.compile(rf"[0-9]{{1,{limits.JSON_DIGITS_MAX}}}", re.ASCII)
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_MONTH: Final = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)


class Whole(click.IntRange):
    """A whole number in plain digits, within bounds that fit the database."""

    def __init__(self, least: int = 0, most: int = 10**limits.JSON_DIGITS_MAX - 1) -> None:
        super().__init__(least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what Python alone would read: ``1_000``, full-width digits, a sign."""
        if isinstance(value, str) and not _DIGITS.fullmatch(value):
            self.fail(f"{value[:40]!r} is not a whole number in plain digits.", param, ctx)
        return super().convert(value, param, ctx)


class Day(click.ParamType[date]):
    """A day that exists, written like 2026-03-02."""

    name = "day"
    pattern, example = _DAY, "2026-03-02"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How help shows it."""
        del param, ctx
        return f"[{self.example}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The day, or a refusal that says which of two things is wrong with it."""
        if isinstance(value, date):
            return value
        match = self.pattern.fullmatch(str(value))
        if match is None:
            self.fail(f"{value[:40]!r} is not written like {self.example}.", param, ctx)
        try:
            return date(*(int(part) for part in (*match.groups(), "1")[:3]))
        except ValueError:
            self.fail(f"There is no {self.name} {value}.", param, ctx)


class Month(Day):
    """A month that exists, written like 2026-03: its first day."""

    name = "month"
    pattern, example = _MONTH, "2026-03"


def check_words(words: list[str]) -> None:
    """Refuse words that no database could keep: bytes that are no text, and control characters.

    Raises:
        click.UsageError: naming the word.
    """
    for word in words:
        wrong = next((letter for letter in word if not _can_be_kept(letter)), "")
        if wrong:
            shown = "".join(letter if _can_be_kept(letter) else "?" for letter in word)[:60]
            raise click.UsageError(
                f"“{shown}” contains a character that is not text (U+{ord(wrong):04X})."
                " Type it again without it; a file with such a name must be renamed."
            )


def _can_be_kept(letter: str) -> bool:
    return letter >= " " and not "\x7f" <= letter <= "\x9f" and not "\ud800" <= letter <= "\udfff"
