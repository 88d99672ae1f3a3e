"""What outcomes refuse, in people's words."""

from __future__ import annotations

from ledger.kernel.errors import Conflict, Invalid, Kind, LedgerError


class FileRefused(LedgerError):
    """O10: a file that cannot be read as readings at all."""

    code = "outcomes.file_refused"
    title = "That file cannot be read"


class FileTooLarge(LedgerError):
    """O10: more than the service takes in one file."""

    code = "outcomes.file_too_large"
    kind = Kind.TOO_LARGE
    title = "That file is too large"


class RowsRefused(LedgerError):
    """O10: some rows are wrong, so nothing was stored."""

    code = "outcomes.rows_refused"
    title = "Some rows need mending first"


class MeasureUnknown(LedgerError):
    """No measure has this code."""

    code = "outcomes.measure_unknown"
    kind = Kind.MISSING
    title = "There is no such measure"


class AlreadyFinal(Conflict):
    """A final mark goes forward only."""

    code = "outcomes.already_final"
    title = "These readings are final already"


class BadPeriod(Invalid):
    """A window that is not made of whole years."""

    code = "outcomes.bad_period"
    title = "That period cannot be tested"
