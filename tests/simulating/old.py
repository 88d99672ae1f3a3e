"""A day's work of a whole town from one seed, told as what was asked and what was answered.

Chance, clock, references and keys all come from the seed, so that the same seed asks the same of
every database and any difference lies with the database.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Integer, Table, select

from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.exports import signing
from ledger.kernel import clock as kernel_clock
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import db, transact, transaction
from tests import cast
from tests.raw_books import spec

BANK, RIVER, GIFTS, GRANTS, RIVER_IN, HOURS, GIVEN = (
    "Assets:Bank", "Assets:Bank:River", "Income:Gifts", "Expenses:Grants", "Income:River",
    "Assets:Hours", "Income:Hours",
)  # fmt: skip
PATHS = (BANK, RIVER, GIFTS, GRANTS, RIVER_IN, HOURS, GIVEN, "Assets:Nowhere", "x", "Assets:B\0")
PARTS = ("s151", "head", "officer", "officer2", "auditor", "administrator", "organiser",
         "treasurer", "resident", "resident2")  # fmt: skip
ODD_QUANTITIES = (0, -1, 1.5, "5", True, None, 2**31, 2**63, 10**15, 9_000_000_000_000)
ODD_WORDS = (
    "", " ", "a\0b", "e\u0301clair", "éclair", "Ω" * 40, "x" * 201, "x" * 301, "a\u202eb", "𝕏 and 🌳",
    "O'Brien -- ; DROP", "100%_", "Straße", "ßSS", "İi", "a\tb", "\ud800", "line\nline", "ab", 5, None,
)  # fmt: skip
PLAIN_WORDS = (
    "the bank agrees",
    "a late invoice",
    "Zoë Park",
    "seen it",
    "Àgnes",
    "agnes",
    "Agnes",
)

Told = list[tuple[str, str, int, str, str]]


class Town:
    """One place on one database, and the people who work in it."""

    def __init__(self, app: Flask, clock: FixedClock, chance: Random) -> None:
        self.clock, self.chance = clock, chance
        self.place = cast.people_the_place()
        self.clients = {part: cast.api_client(app, self.place, part) for part in PARTS}
        self.told: Told = []
        self.drafts: list[Any] = []
        self.pledges: list[str] = []
        self.commitments: list[str] = []
        self.offers: list[Any] = []
        self._open_books()

    def _open_books(self) -> None:
        def unit(session: Any) -> None:
            book = self.place.book
            books.open_fund(
                session, book=book, code="RIVER", fund_class="restricted", name="River",
                purpose="flood",
            )  # fmt: skip
            accounts = [
                AccountSpec(BANK, guard="D"), AccountSpec(GIFTS), AccountSpec(GRANTS),
                AccountSpec(RIVER, fund="RIVER", guard="D"), AccountSpec(RIVER_IN, fund="RIVER"),
                AccountSpec(HOURS, unit="HOUR"), AccountSpec(GIVEN, unit="HOUR"),
            ]  # fmt: skip
            books.open_accounts(session, book=book, specs=accounts)
            gift = spec("gift", debit(BANK, 90_000), credit(GIFTS, 90_000),
                        effective_on=date(2026, 1, 5))  # fmt: skip
            books.post(session, book=book, spec=gift, now=self.clock.now())

        transact(unit)

    # What they do

    def ask(self, method: str, part: str, path: str, body: Any = None) -> Any:
        """Ask one thing as one of them, and keep what was answered."""
        sent = (
            {"data": json.dumps(body), "content_type": "application/json"}
            if body is not None
            else {}
        )
        answer = self.clients[part].open(f"/api/v1/{path}", method=method, **sent)
        marks = f"{answer.headers.get('Location', '')} {answer.headers.get('ETag', '')}"
        self.told.append((method, path, answer.status_code, marks, answer.text))
        self.clock.move(timedelta(seconds=self.chance.randint(1, 90)))
        return answer

    def any(self, *parts: str) -> str:
        """One of those whose work it is, or now and then anybody."""
        return self.chance.choice(parts if self.chance.random() < 0.95 else PARTS)

    def words(self) -> Any:
        """A reason or a name, mostly a plain one."""
        return self.chance.choice(PLAIN_WORDS if self.chance.random() < 0.85 else ODD_WORDS)

    def quantity(self) -> Any:
        """A quantity, mostly a sensible one."""
        plain = self.chance.randint(1, 60_000)
        return plain if self.chance.random() < 0.9 else self.chance.choice(ODD_QUANTITIES)

    def day(self) -> str:
        """A day around now, or now and then none."""
        if self.chance.random() < 0.1:
            return self.chance.choice(("2026-02-30", "9999-12-31", "0001-01-01", "today"))
        return (date(2026, 3, 2) - timedelta(days=self.chance.randint(-3, 70))).isoformat()

    def correct(self) -> None:
        quantity, paths = self.quantity(), self.chance.sample(PATHS, 2)
        if self.chance.random() < 0.6:
            paths = self.chance.choice(([BANK, GIFTS], [GRANTS, BANK], [RIVER, RIVER_IN]))
        entries = [{"account": path, "side": side, "quantity": quantity}
                   for path, side in zip(paths, "DC", strict=True)]  # fmt: skip
        body = {"effective_on": self.day(), "reason": self.words(), "entries": entries}
        self._drafted(self.ask("POST", self.any("s151", "head"), "drafts/corrections", body))

    def lend(self) -> None:
        body = {
            "what": self.chance.choice(("lend", "pay_back", "give")), "quantity": self.quantity(),
            "paid_from": self.chance.choice((BANK, RIVER, GIFTS)),
            "paid_into": self.chance.choice((BANK, RIVER)),
            "effective_on": self.day(), "reason": self.words(),
        }  # fmt: skip
        self._drafted(self.ask("POST", self.any("s151", "head"), "drafts/loans", body))

    def _drafted(self, answer: Any) -> None:
        if answer.status_code == 201:
            self.drafts.append(answer.json)

    def decide(self) -> None:
        if not self.drafts:
            return self.correct()
        made = self.chance.choice(self.drafts[-4:])
        digest = made["proposal"]["digest"] if self.chance.random() < 0.9 else "0" * 64
        verdict = self.chance.choice(("yes",) * 8 + ("no", "maybe"))
        body = {"verdict": verdict, "digest": digest, "reason": self.words()}
        by_head = made["proposal"]["maker"] == self.place.people["s151"]
        who = self.any("head" if by_head else "s151")
        self.ask("POST", who, f"drafts/{made['id']}/decision", body)
        return None

    def period(self) -> None:
        number, who = self.chance.randint(1, 2), self.any("s151", "head")
        view = self.ask("GET", "auditor", f"periods/{number}").json
        if view.get("status") == 404 or self.chance.random() < 0.2:
            first = date(2026, self.chance.randint(1, 2), self.chance.choice((1, 1, 15)))
            last = first + timedelta(days=self.chance.choice((13, 26, 27, 30)))
            body = {"starts_on": first.isoformat(), "ends_on": last.isoformat()}
            self.ask("POST", who, "periods", body)
            return
        signed = view.get("signed") or {}
        kind = "reopen" if view.get("status") == "CLOSED" else "close"
        bodies: dict[str, Any] = {
            "closing": {}, "signatures": {"what": kind, "reason": self.words()},
            "countersignature": {"digest": signed.get("digest", "0" * 64), "reason": self.words()},
        }  # fmt: skip
        step = "closing" if view.get("status") == "OPEN" else "signatures"
        if signed and self.chance.random() < 0.8:
            step = "countersignature"
            who = "head" if signed["maker"] == self.place.people["s151"] else "s151"
        if self.chance.random() < 0.1:
            step = self.chance.choice(sorted(bodies))
        self.ask("POST", who, f"periods/{number}/{step}", bodies[step])

    def add_person(self) -> None:
        body = {"name": self.words(), "email": self.chance.choice(("", "a@b.example", "no"))}
        self.ask("POST", self.any("administrator"), "people", body)

    def pledge(self) -> None:
        least = self.quantity()
        deal = {
            "sentence": self.chance.choice(("We will plant forty trees", self.words())), "description": self.words(), "place": "Canal Side",
            "minimum": least, "optimum": least, "maximum": 500_000, "deadline_on": "2026-04-30",
            "too_little": "Nobody pays", "too_much": "More", "undeliverable": "All is paid back",
        }  # fmt: skip
        body = {
            "group": self.place.group, "broker": self.place.people["broker"],
            "neighbourhood": self.place.neighbourhood, "unit": self.chance.choice(("GBP", "HOUR")),
            "deal": deal,
        }  # fmt: skip
        made = self.ask("POST", self.any("organiser"), "pledges", body)
        if made.status_code == 201:
            pledge = made.json["id"]
            self.pledges.append(pledge)
            self.ask("POST", self.any("organiser"), f"pledges/{pledge}/submission", {})
            self.ask("POST", self.any("officer"), f"pledges/{pledge}/moderation",
                     {"verdict": "open"})  # fmt: skip

    def join(self) -> None:
        if not self.pledges:
            return self.pledge()
        pledge = self.chance.choice(self.pledges)
        promise = {"unit": self.chance.choice(("GBP", "HOUR")), "quantity": self.quantity()}
        part = self.any("resident", "resident2")
        made = self.ask("POST", part, f"pledges/{pledge}/commitments", {"promise": promise})
        if made.status_code == 201:
            self.commitments.append(made.json["id"])
        if self.commitments and self.chance.random() < 0.3:
            mine = self.chance.choice(self.commitments)
            self.ask("POST", part, f"commitments/{mine}/withdrawal", {})
        return None

    def offer(self) -> None:
        pot = {"unit": "GBP", "quantity": self.quantity()}
        body = {
            "title": self.words(), "donor": self.place.council, "pot": pot, "rate_match": 1,
            "rate_gift": self.chance.randint(0, 3), "donor_max": pot, "pledge_max": pot,
        }  # fmt: skip
        self.ask("POST", self.any("officer"), "offers", body)
        waiting = self.ask("GET", "officer2", "approvals").json["items"]
        if waiting:
            one = self.chance.choice(waiting)
            said = {"stage": one["waits_for"], "verdict": "yes", "reason": self.words(),
                    "digest": one["digest"]}  # fmt: skip
            who = self.any("officer2", "head", "s151")
            self.ask("POST", who, f"approvals/{one['id']}/decisions", said)

    def sign(self) -> None:
        self.ask("POST", self.any("auditor", "s151"), "checkpoints", {})

    def read(self) -> None:
        path = self.chance.choice(PATHS[:8])
        known = f"2026-03-{self.chance.randint(1, 9):02d}T09:00:00Z"
        where = self.chance.choice((
            "accounts", f"accounts/{path}", f"accounts/{path}/entries", "accounts/by-fund",
            f"accounts?as_at={self.day()}&known_at={known}", "journals?limit=3", "drafts",
            f"journals/{self.chance.randint(0, 12)}", f"journals/{self.chance.randint(1, 12)}/proof",
            "people", "periods", "pledges", "commitments", "offers", "approvals", "checkpoints",
            "organisations", "neighbourhoods", f"restatements?on=2026-03-31&first_known_at={known}",
            "jobs", "me", "measures", "spaces", "assets", "tokens", "witnesses", "extracts",
        ))  # fmt: skip
        self.ask("GET", self.any("auditor", "officer", "resident"), where)

    def wait(self) -> None:
        self.clock.move(timedelta(hours=self.chance.choice((1, 5, 30))))
        self.read()

    def work(self, operations: int) -> None:
        """Ask so many things."""
        ways: list[tuple[Callable[[], None], int]] = [
            (self.correct, 5), (self.lend, 3), (self.decide, 7), (self.period, 5),
            (self.add_person, 2), (self.pledge, 2), (self.join, 4), (self.offer, 2),
            (self.sign, 1), (self.read, 8), (self.wait, 1),
        ]  # fmt: skip
        steps = [way for way, weight in ways for _ in range(weight)]
        while len(self.told) < operations:
            self.chance.choice(steps)()

    def whole(self) -> bool:
        """Whether the books agree with themselves, whatever both databases say."""
        with transaction(read_only=True) as session:
            rows = queries.trial_balance(session, self.place.book)
            below = [row for row in rows if row.path.startswith("Assets:Bank") and row.net < 0]
            return not below and books.self_check(session, book=self.place.book) == []


@contextmanager
def seeded(
    patch: pytest.MonkeyPatch, seed: int, at: datetime
) -> Iterator[tuple[FixedClock, Random]]:
    """Chance, clock and every reference from one seed."""
    bytes_of, chance, clock = Random(f"bytes {seed}"), Random(f"steps {seed}"), FixedClock(at)
    with patch.context() as within, kernel_clock.using(clock):
        within.setattr(signing, "seed", lambda: bytes(32))  # it lies in a file of each engine
        within.setattr(secrets, "token_bytes", lambda size=32: bytes_of.randbytes(size or 32))
        yield clock, chance


def digest() -> dict[str, str]:
    """Every table as one hash. Numbers that a database deals out count by their order alone."""
    return {name: _hashed(table) for name, table in sorted(db.metadata.tables.items())}


def _hashed(table: Table) -> str:
    dealt = {column.name: _dealt(column) for column in table.columns}
    ranks = {name: _ranks(root) for name, root in dealt.items() if root is not None}
    with db.engine.connect() as wire:
        rows = wire.execute(select(table)).mappings().all()
    lines = sorted(
        json.dumps(
            {name: ranks[name].get(value) if name in ranks else _plain(value)
             for name, value in row.items()},
            sort_keys=True,
        )
        for row in rows
    )  # fmt: skip
    return f"{len(lines)} {hashlib.sha256(repr(lines).encode()).hexdigest()}"


def _reached(column: Any) -> list[Any]:
    """A column and all that it refers to; a journal and its seal refer to each other."""
    found, rest = [], [column]
    while rest:
        one = rest.pop()
        if one not in found:
            found.append(one)
            rest += [key.column for key in one.foreign_keys]
    return found


def _dealt(column: Any) -> Any:
    """The column that the database deals out the numbers of this one in, or None."""
    return next(
        (
            one for one in _reached(column)
            if one.primary_key and len(one.table.primary_key.columns) == 1
            and isinstance(one.type, Integer)
        ),
        None,
    )  # fmt: skip


def _ranks(root: Any) -> dict[int, int]:
    with db.engine.connect() as wire:
        numbers = wire.execute(select(root).order_by(root)).scalars()
        return {number: rank for rank, number in enumerate(numbers)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value if isinstance(value, int | str | bool | None) else str(value)
