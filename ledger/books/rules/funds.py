"""Funds side by side, and what one lends another (B12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.books.rules.values import AccountSpec, Leg, credit, debit


@dataclass(frozen=True, slots=True)
class FundLine:
    """One line of the report by fund: what stands in each fund, and in all of them."""

    name: str
    by_fund: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class FundTable:
    """The accounts of one unit with a column for each fund. Debits above zero.

    ``holds`` is what each fund has: its assets less what it owes.
    """

    unit: str
    funds: tuple[str, ...]
    lines: tuple[FundLine, ...]
    holds: FundLine


def fund_tables(rows: Iterable[tuple[str, str, str, int]]) -> list[FundTable]:
    """B12: accounts (path, unit, fund, debits less credits) in columns by fund.

    Accounts are added up under the first two parts of their paths, such as ``Assets:Bank``.
    """
    units: dict[str, list[tuple[str, str, int]]] = {}
    for path, unit, fund, net in rows:
        name = ":".join(path.split(":")[:2])
        units.setdefault(unit, []).append((name, fund, net))
    return [_table(unit, cells) for unit, cells in sorted(units.items())]


def _table(unit: str, cells: list[tuple[str, str, int]]) -> FundTable:
    funds = tuple(
        sorted({fund for _, fund, _ in cells}, key=lambda code: (code != "GENERAL", code))
    )
    names = sorted({name for name, _, _ in cells}, key=lambda name: (_root(name), name))
    holding = [cell for cell in cells if cell[0].startswith(("Assets:", "Liabilities:"))]
    return FundTable(
        unit, funds,
        tuple(_line(name, funds, [cell for cell in cells if cell[0] == name]) for name in names),
        _line("Each fund holds", funds, holding),
    )  # fmt: skip


def _line(name: str, funds: tuple[str, ...], cells: list[tuple[str, str, int]]) -> FundLine:
    by_fund = tuple(sum(net for _, fund, net in cells if fund == code) for code in funds)
    return FundLine(name, by_fund, sum(net for _, _, net in cells))


def _root(name: str) -> int:
    order = ("Assets", "Liabilities", "Equity", "Income", "Expenses")
    return order.index(name.split(":", 1)[0])


def due_accounts(lender: str, borrower: str, unit: str = "GBP") -> tuple[AccountSpec, AccountSpec]:
    """B12: where a loan between two funds stands: due from, in the fund that lends; due to, in
    the fund that borrows. Neither can fall below zero, so no more is paid back than was lent.
    """
    return (
        AccountSpec(f"Assets:DueFrom:{borrower}:{lender}", unit=unit, fund=lender, guard="D"),
        AccountSpec(f"Liabilities:DueTo:{lender}:{borrower}", unit=unit, fund=borrower, guard="C"),
    )


def lending_legs(
    lender: str, borrower: str, *, paid_from: str, paid_into: str, quantity: int
) -> tuple[Leg, ...]:
    """B12: one fund lends another: each of the two balances by itself."""
    due_from, due_to = (spec.path for spec in due_accounts(lender, borrower))
    return (
        debit(due_from, quantity), credit(paid_from, quantity),
        debit(paid_into, quantity), credit(due_to, quantity),
    )  # fmt: skip
