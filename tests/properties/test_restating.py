"""Any two reports of the same days: what journals explain is what differs, to the penny, always."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, Leg
from ledger.closing import queries
from ledger.closing.queries import Restatement, Window
from ledger.closing.rules import Figures, Key, Moment
from ledger.kernel.clock import from_microseconds
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Missing
from tests.raw_books import open_books, spec
from tests.unguarded import allow, take_off

PATHS = tuple(f"Equity:Pot:P{number}" for number in range(5))
FIRST_ON, LAST_ON = date(2026, 1, 1), date(2026, 1, 31)
START = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
EACH = 12


@dataclass(slots=True)
class Year:
    """January, posted into at random, closed, opened again and closed again; and a list by hand."""

    book: int
    period: int
    chance: random.Random
    now: datetime = START
    by_hand: list[tuple[str, date, str, str, int]] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)

    def post(self, count: int) -> None:
        """So many journals, each of January or February."""
        for _ in range(count):
            made = self._journal()
            self.now += timedelta(seconds=self.chance.randint(1, 9_000))
            transact(lambda s, made=made: books.post(s, book=self.book, spec=made, now=self.now))  # type: ignore[misc]

    def _journal(self) -> JournalSpec:
        number = len(self.by_hand) // 2
        first, second = self.chance.sample(PATHS, 2)
        quantity, held = self.chance.randint(1, 999), self.chance.random() < 0.1
        day = FIRST_ON + timedelta(days=self.chance.randrange(59))
        layer = "H" if held else "P"
        name = f"j-{number}"
        self.by_hand += [(name, day, first, layer, quantity), (name, day, second, layer, -quantity)]
        return spec(
            name, Leg(first, "D", quantity, layer), Leg(second, "C", quantity, layer),  # type: ignore[arg-type]
            effective_on=day, kind="hold" if held else "adjustment", checker="PER-B",
            reason=f"reason {number}",
        )  # fmt: skip

    def close(self) -> None:
        """Close January, and keep the number of the journal that did."""

        def unit(session: Session) -> None:
            books.close_period(
                session, period=self.period, signed_by="PER-A", countersigned_by="PER-B",
                reason=f"close {len(self.closes)}", now=self.now,
            )  # fmt: skip

        transact(unit)
        with transaction(read_only=True) as session:
            self.closes.append(books_queries.head(session, self.book).next_seq - 1)

    def reopen(self) -> None:
        """Open January again."""

        def unit(session: Session) -> None:
            books.reopen_period(
                session, period=self.period, signed_by="PER-B", countersigned_by="PER-A",
                reason="late invoices", now=self.now,
            )  # fmt: skip

        transact(unit)

    def numbers(self) -> dict[str, int]:
        """The number of each journal, by id."""
        with transaction(read_only=True) as session:
            return {
                row.id: row.seq for row in books_queries.journals(session, self.book, limit=999)
            }


def january(seed: int) -> Year:
    book = open_books()

    def unit(session: Session) -> int:
        books.open_accounts(session, book=book, specs=[AccountSpec(path) for path in PATHS])
        return books.open_period(session, book=book, starts_on=FIRST_ON, ends_on=LAST_ON)

    made = Year(book, transact(unit), random.Random(seed))
    made.post(EACH)
    transact(lambda s: books.begin_closing(s, period=made.period))
    made.close()
    for _ in range(2):
        made.reopen()
        made.post(EACH)
        made.close()
    made.reopen()
    made.post(EACH)
    return made


def whole(made: Year, window: Window, first: Moment, second: Moment, **facts: str) -> Restatement:
    with transaction(read_only=True) as session:
        return queries.restatement(
            session, book=made.book, window=window, first=first, second=second, limit=200, **facts
        )  # type: ignore[arg-type]


def journals_sum(found: Restatement) -> dict[Key, int]:
    sums: dict[Key, int] = {}
    for one in found.journals:
        for key, net in one.effects.items():
            sums[key] = sums.get(key, 0) + net
    return {key: net for key, net in sums.items() if net}


def by_hand(made: Year, found: Restatement, numbers: dict[str, int]) -> dict[Key, int]:
    """The difference, counted from the list that was kept beside the books."""
    sums: dict[Key, int] = {}
    period = found.starts_on == FIRST_ON
    for name, day, path, layer, net in made.by_hand:
        within = found.first.seq < numbers[name] <= found.second.seq
        if within and found.starts_on <= day <= found.ends_on and (layer == "P" or not period):
            key = Key(path, "GBP", "GENERAL", layer)
            sums[key] = sums.get(key, 0) + net
    return {key: net for key, net in sums.items() if net}


def difference(before: Figures, after: Figures) -> dict[Key, int]:
    nets = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    return {key: net for key, net in nets.items() if net}


def pairs(made: Year) -> Iterator[tuple[Window, Moment, Moment]]:
    """Every two closes, each close and now, and trial balances at random of both times."""
    moments = [Moment(), *(Moment(close=seq) for seq in made.closes)]
    for first in moments:
        for second in moments:
            yield Window(made.period), first, second
    with transaction(read_only=True) as session:
        rows = books_queries.journals(session, made.book, limit=999)
    for _ in range(40):
        known = [
            Moment(known_at=from_microseconds(made.chance.choice(rows).recorded_us))
            if made.chance.random() < 0.9
            else Moment()
            for _ in range(2)
        ]
        on = made.chance.choice([None, FIRST_ON + timedelta(days=made.chance.randrange(60))])
        yield Window(on=on), known[0], known[1]


@pytest.mark.parametrize("seed", [20260126, 41])
def test_explained_differences_add_up_to_the_total_difference_always(app: Flask, seed: int) -> None:
    made = january(seed)
    numbers = made.numbers()
    compared = wrong = moved = 0
    for window, first, second in pairs(made):
        found = whole(made, window, first, second)
        total = difference(found.first.figures, found.second.figures)
        said = {one.key: one.difference for one in found.changes if one.difference}
        compared += 1
        moved += bool(total)
        wrong += not (
            found.unexplained == []
            and total == said == journals_sum(found)
            and {key: net for key, net in total.items() if key.path in PATHS}
            == by_hand(made, found, numbers)
            and found.count >= len(found.journals)
            and {found.first.agrees, found.second.agrees} <= {True, None}
        )
    print(f"COUNT restatements={compared} with_a_difference={moved} wrong={wrong}")
    assert (wrong, moved > compared // 2) == (0, True)


def test_pages_of_journals_join_and_one_account_can_be_asked_for(app: Flask) -> None:
    made = january(5)
    first = Moment(close=made.closes[0])
    full = whole(made, Window(made.period), first, Moment())
    parts, after = [], 0
    with transaction(read_only=True) as session:
        while True:
            part = queries.restatement(
                session, book=made.book, window=Window(made.period), first=first,
                second=Moment(), after=after, limit=4,
            )  # fmt: skip
            parts += part.journals
            assert part.changes == full.changes, "a part of the journals, all of the changes"
            if part.next is None:
                break
            after = part.next
    assert tuple(parts) == full.journals
    one = whole(made, Window(made.period), first, Moment(), path=PATHS[0])
    touching = [x for x in full.journals if any(key.path == PATHS[0] for key in x.effects)]
    assert [x.journal.seq for x in one.journals if x.effects] == [x.journal.seq for x in touching]


def test_the_order_in_which_reports_are_named_does_not_matter(app: Flask) -> None:
    made = january(6)
    ways = [Moment(close=made.closes[0]), Moment(close=made.closes[2])]
    there = whole(made, Window(made.period), *ways)
    assert there == whole(made, Window(made.period), *reversed(ways))
    assert [step.kind for step in there.steps] == ["period.reopen", "period.close"] * 2
    assert there.journals[0].words.startswith("Journal ")
    assert "approved by" in there.journals[0].words


@pytest.mark.parametrize("moment", [Moment(close=1), Moment(close=999)])
def test_a_journal_that_closed_nothing_is_no_report(app: Flask, moment: Moment) -> None:
    made = january(7)
    with pytest.raises(Missing, match="did not close this period"):
        whole(made, Window(made.period), moment, Moment())
    with pytest.raises(Missing, match="no period is named"):
        whole(made, Window(), moment, Moment())


def test_a_figure_bent_by_hand_is_what_no_journal_explains(app: Flask) -> None:
    """The negative control: a running balance, and a kept sum, moved without a journal."""
    made = january(8)
    then = Moment(known_at=made.now - timedelta(hours=3))
    allow("a balance moves only with an entry")
    transact(
        lambda s: s.execute(
            text("UPDATE balance SET dr = dr + 77 WHERE account ="
                 " (SELECT id FROM account WHERE book = :book AND path = :path)"),
            {"book": made.book, "path": PATHS[1]},
        )
    )  # fmt: skip
    bent = whole(made, Window(), then, Moment()).unexplained
    assert [(one.key.path, one.unexplained) for one in bent] == [(PATHS[1], 77)]
    made.close()
    take_off("period_balance_no_update")
    transact(
        lambda s: s.execute(
            text("UPDATE period_balance SET cr = cr + 5 WHERE period = :period AND account ="
                 " (SELECT id FROM account WHERE book = :book AND path = :path)"),
            {"book": made.book, "path": PATHS[2], "period": made.period},
        )
    )  # fmt: skip
    found = whole(made, Window(made.period), Moment(close=made.closes[0]), Moment())
    print(f"COUNT restatement_control_unexplained={len(bent) + len(found.unexplained)}")
    assert [(one.key.path, one.unexplained) for one in found.unexplained] == [(PATHS[2], -5)]
    last = whole(made, Window(made.period), Moment(close=made.closes[-1]), Moment())
    assert last.first.agrees is False, "the signed hash is not that of the bent sums"
