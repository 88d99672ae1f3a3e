"""Journals reversed on purpose: by two people, once, on the day that was chosen (J7, J8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.approvals import rules as decisions
from ledger.books import queries as books_queries
from ledger.books import rules as books_rules
from ledger.books import service as books
from ledger.books.rules import Leg, credit, debit
from ledger.closing import queries as closing_queries
from ledger.closing import service as closing
from ledger.drafts import queries, rules, service
from ledger.drafts.queries import DraftView, Undoing
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, Invalid, Missing
from tests.domain.test_drafts import (  # noqa: F401 - desk is a fixture
    BANK,
    CORRECTION,
    GIFTS,
    IN_FEBRUARY,
    IN_MARCH,
    RIVER,
    Desk,
    desk,
    loan,
)
from tests.raw_books import spec


def asked(desk: Desk, part: str = "s151", **changed: Any) -> str:  # noqa: F811
    facts = {"journal": 1, "dated": "original", "reason": "entered twice"} | changed
    return str(desk.act(part, service.propose_reversal, **facts))


def undoing(desk: Desk, seq: int) -> Undoing:  # noqa: F811
    with transaction(read_only=True) as session:
        return queries.undoing(session, desk.book, seq)


def shown(view: DraftView) -> list[tuple[str, str, int]]:
    return [(line.path, line.side, line.quantity) for line in view.entries]


@pytest.mark.parametrize(("dated", "on"), [("original", IN_FEBRUARY), ("today", IN_MARCH)])
def test_a_journal_is_reversed_by_two_people_on_the_day_that_was_chosen(
    desk: Desk, dated: str, on: date  # noqa: F811
) -> None:  # fmt: skip
    draft = asked(desk, dated=dated)
    view = desk.view(draft)
    assert (view.state, view.reverses, view.dated, view.effective_on) == ("PROPOSED", 1, dated, on)
    assert view.proposal.quantity_pence == 1_000
    assert (desk.count, desk.net(BANK)) == (1, 1_000)
    done = desk.decide(draft)
    assert (done.state, done.journal, desk.net(BANK), desk.net(GIFTS)) == ("USED", 2, 0, 0)
    with transaction(read_only=True) as session:
        row, entries = books_queries.journal(session, desk.book, 2)
        assert books_queries.answering(session, desk.book, 1) == (2, None)
    people = desk.place.people
    assert (row.kind, row.reverses, row.maker, row.checker, row.reason, row.effective_on) == (
        "reversal", 1, people["s151"], people["head"], "entered twice", on,
    )  # fmt: skip
    assert sorted(shown(view)) == sorted((one.path, one.side, one.amount) for one in entries)
    assert sorted(shown(view)) == [(BANK, "C", 1_000), (GIFTS, "D", 1_000)]


def test_a_journal_is_reversed_once_and_its_reversal_is_not(desk: Desk) -> None:  # noqa: F811
    draft = asked(desk)
    with pytest.raises(rules.NotReversible, match=f"The draft {draft} reverses it"):
        asked(desk, "head")
    assert undoing(desk, 1).waiting == draft
    desk.decide(draft, verdict="no")
    again = asked(desk, "head")
    desk.decide(again, "s151")
    with pytest.raises(books_rules.AlreadyReversed, match="reversed by journal 2"):
        asked(desk)
    with pytest.raises(rules.NotReversible, match="Draft a correction"):
        asked(desk, journal=2)
    with pytest.raises(Missing):
        asked(desk, journal=3)
    assert (undoing(desk, 1).answered, undoing(desk, 2).may_be_drafted) == (2, False)


@pytest.mark.parametrize("part", ["s151", "officer", "auditor"])
def test_whoever_asked_and_whoever_may_not_decides_nothing(desk: Desk, part: str) -> None:  # noqa: F811
    draft = asked(desk)
    with pytest.raises(decisions.SamePerson if part == "s151" else Forbidden):
        desk.decide(draft, part)
    assert desk.net(BANK) == 1_000


@pytest.mark.parametrize("part", ["officer", "auditor", "administrator", "treasurer"])
def test_only_finance_asks(desk: Desk, part: str) -> None:  # noqa: F811
    with pytest.raises(Forbidden):
        asked(desk, part)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another day": ({"dated": "tomorrow"}, "Choose one of the two"),
    "no reason": ({"reason": " "}, "3"),
    "a reason of two lines": ({"reason": "one\ntwo"}, "hidden"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_said_is_not_drafted(desk: Desk, what: str) -> None:  # noqa: F811
    changed, words = REFUSED[what]
    with pytest.raises(Invalid, match=words):
        asked(desk, **changed)


def close_february(desk: Desk) -> None:  # noqa: F811
    days = {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 2, 28)}
    period = int(desk.act("s151", closing.open_period, **days))
    desk.act("s151", closing.begin_closing, period=period)
    desk.act("s151", closing.sign, period=period, kind="period.close", reason="the bank agrees")
    with transaction(read_only=True) as session:
        live = closing_queries.period(session, desk.book, period).live
    assert live is not None
    desk.act("head", closing.countersign, period=period, digest=live.digest, reason="agreed")


def test_a_journal_of_a_closed_period_is_reversed_today_and_no_earlier(desk: Desk) -> None:  # noqa: F811
    early = asked(desk)
    assert undoing(desk, 1).own_day_open
    close_february(desk)
    with pytest.raises(books_rules.PeriodClosed):
        desk.decide(early)
    assert desk.view(early).state == "PROPOSED"
    desk.decide(early, verdict="no")
    assert not undoing(desk, 1).own_day_open
    with pytest.raises(rules.NotReversible, match="closed period"):
        asked(desk)
    assert desk.decide(asked(desk, dated="today")).effective_on == IN_MARCH


def test_what_was_spent_is_not_taken_back(desk: Desk) -> None:  # noqa: F811
    draft = asked(desk)
    desk.decide(desk.draft(loan(1)))
    with pytest.raises(books_rules.NotEnoughMoney):
        desk.decide(draft)
    assert desk.view(draft).state == "PROPOSED"
    desk.decide(desk.draft(loan(1, back=True)))
    assert desk.decide(draft).journal == 4


def test_a_loan_and_its_paying_back_are_reversed_in_both_funds(desk: Desk) -> None:  # noqa: F811
    desk.decide(desk.draft(loan(700)))
    desk.decide(asked(desk, journal=2))
    assert (desk.net(BANK), desk.net(RIVER)) == (1_000, 0)
    assert desk.net("Liabilities:DueTo:GENERAL:RIVER") == 0
    desk.decide(desk.draft(loan(700)))
    desk.decide(desk.draft(loan(700, back=True)))
    with pytest.raises(books_rules.NotEnoughMoney):
        asked(desk, journal=4)
    desk.decide(asked(desk, journal=5))
    assert (desk.net(RIVER), desk.net("Assets:DueFrom:RIVER:GENERAL")) == (700, 700)


def test_a_correction_is_reversed_within_the_limit_of_the_year(desk: Desk) -> None:  # noqa: F811
    """J5: a head of service may approve five thousand pounds of reversals in a year."""
    whole = (debit(BANK, 400_000), credit(GIFTS, 400_000))
    for _ in range(2):
        more = spec(f"gift-{desk.count}", *whole, effective_on=IN_MARCH)
        transact(
            lambda s, more=more: books.post(s, book=desk.book, spec=more, now=desk.clock.now())  # type: ignore[misc]
        )
    desk.decide(asked(desk, journal=2))
    second = asked(desk, journal=3)
    with pytest.raises(decisions.OverLimit):
        desk.decide(second)
    assert desk.net(BANK) == 401_000


def test_of_every_kind_it_is_said_how_it_is_undone() -> None:
    """J8: a new kind of journal without a word about its undoing fails here."""
    kinds = set(books_rules.JOURNAL_KINDS)
    assert rules.REVERSIBLE | set(rules.OWN_WAY) == kinds
    assert rules.REVERSIBLE & set(rules.OWN_WAY) == set()


@pytest.mark.parametrize("kind", sorted(rules.OWN_WAY))
def test_what_has_a_step_of_its_own_is_refused_with_that_step(kind: str) -> None:
    with pytest.raises(rules.NotReversible) as refused:
        rules.check_reversible(kind, group="", seq=17, entries=2)
    assert refused.value.remedy == rules.OWN_WAY[kind]
    assert books_rules.KIND_WORDS[kind] in refused.value.facts


def test_a_journal_of_more_entries_than_a_draft_may_have_is_refused() -> None:
    rules.check_reversible("opening", group="", seq=1, entries=40)
    with pytest.raises(rules.NotReversible, match="41 entries"):
        rules.check_reversible("opening", group="", seq=1, entries=41)


POSTED: dict[str, tuple[str, str, str]] = {
    "a promise": ("pledge.promise", "PLG-1", "withdraw"),
    "money paid into a pledge": ("pledge.collect", "PLG-1", "paid back by two people"),
    "money paid ahead": ("receipt", "PLG-1", "a pledge counts on it. Let whoever paid withdraw"),
    "a booking": ("booking.confirm", "BKG-1", "Cancel the date"),
    "a dividend": ("dividend.receipt", "AGR-1", "End or finish the agreement"),
}


@pytest.mark.parametrize("what", POSTED)
def test_a_wings_journal_is_refused_and_its_way_is_named(desk: Desk, what: str) -> None:  # noqa: F811
    kind, group, words = POSTED[what]
    made = spec("made", debit(BANK, 5), credit(GIFTS, 5), kind=kind, group=group,
                effective_on=IN_MARCH)  # fmt: skip
    transact(lambda s: books.post(s, book=desk.book, spec=made, now=desk.clock.now()))
    with pytest.raises(rules.NotReversible, match=words):
        asked(desk, journal=2)
    assert desk.count == 2


def test_a_reversal_is_read_as_it_was_signed() -> None:
    legs = (Leg(BANK, "D", 5), Leg(GIFTS, "C", 5))
    facts = {"seq": 7, "legs": legs, "own_day": IN_FEBRUARY, "is_open": True, "today": IN_MARCH,
             "reason": "twice"}  # fmt: skip
    made = rules.reversal(**facts, dated="original")
    assert (made.effective_on, made.reverses) == (IN_FEBRUARY, 7)
    assert [(one.path, one.side) for one in made.legs] == [(BANK, "C"), (GIFTS, "D")]
    lines = [
        rules.DraftLine(one.path, one.side, one.quantity, "GBP", "GENERAL") for one in made.legs
    ]
    assert rules.read(rules.REVERSE, rules.facts(made, lines)) == (made, tuple(lines))
    signed = rules.facts(CORRECTION, lines)
    assert ("journal" in signed, rules.read(rules.ADJUST, signed)[0].reverses) == (False, None)
    tomorrow = replace(made, effective_on=IN_MARCH + timedelta(days=1))
    with pytest.raises(Invalid, match="not come yet"):
        rules.check(tomorrow, today=IN_MARCH)
