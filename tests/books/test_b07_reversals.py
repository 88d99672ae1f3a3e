"""B7: reverse, never edit: once, by the exact mirror, and never more back than came in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, Standing, credit, debit
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import LedgerError, RefusedByDatabase
from tests.cast import Place
from tests.raw_books import NOW, TODAY, Raw, contents, open_books, spec
from tests.unguarded import allow, take_off

HANDS = 20
BANK, GIFTS, ESCROW = "Assets:Bank", "Income:Gifts", "Liabilities:Escrow:PLG-1"
MIRROR = ((GIFTS, "D", 10_000), (BANK, "C", 10_000))
REVERSAL = {"kind": "reversal", "checker": "PER-B", "reverses": 1}


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def _reverse(book: int, seq: int, id: str, on: date = TODAY) -> books.Posted:
    return transact(
        lambda s: books.reverse(
            s, book=book, seq=seq, id=id, now=NOW, effective_on=on, maker="PER-A",
            checker="PER-B", reason="entered twice",
        )
    )  # fmt: skip


def test_of_twenty_hands_one_reverses_a_journal(app: Flask, book: int) -> None:
    before = contents(book)[1][0]

    def undo(hand: int) -> str:
        with app.app_context():
            try:
                _reverse(book, 1, f"undo-{hand}")
            except LedgerError as refusal:
                return refusal.code
            return "done"

    with ThreadPoolExecutor(HANDS) as pool:
        told = Counter(pool.map(undo, range(HANDS)))
    print(f"COUNT b07_hands={HANDS} reversed={told['done']} "
          f"typed_errors={told['books.already_reversed']}")  # fmt: skip
    assert told == {"done": 1, "books.already_reversed": HANDS - 1}
    assert contents(book)[1][0] == before, "what was reversed is not touched"
    with transaction(read_only=True) as session:
        assert books.self_check(session, book=book) == []


@pytest.mark.parametrize("on", [TODAY, date(2026, 2, 27)])
def test_a_reversal_is_dated_as_was_chosen_and_says_why(book: int, on: date) -> None:
    """The day is a declared choice: today, or that of the journal it answers."""
    posted = _reverse(book, 1, "undo", on)
    with transaction(read_only=True) as session:
        row, entries = queries.journal(session, book, posted.seq)
    assert (row.reverses, row.reason, row.effective_on) == (1, "entered twice", on)
    assert {(entry.path, entry.side, entry.amount) for entry in entries} == set(MIRROR)


def test_the_api_and_the_page_show_a_reversals_reason_original_and_day(
    place: Place, api: Callable[[str], FlaskClient], client: FlaskClient,
    sign_in: Callable[[FlaskClient, str], FlaskClient],
) -> None:  # fmt: skip
    accounts = [AccountSpec(BANK, guard="D"), AccountSpec(GIFTS)]
    gift = spec("gift", debit(BANK, 5), credit(GIFTS, 5), effective_on=date(2026, 2, 3))
    transact(lambda s: books.open_accounts(s, book=place.book, specs=accounts))
    transact(lambda s: books.post(s, book=place.book, spec=gift, now=NOW))
    _reverse(place.book, 1, "undo", date(2026, 2, 3))
    shown = api("auditor").get("/api/v1/journals/2").json
    assert (shown["reverses"], shown["reason"], shown["effective_on"]) == (
        1, "entered twice", "2026-02-03",
    )  # fmt: skip
    page = sign_in(client, "auditor").get("/audit/journals/2").text
    assert "entered twice" in page
    assert "/audit/journals/1" in page


def _refunds(book: int) -> int:
    """Ten refunds of a tenth each, then one of a hundredth: how many pence went back."""
    back = 0
    for number, pence in enumerate([100] * 10 + [10]):
        refund = spec(f"refund-{number}", debit(ESCROW, pence), credit(BANK, pence),
                      kind="pledge.refund")  # fmt: skip
        try:
            transact(lambda s, refund=refund: books.post(s, book=book, spec=refund, now=NOW))  # type: ignore[misc]
        except LedgerError:
            continue
        back += pence
    return back


def test_refunds_that_add_to_a_hundred_and_one_per_cent_are_refused(book: int) -> None:
    back = _refunds(book)
    print(f"COUNT b07_came_in_pence=1000 asked_back_pence=1010 went_back_pence={back}")
    assert back == 1_000


def test_without_the_guard_a_hundred_and_one_per_cent_goes_back(
    book: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Standing, "overdrawn", property(lambda _self: 0))
    take_off("ck_balance_credit_not_overdrawn")
    back = _refunds(book)
    print(f"COUNT b07_control_went_back_pence={back}")
    assert back == 1_010


def test_without_its_key_a_journal_is_reversed_twice(book: int) -> None:
    transact(lambda session: Raw(session, book).journal(*MIRROR, **REVERSAL))
    gift = spec("more", debit(BANK, 10_000), credit(GIFTS, 10_000))
    transact(lambda s: books.post(s, book=book, spec=gift, now=NOW))
    with pytest.raises(RefusedByDatabase):
        transact(lambda session: Raw(session, book).journal(*MIRROR, **REVERSAL))
    take_off("uq_journal_book_reverses")
    transact(lambda session: Raw(session, book).journal(*MIRROR, **REVERSAL))
    with transaction(read_only=True) as session:
        rows = queries.journals(session, book)
    twice = sum(row.reverses == 1 for row in rows)
    print(f"COUNT b07_control_reversals={twice}")
    assert twice == 2


def test_without_its_check_half_a_mirror_passes_for_a_reversal(book: int) -> None:
    half = ((GIFTS, "D", 5_000), (BANK, "C", 5_000))
    with pytest.raises(RefusedByDatabase, match="mirrors its journal"):
        transact(lambda session: Raw(session, book).journal(*half, **REVERSAL))
    allow("a reversal mirrors its journal exactly")
    transact(lambda session: Raw(session, book).journal(*half, **REVERSAL))
    with transaction(read_only=True) as session:
        assert queries.net(session, book, BANK) == 11_000 - 5_000
