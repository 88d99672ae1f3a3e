"""Receipts: journals with the proof that they are in the signed books, as one small text (T10)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.audit.rules.notes import read_checkpoint
from ledger.audit.rules.refusals import NotAReceipt
from ledger.audit.rules.tree import HASH_BYTES, inclusion_holds, leaf_hash

FORM: Final = "c2sp.org/tlog-proof@v1"
ENTRIES_MAX: Final = 40
_LINES: Final = re.compile(
    rf"{re.escape(FORM)}\nextra ([A-Za-z0-9+/=]+)\nindex (0|[1-9][0-9]{{0,17}})\n"
    r"((?:[A-Za-z0-9+/=]+\n)*)\n((?:[^\n]+\n)+\n(?:\u2014 [^ \n]+ [A-Za-z0-9+/=]+\n)+)"
)


@dataclass(frozen=True, slots=True)
class Proved:
    """One journal of a receipt: its stored bytes, its place from 0, and how that is proved."""

    leaf: bytes
    index: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What the bytes of a journal say: ``quantity`` in pence, minutes or items of its unit."""

    seq: int
    on: date
    kind: str
    id: str
    group: str
    reason: str
    quantity: int
    unit: str


def receipt_text(entries: Sequence[Proved], *, note: str) -> str:
    """T10: a receipt: for each journal a text in the form of C2SP tlog-proof, one below another.

    The bytes of the journal are the extra data; ``note`` is the checkpoint with co-signatures.
    """
    return "".join(_one(entry, note) for entry in entries)


def _one(entry: Proved, note: str) -> str:
    lines = [FORM, f"extra {_encoded(entry.leaf)}", f"index {entry.index}"]
    return "\n".join([*lines, *map(_encoded, entry.proof)]) + "\n\n" + note


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def read_receipt(words: str, *, public: bytes) -> list[Proved]:
    """T10: the journals of a receipt, once everything in it was found to hold.

    Raises:
        NotAReceipt: something in it does not.
        NotACheckpoint: a checkpoint in it is not signed by the books' key.
    """
    found: list[Proved] = []
    rest = words
    while rest:
        match = _LINES.match(rest)
        if match is None or len(found) == ENTRIES_MAX:
            raise _not_a_receipt("It does not have the form of a receipt.")
        found.append(_proved(match, public))
        rest = rest[match.end() :]
    if not found:
        raise _not_a_receipt("It is empty.")
    return found


def _proved(match: re.Match[str], public: bytes) -> Proved:
    leaf = _decoded(match[1])
    proof = tuple(_decoded(line) for line in match[3].split("\n")[:-1])
    _, signed = read_checkpoint(match[4], public=public)
    index = int(match[2])
    if any(len(digest) != HASH_BYTES for digest in proof) or not inclusion_holds(
        leaf=leaf_hash(leaf), index=index, size=signed.size, proof=proof, root=signed.root
    ):
        raise _not_a_receipt("What it says is not in the books that were signed.")
    if said(leaf).seq != index + 1:
        raise _not_a_receipt("It names another number than its place.")
    return Proved(leaf, index, proof)


def _decoded(line: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except ValueError as error:
        raise _not_a_receipt("A line of it cannot be read.") from error
    if _encoded(raw) != line:
        raise _not_a_receipt("A line of it was changed.")
    return raw


def said(leaf: bytes) -> Said:
    """What a journal's bytes say, in short.

    The quantity is what the journal puts on the debit side of its first account, and of those that
    stand beside it under the same two names.

    Raises:
        NotAReceipt: they are not a journal's.
    """
    try:
        facts: dict[str, Any] = json.loads(leaf)
        first = facts["entries"][0]
        beside = first[1].split(":")[:2]
        quantity = sum(
            entry[3]
            for entry in facts["entries"]
            if (entry[2], entry[5]) == ("D", first[5]) and entry[1].split(":")[:2] == beside
        )
        return Said(
            facts["seq"], date.fromisoformat(facts["effective_on"]), facts["kind"], facts["id"],
            facts["group"], facts["reason"], quantity, first[5],
        )  # fmt: skip
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise _not_a_receipt("It does not hold a journal.") from error


def _not_a_receipt(facts: str) -> NotAReceipt:
    return NotAReceipt(facts, remedy="Take the whole file as it was downloaded, unchanged.")
