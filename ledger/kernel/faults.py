"""What the database's driver or the disk raises, as a refusal in a person's words."""

from __future__ import annotations

import errno
from typing import Any, Final

from sqlalchemy import exc

from ledger.kernel.errors import Busy, LedgerError, RefusedByDatabase, StorageFull, ValueStopped

_RETRYABLE_STATES: Final = frozenset({"40001", "40P01", "55P03"})
_NOT_GRANTED: Final = "42501"


def refusal_of(error: BaseException, *, writing: bool = True) -> LedgerError | None:
    """The refusal in a person's words for what the database or the disk raised, if it is one.

    ``writing``: whether the unit was one that may write; in another, a write is our own mistake.
    """
    if isinstance(error, OSError):
        return _of_the_disk(error)
    # BEGIN itself is sent past SQLAlchemy, so that its refusal comes as the driver's own error.
    original: Any = error.orig if isinstance(error, exc.DBAPIError) else error
    if original is error and not hasattr(error, "sqlite_errorname"):
        return None
    state = getattr(original, "sqlstate", None)
    name = str(getattr(original, "sqlite_errorname", ""))
    if state in _RETRYABLE_STATES or name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy(
            "Others were writing to the same records for too long.",
            remedy="Nothing was changed. Try again in a few seconds.",
        )
    if state == "53100" or name.startswith("SQLITE_FULL"):
        return _storage_full()
    if writing and (state == "25006" or name.startswith("SQLITE_READONLY")):
        return _read_only()
    message = next(iter(str(original).splitlines()), "")[:300]
    refused = isinstance(error, exc.IntegrityError | exc.DataError) or "ledger:" in message
    said = _not_granted if state == _NOT_GRANTED else _refused
    return said(message) if refused or state == _NOT_GRANTED else None


def _not_granted(message: str) -> LedgerError:
    return RefusedByDatabase(
        f"{message[:1].upper()}{message[1:]}.",
        remedy="Nothing was changed. If the service itself needs it, its role lacks a right: the"
        " owner of the tables runs flask ledger database-role.",
    )


def _refused(message: str) -> LedgerError:
    if "ledger: value stands still" in message:
        return ValueStopped(
            "The ledger's own safety net is broken, so that no value moves.",
            remedy="Nothing was changed; reading goes on. flask ledger verify says what is wrong.",
        )
    return RefusedByDatabase(
        message.replace("ledger: ", ""), remedy="Nothing was changed. Check and try again."
    )


def _of_the_disk(error: OSError) -> LedgerError | None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _storage_full()
    return _read_only() if error.errno == errno.EROFS else None


def _read_only() -> StorageFull:
    return StorageFull(
        "The disk that holds the ledger can only be read.",
        remedy="Nothing was changed. Ask the administrator to look at the disk, or who may write to it.",
    )


def _storage_full() -> StorageFull:
    return StorageFull(
        "The disk that holds the ledger is full.",
        remedy="Nothing was changed. Ask the administrator to free some space.",
    )
