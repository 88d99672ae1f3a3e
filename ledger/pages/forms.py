"""What a person typed, what is wrong with it, and how to keep both on the page.

A view makes one ``Form`` from the request, takes clean values out of it, and shows the page
again with status 422 while ``form.errors`` is not empty. Nothing typed is ever lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from ledger.kernel import limits
from ledger.kernel.errors import Invalid, LedgerError
from ledger.kernel.money import parse_pounds
from ledger.kernel.texts import clean_text

_T = TypeVar("_T")
_HOURS = re.compile(r"([0-9]{1,6})(?:\.(25|5|50|75|0|00))?(?:\s?h(?:ours?)?)?", re.ASCII)
_HOURS_MINUTES = re.compile(r"([0-9]{1,6}):([0-5][0-9])", re.ASCII)
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.]([0-5][0-9]))?\s?(am|pm)?", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,13}", re.ASCII)
_DAY_PART = re.compile(r"[0-9]{1,4}", re.ASCII)
_FIELD = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII)
_NOON = 12
PARTS = ("day", "month", "year")


class Form:
    """One filled-in form: the typed values by field, and one plain sentence per bad field."""

    def __init__(self, typed: Mapping[str, Any] | None = None) -> None:
        self._typed: MultiDict[str, str] = MultiDict(typed or {})
        self.errors: dict[str, str] = {}

    def value(self, name: str) -> str:
        """What was typed in a field, as it was typed; empty text when nothing was."""
        return str(self._typed.get(name, ""))

    def fill(self, name: str, value: str) -> None:
        """What a field begins with, where nothing was typed yet."""
        self._typed.setdefault(name, value)

    def chosen(self, name: str) -> list[str]:
        """Every box ticked in a group of checkboxes."""
        return self._typed.getlist(name)

    def wrong(self, name: str, sentence: str) -> None:
        """Put an error beside a field; the first one found stays."""
        self.errors.setdefault(name, sentence)

    def refuse(self, error: LedgerError, *, field: str = "") -> None:
        """Show a refusal beside the field it names, or at the top when it names none here. One
        that names several fields is shown beside each.
        """
        each: Mapping[str, str] = getattr(error, "errors", {})
        if each and all(_FIELD.fullmatch(name) for name in each):
            for name, sentence in each.items():
                self.wrong(name, sentence)
            return
        self.wrong(field or error.place, f"{error.facts} {error.remedy}".strip())

    def error_list(self) -> list[dict[str, str]]:
        """The errors as the error summary wants them: a sentence and a link to the field, in the
        order in which a browser sent the fields, which is that of the page.
        """
        places = {name: place for place, name in enumerate(self._typed)}
        found: list[tuple[int, dict[str, str]]] = []
        before = -1
        for name, text in self.errors.items():
            # Empty boxes and radios are not sent: their error stays after the one found before it.
            before = places.get(name, places.get(f"{name}-{PARTS[0]}", before))
            link = {"href": f"#{name}"} if _FIELD.fullmatch(name) else {}
            found.append((before, {"text": text} | link))
        return [error for _, error in sorted(found, key=lambda pair: pair[0])]

    def text(
        self, name: str, *, what: str, chars: int = limits.LINE_CHARS_MAX, required: bool = True,
        least: int = 0, verb: str = "Enter",
    ) -> str:  # fmt: skip
        """One line or paragraph of text. ``what`` completes "Enter …", as in "your name"; the
        ``verb`` of a list is "Select".
        """
        typed = self.value(name).replace("\r\n", "\n").strip()
        if not typed and required:
            self.wrong(name, f"{verb} {what}")
        if len(typed) > chars:
            self.wrong(name, f"{_sentence(what)} must be {chars:,} characters or fewer")
        if 0 < len(typed) < least:
            self.wrong(name, f"{_sentence(what)} must be {least} characters or more")
        try:
            clean_text(typed, place=name, longest=len(typed))
        except Invalid as error:
            self.wrong(name, f"{error.facts} {error.remedy}")
        return typed

    def choice(self, name: str, allowed: Iterable[str], *, what: str, required: bool = True) -> str:
        """One of the options offered. ``what`` completes "Select …"."""
        typed = self.value(name)
        if typed not in set(allowed) and (typed or required):
            self.wrong(name, f"Select {what}")
            return ""
        return typed

    def ticked(self, name: str, *, sentence: str = "") -> bool:
        """Whether a box is ticked; with ``sentence``, that error when it is not."""
        is_ticked = bool(self.chosen(name))
        if sentence and not is_ticked:
            self.wrong(name, sentence)
        return is_ticked

    def pounds(self, name: str, *, what: str, required: bool = True) -> int:
        """An amount of money in whole pence; 0 when it is wrong or left empty."""
        return self._parsed(
            name, what, 0, lambda typed: parse_pounds(typed, place=name), required=required
        )

    def hours(self, name: str, *, what: str, required: bool = True) -> int:
        """An amount of time in whole minutes, typed as 2, 2.5 or 2:30; 0 when wrong or empty."""
        return self._parsed(name, what, 0, _minutes, required=required)

    def whole(self, name: str, *, what: str, required: bool = True) -> int:
        """A whole number without sign; 0 when it is wrong or left empty."""
        return self._parsed(name, what, 0, _whole, required=required)

    def clock(self, name: str, *, what: str, required: bool = True) -> time | None:
        """A time of day, typed as 9:30, 9.30am or 18:00."""
        return self._parsed(name, what, None, _clock_time, required=required)

    def day(self, name: str, *, what: str, required: bool = True) -> date | None:
        """A day from the three boxes of a date field. ``what`` as in "the last day"."""
        parts = [self.value(f"{name}-{part}").strip() for part in PARTS]
        if not any(parts):
            if required:
                self.wrong(name, f"Enter {what}")
            return None
        missing = [part for part, typed in zip(PARTS, parts, strict=True) if not typed]
        if missing:
            self.wrong(name, f"{_sentence(what)} must include a {' and '.join(missing)}")
            return None
        try:
            if not all(map(_DAY_PART.fullmatch, parts)) or len(parts[2]) != 4:
                raise ValueError
            return date(int(parts[2]), int(parts[1]), int(parts[0]))
        except ValueError:
            self.wrong(name, f"{_sentence(what)} must be a real day, like 27 3 2026")
            return None

    def _parsed(
        self, name: str, what: str, empty: _T, parse: Callable[[str], _T], *, required: bool
    ) -> _T:
        typed = self.value(name).strip()
        if not typed:
            if required:
                self.wrong(name, f"Enter {what}")
            return empty
        try:
            return parse(typed)
        except Invalid as error:
            self.wrong(name, f"{error.facts} {error.remedy}")
            return empty


def reason_of(form: Form, *, required: bool = True) -> str:
    """Why somebody decides as they do, long enough to say something."""
    return form.text(
        "reason", what="the reason", chars=limits.TEXT_CHARS_MAX, required=required,
        least=limits.REASON_CHARS_MIN,
    )  # fmt: skip


def _sentence(what: str) -> str:
    return what[:1].upper() + what[1:]


def _minutes(typed: str) -> int:
    split = _HOURS_MINUTES.fullmatch(typed)
    if split:
        return int(split[1]) * 60 + int(split[2])
    match = _HOURS.fullmatch(typed)
    if match is None:
        raise Invalid(
            f"“{typed[:40]}” is not an amount of time.",
            remedy="Enter hours, halves or quarters, like 2, 2.5 or 2:30.",
        )
    quarters = {"": 0, "0": 0, "00": 0, "25": 15, "5": 30, "50": 30, "75": 45}
    return int(match[1]) * 60 + quarters[match[2] or ""]


def _whole(typed: str) -> int:
    if _WHOLE.fullmatch(typed) is None:
        raise Invalid(
            f"“{typed[:40]}” is not a whole number.", remedy="Enter digits only, like 20."
        )
    return int(typed.replace(",", ""))


def _clock_time(typed: str) -> time | None:
    match = _CLOCK.fullmatch(typed)
    hour = int(match[1]) if match else 99
    half = (match[3] or "").lower() if match else ""
    if half and 1 <= hour <= _NOON:
        hour = hour % _NOON + (_NOON if half == "pm" else 0)
    elif half or hour > 23 or (match and match[2] is None):
        hour = 99
    if match is None or hour > 23:
        raise Invalid(
            f"“{typed[:20]}” is not a time of day.", remedy="Enter it like 9:30 or 18:00."
        )
    return time(hour, int(match[2] or 0))
