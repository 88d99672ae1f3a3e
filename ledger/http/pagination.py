"""Long lists, a page at a time: by the key of the last row, so that nothing is skipped."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ledger.http.refusals import BadCursor
from ledger.kernel import limits

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list, and the cursor of what follows (None at the end)."""

    items: list[Row]
    next: str | None


def encode(key: Sequence[str | int]) -> str:
    """A cursor: where a list goes on, in a form that means nothing to anybody else."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> list[str | int]:
    """The key inside a cursor, whose parts must be of the given kinds.

    Raises:
        BadCursor: it was not made here, or for another list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError, binascii.Error) as error:
        raise _refused() from error
    whole = isinstance(key, list) and len(key) == len(kinds)
    if not whole or not all(_fits(part, kind) for part, kind in zip(key, kinds, strict=True)):
        raise _refused()
    return list(key)


def _fits(part: Any, kind: type) -> bool:
    """Whether a part is of its kind, and one that a database could have given."""
    if type(part) is not kind:
        return False
    if isinstance(part, int):
        return abs(part) < 10**limits.CURSOR_DIGITS_MAX
    return str(part).isprintable()


def _refused() -> BadCursor:
    return BadCursor(
        "The cursor was not given by this list.",
        remedy="Begin the list again without it, and use “next” as it was given.",
        place="after",
    )


def page(rows: Sequence[Row], *, size: int, key: Callable[[Row], Sequence[str | int]]) -> Page[Row]:
    """The first ``size`` of rows that were asked for with one more than that."""
    shown = list(rows[:size])
    return Page(shown, encode(key(shown[-1])) if len(rows) > size else None)


def size_of(asked: int | None) -> int:
    """How many rows a page has: as asked, within the limits."""
    return min(asked or limits.PAGE_ROWS_DEFAULT, limits.PAGE_ROWS_MAX)
