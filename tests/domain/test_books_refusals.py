"""What the database itself refuses, tried by raw SQL on both engines (docs/rules.md, B1 to B9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask

from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import Leg
from ledger.kernel.db import transact, transaction
from tests.raw_books import NOW, Raw, open_books, refused, spec, statements, taken

BANK, GIFTS, ESCROW = "Assets:Bank", "Income:Gifts", "Liabilities:Escrow:PLG-1"
RIVER, RIVER_SPENT = "Assets:Bank:River", "Expenses:River"
GIFT = ((BANK, "D", 500), (GIFTS, "C", 500))
HOLD = ((ESCROW, "D", 300, "H"), ("Liabilities:Payable:GRP-1", "C", 300, "H"))
RELEASE = tuple((path, side, -amount, "H") for path, side, amount, _ in HOLD)


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def _entry(raw: Raw, **bent: Any) -> None:
    row = raw.journal_row()
    raw.insert("journal", row)
    raw.insert("entry", raw.entry_row(row["seq"], 1, BANK, "D", 500) | bent)


def _foreign(raw: Raw, column: str, value: object) -> None:
    row = raw.journal_row()
    raw.insert("journal", row)
    raw.insert("entry", raw.entry_row(row["seq"], 1, BANK, "D", 500, **{column: value}))


def _fund(raw: Raw, code: str) -> int:
    found = raw.run("SELECT id FROM fund WHERE book = :book AND code = :code", code=code)
    return int(found.scalar_one())


JOURNALS: dict[str, tuple[Callable[[Raw], Any], str]] = {
    "a journal that is a penny out": (
        lambda raw: raw.journal((BANK, "D", 500), (GIFTS, "C", 499)),
        "balances in every unit, fund and layer",
    ),
    "a journal that balances only across units": (
        lambda raw: raw.journal((BANK, "D", 60), ("Income:Hours", "C", 60)),
        "balances in every unit, fund and layer",
    ),
    "a journal that balances only across funds": (
        lambda raw: raw.journal((BANK, "D", 60), ("Income:River", "C", 60)),
        "balances in every unit, fund and layer",
    ),
    "a journal that balances only across layers": (
        lambda raw: raw.journal((ESCROW, "D", 60, "H"), (GIFTS, "C", 60)),
        "balances in every unit, fund and layer",
    ),
    "a journal of one line": (
        lambda raw: raw.journal((BANK, "D", 500)),
        "counts every line",
    ),
    "a journal without a seal": (lambda raw: raw.journal(*GIFT, seal=False), ""),
    "a journal without lines or seal": (lambda raw: raw.journal(seal=False), ""),
    "a seal that counts too few lines": (
        lambda raw: raw.journal(*GIFT, *GIFT, lines=2),
        "counts every line",
    ),
    "a seal without a journal": (
        lambda raw: raw.insert("seal", {"book": raw.book, "seq": 99, "lines": 2}),
        "counts every line",
    ),
    "a journal that overdraws a guarded account": (
        lambda raw: raw.journal((ESCROW, "D", 1_001), (BANK, "C", 1_001)),
        "credit_not_overdrawn",
    ),
    "a payment from a bank account that is short": (
        lambda raw: raw.journal((GIFTS, "D", 11_001), (BANK, "C", 11_001)),
        "debit_not_overdrawn",
    ),
    "a hold of more than there is": (
        lambda raw: raw.journal(
            (ESCROW, "D", 1_001, "H"), ("Liabilities:Payable:GRP-1", "C", 1_001, "H")
        ),
        "credit_not_overdrawn",
    ),
    "a journal that somebody checked for themselves": (
        lambda raw: raw.journal(*GIFT, maker="PER-A", checker="PER-A"),
        "two_people",
    ),
    "a checker without a name": (
        lambda raw: raw.journal(*GIFT, kind="pledge.pay", checker=" "),
        "names itself and its people",
    ),
    "a maker without a name": (
        lambda raw: raw.journal(*GIFT, maker=""),
        "names itself and its people",
    ),
    "a payment that no second person checked": (
        lambda raw: raw.journal(*GIFT, kind="pledge.pay"),
        "needs a second person",
    ),
    "a kind of journal that is not on the list": (
        lambda raw: raw.journal(*GIFT, kind="gift.secret"),
        "",
    ),
    "a number out of order": (
        lambda raw: raw.journal(*GIFT, seq=9),
        "takes the next number",
    ),
    "a number below one": (lambda raw: raw.journal(*GIFT, seq=0), "takes the next number"),
    "a number that is taken": (lambda raw: raw.journal(*GIFT, seq=1), "never replaced"),
    "an id that is taken": (lambda raw: raw.journal(*GIFT, id="first"), "never replaced"),
    "a time before the last journal's": (
        lambda raw: raw.journal(*GIFT, recorded_us=1),
        "a later time",
    ),
    "hashes of the wrong length": (
        lambda raw: raw.journal(*GIFT, leaf_hash=bytes(31)),
        "keeps its leaf and hashes",
    ),
    "a leaf without bytes": (
        lambda raw: raw.journal(*GIFT, leaf=b""),
        "keeps its leaf and hashes",
    ),
    "a journal in a book that does not exist": (lambda raw: raw.journal(book=99), ""),
}

LINES: dict[str, tuple[Callable[[Raw], Any], str]] = {
    "a wrong version of the account": (
        lambda raw: _entry(raw, acct_version=9),
        "next version and the true balance",
    ),
    "a wrong balance after it": (
        lambda raw: _entry(raw, balance_after=1),
        "next version and the true balance",
    ),
    "an amount of zero": (
        lambda raw: _entry(raw, amount=0, balance_after=11_000),
        "ck_entry_amount",
    ),
    "an amount below zero": (
        lambda raw: _entry(raw, amount=-500, balance_after=10_500),
        "only the release of a hold",
    ),
    "an amount of words": (lambda raw: _entry(raw, amount="abc"), ""),
    "more than the ledger can hold": (
        lambda raw: _entry(raw, amount=10**13, balance_after=10**13 + 11_000),
        "amount_range",
    ),
    "a side that is neither": (
        lambda raw: _entry(raw, side="X", balance_after=10_500),
        "ck_entry_side",
    ),
    "a layer that is neither": (
        lambda raw: _entry(raw, layer="Z", balance_after=500),
        "ck_entry_layer",
    ),
    "another unit than the account's": (lambda raw: _foreign(raw, "unit", "HOUR"), ""),
    "another fund than the account's": (
        lambda raw: _foreign(raw, "fund", _fund(raw, "RIVER")),
        "",
    ),
    "an account that does not exist": (
        lambda raw: _entry(raw, account=999_999),
        "next version and the true balance|fk_entry_book_account",
    ),
    "a line for a journal that does not exist": (
        lambda raw: raw.insert("entry", raw.entry_row(99, 1, BANK, "D", 5)),
        "",
    ),
    "restricted money spent on something else": (
        lambda raw: raw.journal((RIVER_SPENT, "D", 5), (RIVER, "C", 5), purpose="roof"),
        "spent only on its purpose",
    ),
    "restricted money moved out through equity": (
        lambda raw: raw.journal(("Equity:Transfer:River", "D", 5), (RIVER, "C", 5)),
        "leaves its fund only for its purpose",
    ),
    "restricted money given away as income undone": (
        lambda raw: raw.journal(("Income:River", "D", 5), (RIVER, "C", 5)),
        "leaves its fund only for its purpose",
    ),
}


def test_the_database_refuses_every_bent_journal(book: int) -> None:
    assert taken(book, JOURNALS) == []


def test_the_database_refuses_every_bent_line(book: int) -> None:
    assert taken(book, LINES) == []


def test_a_true_journal_by_raw_sql_istaken(book: int) -> None:
    """The control: the same hand that is refused above can write an honest journal."""
    transact(lambda session: Raw(session, book).journal(*GIFT))
    with transaction(read_only=True) as session:
        assert queries.balance(session, book, BANK).net == 11_500


def _of(amount: object) -> Callable[[Raw], Any]:
    def attack(raw: Raw) -> None:
        row = raw.journal_row()
        raw.insert("journal", row)
        for line, (path, side) in enumerate([(BANK, "D"), (GIFTS, "C")], start=1):
            raw.insert("entry", raw.entry_row(row["seq"], line, path, side, amount))
        raw.insert("seal", {"book": raw.book, "seq": row["seq"], "lines": 2})

    return attack


def test_no_fraction_and_no_word_is_ever_kept_as_an_amount(book: int) -> None:
    amounts = ["1.5", 1.5, "1e3", "NaN", " ", "abc", None]
    assert taken(book, {repr(amount): (_of(amount), "") for amount in amounts}) == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_sqlite_takes_no_day_that_is_not_a_day(book: int, engine_name: str) -> None:
    """Else ``2026-01-31x`` would slip past a January that is closed."""
    days = ["2026-03-02 ", "2026-3-2", "2026-02-30", "02/03/2026", "", 20260302]
    attacks = {
        str(day): (lambda raw, day=day: raw.journal(*GIFT, effective_on=day), "2026-01-31")
        for day in days
    }
    assert taken(book, attacks) == []


def _period(book: int, *, closed: bool) -> int:
    def unit(session: Any) -> int:
        period = books.open_period(
            session, book=book, starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 31)
        )
        books.begin_closing(session, period=period)
        if closed:
            books.close_period(
                session, period=period, signed_by="PER-A", countersigned_by="PER-B",
                reason="all is in", now=NOW,
            )  # fmt: skip
        return period

    return transact(unit)


def test_the_database_refuses_a_journal_in_a_closed_period(book: int) -> None:
    _period(book, closed=True)
    words = refused(book, lambda raw: raw.journal(*GIFT, checker="PER-B"))
    assert "the period is closed" in words


def test_the_database_refuses_an_unchecked_journal_in_a_period_being_closed(book: int) -> None:
    _period(book, closed=False)
    assert "second person checked" in refused(book, lambda raw: raw.journal(*GIFT))
    transact(lambda session: Raw(session, book).journal(*GIFT, checker="PER-B"))


PERIODS = {
    "opened again without a reason": (
        "UPDATE period SET status = 'ADJUSTING', reason = '' WHERE book = :book",
        "two people and a reason",
    ),
    "opened again without a journal": (
        "UPDATE period SET status = 'ADJUSTING', reason = 'x' WHERE book = :book",
        "a journal that both signers made",
    ),
    "made open again": (
        "UPDATE period SET status = 'OPEN', reason = 'x' WHERE book = :book",
        "two people and a reason",
    ),
    "moved to other days": (
        "UPDATE period SET ends_on = '2026-03-30' WHERE book = :book", "two people and a reason",
    ),
    "deleted": ("DELETE FROM period WHERE book = :book", "never deleted"),
    "with another sum": ("UPDATE period_balance SET dr = 1", "never edited"),
    "with a sum left out": ("DELETE FROM period_balance", "sums of a closed period stand"),
    "overlapped by another": (
        "INSERT INTO period (book, starts_on, ends_on, status, reason)"
        " VALUES (:book, '2026-03-31', '2026-04-30', 'OPEN', '')",
        "overlaps no other",
    ),
    "beside one that begins closed": (
        "INSERT INTO period (book, starts_on, ends_on, status, reason)"
        " VALUES (:book, '2026-04-01', '2026-04-30', 'CLOSED', '')",
        "",
    ),
}  # fmt: skip


def test_the_database_refuses_every_change_to_a_closed_period(book: int) -> None:
    _period(book, closed=True)
    assert taken(book, statements(PERIODS)) == []


def test_the_database_refuses_to_loosen_a_period_that_is_being_closed(book: int) -> None:
    _period(book, closed=False)
    words = refused(book, lambda raw: raw.run("UPDATE period SET status = 'OPEN'"))
    assert "open, adjusting, closed" in words


@pytest.mark.parametrize(
    "signers", ["signed_by = 'PER-A', countersigned_by = 'PER-A'", "signed_by = 'PER-A'"]
)
def test_the_database_refuses_a_period_closed_by_one_person(book: int, signers: str) -> None:
    _period(book, closed=False)
    statement = (
        f"UPDATE period SET status = 'CLOSED', {signers}, seq_at_close = 3,"
        " trial_balance_hash = :hash"
    )
    refused(book, lambda raw: raw.run(statement, hash=bytes(32)))


def _held(book: int, **facts: Any) -> int:
    legs = [Leg(*leg) for leg in HOLD]  # type: ignore[arg-type]
    posted = transact(
        lambda session: books.post(
            session, book=book, spec=spec("hold-1", *legs, kind="hold", **facts), now=NOW
        )
    )
    return posted.seq


def test_the_database_refuses_a_hold_released_in_part(book: int) -> None:
    hold = _held(book)
    part = [(path, side, amount + 1, layer) for path, side, amount, layer in RELEASE]
    words = refused(book, lambda raw: raw.journal(*part, kind="hold.void", resolves=hold))
    assert "released exactly" in words


def test_the_database_refuses_a_second_resolution(book: int) -> None:
    hold = _held(book)
    transact(lambda session: Raw(session, book).journal(*RELEASE, kind="hold.void", resolves=hold))
    refused(book, lambda raw: raw.journal(*RELEASE, kind="hold.void", resolves=hold))


def test_the_database_refuses_a_release_taken_for_a_hold(book: int) -> None:
    hold = _held(book)
    release = transact(
        lambda session: Raw(session, book).journal(*RELEASE, kind="hold.void", resolves=hold)
    )
    words = refused(book, lambda raw: raw.journal(*HOLD, kind="hold.void", resolves=release))
    assert "is not a hold" in words


def test_the_database_refuses_a_hold_posted_past_its_deadline(book: int) -> None:
    hold = _held(book, deadline_at=NOW)
    legs = (*RELEASE, (ESCROW, "D", 300), ("Liabilities:Payable:GRP-1", "C", 300))
    late = {"recorded_us": 1_800_000_000_000_000, "kind": "hold.post", "resolves": hold}
    assert "past its deadline" in refused(book, lambda raw: raw.journal(*legs, **late))
    transact(lambda session: Raw(session, book).journal(*RELEASE, **late | {"kind": "hold.expire"}))


def test_the_database_refuses_to_spend_what_is_held(book: int) -> None:
    _held(book)
    words = refused(book, lambda raw: raw.journal((ESCROW, "D", 701), (BANK, "C", 701)))
    assert "credit_not_overdrawn" in words
    transact(lambda session: Raw(session, book).journal((ESCROW, "D", 700), (BANK, "C", 700)))


MIRROR = ((GIFTS, "D", 10_000), (BANK, "C", 10_000))


def test_the_database_refuses_a_second_reversal(book: int) -> None:
    facts = {"kind": "reversal", "checker": "PER-B", "reverses": 1}
    transact(lambda session: Raw(session, book).journal(*MIRROR, **facts))
    refused(book, lambda raw: raw.journal(*MIRROR, **facts))


def test_the_database_refuses_a_reversal_that_is_not_the_mirror(book: int) -> None:
    half = ((GIFTS, "D", 5_000), (BANK, "C", 5_000))
    words = refused(
        book, lambda raw: raw.journal(*half, kind="reversal", checker="PER-B", reverses=1)
    )
    assert "mirrors its journal" in words
