"""What the books answer with, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class HeadRow:
    """Where a book stands: the next number, the chain so far, the last recorded microsecond."""

    next_seq: int
    chain: bytes
    last_us: int


class BalanceRow(NamedTuple):
    """One account's balance. ``net`` is debits less credits; ``owed`` the mirror.

    A trial balance has as many of these as there are accounts, so they are plain tuples.
    """

    path: str
    type: str
    unit: str
    fund: str
    dr: int
    cr: int
    held_dr: int
    held_cr: int

    @property
    def net(self) -> int:
        """Debits less credits, posted."""
        return self.dr - self.cr

    @property
    def owed(self) -> int:
        """Credits less debits, posted."""
        return self.cr - self.dr


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry of an account with the journal it belongs to and the balance after it."""

    seq: int
    line: int
    effective_on: date
    recorded_us: int
    id: str
    kind: str
    reason: str
    maker: str
    checker: str | None
    side: str
    amount: int
    layer: str
    unit: str
    balance_after: int


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One journal as stored."""

    seq: int
    id: str
    kind: str
    effective_on: date
    recorded_us: int
    group_id: str
    reason: str
    purpose: str
    maker: str
    checker: str | None
    resolves: int | None
    reverses: int | None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of a journal with its account's path."""

    line: int
    path: str
    side: str
    amount: int
    layer: str
    unit: str
    fund: str
    acct_version: int
    balance_after: int


@dataclass(frozen=True, slots=True)
class LeafRow:
    """The bytes by which one journal is known for ever, their hash, and the chain up to them."""

    leaf: bytes
    leaf_hash: bytes
    chain: bytes


class Answering(NamedTuple):
    """The numbers of the journals by which one was answered, where it was."""

    reversed_by: int | None
    resolved_by: int | None
