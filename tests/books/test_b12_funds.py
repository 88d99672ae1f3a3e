"""B12: funds balance by themselves, are spent on purpose, and add up to the whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from ledger.books import queries, rules
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Invalid, RefusedByDatabase
from tests.cast import Place
from tests.raw_books import NOW, TODAY, Raw, open_books, refused, spec
from tests.unguarded import allow

pytestmark = pytest.mark.both_roles

BANK, RIVER, SPENT = "Assets:Bank", "Assets:Bank:River", "Expenses:River"
OWED = "Liabilities:Payable:River"
CROSSING = ((BANK, "C", 700), (RIVER, "D", 700))
BY_PURPOSE = {"purpose": "river"}
FUND_SUMS = text(
    "SELECT f.code, SUM(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) FROM entry e"
    " JOIN fund f ON f.id = e.fund WHERE e.layer = 'P' GROUP BY f.code"
)


@pytest.fixture
def book(app: Flask) -> int:
    """£110 in the general fund, and £50 restricted to the river bank."""
    made = open_books()
    owed = [AccountSpec(OWED, fund="RIVER"), AccountSpec("Liabilities:Payable:All")]
    transact(lambda s: books.open_accounts(s, book=made, specs=owed))
    return made


def _funds_out() -> dict[str, int]:
    with transaction(read_only=True) as session:
        return {row[0]: int(row[1]) for row in session.execute(FUND_SUMS) if row[1]}


def _raw(book: int, *legs: tuple[Any, ...], **facts: Any) -> None:
    transact(lambda session: Raw(session, book).journal(*legs, **facts))


def test_a_journal_across_funds_without_due_to_and_due_from_is_refused(book: int) -> None:
    words = refused(book, lambda raw: raw.journal(*CROSSING))
    assert "balances in every unit, fund and layer" in words
    loan = rules.JournalSpec(
        id="cross", kind="receipt", effective_on=TODAY, maker="PER-A",
        legs=(credit(BANK, 700), debit(RIVER, 700)),
    )  # fmt: skip
    with pytest.raises(rules.JournalRefused, match="RIVER"):
        transact(lambda s: books.post(s, book=book, spec=loan, now=NOW))
    print(f"COUNT b12_cross_fund=2 refused=2 funds_out={len(_funds_out())}")
    assert _funds_out() == {}


def test_without_its_check_money_crosses_and_neither_fund_balances(book: int) -> None:
    allow("a journal balances in every unit, fund and layer")
    _raw(book, *CROSSING)
    print(f"COUNT b12_control_funds_out={len(_funds_out())}")
    assert _funds_out() == {"GENERAL": -700, "RIVER": 700}


def _lend(book: int, id: str, pence: int, *, back: bool = False) -> books.Posted:
    step = books.pay_back if back else books.lend
    ends = (RIVER, BANK) if back else (BANK, RIVER)
    return transact(
        lambda s: step(
            s, book=book, id=id, paid_from=ends[0], paid_into=ends[1], quantity=pence,
            effective_on=TODAY, maker="PER-A", checker="PER-B", reason="until the grant comes",
            now=NOW,
        )
    )  # fmt: skip


def _due(book: int) -> tuple[int, int]:
    due_from, due_to = (one.path for one in rules.due_accounts("GENERAL", "RIVER"))
    with transaction(read_only=True) as session:
        return queries.net(session, book, due_from), queries.owed(session, book, due_to)


def test_what_one_fund_lends_another_stands_in_both_and_is_paid_back_once(book: int) -> None:
    _lend(book, "loan", 700)
    assert _due(book) == (700, 700)
    _lend(book, "back", 300, back=True)
    with pytest.raises(rules.NotEnoughMoney):
        _lend(book, "too-much-back", 401, back=True)
    _lend(book, "rest", 400, back=True)
    assert (_due(book), _funds_out()) == ((0, 0), {})
    with pytest.raises(Invalid, match="not two funds"):
        transact(
            lambda s: books.lend(
                s, book=book, id="own", paid_from=BANK, paid_into="Expenses:Grants", quantity=1,
                effective_on=TODAY, maker="PER-A", checker="PER-B", reason="x", now=NOW,
            )
        )  # fmt: skip
    with transaction(read_only=True) as session:
        assert books.self_check(session, book=book) == []


def test_lending_takes_two_people(book: int) -> None:
    due_from, due_to = rules.due_accounts("GENERAL", "RIVER")
    transact(lambda s: books.open_accounts(s, book=book, specs=[due_from, due_to]))
    legs = ((due_from.path, "D", 7), (BANK, "C", 7), (RIVER, "D", 7), (due_to.path, "C", 7))
    assert "second person" in refused(book, lambda raw: raw.journal(*legs, kind="fund.lend"))
    _raw(book, *legs, kind="fund.lend", checker="PER-B")


OUTSIDE = {
    "spent on a roof": (((SPENT, "D", 5), (RIVER, "C", 5)), {"purpose": "roof"}),
    "owed for a roof": (((SPENT, "D", 5), (OWED, "C", 5)), {"purpose": "roof"}),
    "moved out through equity": ((("Equity:Transfer:River", "D", 5), (RIVER, "C", 5)), {}),
    "given away as income undone": ((("Income:River", "D", 5), (RIVER, "C", 5)), {}),
}
BELOW = {
    "paid out of an empty bank": (((SPENT, "D", 5_001), (RIVER, "C", 5_001)), BY_PURPOSE),
    "owed beyond what it has": (((SPENT, "D", 5_001), (OWED, "C", 5_001)), BY_PURPOSE),
    "half paid, half owed": (
        ((SPENT, "D", 5_001), (RIVER, "C", 4_000), (OWED, "C", 1_001)), BY_PURPOSE,
    ),
}  # fmt: skip


def test_a_restricted_fund_is_not_spent_outside_its_purpose(book: int) -> None:
    for what, (legs, facts) in OUTSIDE.items():
        words = refused(book, lambda raw, legs=legs, facts=facts: raw.journal(*legs, **facts))  # type: ignore[misc]
        assert "purpose" in words, what
    print(f"COUNT b12_outside_purpose={len(OUTSIDE)} refused={len(OUTSIDE)}")
    _raw(book, (SPENT, "D", 5), (RIVER, "C", 5), **BY_PURPOSE)


def test_a_restricted_fund_does_not_fall_below_zero(book: int) -> None:
    for what, (legs, facts) in BELOW.items():
        words = refused(book, lambda raw, legs=legs, facts=facts: raw.journal(*legs, **facts))  # type: ignore[misc]
        assert "below zero" in words or "debit_not_overdrawn" in words, what
    _raw(book, (SPENT, "D", 5_000), (OWED, "C", 4_000), (RIVER, "C", 1_000), **BY_PURPOSE)
    words = refused(book, lambda raw: raw.journal((SPENT, "D", 1), (OWED, "C", 1), **BY_PURPOSE))
    assert "a restricted fund does not fall below zero" in words
    tried = len(BELOW) + 1
    print(f"COUNT b12_below_zero={tried} refused={tried} to_the_last_penny=1")


def test_what_a_fund_borrows_does_not_make_it_richer(book: int) -> None:
    _lend(book, "loan", 700)
    words = refused(
        book, lambda raw: raw.journal((SPENT, "D", 5_001), (RIVER, "C", 5_001), **BY_PURPOSE)
    )
    assert "a restricted fund does not fall below zero" in words


def test_an_unrestricted_fund_may_owe_more_than_it_has(book: int) -> None:
    _raw(book, ("Expenses:Grants", "D", 99_000), ("Liabilities:Payable:All", "C", 99_000))


def test_without_its_check_a_restricted_fund_owes_more_than_it_has(book: int) -> None:
    allow("a restricted fund does not fall below zero")
    _raw(book, (SPENT, "D", 9_000), (OWED, "C", 9_000), **BY_PURPOSE)
    with transaction(read_only=True) as session:
        rows = queries.trial_balance(session, book)
    table = rules.fund_tables((row.path, row.unit, row.fund, row.net) for row in rows)[0]
    river = table.holds.by_fund[table.funds.index("RIVER")]
    print(f"COUNT b12_control_fund_pence={river}")
    assert river == -4_000


def test_without_its_checks_restricted_money_goes_into_a_roof(book: int) -> None:
    allow(
        "restricted money is spent only on its purpose",
        "restricted money leaves its fund only for its purpose",
    )
    _raw(book, (SPENT, "D", 5), (RIVER, "C", 5), purpose="roof")
    with transaction(read_only=True) as session:
        spent = queries.net(session, book, SPENT)
    print(f"COUNT b12_control_roof_pence={spent}")
    assert spent == 5


def test_columns_of_funds_add_to_the_total_to_the_penny(book: int) -> None:
    _lend(book, "loan", 333)
    _raw(book, (SPENT, "D", 77), (RIVER, "C", 77), **BY_PURPOSE)
    hours = spec("hours", debit("Assets:Hours", 90), credit("Income:Hours", 90))
    transact(lambda s: books.post(s, book=book, spec=hours, now=NOW))
    with transaction(read_only=True) as session:
        rows = queries.trial_balance(session, book)
        whole = {
            unit: int(total)
            for unit, total in session.execute(
                text(
                    "SELECT e.unit, SUM(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END)"
                    " FROM entry e JOIN account a ON a.id = e.account"
                    " WHERE e.layer = 'P' AND a.type IN ('A', 'L') GROUP BY e.unit"
                )
            )
        }
    tables = rules.fund_tables((row.path, row.unit, row.fund, row.net) for row in rows)
    off = [
        line.name
        for table in tables
        for line in (*table.lines, table.holds)
        if sum(line.by_fund) != line.total
    ]
    print(f"COUNT b12_tables={len(tables)} lines_off={len(off)}")
    assert off == []
    assert (
        {table.unit: table.holds.total for table in tables} == whole == {"GBP": 14_923, "HOUR": 90}
    )
    pounds = tables[0]
    assert (pounds.unit, pounds.funds) == ("GBP", ("GENERAL", "RIVER"))
    assert pounds.holds.by_fund == (10_000, 4_923)
    for table in tables:
        for column in range(len(table.funds)):
            assert sum(line.by_fund[column] for line in table.lines) == 0


def test_the_page_the_command_and_the_api_show_a_column_for_each_fund(
    app: Flask, place: Place, api: Callable[[str], FlaskClient], client: FlaskClient,
    sign_in: Callable[[FlaskClient, str], FlaskClient],
) -> None:  # fmt: skip
    def unit(session: Any) -> None:
        books.open_fund(session, book=place.book, code="RIVER", fund_class="restricted",
                        name="River", purpose="river")  # fmt: skip
        accounts = [
            AccountSpec(BANK), AccountSpec("Income:Gifts"), AccountSpec(RIVER, fund="RIVER"),
            AccountSpec("Income:River", fund="RIVER"),
        ]  # fmt: skip
        books.open_accounts(session, book=place.book, specs=accounts)
        gifts = [
            spec("one", debit(BANK, 1_050), credit("Income:Gifts", 1_050)),
            spec("two", debit(RIVER, 205), credit("Income:River", 205),
                 effective_on=date(2026, 3, 9)),
        ]  # fmt: skip
        books.post_many(session, book=place.book, specs=gifts, now=NOW)

    transact(unit)
    table = api("auditor").get("/api/v1/accounts/by-fund").json["items"][0]
    assert table["funds"] == ["GENERAL", "RIVER"]
    assert table["holds"] == {"name": "Each fund holds", "by_fund": [1_050, 205], "total": 1_255}
    early = api("auditor").get("/api/v1/accounts/by-fund?on=2026-03-08").json["items"][0]
    assert early["holds"]["by_fund"] == [1_050, 0]
    said = app.test_cli_runner().invoke(args=["ledger", "trial-balance", "--by-fund"]).output
    assert said.split("Each fund holds")[1].split() == ["£10.50", "£2.05", "£12.55"]
    page = sign_in(client, "auditor").get("/audit/trial-balance").text
    assert "GBP by fund" in page
    assert "£12.55" in page


def test_the_database_alone_refuses_though_the_service_looks_away(book: int) -> None:
    with pytest.raises(RefusedByDatabase, match="restricted money"):
        _raw(book, (SPENT, "D", 5), (RIVER, "C", 5), purpose="roof")
