"""Answers to requests, sealed under a key of their month: a backup of the book cannot be read in them.

An answer may hold what a person typed. Its body lives thirty days; the month's key lives a little
longer, in the key store, and is then destroyed.
"""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.kernel import keys

_FORM: Final = b"\x01"
_TEXT: Final = "sealed:"
_MONTH_CHARS: Final = len("2026-03")
_NONCE_BYTES: Final = 12
KEPT: Final = timedelta(days=62)
"""Longer than any body, so that no answer is lost before its time."""


def _name(month: str) -> str:
    return f"answers {month}"


def seal(body: bytes, *, now: datetime) -> bytes:
    """A body as it is kept."""
    month = f"{now:%Y-%m}"
    nonce = secrets.token_bytes(_NONCE_BYTES)
    key = keys.store().secret(_name(month))
    return _FORM + month.encode() + nonce + AESGCM(key).encrypt(nonce, body, month.encode())


def unseal(kept: bytes) -> bytes | None:
    """The body that was kept; None when its key was destroyed. What was kept before is plain."""
    if not kept.startswith(_FORM):
        return kept
    month = kept[1 : 1 + _MONTH_CHARS]
    nonce, text = kept[1 + _MONTH_CHARS :][:_NONCE_BYTES], kept[1 + _MONTH_CHARS + _NONCE_BYTES :]
    key = keys.store().key(f"secret:{_name(month.decode())}")
    try:
        return AESGCM(key).decrypt(nonce, text, month) if key else None
    except InvalidTag:
        return None


def seal_text(text: str, *, now: datetime) -> str:
    """A short text as it is kept in a column of text."""
    return _TEXT + base64.b64encode(seal(text.encode(), now=now)).decode()


def unseal_text(kept: str) -> str:
    """The text that was kept; nothing when its key was destroyed."""
    if not kept.startswith(_TEXT):
        return kept
    return (unseal(base64.b64decode(kept.removeprefix(_TEXT))) or b"").decode()


def forget(*, now: datetime) -> int:
    """Destroy the keys of the months whose answers are long dropped; how many there were."""
    return keys.store().destroy_secrets(before=_name(f"{now - KEPT:%Y-%m}"))
