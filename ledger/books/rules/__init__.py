"""What a journal must be, and the bytes by which it is known for ever.

B1  A journal has two legs or more, and balances by unit, fund and layer.
B2  A quantity is a whole number, not zero; only a hold's release may be below zero.
B3  Recorded time only rises: the later of the clock and one microsecond after the last.
B4  The same journal id with the same content is the same journal; with other content, refused.
B5  A leaf is ASCII JSON with sorted keys, hashed with the prefix 0x00 (RFC 6962); the chain
    binds the chain before it, so nothing can be changed, moved or dropped unseen.
B6  Restricted money leaves its fund, as an expense or otherwise, only for the fund's purpose.
B7  A hold is resolved once, wholly, and never posted past its deadline.
B8  A period goes OPEN, ADJUSTING, CLOSED; closing and opening again each take two people.
B9  A journal is reversed once at most, by its exact mirror; a release of a hold is not a hold.
B10 Paths, units and the words of a journal can be read by any accountant's text tool: no line
    breaks, no control characters, segments such as ``PLG-7K2M9QXA``.
B11 A close and an opening again are journals themselves, made by one person and checked by
    another: the leaf names the period, the reason and the hash of its trial balance.
B12 A restricted fund never falls below zero. What one fund lends another stands in both, as
    due from and due to.
B13 Who makes a journal does not check it, and no one person does the whole (``ledger/approvals``).
B14 Units of value leave an account in the order in which they came (``ledger/books/queries``).
"""

from ledger.books.rules.bytes import (
    canonical,
    chain_hash,
    hash_run,
    leaf_bytes,
    leaf_hash,
    note_commitment,
    recorded_us,
    request_hash,
)
from ledger.books.rules.checks import (
    check_balanced,
    check_path,
    check_shape,
    check_unit,
)
from ledger.books.rules.funds import (
    FundLine,
    FundTable,
    due_accounts,
    fund_tables,
    lending_legs,
)
from ledger.books.rules.kinds import (
    FUND_CLASSES,
    GENESIS,
    JOURNAL_KINDS,
    KIND_WORDS,
    ROOTS,
    Guard,
    Layer,
    Side,
)
from ledger.books.rules.periods import (
    CLOSED,
    PERIOD_UNIT,
    STILL_OPEN,
    Movement,
    closing_legs,
    period_group,
    reopening_legs,
    trial_balance_bytes,
    trial_balance_hash,
)
from ledger.books.rules.refusals import (
    AlreadyResolved,
    AlreadyReversed,
    HoldExpired,
    JournalIdReused,
    JournalRefused,
    NotEnoughMoney,
    PeriodClosed,
    UnknownAccount,
)
from ledger.books.rules.values import (
    AccountSpec,
    JournalSpec,
    Leg,
    Line,
    Standing,
    credit,
    debit,
    mirrored,
)

__all__ = [
    "CLOSED",
    "FUND_CLASSES",
    "GENESIS",
    "JOURNAL_KINDS",
    "KIND_WORDS",
    "PERIOD_UNIT",
    "ROOTS",
    "STILL_OPEN",
    "AccountSpec",
    "AlreadyResolved",
    "AlreadyReversed",
    "FundLine",
    "FundTable",
    "Guard",
    "HoldExpired",
    "JournalIdReused",
    "JournalRefused",
    "JournalSpec",
    "Layer",
    "Leg",
    "Line",
    "Movement",
    "NotEnoughMoney",
    "PeriodClosed",
    "Side",
    "Standing",
    "UnknownAccount",
    "canonical",
    "chain_hash",
    "check_balanced",
    "check_path",
    "check_shape",
    "check_unit",
    "closing_legs",
    "credit",
    "debit",
    "due_accounts",
    "fund_tables",
    "hash_run",
    "leaf_bytes",
    "leaf_hash",
    "lending_legs",
    "mirrored",
    "note_commitment",
    "period_group",
    "recorded_us",
    "reopening_legs",
    "request_hash",
    "trial_balance_bytes",
    "trial_balance_hash",
]
