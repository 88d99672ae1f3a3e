"""Books, funds, units and accounts: what must be there before anything is posted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.books.models import Account, Balance, Book, Fund, Head, Unit
from ledger.books.rules import AccountSpec
from ledger.kernel.errors import Conflict, Invalid


def create_book(session: Session, *, code: str, name: str) -> int:
    """Open a book with its sequencer and its general fund; returns its number."""
    book = Book(code=code, name=name)
    session.add(book)
    session.flush()
    session.add(Head(book=book.id, next_seq=1, chain=rules.GENESIS, last_us=0))
    session.flush()
    open_fund(session, book=book.id, code="GENERAL", fund_class="general", name="General fund")
    return book.id


def open_fund(
    session: Session, *, book: int, code: str, fund_class: str, name: str, purpose: str = ""
) -> int:
    """Open a fund, or return the one that has this code."""
    found = session.execute(
        select(Fund.id).where(Fund.book == book, Fund.code == code)
    ).scalar_one_or_none()
    if found is not None:
        return found
    if fund_class not in rules.FUND_CLASSES or (fund_class == "restricted" and not purpose):
        raise Invalid(
            f"A {fund_class} fund{'' if purpose else ' without a purpose'} cannot be opened.",
            remedy="Use general, designated, restricted (with its purpose) or endowment.",
            place=code,
        )
    fund = Fund(book=book, code=code, fund_class=fund_class, purpose=purpose, name=name)
    session.add(fund)
    session.flush()
    return fund.id


def open_unit(session: Session, *, code: str, name: str, scale: int = 0) -> None:
    """Define a unit of value (a named good, say); its scale can never change."""
    rules.check_unit(code, scale=scale)
    if session.get(Unit, code) is None:
        session.add(Unit(code=code, scale=scale, name=name))
        session.flush()


def open_accounts(session: Session, *, book: int, specs: Sequence[AccountSpec]) -> None:
    """Open every account that does not exist yet; those that do must be the same.

    Raises:
        Conflict: an account exists with another unit, fund or guard.
    """
    for spec in specs:
        rules.check_path(spec.path)
    queries.head(session, book, lock=True)
    wanted = {spec.path: spec for spec in specs}
    found = queries.standings(session, book, list(wanted))
    for path, standing in found.items():
        spec = wanted[path]
        if (spec.unit, spec.fund, spec.guard) != (standing.unit, standing.fund, standing.guard):
            raise Conflict(
                f"It exists with unit {standing.unit}, fund {standing.fund},"
                f" guard {standing.guard}.",
                remedy="An account's unit, fund and guard never change: use another path.",
                place=path,
            )
    missing = [spec for path, spec in wanted.items() if path not in found]
    if not missing:
        return
    funds = queries.fund_ids(session, book)
    for spec in missing:
        _open_account(session, book, spec, funds)


def _open_account(session: Session, book: int, spec: AccountSpec, funds: dict[str, int]) -> None:
    if spec.fund not in funds:
        raise Invalid(
            f"There is no fund “{spec.fund}”.",
            remedy="Name an open fund, or open it first.",
            place=spec.path,
        )
    account = Account(
        book=book, path=spec.path, type=spec.type_code, unit=spec.unit,
        fund=funds[spec.fund], owner=spec.owner,
    )  # fmt: skip
    session.add(account)
    session.flush()
    session.add(
        Balance(account=account.id, dr=0, cr=0, held_dr=0, held_cr=0, version=0, guard=spec.guard)
    )
    session.flush()
