"""What the books refuse, and in which words."""

from __future__ import annotations

from ledger.kernel.errors import Kind, LedgerError


class JournalRefused(LedgerError):
    """A journal that does not balance or is not well formed."""

    code = "books.journal_refused"
    title = "That entry cannot be posted"


class UnknownAccount(LedgerError):
    """A leg names an account that the book does not have."""

    code = "books.unknown_account"
    kind = Kind.MISSING
    title = "There is no such account"


class JournalIdReused(LedgerError):
    """The id was used before for something else."""

    code = "books.journal_id_reused"
    kind = Kind.CONFLICT
    title = "That entry was posted before with other contents"


class NotEnoughMoney(LedgerError):
    """The account would fall below zero, holds included."""

    code = "books.not_enough"
    kind = Kind.CONFLICT
    title = "There is not enough in the account"


class AlreadyResolved(LedgerError):
    """The hold was posted, given up or expired before, or it never was a hold."""

    code = "books.already_resolved"
    kind = Kind.CONFLICT
    title = "That hold is not waiting any more"


class HoldExpired(LedgerError):
    """The hold's deadline has passed: it can be given up, not posted."""

    code = "books.hold_expired"
    kind = Kind.GONE
    title = "That hold has run out"


class AlreadyReversed(LedgerError):
    """The journal has been answered by its mirror before."""

    code = "books.already_reversed"
    kind = Kind.CONFLICT
    title = "That entry was reversed before"


class PeriodClosed(LedgerError):
    """The effective day lies in a period that is closed."""

    code = "books.period_closed"
    kind = Kind.CONFLICT
    title = "That period is closed"
