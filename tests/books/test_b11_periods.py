"""B11: a period goes OPEN, ADJUSTING, CLOSED, by two people, with a leaf that proves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.approvals import rules as decisions
from ledger.audit import queries as audit
from ledger.books import queries, rules
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.closing import queries as closing_queries
from ledger.closing import rules as closing_rules
from ledger.closing import service as closing
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, Invalid, RefusedByDatabase
from tests.cast import Place
from tests.raw_books import NOW, Raw, open_books, refused, spec
from tests.unguarded import allow, take_off

FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))
BANK, GIFTS = "Assets:Bank", "Income:Gifts"


class Desk:
    """The steps of a close, one line each."""

    def __init__(self, place: Place, clock: FixedClock) -> None:
        self.place, self.clock, self.book = place, clock, place.book
        self.period = self.act("s151", closing.open_period, starts_on=FEBRUARY[0],
                               ends_on=FEBRUARY[1])  # fmt: skip

    def act(self, part: str, step: Callable[..., Any], **facts: Any) -> Any:
        actor, now = self.place.actor(part), self.clock.now()
        return transact(lambda s: step(s, book=self.book, actor=actor, now=now, **facts))

    def begin(self, part: str = "s151") -> None:
        self.act(part, closing.begin_closing, period=self.period)

    def sign(self, part: str = "s151", kind: str = closing_rules.CLOSE) -> str:
        reason = "the bank agrees"
        return str(self.act(part, closing.sign, period=self.period, kind=kind, reason=reason))

    def countersign(self, part: str = "head", digest: str = "") -> closing_queries.PeriodView:
        live = self.view.live
        shown = digest or (live.digest if live else "0" * 64)
        found: closing_queries.PeriodView = self.act(
            part, closing.countersign, period=self.period, digest=shown, reason="read and agreed"
        )
        return found

    def close(self) -> closing_queries.PeriodView:
        self.begin()
        self.sign()
        return self.countersign()

    @property
    def view(self) -> closing_queries.PeriodView:
        with transaction(read_only=True) as session:
            return closing_queries.period(session, self.book, self.period)

    def gift(self, id: str, pence: int = 500, **facts: Any) -> books.Posted:
        facts = {"effective_on": date(2026, 2, 10)} | facts
        gift = spec(id, debit(BANK, pence), credit(GIFTS, pence), **facts)
        return transact(lambda s: books.post(s, book=self.book, spec=gift, now=self.clock.now()))


@pytest.fixture
def desk(app: Flask, place: Place, clock: FixedClock) -> Desk:
    accounts = [AccountSpec(BANK, guard="D"), AccountSpec(GIFTS)]
    transact(lambda s: books.open_accounts(s, book=place.book, specs=accounts))
    made = Desk(place, clock)
    made.gift("first")
    return made


def test_two_people_close_a_period_and_a_leaf_says_so(desk: Desk) -> None:
    view = desk.close()
    people = desk.place.people
    assert (view.status, view.signed_by, view.countersigned_by) == (
        "CLOSED", people["s151"], people["head"],
    )  # fmt: skip
    with transaction(read_only=True) as session:
        row, _ = queries.journal(session, desk.book, view.seq_at_close or 0)
        leaf = queries.leaf(session, desk.book, view.seq_at_close or 0).leaf.decode()
        told = [event.action for event in audit.events(session, subject=view.subject)]
        assert books.self_check(session, book=desk.book) == []
    assert (row.kind, row.maker, row.checker) == (
        "period.close", people["s151"], people["head"],
    )  # fmt: skip
    for words in (view.trial_balance_sha256, "PERIOD-2026-02-01", "the bank agrees"):
        assert words in leaf
    assert told == [
        "period.close", "approval.use", "approval.approve", "approval.propose",
        "period.begin_closing", "period.open",
    ]  # fmt: skip
    print(f"COUNT b11_closes=1 signers=2 leaves=1 events={len(told)}")


def test_debits_equal_credits_in_every_fund_of_a_closed_period(desk: Desk) -> None:
    sums: dict[tuple[str, str], int] = {}
    for row in desk.close().movements:
        sums[row.unit, row.fund] = sums.get((row.unit, row.fund), 0) + row.dr - row.cr
    print(f"COUNT b11_groups={len(sums)} groups_out={sum(map(bool, sums.values()))}")
    assert sums == {("GBP", "GENERAL"): 0}


STEPS: dict[str, tuple[Callable[[Desk], object], type[Exception]]] = {
    "the signer countersigns": (
        lambda desk: (desk.begin(), desk.sign(), desk.countersign("s151")), decisions.SamePerson,
    ),
    "nobody has signed": (
        lambda desk: (desk.begin(), desk.countersign()), closing_rules.NothingToSign,
    ),
    "it is not being closed": (lambda desk: desk.sign(), closing_rules.NothingToSign),
    "it is signed twice": (
        lambda desk: (desk.begin(), desk.sign(), desk.sign("head")), closing_rules.NothingToSign,
    ),
    "an officer signs": (lambda desk: (desk.begin(), desk.sign("officer")), Forbidden),
    "an officer countersigns": (
        lambda desk: (desk.begin(), desk.sign(), desk.countersign("officer")), Forbidden,
    ),
    "other figures were shown": (
        lambda desk: (desk.begin(), desk.sign(), desk.countersign("head", "0" * 64)),
        decisions.Changed,
    ),
    "something was posted since": (
        lambda desk: (desk.begin(), desk.sign(), desk.gift("late", checker="PER-B"),
                      desk.countersign()),
        decisions.Changed,
    ),
    "an open one is opened again": (
        lambda desk: desk.sign(kind=closing_rules.REOPEN), closing_rules.NothingToSign,
    ),
    "the period lasts on": (
        lambda desk: (desk.clock.move(timedelta(days=-3)), desk.begin()),
        closing_rules.PeriodNotOver,
    ),
    "it overlaps another": (
        lambda desk: desk.act("s151", closing.open_period, starts_on=FEBRUARY[1],
                              ends_on=date(2026, 3, 31)),
        Invalid,
    ),
    "it ends before it begins": (
        lambda desk: desk.act("s151", closing.open_period, starts_on=date(2026, 4, 1),
                              ends_on=date(2026, 3, 31)),
        Invalid,
    ),
    "there is no reason": (
        lambda desk: (desk.begin(), desk.act("s151", closing.sign, period=desk.period,
                                             kind=closing_rules.CLOSE, reason=" ")),
        Invalid,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", STEPS)
def test_a_close_is_refused_when(desk: Desk, what: str) -> None:
    attempt, kind = STEPS[what]
    with pytest.raises(kind):
        attempt(desk)
    assert desk.view.status != "CLOSED"


def test_what_no_longer_fits_the_figures_is_signed_anew(desk: Desk) -> None:
    desk.begin()
    first = desk.sign()
    desk.gift("late", checker="PER-B")
    assert desk.view.stale
    second = desk.sign("head")
    assert second != first
    assert desk.countersign("s151").status == "CLOSED"
    assert {view.id: view.state for view in desk.view.past} == {first: "VOID", second: "USED"}


def test_two_people_open_it_again_and_its_hash_stays_provable(desk: Desk) -> None:
    closed = desk.close()
    desk.sign("head", closing_rules.REOPEN)
    with pytest.raises(decisions.SamePerson):
        desk.countersign("head")
    opened = desk.countersign("s151")
    assert opened.status == "ADJUSTING"
    desk.gift("invoice", checker="PER-B")
    desk.sign()
    again = desk.countersign()
    assert again.trial_balance_sha256 != closed.trial_balance_sha256
    with transaction(read_only=True) as session:
        rows = queries.journals(session, desk.book, group=closed.group)
        counted = queries.balance(session, desk.book, rules.CLOSED.path)
    assert [(row.kind, row.purpose) for row in rows] == [
        ("period.close", closed.trial_balance_sha256),
        ("period.reopen", closed.trial_balance_sha256),
        ("period.close", again.trial_balance_sha256),
    ]
    assert counted.owed == 1
    print(f"COUNT b11_leaves={len(rows)} closed_now={counted.owed}")


def test_what_was_approved_among_other_decisions_is_carried_out_by_its_button(desk: Desk) -> None:
    from ledger.approvals import service as approvals

    desk.begin()
    proposal = desk.sign()
    live = desk.view.live
    assert live is not None
    transact(
        lambda s: approvals.decide(
            s, proposal=proposal, stage="approve", actor=desk.place.actor("head"), verdict="yes",
            reason="agreed", digest=live.digest, now=desk.clock.now(),
        )
    )  # fmt: skip
    assert desk.act("s151", closing.carry_out, period=desk.period).status == "CLOSED"


GIFT = ((BANK, "D", 500), (GIFTS, "C", 500))
MARCH = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 3, 31)}


def _march(*, closed: bool) -> tuple[int, int]:
    book = open_books()

    def unit(session: Any) -> int:
        period = books.open_period(session, book=book, **MARCH)
        books.begin_closing(session, period=period)
        if closed:
            books.close_period(
                session, period=period, signed_by="PER-A", countersigned_by="PER-B",
                reason="all is in", now=NOW,
            )  # fmt: skip
        return period

    return book, transact(unit)


def _closed_by_hand(raw: Raw) -> None:
    """The row alone, with two names and a hash, as somebody at the database might write it."""
    raw.run(
        "UPDATE period SET status = 'CLOSED', signed_by = 'PER-A', countersigned_by = 'PER-B',"
        " reason = 'x', seq_at_close = 3, trial_balance_hash = :hash",
        hash=bytes(32),
    )


def test_raw_sql_posts_nothing_into_a_closed_period(app: Flask) -> None:
    book, _ = _march(closed=True)
    words = [
        refused(book, lambda raw, more=more: raw.journal(*GIFT, **more))  # type: ignore[misc]
        for more in ({}, {"checker": "PER-B"}, {"kind": "adjustment", "checker": "PER-B"})
    ]
    print(f"COUNT b11_raw_inserts={len(words)} refused={len(words)}")
    assert all("the period is closed" in said for said in words)


def test_without_its_check_a_closed_period_takes_another_journal(app: Flask) -> None:
    book, period = _march(closed=True)
    allow("the period is closed")
    transact(lambda session: Raw(session, book).journal(*GIFT))
    with transaction(read_only=True) as session:
        row = queries.period(session, book, period)
        kept = queries.movements(session, row)
        now = queries.movements_between(session, book, row["starts_on"], row["ends_on"])
    print("COUNT b11_control_journals_into_closed=1")
    assert rules.trial_balance_hash(kept) == row["trial_balance_hash"]
    assert rules.trial_balance_hash(now) != row["trial_balance_hash"]


def test_raw_sql_closes_nothing_without_the_leaf_and_the_true_sums(app: Flask) -> None:
    book, period = _march(closed=False)
    assert "sums of a closed period are those" in refused(book, _closed_by_hand)

    def with_sums(raw: Raw) -> None:
        rows = queries.movements_between(raw.session, book, MARCH["starts_on"], MARCH["ends_on"])
        for one in rows:
            raw.insert(
                "period_balance",
                {"period": period, "account": one.account, "dr": one.dr, "cr": one.cr},
            )
        _closed_by_hand(raw)

    assert "a journal that both signers made" in refused(book, with_sums)

    def out_of_balance(raw: Raw) -> None:
        account = raw.run("SELECT id FROM account WHERE path = :path", path=BANK).scalar_one()
        raw.insert("period_balance", {"period": period, "account": account, "dr": 1, "cr": 0})
        _closed_by_hand(raw)

    assert "balances in every unit and fund" in refused(book, out_of_balance)
    print("COUNT b11_raw_closes=3 refused=3")


def test_without_its_check_one_hand_closes_a_period_with_no_leaf(app: Flask) -> None:
    book, _ = _march(closed=False)
    take_off("period_moves")
    transact(lambda session: _closed_by_hand(Raw(session, book)))
    with transaction(read_only=True) as session:
        status = session.execute(text("SELECT status FROM period")).scalar_one()
        leaves = queries.journals(session, book, group="PERIOD-2026-03-01")
    print(f"COUNT b11_control_closed_without_leaf={int(status == 'CLOSED')}")
    assert (status, leaves) == ("CLOSED", [])


@pytest.mark.parametrize("control", [False, True])
def test_one_person_alone_closes_nothing_but_for_the_constraint(app: Flask, control: bool) -> None:
    book, _ = _march(closed=False)

    def alone(raw: Raw) -> None:
        raw.run(
            "UPDATE period SET status = 'CLOSED', signed_by = 'PER-A', countersigned_by = 'PER-A',"
            " reason = 'x', seq_at_close = 3, trial_balance_hash = :hash",
            hash=bytes(32),
        )

    take_off("period_moves")
    if control:
        take_off("ck_period_two_people")
        transact(lambda session: alone(Raw(session, book)))
        return
    with pytest.raises(RefusedByDatabase, match="two_people"):
        transact(lambda session: alone(Raw(session, book)))
