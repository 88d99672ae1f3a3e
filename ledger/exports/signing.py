"""The key that signs checkpoints and manifests: this installation's own, kept beside its data."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

from ledger.kernel.errors import NotReady

_SEED_BYTES = 32


def seed() -> bytes:
    """The signing key's seed (32 bytes), made at first use and readable by its owner only.

    Several machines that sign for one place must be given the same file.

    Raises:
        NotReady: the file is there and is not a key.
    """
    path: Path = current_app.extensions["ledger.settings"].data_dir / "checkpoint.key"
    if not path.exists():
        _make(path)
    try:
        found = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        found = b""
    if len(found) != _SEED_BYTES:
        raise NotReady(
            f"{path.name} does not hold a signing key.",
            remedy="Restore the file from a backup: a new key would not match older checkpoints.",
        )
    return found


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_bytes(_SEED_BYTES).hex() + "\n")
    try:
        path.hardlink_to(temporary)  # fails when another process was first, whose key then stays
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def address_code(reference: str) -> str:
    """What opens the receipt of a record without signing in: only this installation can make it.

    It is printed on the receipt and nowhere else; whoever holds the paper may read it (80 bits).
    """
    key = hmac.new(seed(), b"address of a receipt", hashlib.sha256).digest()
    digest = hmac.new(key, reference.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:10]).decode()


def origin() -> str:
    """What this log is called: the service's host and the book's code."""
    settings = current_app.extensions["ledger.settings"]
    return f"{urlsplit(settings.base_url).netloc}/{settings.book_code}"
