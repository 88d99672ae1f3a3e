"""Posting by the service: what is taken once, what is refused and in which words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, Leg, credit, debit
from ledger.kernel.db import db, transact, transaction
from ledger.kernel.errors import Conflict, Invalid, LedgerError, Missing, RefusedByDatabase
from tests.raw_books import NOW, TODAY, open_books, spec

BANK, GIFTS, ESCROW = "Assets:Bank", "Income:Gifts", "Liabilities:Escrow:PLG-1"
GIFT = (debit(BANK, 500), credit(GIFTS, 500))


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def post(book: int, journal: JournalSpec, now: datetime = NOW) -> books.Posted:
    return transact(lambda session: books.post(session, book=book, spec=journal, now=now))


def read(question: Callable[[Session], Any]) -> Any:
    with transaction(read_only=True) as session:
        return question(session)


def test_a_journal_moves_its_accounts_and_is_kept_whole(book: int) -> None:
    posted = post(book, spec("gift", *GIFT, group="PLG-1", reason="a gift", note="for the trees"))
    row, entries = read(lambda s: queries.journal(s, book, posted.seq))
    assert (row.id, row.group_id, row.effective_on) == ("gift", "PLG-1", TODAY)
    assert [(entry.path, entry.side, entry.amount) for entry in entries] == [
        (BANK, "D", 500), (GIFTS, "C", 500),
    ]  # fmt: skip
    assert read(lambda s: queries.net(s, book, BANK)) == 11_500
    assert read(lambda s: queries.owed(s, book, GIFTS)) == 10_500


def test_the_same_journal_twice_is_one_journal(book: int) -> None:
    first = post(book, spec("gift", *GIFT))
    again = post(book, spec("gift", *GIFT), NOW + timedelta(hours=1))
    assert (again.seq, again.replayed) == (first.seq, True)
    assert read(lambda s: queries.net(s, book, BANK)) == 11_500


def test_the_same_journal_twice_in_one_batch_is_one_journal(book: int) -> None:
    both = transact(
        lambda s: books.post_many(s, book=book, specs=[spec("gift", *GIFT)] * 2, now=NOW)
    )
    assert [posted.replayed for posted in both] == [False, True]
    assert both[0].seq == both[1].seq


@pytest.mark.parametrize(
    "other",
    [
        {"reason": "another"},
        {"deadline_at": NOW},
        {"legs": (debit(BANK, 501), credit(GIFTS, 501))},
        {"effective_on": TODAY + timedelta(days=1)},
        {"checker": "PER-B"},
    ],
)
def test_the_same_id_with_other_contents_is_refused(book: int, other: dict[str, Any]) -> None:
    post(book, spec("gift", *GIFT))
    with pytest.raises(rules.JournalIdReused, match="gift"):
        post(book, replace(spec("gift", *GIFT), **other))


REFUSED: dict[str, tuple[JournalSpec, type[LedgerError], str]] = {
    "one leg": (spec("bad", debit(BANK, 5)), rules.JournalRefused, "1 legs"),
    "no balance": (
        spec("bad", debit(BANK, 5), credit(GIFTS, 4)), rules.JournalRefused, "does not balance",
    ),
    "another fund": (
        spec("bad", debit(BANK, 5), credit("Income:River", 5)), rules.JournalRefused, "RIVER",
    ),
    "another unit": (
        spec("bad", debit(BANK, 5), credit("Income:Hours", 5)), rules.JournalRefused, "HOUR",
    ),
    "an unknown kind": (spec("bad", *GIFT, kind="gift"), rules.JournalRefused, "kind of journal"),
    "an unknown account": (
        spec("bad", debit("Assets:Attic", 5), credit(GIFTS, 5)), rules.UnknownAccount, "Attic",
    ),
    "zero": (spec("bad", debit(BANK, 0), credit(GIFTS, 0)), rules.JournalRefused, "not a quantity"),
    "below zero": (
        spec("bad", debit(BANK, -5), credit(GIFTS, -5)), rules.JournalRefused, "not a quantity",
    ),
    "below zero on hold": (
        spec("bad", Leg(BANK, "D", -5, "H"), Leg(GIFTS, "C", -5, "H"), kind="hold"),
        rules.JournalRefused, "not a quantity",
    ),
    "a fraction": (
        spec("bad", debit(BANK, 1.5), credit(GIFTS, 1.5)),  # type: ignore[arg-type]
        rules.JournalRefused, "not a quantity",
    ),
    "a truth": (
        spec("bad", debit(BANK, True), credit(GIFTS, True)), rules.JournalRefused, "not a quantity",
    ),
    "too much": (
        spec("bad", debit(BANK, 9_000_000_000_001), credit(GIFTS, 9_000_000_000_001)),
        rules.JournalRefused, "not a quantity",
    ),
    "an overdrawn escrow": (
        spec("bad", debit(ESCROW, 1_001), credit(BANK, 1_001)), rules.NotEnoughMoney, "£0.01",
    ),
    "an overdrawn bank": (
        spec("bad", debit(GIFTS, 12_000), credit(BANK, 12_000)), rules.NotEnoughMoney, "£10.00",
    ),
    "one person twice": (
        spec("bad", *GIFT, checker="PER-MAKER"), rules.JournalRefused, "same person",
    ),
    "a nameless checker": (spec("bad", *GIFT, checker=""), rules.JournalRefused, "checker is empty"),
    "no id": (spec(" ", *GIFT), rules.JournalRefused, "id is empty"),
    "a line break in the reason": (
        spec("bad", *GIFT, reason="gift\n2026-01-01 open Assets:Mine"), rules.JournalRefused,
        "reason is too long",
    ),
    "a line break in the id": (spec("a\nb", *GIFT), rules.JournalRefused, "id is too long"),
    "a time instead of a day": (
        spec("bad", *GIFT, effective_on=NOW), rules.JournalRefused, "not a day",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_the_service_refuses_a_journal_with(what: str) -> None:
    journal, kind, words = REFUSED[what]
    if kind is rules.JournalRefused and words not in ("does not balance", "RIVER", "HOUR"):
        with pytest.raises(kind, match=words):
            rules.check_shape(journal)


def test_the_service_says_why_it_refuses_and_writes_nothing(book: int) -> None:
    for journal, kind, words in REFUSED.values():
        with pytest.raises(kind, match=words):
            post(book, journal)
    assert read(lambda s: queries.head(s, book).next_seq) == 4


def test_a_payment_without_a_second_person_is_refused_by_the_database(book: int) -> None:
    with pytest.raises(RefusedByDatabase, match="second person"):
        post(book, spec("pay", debit(ESCROW, 5), credit(BANK, 5), kind="pledge.pay"))
    post(book, spec("pay", debit(ESCROW, 5), credit(BANK, 5), kind="pledge.pay", checker="PER-B"))


def test_a_batch_is_all_or_nothing(book: int) -> None:
    batch = [spec("one", *GIFT), spec("two", debit(ESCROW, 9_999), credit(BANK, 9_999))]
    with pytest.raises(rules.NotEnoughMoney):
        transact(lambda s: books.post_many(s, book=book, specs=batch, now=NOW))
    assert read(lambda s: queries.posted(s, book, ["one", "two"])) == {}


def test_an_empty_batch_writes_nothing(book: int) -> None:
    assert transact(lambda s: books.post_many(s, book=book, specs=[], now=NOW)) == []


def test_later_journals_of_a_batch_see_the_earlier_ones(book: int) -> None:
    batch = [
        spec("in", debit(BANK, 700), credit(ESCROW, 700)),
        spec("out", debit(ESCROW, 1_700), credit(BANK, 1_700)),
    ]
    transact(lambda s: books.post_many(s, book=book, specs=batch, now=NOW))
    assert read(lambda s: queries.owed(s, book, ESCROW)) == 0
    assert read(lambda s: books.self_check(s, book=book)) == []


def test_numbers_have_no_gap_and_time_only_rises_when_the_clock_goes_back(book: int) -> None:
    for number in range(10):
        try:
            with transaction() as session:
                books.post(
                    session, book=book, spec=spec(f"j{number}", *GIFT),
                    now=NOW - timedelta(hours=number),
                )  # fmt: skip
                if number % 5 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
    rows = read(lambda s: queries.journals(s, book))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1)) == list(range(1, 12))
    times = [row.recorded_us for row in rows]
    assert times == sorted(set(times))


def test_fifty_hands_spend_one_escrow_exactly(app: Flask, book: int) -> None:
    def spend(number: int) -> bool:
        with app.app_context():
            try:
                post(book, spec(f"spend-{number}", debit(ESCROW, 30), credit(BANK, 30)))
            except rules.NotEnoughMoney:
                return False
            return True

    with ThreadPoolExecutor(50) as pool:
        done = list(pool.map(spend, range(50)))
    assert sum(done) == 33
    assert read(lambda s: queries.owed(s, book, ESCROW)) == 10
    assert read(lambda s: books.self_check(s, book=book)) == []


def test_fifty_hands_with_one_id_post_one_journal(app: Flask, book: int) -> None:
    def send(_number: int) -> tuple[int, bool]:
        with app.app_context():
            posted = post(book, spec("same", *GIFT))
            return posted.seq, posted.replayed

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    assert {seq for seq, _ in answers} == {4}
    assert [replayed for _, replayed in answers].count(False) == 1


def test_books_do_not_wait_for_one_another(app: Flask, book: int) -> None:
    other = transact(lambda s: books.create_book(s, code="OTHER", name="Other"))
    transact(
        lambda s: books.open_accounts(s, book=other, specs=[AccountSpec(BANK), AccountSpec(GIFTS)])
    )
    assert post(other, spec("first", *GIFT)).seq == 1
    assert post(book, spec("gift", *GIFT)).seq == 4


def test_an_account_exists_once_and_never_changes(book: int) -> None:
    def again(**facts: Any) -> None:
        account = replace(AccountSpec(BANK, guard="D"), **facts)
        transact(lambda s: books.open_accounts(s, book=book, specs=[account]))

    again()
    for facts in ({"unit": "HOUR"}, {"fund": "RIVER"}, {"guard": "N"}):
        with pytest.raises(Conflict, match="never change"):
            again(**facts)


@pytest.mark.parametrize(
    "path",
    ["Bank", "Assets", "Assets:", "Assets:bank", "Assets:Bank ", "Assets:Bank\n", "Assets:Bänk",
     "Assets:A B", "Other:Bank", "Assets:" + "A" * 200],
)  # fmt: skip
def test_a_path_that_text_tools_cannot_read_is_refused(path: str) -> None:
    with pytest.raises(Invalid, match="not a path"):
        rules.check_path(path)


def test_accounts_need_a_readable_path_and_an_open_fund(book: int) -> None:
    for account, words in (
        (AccountSpec("Assets:attic"), "not a path"),
        (AccountSpec("Assets:Attic", fund="ROOF"), "no fund “ROOF”"),
    ):
        with pytest.raises(Invalid, match=words):
            transact(lambda s, account=account: books.open_accounts(s, book=book, specs=[account]))


def test_a_fund_is_opened_once_and_a_restricted_one_has_a_purpose(book: int) -> None:
    def fund(**facts: str) -> int:
        facts = {"code": "TREES", "fund_class": "restricted", "name": "Trees"} | facts
        return transact(lambda s: books.open_fund(s, book=book, **facts))

    with pytest.raises(Invalid, match="without a purpose"):
        fund()
    with pytest.raises(Invalid, match="A secret fund"):
        fund(fund_class="secret", purpose="trees")
    assert fund(purpose="trees") == fund(purpose="trees")


def test_restricted_money_is_spent_on_its_purpose_and_on_nothing_else(book: int) -> None:
    legs = (debit("Expenses:River", 100), credit("Assets:Bank:River", 100))
    with pytest.raises(LedgerError, match="restricted money"):
        post(book, spec("roof", *legs, purpose="roof"))
    post(book, spec("bank", *legs, purpose="river"))
    with pytest.raises(LedgerError, match="restricted money"):
        post(book, spec("out", debit("Equity:Transfer:River", 5), credit("Assets:Bank:River", 5)))


def test_a_unit_is_defined_once(app: Flask) -> None:
    for _ in range(2):
        transact(lambda s: books.open_unit(s, code="CHAIR", name="chairs"))
    for code in ("chair", "C", "A B", "X" * 25, "-A"):
        with pytest.raises(Invalid, match="is not a unit"):
            rules.check_unit(code)
    with pytest.raises(Invalid, match="with 3 decimals"):
        transact(lambda s: books.open_unit(s, code="TONNE", name="tonnes", scale=3))


def test_a_statement_pages_by_the_accounts_own_count(book: int) -> None:
    for number in range(5):
        post(book, spec(f"gift-{number}", *GIFT))
    whole = read(lambda s: queries.statement(s, book, BANK))
    pages = [
        *read(lambda s: queries.statement(s, book, BANK, limit=3)),
        *read(lambda s: queries.statement(s, book, BANK, after=3, limit=100)),
    ]
    assert pages == whole
    assert [line.balance_after for line in whole][-2:] == [13_000, 13_500]
    assert whole[0].effective_on == TODAY


def test_questions_about_what_is_not_there(book: int) -> None:
    for question in (
        lambda s: queries.book_id(s, "NOWHERE"),
        lambda s: queries.balance(s, book, "Assets:Attic"),
        lambda s: queries.journal(s, book, 99),
        lambda s: queries.leaf(s, book, 99),
    ):
        with pytest.raises(Missing):
            read(question)
    assert read(lambda s: queries.owed(s, book, "Assets:Attic")) == 0
    assert read(lambda s: queries.book_id(s, "RAW")) == book


def test_the_trial_balance_can_be_asked_for_one_branch(book: int) -> None:
    rows = read(lambda s: queries.trial_balance(s, book, under="Assets:Bank"))
    assert [(row.path, row.net) for row in rows] == [
        ("Assets:Bank", 11_000), ("Assets:Bank:River", 5_000),
    ]  # fmt: skip
    everything = read(lambda s: queries.trial_balance(s, book))
    assert sum(row.net for row in everything) == 0
    assert everything == read(lambda s: queries.recomputed_balances(s, book))


def test_balances_as_at_a_day_leave_later_journals_out(book: int) -> None:
    post(book, spec("later", *GIFT, effective_on=date(2026, 4, 1)))
    rows = read(lambda s: queries.balances_as_at(s, book, queries.AsAt(date(2026, 3, 31))))
    assert {row.path: row.net for row in rows}[BANK] == 11_000


def test_journals_can_be_asked_for_by_group_and_in_pages(book: int) -> None:
    post(book, spec("a", *GIFT, group="PLG-9"))
    assert [row.id for row in read(lambda s: queries.journals(s, book, group="PLG-9"))] == ["a"]
    assert [row.seq for row in read(lambda s: queries.journals(s, book, after=2, limit=1))] == [3]


@pytest.mark.owner_only("it bends what only an owner can")
def test_the_self_check_names_each_thing_that_is_bent(book: int, engine_name: str) -> None:
    """The guards are taken off by hand: the check below them must see it."""
    if engine_name == "sqlite":
        off = ["DROP TRIGGER balance_follows_entry", "DROP TRIGGER journal_no_update",
               "DROP TRIGGER head_moves_with_journal"]  # fmt: skip
    else:
        off = [
            f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("balance", "journal", "head")
        ]
    bends = {
        "UPDATE balance SET dr = dr + 1 WHERE guard = 'N'": "running balance differs",
        "UPDATE journal SET leaf_hash = chain WHERE seq = 2": "journal 2: its bytes",
        "UPDATE journal SET seq = 9 WHERE seq = 3": "journal 3 is missing",
        "UPDATE head SET next_seq = 9": "head of the book does not match",
    }
    with db.engine.connect() as connection:
        for statement in off:
            connection.execute(text(statement))
        connection.commit()
    links = "PRAGMA defer_foreign_keys=ON"
    if engine_name == "postgresql":
        links = "SET LOCAL session_replication_role = replica"
    for statement, words in bends.items():
        faults = _bent_and_put_back(book, [links, statement])
        assert words in " ".join(faults), statement
    assert read(lambda s: books.self_check(s, book=book)) == []


def _bent_and_put_back(book: int, statements: list[str]) -> list[str]:
    with Session(db.engine) as session:
        for statement in statements:
            session.execute(text(statement))
        faults = books.self_check(session, book=book)
        session.rollback()
    return faults


def test_a_book_that_does_not_exist_takes_nothing(book: int) -> None:
    with pytest.raises(Missing, match="no book 99"):
        post(99, spec("gift", *GIFT))


def test_leaves_that_are_not_read_to_the_end_let_go_of_the_books(app: Flask, book: int) -> None:
    """In a thread: whoever asked the connection for anything else would wait for ever."""
    post(book, spec("gift", *GIFT))
    post(book, spec("gift-2", *GIFT))
    seen: list[object] = []

    def stop_early() -> None:
        with app.app_context():
            try:
                with (
                    transaction(read_only=True) as session,
                    queries.leaves(session, book) as leaves,
                ):
                    seen.append(next(leaves)[0])
                    raise LookupError("enough")
            except LookupError as error:
                seen.append(str(error))
            with transaction(read_only=True) as session:
                seen.append(queries.head(session, book).next_seq > 1)

    hand = threading.Thread(target=stop_early, daemon=True)
    hand.start()
    hand.join(60)
    assert seen == [1, "enough", True]
    assert not hand.is_alive()


def test_leaves_and_their_hashes_are_streamed_and_fit(book: int) -> None:
    def question(session: Session) -> tuple[list[Any], list[Any]]:
        with queries.leaves(session, book) as leaves:
            first = list(leaves)
        return first, list(queries.leaf_hashes(session, book, after=1))

    leaves, hashes = read(question)
    assert [(seq, digest) for seq, _, digest, _ in leaves][1:] == hashes
    assert all(rules.leaf_hash(leaf) == digest for _, leaf, digest, _ in leaves)
    chain = rules.GENESIS
    for _, _, digest, stored in leaves:
        chain = rules.chain_hash(chain, digest)
        assert chain == stored
    one = read(lambda s: queries.leaf(s, book, 2))
    assert (one.leaf, one.chain) == (leaves[1][1], leaves[1][3])
