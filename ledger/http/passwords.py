"""Passwords: argon2id with 64 MiB, three passes and four lanes; at most four at once."""

from __future__ import annotations

import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher: Final = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_at_once: Final = threading.BoundedSemaphore(4)
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$"
    "Zs1HGIn2ASo0kC5aDAWAd4mDnF4B3uvkZLlB0s3jLIY"
)


def hashed(password: str) -> str:
    """The argon2id hash under which a password is kept."""
    with _at_once:
        return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether a password is the right one; takes as long when there is none."""
    with _at_once:
        try:
            _hasher.verify(stored or _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_old(stored: str) -> bool:
    """Whether a stored hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(stored)
