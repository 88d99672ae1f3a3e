"""B14: what goes into an account first leaves it first, and no penny is lost or met twice."""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import text

from ledger.books import queries
from ledger.books import service as books
from ledger.books.queries import Link, Step
from ledger.books.rules import AccountSpec, JournalSpec, Leg, credit, debit
from ledger.kernel.db import transact, transaction
from tests.raw_books import NOW, open_books, spec
from tests.unguarded import take_off

POTS = tuple(f"Equity:Pot:P{number}" for number in range(4))
BANK = "Assets:Bank:Deposit"
Met = Counter[tuple[int, int, str, int]]
"""How many pennies of a journal's line met those of another journal: journal, line, path, other."""


@dataclass(slots=True)
class Walked:
    """A book of journals drawn at random, and beside it a list of every single penny."""

    book: int
    chance: random.Random
    pennies: dict[tuple[str, str], list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """By path and side, penny by penny in order: the journal and the line that it stands in."""
    amounts: dict[tuple[int, int], int] = field(default_factory=dict)

    def post(self, count: int) -> None:
        """So many journals, each of which the list knows too."""
        for _ in range(count):
            made = self._journal()
            transact(lambda s, made=made: books.post(s, book=self.book, spec=made, now=NOW))  # type: ignore[misc]
            with transaction(read_only=True) as session:
                seq = queries.head(session, self.book).next_seq - 1
            for line, leg in enumerate(made.legs, start=1):
                if leg.layer == "P":
                    self.pennies[leg.path, leg.side] += [(seq, line)] * leg.quantity
                    self.amounts[seq, line] = leg.quantity

    def _journal(self) -> JournalSpec:
        first, second, third = self.chance.sample((*POTS, BANK), 3)
        one, two = self.chance.randint(1, 9), self.chance.randint(1, 9)
        held = self.chance.random() < 0.15
        legs = (
            (Leg(first, "D", one, "H"), Leg(second, "C", one, "H"))
            if held
            else (debit(first, one), debit(second, two), credit(third, one + two))
        )
        if not held and self.chance.random() < 0.3:  # one account twice in one journal
            legs = (debit(first, one), debit(first, two), credit(third, one + two))
        return spec(
            f"walk-{self.chance.randrange(10**12)}", *legs, kind="hold" if held else "receipt"
        )

    def met(self) -> Met:
        """Who met whom, counted penny by penny: the n-th in and the n-th out of each account."""
        found: Met = Counter()
        for path in {path for path, _ in self.pennies}:
            pairs = zip(self.pennies[path, "D"], self.pennies[path, "C"], strict=False)
            for came, went in pairs:
                if came[0] != went[0]:
                    found[*came, path, went[0]] += 1
                    found[*went, path, came[0]] += 1
        return found


def walked(seed: int, count: int = 60) -> Walked:
    book = open_books()
    paths = [AccountSpec(path) for path in (*POTS, BANK)]
    transact(lambda session: books.open_accounts(session, book=book, specs=paths))
    made = Walked(book, random.Random(seed))
    made.post(count)
    return made


def asked(made: Walked) -> dict[int, list[Step]]:
    with transaction(read_only=True) as session:
        return {
            seq: queries.steps(session, made.book, seq)
            for seq in sorted({seq for seq, _ in made.amounts})
        }


def said(steps: dict[int, list[Step]]) -> Met:
    found: Met = Counter()
    for seq, those in steps.items():
        for step in those:
            found[seq, step.line, step.path, step.journal.seq] += step.quantity
    return found


@pytest.mark.parametrize("seed", [26, 1126, 20261126])
def test_b14_every_penny_is_followed_as_counted_by_hand(app: Flask, seed: int) -> None:
    made = walked(seed)
    steps = asked(made)
    found, by_hand = said(steps), made.met()
    print(f"COUNT pennies_followed={by_hand.total()} wrong={(found - by_hand).total()}")
    assert by_hand.total() > 200
    assert found == by_hand
    of_line: Counter[tuple[int, int]] = Counter()
    both_ways: Counter[tuple[int, int, str]] = Counter()
    for seq, those in steps.items():
        for step in those:
            assert step.quantity > 0
            of_line[seq, step.line] += step.quantity
            assert step.is_back is (step.journal.seq < seq), "what came first is behind"
            sign = -1 if step.is_back else 1
            pair = sorted((seq, step.journal.seq))
            both_ways[pair[0], pair[1], step.path] += sign * step.quantity
    assert all(of_line[line] <= made.amounts[line] for line in of_line), "no penny met twice"
    assert not any(both_ways.values()), "back from the one is on from the other"


def test_b14_a_penny_bent_by_hand_is_followed_otherwise(app: Flask) -> None:
    """The negative control: the list by hand and the books differ by one penny, and it is seen."""
    made = walked(7)
    assert said(asked(made)) == made.met()
    seq, line = min(made.amounts)
    take_off("entry_no_update")
    transact(
        lambda s: s.execute(
            text("UPDATE entry SET amount = amount + 1"
                 " WHERE book = :book AND seq = :seq AND line = :line"),
            {"book": made.book, "seq": seq, "line": line},
        )
    )  # fmt: skip
    wrong = (said(asked(made)) - made.met()).total()
    print(f"COUNT following_control_found={wrong}")
    assert wrong > 0


def test_b14_a_gift_is_followed_to_the_payee_and_back(app: Flask) -> None:
    """Two gifts of £10 and £5 to a pledge; £12 of it is paid to a group, and then by the bank."""
    book = open_books()
    escrow, payable, bank = "Liabilities:Escrow:PLG-1", "Liabilities:Payable:GRP-1", "Assets:Bank"
    transact(
        lambda s: books.post_many(
            s, book=book, now=NOW,
            specs=[
                spec("ten", debit(bank, 1_000), credit(escrow, 1_000)),
                spec("five", debit(bank, 500), credit(escrow, 500)),
                spec("owed", debit(escrow, 2_200), credit(payable, 2_200)),
                spec("paid", debit(payable, 2_200), credit(bank, 2_200)),
            ],
        )
    )  # fmt: skip
    with transaction(read_only=True) as session:
        numbers = {row.id: row.seq for row in queries.journals(session, book, limit=99)}
        from_paid = queries.steps(session, book, numbers["paid"], pools=True)
        paid = [queries.journal(session, book, numbers["paid"])[0]]
        five = [queries.journal(session, book, numbers["five"])[0]]
        back, cut = queries.way(session, book, paid, back=True)
        on, _ = queries.way(session, book, five, back=False)
    assert not cut

    def told(links: list[Link]) -> list[tuple[str, str, str, int]]:
        return sorted((x.earlier.id, x.later.id, x.path, x.quantity) for x in links)

    assert [step.journal.id for step in from_paid if step.path == payable] == ["owed"]
    assert (payable, 2_200) in {(step.path, step.quantity) for step in from_paid}
    from_escrow = [x for x in told(back) if x[2] == escrow]
    assert from_escrow == [  # the third journal of the book was £10 to the same pledge
        ("five", "owed", escrow, 200), ("ten", "owed", escrow, 1_000),
        ("third", "owed", escrow, 1_000),
    ]  # fmt: skip
    assert ("owed", "paid", payable, 2_200) in told(back)
    assert [x for x in told(on) if x[2] != bank] == [
        ("five", "owed", escrow, 200), ("owed", "paid", payable, 2_200),
    ]  # fmt: skip


def test_b14_a_way_through_more_journals_than_fit_is_cut_and_says_so(app: Flask) -> None:
    book = open_books()
    pots = [f"Equity:Pot:N{number}" for number in range(queries.WAY_MAX + 10)]
    transact(
        lambda s: books.open_accounts(s, book=book, specs=[AccountSpec(path) for path in pots])
    )
    chain = [
        spec(f"pass-{number}", debit(there, 1), credit(here, 1))
        for number, (here, there) in enumerate(itertools.pairwise(pots))
    ]
    transact(lambda s: books.post_many(s, book=book, specs=chain, now=NOW))
    with transaction(read_only=True) as session:
        rows = {row.id: row for row in queries.journals(session, book, limit=999)}
        links, cut = queries.way(session, book, [rows["pass-0"]], back=False)
        short, whole = queries.way(session, book, [rows["pass-50"]], back=True)
    assert (len(links), cut) == (queries.WAY_MAX, True)
    assert (len(short), whole) == (50, False)


def test_b14_a_journal_with_more_steps_than_fit_says_that_they_are_cut(app: Flask) -> None:
    book, escrow = open_books(), "Liabilities:Escrow:PLG-1"
    gifts = [
        spec(f"gift-{number}", debit("Assets:Bank", 1), credit(escrow, 1))
        for number in range(queries.STEPS_MAX + 10)
    ]
    release = spec("all", debit(escrow, 1_210), credit("Liabilities:Payable:GRP-1", 1_210))
    transact(lambda s: books.post_many(s, book=book, specs=[*gifts, release], now=NOW))
    with transaction(read_only=True) as session:
        row = queries.journals(session, book, after=len(gifts) + 3, limit=1)[0]
        links, cut = queries.way(session, book, [row], back=True)
    assert (row.id, len(links), cut) == ("all", queries.STEPS_MAX, True)


def test_b14_nothing_is_followed_through_an_account_with_too_many_entries(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, escrow = open_books(), "Liabilities:Escrow:PLG-1"
    release = spec("all", debit(escrow, 1_000), credit("Liabilities:Payable:GRP-1", 1_000))
    transact(lambda s: books.post(s, book=book, spec=release, now=NOW))
    with transaction(read_only=True) as session:
        assert [step.path for step in queries.steps(session, book, 4)] == [escrow]
        assert queries.not_followed(session, book, 4) == []
        monkeypatch.setattr("ledger.books.queries.following.ENTRIES_MAX", 1)
        assert queries.steps(session, book, 4) == []
        assert queries.not_followed(session, book, 4) == [escrow]
