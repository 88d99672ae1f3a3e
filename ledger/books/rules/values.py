"""Legs, accounts, journals and lines: the values that posting is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger.books.rules.kinds import ROOTS, Guard, Layer, Side


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a journal: ``quantity`` in the account's unit (pence, minutes, items)."""

    path: str
    side: Side
    quantity: int
    layer: Layer = "P"


def debit(path: str, quantity: int) -> Leg:
    """A posted debit."""
    return Leg(path, "D", quantity)


def credit(path: str, quantity: int) -> Leg:
    """A posted credit."""
    return Leg(path, "C", quantity)


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An account to be: path, unit and fund never change; ``guard`` says which side may not
    fall below zero (C: credits cover debits and held debits; D: the mirror; N: none).
    """

    path: str
    unit: str = "GBP"
    fund: str = "GENERAL"
    guard: Guard = "N"
    owner: str = ""

    @property
    def type_code(self) -> str:
        """The root's letter; the path must begin with one of the five roots."""
        return ROOTS[self.path.split(":", 1)[0]]


@dataclass(frozen=True, slots=True)
class JournalSpec:
    """A journal to be posted. ``id`` is the caller's and makes the posting happen once."""

    id: str
    kind: str
    effective_on: date
    legs: tuple[Leg, ...]
    maker: str
    checker: str | None = None
    group: str = ""
    reason: str = ""
    purpose: str = ""
    note: str = ""
    resolves: int | None = None
    reverses: int | None = None
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it will be stored, with the account's version and balance after it.

    ``balance_after`` is debits less credits of that layer: pence, minutes or items.
    """

    line: int
    account: int
    path: str
    side: Side
    quantity: int
    layer: Layer
    unit: str
    fund: str
    version: int
    balance_after: int

    @property
    def signed(self) -> int:
        """Debits above zero, credits below."""
        return self.quantity if self.side == "D" else -self.quantity


@dataclass(slots=True)
class Standing:
    """An account as it stands while a journal is being built."""

    account: int
    path: str
    unit: str
    fund: str
    guard: Guard
    dr: int
    cr: int
    held_dr: int
    held_cr: int
    version: int
    fund_id: int = 0

    def take(self, number: int, leg: Leg) -> Line:
        """Apply a leg and return the line to store."""
        self.version += 1
        if leg.layer == "P":
            if leg.side == "D":
                self.dr += leg.quantity
            else:
                self.cr += leg.quantity
            after = self.dr - self.cr
        else:
            if leg.side == "D":
                self.held_dr += leg.quantity
            else:
                self.held_cr += leg.quantity
            after = self.held_dr - self.held_cr
        return Line(
            number, self.account, self.path, leg.side, leg.quantity, leg.layer,
            self.unit, self.fund, self.version, after,
        )  # fmt: skip

    @property
    def overdrawn(self) -> int:
        """How far below zero the guarded side stands (0 when it does not)."""
        if self.guard == "C":
            return max(0, self.dr + self.held_dr - self.cr)
        if self.guard == "D":
            return max(0, self.cr + self.held_cr - self.dr)
        return 0


def mirrored(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """The same legs with their sides exchanged: what a reversal posts."""
    return tuple(
        Leg(leg.path, "C" if leg.side == "D" else "D", leg.quantity, leg.layer) for leg in legs
    )
