"""Names for records: short, random, easy to read aloud, and never guessable in order."""

from __future__ import annotations

import hashlib
import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTER = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
"""The letter of a random byte: each of the thirty-two stands for eight bytes."""


def new_id(prefix: str, *, length: int = 8) -> str:
    """A new random reference such as ``PLG-7K2M9QXA`` (5 bits of chance a character)."""
    return prefix + "-" + secrets.token_bytes(length).translate(_LETTER).decode("ascii")


def derived_id(prefix: str, *facts: str, length: int = 16) -> str:
    """The same facts always give the same reference: for records that must exist once."""
    digest = hashlib.sha256("\x1f".join(facts).encode()).digest()
    number = int.from_bytes(digest, "big") & ((1 << (5 * length)) - 1)
    letters = [_ALPHABET[(number >> (5 * place)) & 31] for place in range(length)]
    return f"{prefix}-{''.join(letters)}"


def new_secret() -> str:
    """A fresh 256-bit secret for a link, token or session; only its hash is stored."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """The hash under which a secret is stored and looked up (SHA-256, hex)."""
    return hashlib.sha256(secret.encode()).hexdigest()
