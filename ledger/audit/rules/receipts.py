"""Receipts: one journal with the proof that it is in the signed books, as one small text (T10)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.audit.rules.notes import read_checkpoint
from ledger.audit.rules.refusals import NotAReceipt
from ledger.audit.rules.tree import HASH_BYTES, inclusion_holds, leaf_hash

FORM: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says: the journal's stored bytes, its place from 0, and how that is proved."""

    leaf: bytes
    index: int
    proof: tuple[bytes, ...]
    note: str


def receipt_text(*, leaf: bytes, index: int, proof: Sequence[bytes], note: str) -> str:
    """T10: a receipt in the form of C2SP tlog-proof; the journal's bytes are its extra data."""
    lines = [FORM, f"extra {_encoded(leaf)}", f"index {index}", *map(_encoded, proof)]
    return "\n".join(lines) + "\n\n" + note


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def read_receipt(words: str, *, public: bytes) -> Receipt:
    """T10: what a receipt says, once everything in it was found to hold.

    Raises:
        NotAReceipt: something in it does not.
        NotACheckpoint: the checkpoint in it is not signed by the books' key.
    """
    head, _, note = words.partition("\n\n")
    lines = head.split("\n")
    place = _INDEX.fullmatch(lines[2]) if len(lines) > 2 else None
    if lines[0] != FORM or place is None or not lines[1].startswith("extra "):
        raise _not_a_receipt("It does not begin as a receipt does.")
    try:
        leaf = base64.b64decode(lines[1].removeprefix("extra "), validate=True)
        proof = tuple(base64.b64decode(line, validate=True) for line in lines[3:])
    except (ValueError, binascii.Error) as error:
        raise _not_a_receipt("A line of it cannot be read.") from error
    _, signed = read_checkpoint(note, public=public)
    if any(len(digest) != HASH_BYTES for digest in proof) or not inclusion_holds(
        leaf=leaf_hash(leaf), index=int(place[1]), size=signed.size, proof=proof, root=signed.root
    ):
        raise _not_a_receipt("What it says is not in the books that were signed.")
    return Receipt(leaf, int(place[1]), proof, note)


def _not_a_receipt(facts: str) -> NotAReceipt:
    return NotAReceipt(facts, remedy="Take the whole file as it was downloaded, unchanged.")
