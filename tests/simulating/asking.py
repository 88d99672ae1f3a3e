"""Whoever asks: people of the place with their clients, and mostly sensible words and figures."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from flask import Flask

from ledger.jobs.job import JobContext
from ledger.jobs.registry import job_named
from ledger.kernel.clock import FixedClock
from ledger.schedule.rules import Slot
from tests import cast

PARTS = ("s151", "head", "officer", "officer2", "auditor", "administrator", "organiser",
         "treasurer", "resident", "resident2", "broker", "analyst")  # fmt: skip
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
"""What was asked and answered: method, path, status, place and tag, text."""
Ways = list[tuple[Callable[[], object], int]]
"""What people of one wing do, and how often."""
NIGHT = ("pledge-deadlines", "pledge-collection", "booking-holds", "booking-months", "hold-expiry",
         "evaluate-agreements", "release-dividends")  # fmt: skip
HOURS_MAX = 28 * 24
"""The tokens of the people last for thirty days."""
One = TypeVar("One")


class Asker:
    """The people of one place on one database, who ask one thing after another."""

    def __init__(self, app: Flask, clock: FixedClock, chance: Random) -> None:
        self.clock, self.chance = clock, chance
        self.place = cast.people_the_place()
        self.clients = {part: cast.api_client(app, self.place, part) for part in PARTS}
        self.told: Told = []
        self.asked = self.slept = 0

    def ask(self, method: str, part: str, path: str, body: Any = None) -> Any:
        """Ask one thing as one of them, and keep what was answered."""
        sent = (
            {"data": json.dumps(body), "content_type": "application/json"}
            if body is not None
            else {}
        )
        return self._answered(method, part, path, sent)

    def post(self, part: str, path: str, body: Any = None) -> Any:
        """Ask for a change."""
        return self.ask("POST", part, path, {} if body is None else body)

    def upload(self, part: str, path: str, content: bytes, **fields: str) -> Any:
        """Send a file as a form does."""
        sent = {"data": {"file": (io.BytesIO(content), "file.csv"), **fields}}
        return self._answered("POST", part, path, sent)

    def _answered(self, method: str, part: str, path: str, sent: dict[str, Any]) -> Any:
        answer = self.clients[part].open(f"/api/v1/{path}", method=method, **sent)
        marks = f"{answer.headers.get('Location', '')} {answer.headers.get('ETag', '')}"
        self.told.append((method, path, answer.status_code, marks, answer.text))
        self.asked += 1
        self.clock.move(timedelta(seconds=self.chance.randint(1, 90)))
        return answer

    def sleep(self, hours: int) -> None:
        """Let hours pass, as long as the people can still come in."""
        if self.slept + hours <= HOURS_MAX:
            self.slept += hours
            self.clock.move(timedelta(hours=hours))

    def night(self) -> None:
        """Let a night pass, and run its jobs as the scheduler does; keep what each of them said."""
        self.sleep(self.one_of((9, 9, 50)))
        at = self.clock.now()
        slot = Slot(f"{at:%Y-%m-%dT%H:%M}Z", at)
        for name in NIGHT:
            said = job_named(name).run(JobContext(job=name, slot=slot, now=at))
            self.told.append(("RUN", name, 0, "", said))

    def any(self, *parts: str) -> str:
        """One of those whose work it is, or now and then anybody."""
        return self.chance.choice(parts if self.chance.random() < 0.95 else PARTS)

    def one_of(self, some: Sequence[One]) -> One:
        """One of some."""
        return self.chance.choice(some)

    def now_and_then(self, share: float) -> bool:
        """Whether it happens, in this share of the times."""
        return self.chance.random() < share

    def words(self) -> Any:
        """A reason or a name, mostly a plain one."""
        return self.chance.choice(PLAIN_WORDS if self.chance.random() < 0.85 else ODD_WORDS)

    def quantity(self) -> Any:
        """A quantity, mostly a sensible one."""
        plain = self.chance.randint(1, 60_000)
        return plain if self.chance.random() < 0.9 else self.chance.choice(ODD_QUANTITIES)

    def day(self) -> str:
        """A day around the beginning, or now and then none."""
        if self.chance.random() < 0.1:
            return self.chance.choice(("2026-02-30", "9999-12-31", "0001-01-01", "today"))
        return (date(2026, 3, 2) - timedelta(days=self.chance.randint(-3, 70))).isoformat()

    def today(self, days: int = 0) -> str:
        """The clock's day, or one so many days later."""
        return (self.clock.now().date() + timedelta(days=days)).isoformat()
