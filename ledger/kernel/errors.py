"""Refusals: every error a person can meet names the place, the facts and the remedy."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What sort of refusal it is; the edge turns each into one HTTP status."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    GONE = "gone"
    TOO_LARGE = "too_large"
    INVALID = "invalid"
    TOO_MANY = "too_many"
    BUSY = "busy"
    FULL = "full"


class LedgerError(Exception):
    """A refusal in the user's words.

    ``code`` is stable and documented in ``docs/errors.md``; ``facts`` says what was found,
    ``remedy`` what to do now, ``place`` the field, line or record it is about.
    """

    code: ClassVar[str] = "ledger.refused"
    kind: ClassVar[Kind] = Kind.INVALID
    title: ClassVar[str] = "That cannot be done"

    def __init__(self, facts: str, *, remedy: str, place: str = "") -> None:
        self.facts = facts
        self.remedy = remedy
        self.place = place
        super().__init__(facts)

    def __str__(self) -> str:
        """Place, facts and remedy as one sentence after the other."""
        return f"{self.place + ': ' if self.place else ''}{self.facts} {self.remedy}".strip()

    def name_place(self, name: str) -> None:
        """Say which file or record it is about, before the line or field inside it."""
        self.place = ", ".join(filter(None, (name, self.place))) if name != self.place else name


class Invalid(LedgerError):
    """A value that the rules do not allow."""

    code = "ledger.invalid"
    title = "Something you entered cannot be used"


class Missing(LedgerError):
    """The thing asked for is not here, or not for this person to see."""

    code = "ledger.missing"
    kind = Kind.MISSING
    title = "Not found"


class Forbidden(LedgerError):
    """This person may not do this."""

    code = "ledger.forbidden"
    kind = Kind.FORBIDDEN
    title = "You cannot do that"


class Conflict(LedgerError):
    """It changed, or something else stands in the way."""

    code = "ledger.conflict"
    kind = Kind.CONFLICT
    title = "Something else got there first"


class Busy(LedgerError):
    """The database stayed busy past the deadline: nothing was done, ask again."""

    code = "ledger.busy"
    kind = Kind.BUSY
    title = "The ledger is busy"


class StorageFull(LedgerError):
    """No room left on the disk: nothing was done, reading still works."""

    code = "ledger.storage_full"
    kind = Kind.FULL
    title = "The ledger has no room to write"


class RefusedByDatabase(LedgerError):
    """A constraint or trigger of the database refused the change; nothing was written."""

    code = "ledger.refused_by_database"
    kind = Kind.CONFLICT
    title = "The database refused this"


class ValueStopped(LedgerError):
    """The ledger's own safety net is broken: no journal is posted, reading still works."""

    code = "ledger.value_stopped"
    kind = Kind.BUSY
    title = "No value moves at the moment"


class NotReady(LedgerError):
    """The service refuses to start or to write: something it relies on is missing."""

    code = "ledger.not_ready"
    kind = Kind.BUSY
    title = "The service refuses to start"
