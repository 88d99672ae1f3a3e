"""What one fund lends another: in both, as due from and due to, and paid back by name (B12)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.books.rules import JournalSpec
from ledger.books.service.accounts import open_accounts
from ledger.books.service.posting import Posted, post
from ledger.kernel.errors import Invalid


def lend(
    session: Session, *, book: int, id: str, paid_from: str, paid_into: str, quantity: int,
    effective_on: date, maker: str, checker: str, reason: str, now: datetime,
) -> Posted:  # fmt: skip
    """B12: one fund's account pays into another's, and both funds say who owes it to whom.

    Raises:
        Invalid: both accounts are of one fund, or of two units. NotEnoughMoney.
    """
    lender, borrower, unit = _funds(session, book, paid_from, paid_into)
    open_accounts(session, book=book, specs=rules.due_accounts(lender, borrower, unit))
    legs = rules.lending_legs(
        lender, borrower, paid_from=paid_from, paid_into=paid_into, quantity=quantity
    )
    spec = JournalSpec(
        id=id, kind="fund.lend", effective_on=effective_on, legs=legs, maker=maker,
        checker=checker, reason=reason,
    )  # fmt: skip
    return post(session, book=book, spec=spec, now=now)


def pay_back(
    session: Session, *, book: int, id: str, paid_from: str, paid_into: str, quantity: int,
    effective_on: date, maker: str, checker: str, reason: str, now: datetime,
) -> Posted:  # fmt: skip
    """B12: the fund that borrowed pays back; never more than it owes.

    Raises:
        Invalid: both accounts are of one fund, or of two units. NotEnoughMoney.
    """
    borrower, lender, unit = _funds(session, book, paid_from, paid_into)
    open_accounts(session, book=book, specs=rules.due_accounts(lender, borrower, unit))
    legs = rules.mirrored(
        rules.lending_legs(
            lender, borrower, paid_from=paid_into, paid_into=paid_from, quantity=quantity
        )
    )
    spec = JournalSpec(
        id=id, kind="fund.settle", effective_on=effective_on, legs=legs, maker=maker,
        checker=checker, reason=reason,
    )  # fmt: skip
    return post(session, book=book, spec=spec, now=now)


def _funds(session: Session, book: int, paid_from: str, paid_into: str) -> tuple[str, str, str]:
    first = queries.balance(session, book, paid_from)
    second = queries.balance(session, book, paid_into)
    if first.fund == second.fund or first.unit != second.unit:
        raise Invalid(
            f"{paid_from} and {paid_into} are not two funds' accounts of one unit.",
            remedy="Name an account of the fund that pays and one of the fund that is paid.",
            place="paid_into",
        )
    return first.fund, second.fund, first.unit
