"""Checkpoints as signed notes, and the keys that sign them (T4)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from ledger.audit.rules.refusals import NotACheckpoint, NotAKey
from ledger.audit.rules.tree import HASH_BYTES, Surveyed

REASONS: Final = ("daily", "close", "asked")
SIGNS: Final = b"\x01"
COSIGNS: Final = b"\x04"
"""What a key is for, as C2SP numbers it: signing notes, or co-signing checkpoints."""
KEY_BYTES: Final = 32
_NAME: Final = re.compile(r"[A-Za-z0-9./:_-]{1,200}", re.ASCII)
_DASH: Final = "\u2014"


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key (32 bytes) with the name it signs under and what it is for."""

    name: str
    public: bytes
    kind: bytes = SIGNS

    @property
    def id(self) -> bytes:
        """The 4 bytes by which a signed note names the key."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    @property
    def line(self) -> str:
        """The key as C2SP writes it: name, key id and key on one line."""
        encoded = base64.b64encode(self.kind + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    def signature_in(self, line: str) -> bytes | None:
        """What a signature line of a note holds of this key; None when it is another's."""
        words = line.split(" ")
        if len(words) != 3 or words[:2] != [_DASH, self.name]:
            return None
        try:
            raw = base64.b64decode(words[2], validate=True)
        except (ValueError, binascii.Error):
            return None
        return raw[4:] if self.line_with(raw[4:]) == line else None

    def line_with(self, signature: bytes) -> str:
        """The line of a note that carries a signature of this key."""
        return f"{_DASH} {self.name} {base64.b64encode(self.id + signature).decode()}"


def read_key(line: str, *, kind: bytes = SIGNS) -> NoteKey:
    """The key on a line ``NAME+ID+KEY``.

    Raises:
        NotAKey: it is not such a line, or the key is for something else.
    """
    name, _, rest = line.strip().partition("+")
    number, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    key = NoteKey(name, raw[1:], raw[:1])
    if _NAME.fullmatch(name) is None or len(raw) != 1 + KEY_BYTES or key.id.hex() != number:
        raise _not_a_key("It is not a line of a name, a number and a key, joined by plus signs.")
    if raw[:1] != kind:
        raise _not_a_key(
            "The key signs notes of its own; a witness needs one for co-signing."
            if kind == COSIGNS
            else "The key is not one that signs notes."
        )
    return key


def _not_a_key(facts: str) -> NotAKey:
    return NotAKey(facts, remedy="Copy the whole line as its owner published it.", place="key")


def public_key(seed: bytes) -> bytes:
    """The public half (32 bytes) of a signing key's seed (32 bytes)."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def key_id(name: str, public: bytes) -> bytes:
    """The 4 bytes by which a signed note names its key."""
    return NoteKey(name, public).id


def verifier_key(name: str, public: bytes) -> str:
    """The public key as C2SP writes it: name, key id and key on one line."""
    return NoteKey(name, public).line


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this is the key's Ed25519 signature of the message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (ValueError, InvalidSignature):
        return False
    return True


def checkpoint_body(*, origin: str, surveyed: Surveyed) -> str:
    """T4: the words that are signed: origin, size, root, and the chain's head as an extension."""
    if _NAME.fullmatch(origin) is None:
        raise NotACheckpoint(
            f"“{origin[:60]}” cannot name a log.",
            remedy="Use the service's host and the book's code, such as ledger.town.gov.uk/MAIN.",
        )
    root = base64.b64encode(surveyed.root).decode()
    return f"{origin}\n{surveyed.size}\n{root}\nchain {surveyed.chain.hex()}\n"


def signed_note(body: str, *, name: str, seed: bytes) -> str:
    """T4: the words with the signature below them, as a C2SP signed note."""
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(body.encode())
    return f"{body}\n{NoteKey(name, public_key(seed)).line_with(signature)}\n"


def split_note(note: str) -> tuple[str, list[str]]:
    """The signed words and the lines of signatures below them; no line where there is no gap."""
    body, gap, signatures = note.partition("\n\n")
    return body + "\n", signatures.splitlines() if gap else []


def read_checkpoint(note: str, *, public: bytes) -> tuple[str, Surveyed]:
    """T4: origin and contents of a signed checkpoint.

    Raises:
        NotACheckpoint: the text or its signature does not hold.
    """
    body, signatures = split_note(note)
    lines = body.split("\n")
    try:
        origin, size, root, chain = lines[0], lines[1], lines[2], lines[3]
        surveyed = Surveyed(
            int(size), base64.b64decode(root, validate=True),
            bytes.fromhex(chain.removeprefix("chain ")),
        )  # fmt: skip
    except (IndexError, ValueError, binascii.Error) as error:
        raise _not_a_checkpoint("It lacks origin, size, root or chain.") from error
    if size != str(surveyed.size) or len(surveyed.root) != HASH_BYTES:
        raise _not_a_checkpoint("Its size or root is not written as it should be.")
    key = NoteKey(origin, public)
    if not any(_signs(line, body, key) for line in signatures):
        raise _not_a_checkpoint("No signature by the books' key holds.")
    return origin, surveyed


def _signs(line: str, body: str, key: NoteKey) -> bool:
    signature = key.signature_in(line)
    return signature is not None and ed25519_holds(key.public, body.encode(), signature)


def _not_a_checkpoint(facts: str) -> NotACheckpoint:
    return NotACheckpoint(facts, remedy="Take the whole text, from the origin to the signature.")
