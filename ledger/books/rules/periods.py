"""Accounting periods: what is signed at a close, and the leaf that proves it (B8, B11)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.books.rules.bytes import canonical
from ledger.books.rules.values import AccountSpec, Leg, credit, debit

PERIOD_UNIT: Final = "PERIOD"
STILL_OPEN: Final = AccountSpec("Equity:Memo:Periods:Open", unit=PERIOD_UNIT)
CLOSED: Final = AccountSpec("Equity:Memo:Periods:Closed", unit=PERIOD_UNIT, guard="C")
"""Periods are counted like anything else: no more can be opened again than were closed."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What one account moved within a period: debits and credits, in its unit."""

    account: int
    path: str
    unit: str
    fund: str
    dr: int
    cr: int


def period_group(starts_on: date) -> str:
    """The group under which everything about a period is found: ``PERIOD-2026-04-01``."""
    return f"PERIOD-{starts_on.isoformat()}"


def trial_balance_bytes(movements: Sequence[Movement]) -> bytes:
    """B11: a period's trial balance as the only bytes that are ever hashed for it: ASCII JSON,
    one ``[account, unit, fund, debits, credits]`` for each account that moved, by path.
    """
    return canonical(
        [[one.path, one.unit, one.fund, one.dr, one.cr]
         for one in sorted(movements, key=lambda one: one.path)]
    )  # fmt: skip


def trial_balance_hash(movements: Sequence[Movement]) -> bytes:
    """B11: SHA-256 of the trial balance's bytes (32 bytes)."""
    return hashlib.sha256(trial_balance_bytes(movements)).digest()


def closing_legs() -> tuple[Leg, ...]:
    """B11: the leaf of a close moves one period from the open to the closed."""
    return (debit(STILL_OPEN.path, 1), credit(CLOSED.path, 1))


def reopening_legs() -> tuple[Leg, ...]:
    """B11: the leaf of an opening again moves one period back."""
    return (debit(CLOSED.path, 1), credit(STILL_OPEN.path, 1))
