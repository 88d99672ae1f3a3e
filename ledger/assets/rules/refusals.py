"""Why a register or a listing is refused: each a class with its code, facts and remedy."""

from __future__ import annotations

from ledger.kernel.errors import Conflict, Kind, LedgerError


class FileTooLarge(LedgerError):
    """A1: the file is over the size, row, column or cell limit."""

    code = "assets.file_too_large"
    kind = Kind.TOO_LARGE
    title = "That file is too large"


class FileNotText(LedgerError):
    """A1: the file is not a text file with columns (a PDF, a spreadsheet, zeros)."""

    code = "assets.file_not_text"
    title = "That file cannot be read"


class FileTruncated(LedgerError):
    """A3: the file stops in the middle of a row or of a quoted cell."""

    code = "assets.file_truncated"
    title = "Part of that file is missing"


class NoRows(LedgerError):
    """A3: the file has headings and nothing below them."""

    code = "assets.no_rows"
    title = "There are no rows in that file"


class RowsBroken(LedgerError):
    """A3: most rows have neither name nor reference: the table was broken on its way."""

    code = "assets.rows_broken"
    title = "The rows of that file are broken"


class HeadingsUnknown(LedgerError):
    """A2: no known kind of register has these headings."""

    code = "assets.headings_unknown"
    title = "The headings of that file are not known"


class TooFewRows(LedgerError):
    """A8: most of the register is missing from the file."""

    code = "assets.too_few_rows"
    kind = Kind.CONFLICT
    title = "Most of the register is missing from that file"


class ListingMoveRefused(Conflict):
    """A listing cannot go from the state it is in to the one asked for."""

    code = "assets.listing_move_refused"
    title = "The listing cannot change in that way"
