"""JSON as strict as value needs it: no doubt about what a body says.

Refused with 400: NaN and infinity, a name twice in one table, nesting deeper than 32, whole
numbers longer than 15 digits, and anything that is not UTF-8.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask.json.provider import DefaultJSONProvider

from ledger.http.refusals import Malformed
from ledger.kernel import limits

_OPENING = {ord("["), ord("{")}
_CLOSING = {ord("]"), ord("}")}


def loads(body: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        Malformed: it is not JSON, or not strict enough; the place says what.
    """
    text = _text(body)
    openings = text.count("{") + text.count("[")
    if openings > limits.JSON_DEPTH_MAX and _depth(text) > limits.JSON_DEPTH_MAX:
        raise _refused(f"It nests deeper than {limits.JSON_DEPTH_MAX} levels.")
    try:
        return json.loads(
            text,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_constant,
            object_pairs_hook=_table,
        )
    except json.JSONDecodeError as error:
        raise _refused(
            f"It is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error


def canonical(value: Any) -> bytes:
    """The one form of a JSON value by which two bodies are compared."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _text(body: str | bytes) -> str:
    if isinstance(body, str):
        return body
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(f"It is not UTF-8: byte {error.start} cannot be read.") from error


def _depth(text: str) -> int:
    """How deep the text nests, without trusting it: brackets inside strings do not count."""
    depth = deepest = 0
    quoted = escaped = False
    for letter in text:
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = quoted
        elif letter == '"':
            quoted = not quoted
        elif not quoted and ord(letter) in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif not quoted and ord(letter) in _CLOSING:
            depth -= 1
    return deepest


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > limits.JSON_DIGITS_MAX:
        raise _refused(f"A number has more than {limits.JSON_DIGITS_MAX} digits.")
    return int(digits)


def _fraction(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _refused(f"The number {text[:40]} is too large.")
    return value


def _constant(name: str) -> NoReturn:
    raise _refused(f"{name} is not a number that can be used.")


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _refused(f"The name “{twice[:60]}” is given twice.")
    return made


def _refused(facts: str) -> Malformed:
    return Malformed(facts, remedy="Send JSON as RFC 8259 describes it, in UTF-8.", place="body")


class StrictProvider(DefaultJSONProvider):
    """Flask's JSON with our reader in place of its own."""

    sort_keys = False
    ensure_ascii = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read strictly; Flask's own options do not apply."""
        del kwargs
        return loads(s)
