"""What is known of a person, under a key of their own (P10 to P12).

P10  Name, addresses, telephone and birthday are kept only as one sealed text, under a key that is
     that person's alone and is kept apart from the book. Whoever has the book has no name.
P11  An email address is found by its mark: a keyed hash that says nothing without the place's key.
P12  Erasing destroys the key and the sealed text. The pseudonym, and every balance, journal,
     decision and proof under it, stays as it was.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12
_FORM: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class Known:
    """What the vault holds of a person."""

    name: str
    email: str = ""
    phone: str = ""
    address: str = ""
    born_on: date | None = None


def sealed(known: Known, *, person: str, key: bytes) -> bytes:
    """P10: what is known, as bytes that only this key opens, and only for this person."""
    facts = [
        known.name, known.email, known.phone, known.address,
        known.born_on.isoformat() if known.born_on else "",
    ]  # fmt: skip
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, text, person.encode())


def unsealed(kept: bytes, *, person: str, key: bytes) -> Known | None:
    """P10: what is known of a person; None when this is not the key, or not this person's."""
    nonce, text = kept[1 : 1 + _NONCE_BYTES], kept[1 + _NONCE_BYTES :]
    try:
        facts = json.loads(AESGCM(key).decrypt(nonce, text, person.encode()))
    except InvalidTag:
        return None
    name, email, phone, address, born_on = facts
    return Known(name, email, phone, address, date.fromisoformat(born_on) if born_on else None)


def mark_of(contact: str, *, key: bytes) -> str:
    """P11: the mark by which the person with this email address (`contact_key`) is found."""
    return hmac.new(key, contact.encode(), hashlib.sha256).hexdigest()
