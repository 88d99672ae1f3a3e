"""B10: any old answer again: as at a day, as known at an instant, compared with a count by hand."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.books import service as books
from ledger.books.queries import AsAt
from ledger.books.rules import AccountSpec, JournalSpec, Leg
from ledger.kernel.clock import from_microseconds, microseconds
from ledger.kernel.db import db, transact, transaction
from tests.cast import Place
from tests.raw_books import Raw, open_books, spec
from tests.unguarded import allow

POSTINGS, QUERIES, BATCH = 5_000, 1_000, 50
PATHS = tuple(f"Equity:Pot:P{number}" for number in range(6))
START, DAYS = date(2025, 1, 1), 365
FIRST = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
MONTHS = [(date(2025, month, 1), date(2025, month + 1, 1) - timedelta(days=1))
          for month in range(1, 12)]  # fmt: skip


@dataclass(slots=True)
class History:
    """A year of backdated postings, and the same kept by hand beside it."""

    book: int
    chance: random.Random
    now: datetime = FIRST
    open_from: date = START
    open_until: date = START + timedelta(days=DAYS - 1)
    count: int = 0
    periods: dict[date, int] = field(default_factory=dict)
    by_hand: list[tuple[date, str, str, int]] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    facts: list[tuple[int, date, str, str, int]] = field(default_factory=list)

    def post(self, count: int) -> None:
        """Post so many journals on any open day of the year, in the order of chance."""
        while count:
            size = min(BATCH, count)
            count -= size
            specs = [self._journal() for _ in range(size)]
            self.now += timedelta(seconds=self.chance.randint(1, 4_000))
            transact(lambda s, specs=specs: books.post_many(s, book=self.book, specs=specs,
                                                            now=self.now))  # type: ignore[misc]  # fmt: skip

    def _journal(self) -> JournalSpec:
        self.count += 1
        first, second = self.chance.sample(PATHS, 2)
        quantity, held = self.chance.randint(1, 9_999), self.chance.random() < 0.05
        left = (self.open_until - self.open_from).days + 1
        day = self.open_from + timedelta(days=self.chance.randrange(left))
        layer = "H" if held else "P"
        self.by_hand += [(day, first, layer, quantity), (day, second, layer, -quantity)]
        return spec(
            f"j-{self.count}", Leg(first, "D", quantity, layer), Leg(second, "C", quantity, layer),
            effective_on=day, kind="hold" if held else "receipt", checker="PER-B",
        )  # type: ignore[arg-type]  # fmt: skip

    def close_next(self) -> None:
        """Close the earliest month that is open."""
        starts_on, ends_on = MONTHS[len(self.periods)]
        self.now += timedelta(minutes=1)

        def unit(session: Session) -> int:
            period = books.open_period(
                session, book=self.book, starts_on=starts_on, ends_on=ends_on
            )
            books.begin_closing(session, period=period)
            self._sign(session, period)
            return period

        self.periods[starts_on] = transact(unit)
        self.open_from = ends_on + timedelta(days=1)

    def _sign(self, session: Session, period: int) -> None:
        books.close_period(
            session, period=period, signed_by="PER-A", countersigned_by="PER-B",
            reason="all is in", now=self.now,
        )  # fmt: skip

    def reopen_and_close(self, starts_on: date, late: int) -> None:
        """Open a closed month again, post late entries into it, and close it again."""
        period = self.periods[starts_on]
        self.now += timedelta(minutes=1)
        transact(
            lambda s: books.reopen_period(
                s, period=period, signed_by="PER-A", countersigned_by="PER-B",
                reason="late invoices", now=self.now,
            )
        )  # fmt: skip
        kept = self.open_from, self.open_until
        self.open_from = starts_on
        self.open_until = next(ends_on for first, ends_on in MONTHS if first == starts_on)
        for _ in range(late):
            self.post(1)
        self.open_from, self.open_until = kept
        self.now += timedelta(minutes=1)
        transact(lambda s: self._sign(s, period))

    def write_down(self) -> None:
        """Read when each journal was recorded; days, accounts and sums are as they were asked."""
        with transaction(read_only=True) as session:
            rows: list[queries.JournalRow] = []
            while more := queries.journals(
                session, self.book, after=rows[-1].seq if rows else 0, limit=1_000
            ):
                rows += more
        at = {row.id: row.recorded_us for row in rows}
        self.recorded = sorted(at.values())
        self.facts = [
            (at[f"j-{number // 2 + 1}"], day, path, layer, signed)
            for number, (day, path, layer, signed) in enumerate(self.by_hand)
        ]

    def oracle(self, on: date, known_us: int) -> dict[tuple[str, str], int]:
        """The count by hand: every entry looked at, every time."""
        sums: dict[tuple[str, str], int] = {}
        for at, day, path, layer, signed in self.facts:
            if day <= on and at <= known_us:
                sums[path, layer] = sums.get((path, layer), 0) + signed
        return {key: total for key, total in sums.items() if total}


def _answer(session: Session, book: int, at: AsAt) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for row in queries.balances_as_at(session, book, at):
        if row.path in PATHS:
            found[row.path, "P"], found[row.path, "H"] = row.net, row.held_dr - row.held_cr
    return {key: total for key, total in found.items() if total}


def _history(seed: int, postings: int) -> History:
    book = open_books()
    accounts = [AccountSpec(path) for path in PATHS]
    transact(lambda s: books.open_accounts(s, book=book, specs=accounts))
    made = History(book, random.Random(seed))
    late = min(40, postings // 10)
    for number in range(8):
        made.post((postings - late) // 8)
        made.close_next()
        if number == 5:
            made.reopen_and_close(MONTHS[1][0], late)
    made.post(postings - made.count)
    made.write_down()
    return made


def _asked(made: History, chance: random.Random) -> tuple[date, int]:
    on = START + timedelta(days=chance.randrange(-3, DAYS + 3))
    known = chance.choice(made.recorded) + chance.choice((-1, 0, 1))
    return on, known


def test_a_thousand_old_answers_equal_a_count_by_hand(app: Flask) -> None:
    made, chance = _history(20261125, POSTINGS), random.Random(10)
    wrong = later_known = later_days = 0
    with transaction(read_only=True) as session:
        for _ in range(QUERIES):
            on, known = _asked(made, chance)
            said = _answer(session, made.book, AsAt(on, from_microseconds(known)))
            wrong += said != made.oracle(on, known)
            # The controls, each by a tenth: an answer that forgets one of the two times.
            if chance.random() < 0.1:
                later_known += said != made.oracle(on, made.recorded[-1])
                later_days += said != made.oracle(date.max, known)
        faults = books.self_check(session, book=made.book)
    print(
        f"COUNT b10_postings={made.count} queries={QUERIES} wrong={wrong}"
        f" closed_periods={len(made.periods)} control_without_known_at={later_known}"
        f" control_without_effective={later_days}"
    )
    assert (made.count, wrong, faults) == (POSTINGS, 0, [])
    assert later_known > QUERIES // 20
    assert later_days > QUERIES // 20


def test_a_statement_as_at_is_a_count_by_hand_too_and_its_pages_join(app: Flask) -> None:
    made, chance = _history(7, 400), random.Random(11)
    with transaction(read_only=True) as session:
        for _ in range(40):
            (on, known), path = _asked(made, chance), chance.choice(PATHS)
            at = AsAt(on, from_microseconds(known))
            lines = queries.statement_as_at(session, made.book, path, at, limit=1_000)
            pages = queries.statement_as_at(session, made.book, path, at, limit=3)
            pages += queries.statement_as_at(session, made.book, path, at, after=3, limit=1_000)
            assert pages == lines
            last = {line.layer: line.balance_after for line in lines}
            by_hand = made.oracle(on, known)
            for layer in ("P", "H"):
                assert last.get(layer, 0) == by_hand.get((path, layer), 0)
            days = [line.effective_on for line in lines]
            assert days == sorted(days)


def test_a_closed_periods_report_is_the_same_bytes_when_run_again(app: Flask) -> None:
    made = _history(8, 400)

    def reports() -> list[tuple[bytes, str]]:
        with transaction(read_only=True) as session:
            rows = [row for row in queries.periods(session, made.book) if row["status"] == "CLOSED"]
            return [
                (rules.trial_balance_bytes(queries.movements(session, row)),
                 row["trial_balance_sha256"])
                for row in rows
            ]  # fmt: skip

    before = reports()
    made.post(200)
    made.close_next()
    after = reports()[: len(before)]
    same = sum(first == second for first, second in zip(before, after, strict=True))
    made.reopen_and_close(MONTHS[0][0], 0)
    again = reports()[: len(before)]
    print(f"COUNT b10_reports={len(before)} byte_identical={same} closed_again_same="
          f"{sum(one == two for one, two in zip(before, again, strict=True))}")  # fmt: skip
    assert before == after == again
    assert all(hashlib.sha256(report).hexdigest() == sha for report, sha in before)


def test_without_the_close_an_old_answer_and_its_entries_part(app: Flask) -> None:
    """A journal that slips into a closed period is in its entries, and not in what was signed."""
    made = _history(9, 160)
    allow("the period is closed")
    january = "2025-01-15" if db.engine.dialect.name == "sqlite" else date(2025, 1, 15)
    legs = ((PATHS[0], "D", 77), (PATHS[1], "C", 77))
    transact(lambda s: Raw(s, made.book).journal(*legs, effective_on=january))
    with transaction(read_only=True) as session:
        row = queries.periods(session, made.book)[0]
        now = queries.movements_between(session, made.book, row["starts_on"], row["ends_on"])
        said = _answer(session, made.book, AsAt(row["ends_on"]))
    hand = made.oracle(row["ends_on"], made.recorded[-1])
    parted = rules.trial_balance_hash(now).hex() != row["trial_balance_sha256"]
    print(f"COUNT b10_control_signed_and_entries_part={int(parted)}")
    assert parted
    assert said == hand, "the answer stays the one that was signed"


def _story(place: Place) -> datetime:
    """A gift on 3 March, and another backdated to it an hour later; returns the hour between."""
    at = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)

    def unit(session: Session) -> None:
        accounts = [AccountSpec(PATHS[0]), AccountSpec(PATHS[1])]
        books.open_accounts(session, book=place.book, specs=accounts)
        for number, pence in enumerate((500, 70)):
            gift = spec(f"gift-{number}", Leg(PATHS[0], "D", pence), Leg(PATHS[1], "C", pence),
                        effective_on=date(2026, 3, 3))  # fmt: skip
            books.post(session, book=place.book, spec=gift, now=at + timedelta(hours=number))

    transact(unit)
    return at + timedelta(minutes=30)


def test_the_api_the_command_and_the_page_answer_for_both_times(
    app: Flask, place: Place, api: Callable[[str], FlaskClient], client: FlaskClient,
    sign_in: Callable[[FlaskClient, str], FlaskClient],
) -> None:  # fmt: skip
    known = _story(place).isoformat().replace("+00:00", "Z")
    auditor = api("auditor")

    def balance(query: str) -> int:
        items = auditor.get(f"/api/v1/accounts?{query}").json["items"]
        return next(int(one["balance"]) for one in items if one["account"] == PATHS[0])

    assert balance("on=2026-03-03") == 570
    assert balance(f"on=2026-03-03&known_at={known}") == balance(f"known_at={known}") == 500
    assert balance("on=2026-03-02") == 0
    lines = auditor.get(f"/api/v1/accounts/{PATHS[0]}/entries?known_at={known}").json["items"]
    assert [line["balance_after"] for line in lines] == [500]

    def said(*words: str) -> str:
        result = app.test_cli_runner().invoke(args=["ledger", *words])
        assert result.exit_code == 0, result.output
        return result.output

    asked = ("--as-at", "2026-03-03", "--known-at", known)
    assert f"£5.00  {PATHS[0]}" in said("trial-balance", *asked)
    assert f"£5.70  {PATHS[0]}" in said("trial-balance", "--as-at", "2026-03-03")
    assert "gift-1" not in said("statement", PATHS[0], *asked)
    assert "gift-1" in said("statement", PATHS[0], "--as-at", "2026-03-03")
    wrong = app.test_cli_runner().invoke(
        args=["ledger", "trial-balance", "--known-at", "yesterday"]
    )
    assert (wrong.exit_code, "is not an instant" in wrong.output) == (2, True)
    browser = sign_in(client, "auditor")
    day = "on-day=3&on-month=3&on-year=2026"
    then = "&known-day=3&known-month=3&known-year=2026"
    page = browser.get(f"/audit/trial-balance?{day}{then}&at=10:30").text
    assert "£5.00" in page or "£5" in page
    assert "£5.70" not in page
    assert "as it was known on 3 March 2026" in page
    assert "£5.70" in browser.get(f"/audit/trial-balance?{day}{then}").text
    statement = browser.get(f"/audit/statement?account={PATHS[0]}&{day}{then}&at=10:30").text
    assert "Entries 1 to 1" in statement
    odd: Any = browser.get("/audit/trial-balance?at=10:30")
    assert (odd.status_code, "Enter the day by which it was known" in odd.text) == (422, True)


def test_nothing_was_known_before_the_first_journal(app: Flask) -> None:
    book = open_books()
    with transaction(read_only=True) as session:
        first = queries.journals(session, book, limit=1)[0].recorded_us
        assert queries.last_known(session, book, from_microseconds(first - 1)) == 0
        assert queries.last_known(session, book, from_microseconds(first)) == 1
        rows = queries.balances_as_at(session, book, AsAt(None, from_microseconds(first - 1)))
        assert {row.net for row in rows} == {0}
    assert microseconds(from_microseconds(first)) == first
