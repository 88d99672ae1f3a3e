"""Corrections and loans between funds: one person drafts, another posts exactly that (J1 to J6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from ledger.approvals import rules as decisions
from ledger.approvals import service as approvals
from ledger.audit import queries as audit
from ledger.books import queries as books_queries
from ledger.books import rules as books_rules
from ledger.books import service as books
from ledger.books.rules import AccountSpec, Leg, credit, debit
from ledger.closing import service as closing
from ledger.drafts import queries, rules, service
from ledger.drafts.queries import DraftView
from ledger.drafts.rules import Draft
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, Invalid, LedgerError, Missing, RefusedByDatabase
from tests.cast import Place
from tests.raw_books import spec
from tests.unguarded import allow

BANK, GIFTS, RIVER, RIVER_GIFTS = (
    "Assets:Bank", "Income:Gifts", "Assets:Bank:River", "Income:River",
)  # fmt: skip
HOURS, GIVEN = "Assets:Hours", "Income:Hours"
IN_MARCH, IN_FEBRUARY = date(2026, 3, 2), date(2026, 2, 10)
CORRECTION = Draft(
    rules.ADJUST, IN_MARCH, "a gift that nobody entered", (debit(BANK, 250), credit(GIFTS, 250))
)


def loan(pence: int, *, back: bool = False) -> Draft:
    ways = (RIVER, BANK) if back else (BANK, RIVER)
    return rules.loan(
        kind=rules.PAY_BACK if back else rules.LEND, paid_from=ways[0], paid_into=ways[1],
        quantity=pence, effective_on=IN_MARCH, reason="until the grant arrives",
    )  # fmt: skip


class Desk:
    """Two people of the finance office, one line for each of their steps."""

    def __init__(self, place: Place, clock: FixedClock) -> None:
        self.place, self.clock, self.book = place, clock, place.book

    def draft(self, draft: Draft, part: str = "s151") -> str:
        return str(self.act(part, service.propose, draft=draft))

    def decide(self, draft: str, part: str = "head", **facts: Any) -> DraftView:
        known = {
            "verdict": "yes",
            "reason": "seen the slip",
            "digest": self.view(draft).proposal.digest,
        }
        found: DraftView = self.act(part, service.decide, draft=draft, **known | facts)
        return found

    def act(self, part: str, step: Callable[..., Any], **facts: Any) -> Any:
        actor, now = self.place.actor(part), self.clock.now()
        return transact(lambda s: step(s, book=self.book, actor=actor, now=now, **facts))

    def view(self, draft: str) -> DraftView:
        with transaction(read_only=True) as session:
            return queries.draft(session, self.book, draft)

    def net(self, path: str) -> int:
        with transaction(read_only=True) as session:
            return books_queries.net(session, self.book, path)

    @property
    def count(self) -> int:
        with transaction(read_only=True) as session:
            assert books.self_check(session, book=self.book) == []
            return books_queries.head(session, self.book).next_seq - 1


@pytest.fixture
def desk(app: Flask, place: Place, clock: FixedClock) -> Desk:
    def unit(session: Any) -> None:
        books.open_fund(
            session, book=place.book, code="RIVER", fund_class="restricted", name="River",
            purpose="flood",
        )  # fmt: skip
        accounts = [
            AccountSpec(BANK, guard="D"), AccountSpec(GIFTS),
            AccountSpec(RIVER, fund="RIVER", guard="D"), AccountSpec(RIVER_GIFTS, fund="RIVER"),
            AccountSpec(HOURS, unit="HOUR"), AccountSpec(GIVEN, unit="HOUR"),
        ]  # fmt: skip
        books.open_accounts(session, book=place.book, specs=accounts)
        gift = spec("gift", debit(BANK, 1_000), credit(GIFTS, 1_000), effective_on=IN_FEBRUARY)
        books.post(session, book=place.book, spec=gift, now=clock.now())

    transact(unit)
    return Desk(place, clock)


def test_what_one_person_drafts_another_posts_as_it_was_shown(desk: Desk) -> None:
    draft = desk.draft(CORRECTION)
    assert (desk.view(draft).state, desk.count, desk.net(BANK)) == ("PROPOSED", 1, 1_000)
    view = desk.decide(draft)
    assert (view.state, view.journal, desk.net(BANK)) == ("USED", 2, 1_250)
    people = desk.place.people
    with transaction(read_only=True) as session:
        row, entries = books_queries.journal(session, desk.book, 2)
        told = [event.action for event in audit.events(session, subject=draft)]
    assert (row.id, row.kind, row.maker, row.checker, row.reason) == (
        draft, "adjustment", people["s151"], people["head"], CORRECTION.reason,
    )  # fmt: skip
    assert {(one.path, one.side, one.amount) for one in entries} == {
        (BANK, "D", 250), (GIFTS, "C", 250),
    }  # fmt: skip
    assert told == ["journal.adjust", "approval.use", "approval.approve", "approval.propose"]


def test_hours_are_corrected_without_a_limit(desk: Desk) -> None:
    legs = (debit(HOURS, 6_000_000), credit(GIVEN, 6_000_000))
    view = desk.decide(desk.draft(replace(CORRECTION, legs=legs)))
    assert (view.proposal.quantity_pence, desk.net(HOURS)) == (0, 6_000_000)


def test_a_loan_stands_in_both_funds_and_is_paid_back_no_further_than_owed(desk: Desk) -> None:
    desk.decide(desk.draft(loan(700)))
    assert (desk.net(BANK), desk.net(RIVER)) == (300, 700)
    assert desk.net("Assets:DueFrom:RIVER:GENERAL") == 700
    assert desk.net("Liabilities:DueTo:GENERAL:RIVER") == -700
    with pytest.raises(LedgerError, match="short by"):
        desk.draft(loan(701, back=True))
    view = desk.decide(desk.draft(loan(700, back=True), "head"), "s151")
    assert (view.state, desk.net(BANK), desk.net(RIVER)) == ("USED", 1_000, 0)
    assert desk.net("Assets:DueFrom:RIVER:GENERAL") == 0


def _adjusting(desk: Desk) -> int:
    days = {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 2, 28)}
    period = int(desk.act("s151", closing.open_period, **days))
    desk.act("s151", closing.begin_closing, period=period)
    return period


def test_a_period_being_closed_takes_a_draft_and_nothing_of_one_person(desk: Desk) -> None:
    _adjusting(desk)
    alone = spec("late", debit(BANK, 5), credit(GIFTS, 5), effective_on=IN_FEBRUARY)
    with pytest.raises(RefusedByDatabase):
        transact(lambda s: books.post(s, book=desk.book, spec=alone, now=desk.clock.now()))
    desk.decide(desk.draft(replace(CORRECTION, effective_on=IN_FEBRUARY)))
    assert desk.net(BANK) == 1_250


def test_a_period_closed_meanwhile_undoes_the_approval_too(desk: Desk) -> None:
    period = _adjusting(desk)
    draft = desk.draft(replace(CORRECTION, effective_on=IN_FEBRUARY))
    desk.act("s151", closing.sign, period=period, kind="period.close", reason="the bank agrees")
    with transaction(read_only=True) as session:
        from ledger.closing import queries as closing_queries

        live = closing_queries.period(session, desk.book, period).live
    assert live is not None
    desk.act("head", closing.countersign, period=period, digest=live.digest, reason="agreed")
    with pytest.raises(books_rules.PeriodClosed):
        desk.decide(draft)
    assert desk.view(draft).state == "PROPOSED"
    with pytest.raises(books_rules.PeriodClosed):
        desk.draft(replace(CORRECTION, effective_on=IN_FEBRUARY))


def test_money_spent_meanwhile_undoes_the_approval_too(desk: Desk) -> None:
    first, second = desk.draft(loan(700)), desk.draft(loan(700))
    desk.decide(first)
    with pytest.raises(books_rules.NotEnoughMoney):
        desk.decide(second)
    assert desk.view(second).state == "PROPOSED"


REFUSED: dict[str, tuple[Draft, type[LedgerError], str]] = {
    "one entry": (replace(CORRECTION, legs=(debit(BANK, 5),)), Invalid, "1 entries"),
    "too many": (
        replace(CORRECTION, legs=(debit(BANK, 1), credit(GIFTS, 1)) * 21), Invalid, "42 entries",
    ),
    "tomorrow": (
        replace(CORRECTION, effective_on=IN_MARCH + timedelta(days=1)), Invalid, "not come yet",
    ),
    "no reason": (replace(CORRECTION, reason=" "), Invalid, "3"),
    "a reason of two lines": (replace(CORRECTION, reason="one\ntwo"), Invalid, "hidden"),
    "it does not balance": (
        replace(CORRECTION, legs=(debit(BANK, 5), credit(GIFTS, 6))),
        books_rules.JournalRefused, "does not balance",
    ),
    "across funds": (
        replace(CORRECTION, legs=(debit(RIVER, 5), credit(GIFTS, 5))),
        books_rules.JournalRefused, "does not balance",
    ),
    "an account that is not there": (
        replace(CORRECTION, legs=(debit("Assets:Mine", 5), credit(GIFTS, 5))),
        books_rules.UnknownAccount, "Assets:Mine",
    ),
    "more than there is": (
        replace(CORRECTION, legs=(credit(BANK, 1_001), debit(GIFTS, 1_001))),
        books_rules.NotEnoughMoney, "short by",
    ),
    "nothing": (
        replace(CORRECTION, legs=(debit(BANK, 0), credit(GIFTS, 0))),
        books_rules.JournalRefused, "not a quantity",
    ),
    "a loan within one fund": (
        rules.loan(kind=rules.LEND, paid_from=BANK, paid_into=GIFTS, quantity=5,
                   effective_on=IN_MARCH, reason="to ourselves"),
        Invalid, "not two funds",
    ),
    "the count of periods": (
        replace(CORRECTION, legs=(debit("Equity:Memo:Periods:Open", 1),
                                  credit("Equity:Memo:Periods:Closed", 1))),
        Invalid, "not written by hand",
    ),
    "what funds owe": (
        replace(CORRECTION, legs=(debit("Liabilities:DueTo:GENERAL:RIVER", 1),
                                  credit(RIVER_GIFTS, 1))),
        Invalid, "not written by hand",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_be_refused_is_not_drafted(desk: Desk, what: str) -> None:
    draft, refusal, words = REFUSED[what]
    with pytest.raises(refusal, match=words):
        desk.draft(draft)
    with transaction(read_only=True) as session:
        assert queries.drafts(session, desk.book) == []
    assert desk.count == 1


ALONE: dict[str, tuple[Callable[[Desk, str], object], type[LedgerError]]] = {
    "the drafter approves": (
        lambda desk, draft: desk.decide(draft, "s151"), decisions.SamePerson,
    ),
    "the drafter posts what nobody approved": (
        lambda desk, draft: desk.act("s151", service.post, draft=draft), rules.NotPosted,
    ),
    "an officer approves": (lambda desk, draft: desk.decide(draft, "officer"), Forbidden),
    "an auditor approves": (lambda desk, draft: desk.decide(draft, "auditor"), Forbidden),
    "other entries were shown": (
        lambda desk, draft: desk.decide(draft, digest="0" * 64), decisions.Changed,
    ),
    "it is posted twice": (
        lambda desk, draft: (desk.decide(draft), desk.act("head", service.post, draft=draft)),
        rules.NotPosted,
    ),
    "it was refused": (
        lambda desk, draft: (desk.decide(draft, verdict="no"), desk.decide(draft, "s151")),
        decisions.SamePerson,
    ),
    "the second person decides twice": (
        lambda desk, draft: (desk.decide(draft), desk.decide(draft)), decisions.NotWaiting,
    ),
    "there is no such draft": (lambda desk, _draft: desk.view("JNL-NONE"), Missing),
}  # fmt: skip


@pytest.mark.parametrize("what", ALONE)
def test_no_one_person_writes_into_the_books(desk: Desk, what: str) -> None:
    attempt, refusal = ALONE[what]
    draft = desk.draft(CORRECTION)
    with pytest.raises(refusal):
        attempt(desk, draft)
    assert desk.net(BANK) == (1_250 if "twice" in what else 1_000)


@pytest.mark.parametrize("draft", [CORRECTION, loan(5)], ids=["correction", "loan"])
@pytest.mark.parametrize("part", ["officer", "auditor", "administrator", "treasurer"])
def test_only_finance_drafts(desk: Desk, part: str, draft: Draft) -> None:
    with pytest.raises(Forbidden):
        desk.draft(draft, part)


def test_an_approver_stays_within_a_limit_that_all_drafts_of_a_year_share(desk: Desk) -> None:
    """J5: the head may approve five thousand pounds of corrections in a year."""
    most, whole = 500_000, (debit(BANK, 400_000), credit(GIFTS, 400_000))
    desk.decide(desk.draft(replace(CORRECTION, legs=whole)))
    more = desk.draft(replace(CORRECTION, legs=(debit(BANK, 100_001), credit(GIFTS, 100_001))))
    with pytest.raises(decisions.OverLimit):
        desk.decide(more)
    rest = (debit(BANK, most - 400_000), credit(GIFTS, most - 400_000))
    assert desk.decide(desk.draft(replace(CORRECTION, legs=rest))).state == "USED"


def test_what_was_approved_among_the_decisions_is_posted_once(desk: Desk) -> None:
    draft = desk.draft(CORRECTION)
    proposal, head = desk.view(draft).proposal, desk.place.actor("head")
    transact(
        lambda s: approvals.decide(
            s, proposal=proposal.id, stage="approve", actor=head, verdict="yes", reason="seen it",
            digest=proposal.digest, now=desk.clock.now(),
        )
    )  # fmt: skip
    assert desk.view(draft).state == "APPROVED"
    assert desk.act("s151", service.post, draft=draft).journal == 2
    with pytest.raises(rules.NotPosted, match="carried out"):
        desk.act("s151", service.post, draft=draft)


def test_those_that_wait_come_first(desk: Desk) -> None:
    done = desk.draft(CORRECTION)
    desk.decide(done)
    desk.clock.move(timedelta(minutes=1))
    refused = desk.draft(CORRECTION)
    desk.decide(refused, verdict="no")
    waiting = desk.draft(loan(5))
    with transaction(read_only=True) as session:
        found = [(one.id, one.state) for one in queries.drafts(session, desk.book)]
    assert found[0] == (waiting, "PROPOSED")
    assert set(found[1:]) == {(refused, "REFUSED"), (done, "USED")}


def test_a_trial_leaves_no_trace_and_gives_back_its_number(desk: Desk) -> None:
    before = desk.count
    desk.draft(loan(5))
    assert desk.count == before
    with transaction(read_only=True) as session:
        assert "Assets:DueFrom:RIVER:GENERAL" not in books_queries.standings(
            session, desk.book, ["Assets:DueFrom:RIVER:GENERAL"]
        )


def test_without_the_second_persons_check_a_correction_of_one_would_be_taken(desk: Desk) -> None:
    """The control: it is the database that asks for the second person, whatever the service does."""
    alone = spec(
        "alone", debit(BANK, 5), credit(GIFTS, 5), kind="adjustment", effective_on=IN_MARCH
    )
    with pytest.raises(RefusedByDatabase, match="second person"):
        transact(lambda s: books.post(s, book=desk.book, spec=alone, now=desk.clock.now()))
    allow("this kind of journal needs a second person")
    transact(lambda s: books.post(s, book=desk.book, spec=alone, now=desk.clock.now()))
    print(f"COUNT j4_control_corrections_of_one_person={desk.count - 1}")
    assert desk.count == 2


def test_facts_are_read_as_they_were_signed() -> None:
    lines = [rules.DraftLine(BANK, "D", 5, "GBP", "GENERAL"),
             rules.DraftLine(HOURS, "C", 90, "HOUR", "GENERAL")]  # fmt: skip
    draft = replace(CORRECTION, legs=(debit(BANK, 5), Leg(HOURS, "C", 90)))
    assert rules.read(rules.ADJUST, rules.facts(draft, lines)) == (draft, tuple(lines))
    assert rules.pence_moved(lines) == 5
