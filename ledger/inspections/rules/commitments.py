"""A journal as salted commitments, some of which are opened and some of which stay shut (I2 to I4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from ledger.books.rules import canonical

Opening = tuple[bytes, Any]
"""The salt (32 bytes) and the value of one field."""

_HEAD: Final = (
    "checker", "deadline_us", "effective_on", "group", "id", "kind", "maker", "note", "purpose",
    "reason", "recorded_us", "resolves", "reverses",
)  # fmt: skip
_NAMES: Final = {"maker_name": "maker", "checker_name": "checker"}
_OF_PEOPLE: Final = {"maker": "maker", "checker": "checker"} | _NAMES
_PERSONAL: Final = re.compile(r"\b(?:PER|CMT)-")
_PRIVATE: Final = frozenset({"pledge.excuse"})
"""Kinds of journal whose reason is about one person's circumstances."""


def fields_of(facts: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """I2: a journal's leaf, read, as one value for each field; ``names`` are of those who acted.

    An entry is three fields: its account; side, quantity, layer, unit and fund; and the balance
    that it left.
    """
    fields = {name: facts[name] for name in _HEAD}
    fields |= {name: names.get(facts[who] or "", "") for name, who in _NAMES.items()}
    for line, path, side, quantity, layer, unit, fund, version, after in facts["entries"]:
        fields[f"entry.{line}.account"] = path
        fields[f"entry.{line}.value"] = [side, quantity, layer, unit, fund]
        fields[f"entry.{line}.after"] = [version, after]
    return fields


def person_of(field: str, facts: Mapping[str, Any]) -> str:
    """I4: whose secret salts a field; empty when it is the inspection's own."""
    who = facts[_OF_PEOPLE[field]] if field in _OF_PEOPLE else None
    return who if who and who.startswith("PER-") else ""


def salt_of(secret: bytes, *, inspection: str, seq: int, field: str) -> bytes:
    """I2: the salt of one field (32 bytes): HMAC-SHA256 of where it stands, under a secret."""
    place = canonical([inspection, seq, field])
    return hmac.new(secret, place, hashlib.sha256).digest()


def commitment(salt: bytes, *, seq: int, field: str, value: Any) -> str:
    """I2: SHA-256 of the salt and of the journal's number, field and value in canonical JSON (hex)."""
    return hashlib.sha256(salt + canonical([seq, field, value])).hexdigest()


def leaf_of(seq: int, leaf_hash: bytes, commitments: Mapping[str, str]) -> bytes:
    """I2: a journal as a leaf of the inspection's tree: its number, the hash by which the books
    know it, and its commitments.
    """
    return canonical({"commitments": dict(commitments), "leaf_hash": leaf_hash.hex(), "seq": seq})


def withheld(fields: Mapping[str, Any]) -> set[str]:
    """I3: the fields of one journal that the public is not given."""
    shut = {name for name in _NAMES if fields[name]}
    shut |= {
        name for name, value in fields.items() if isinstance(value, str) and _PERSONAL.search(value)
    }
    if fields["kind"] in _PRIVATE:
        shut.add("reason")
    accounts = [name for name in shut if name.endswith(".account")]
    return shut | {name.removesuffix("account") + "after" for name in accounts}


def seal_body(
    *, origin: str, inspection: str, starts_on: date, ends_on: date, size: int, books_root: bytes,
    journals: int, root: bytes,
) -> str:  # fmt: skip
    """I2: the words that are signed when books are opened: which journals, under which checkpoint,
    and the root over their commitments.
    """
    lines = [
        origin,
        f"inspection {inspection}",
        f"period {starts_on.isoformat()} {ends_on.isoformat()}",
        f"checkpoint {size} {base64.b64encode(books_root).decode()}",
        f"journals {journals}",
        f"root {base64.b64encode(root).decode()}",
    ]
    return "\n".join(lines) + "\n"
