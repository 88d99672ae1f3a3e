"""Answers to requests, sealed under a key of their month: a backup of the book cannot be read in them.

An answer may hold what a person typed. Its body lives thirty days; the month's key lives a little
longer, in the key store, and is then destroyed. When somebody is erased every month gets a newer key
and the older one is destroyed: what was backed up before cannot be read any more.
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
_KIND: Final = "answers "
_NAME_BYTES: Final = len("2026-03 0001")
_MONTH_BYTES: Final = len("2026-03")
_NONCE_BYTES: Final = 12
KEPT: Final = timedelta(days=62)
"""Longer than any body, so that no answer is lost before its time."""


def seal(body: bytes, *, now: datetime) -> bytes:
    """A body as it is kept."""
    return _sealed(body, f"{now:%Y-%m}")


def _sealed(body: bytes, month: str) -> bytes:
    name, key = keys.store().newest_secret(_KIND + month)
    stamp, nonce = name.removeprefix(_KIND).encode(), secrets.token_bytes(_NONCE_BYTES)
    return _FORM + stamp + nonce + AESGCM(key).encrypt(nonce, body, stamp)


def unseal(kept: bytes) -> bytes | None:
    """The body that was kept; None when its key was destroyed. What was kept before is plain."""
    if not kept.startswith(_FORM):
        return kept
    stamp, rest = kept[1 : 1 + _NAME_BYTES], kept[1 + _NAME_BYTES :]
    nonce, text = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    key = keys.store().key(keys.secret_id(_KIND + stamp.decode()))
    try:
        return AESGCM(key).decrypt(nonce, text, stamp) if key else None
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


def renew() -> list[str]:
    """Make a newer key for every month; returns the names of the older ones, to be destroyed."""
    old = keys.store().secret_names(_KIND)
    for month in sorted({name[: len(_KIND) + _MONTH_BYTES] for name in old}):
        keys.store().renew_secret(month)
    return old


def older() -> list[str]:
    """The names of the keys that are not the newest of their month: an erasure left them behind."""
    names = keys.store().secret_names(_KIND)
    newest = {name[: len(_KIND) + _MONTH_BYTES]: name for name in names}  # they come in order
    return [name for name in names if name not in newest.values()]


def text_again(kept: str) -> str:
    """The same short text under the newest key of its month; as it is, if it cannot be opened."""
    sealed = base64.b64decode(kept.removeprefix(_TEXT)) if kept.startswith(_TEXT) else b""
    text = unseal(sealed) if sealed else None
    if text is None:
        return kept
    return _TEXT + base64.b64encode(_sealed(text, sealed[1 : 1 + _MONTH_BYTES].decode())).decode()


def forget(*, now: datetime) -> int:
    """Destroy the keys of the months whose answers are long dropped; how many there were."""
    first = f"{_KIND}{now - KEPT:%Y-%m}"
    old = [name for name in keys.store().secret_names(_KIND) if name < first]
    keys.store().destroy_secrets(old)
    return len(old)
