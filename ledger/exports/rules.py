"""Rules of what is taken out of the books: what is odd, and what is published (X9 to X23, but X14).

X9   A journal is back-dated by the days from its effective day to the London day on which it was
     recorded; a number below zero is dated ahead.
X10  People post between 07:00 and 19:00 in London. What a person records at any other time is out
     of hours; jobs work at night, and keep none.
X11  Saturday and Sunday in London are the weekend, for people. Bank holidays are not marked: the
     service has no source of them that it could keep current.
X12  A sum is round when it is a whole number of thousands of pounds, or of hundreds.
X13  What a second person checked is just under a limit when it is at most that limit and at least
     95% of it, of the limits of any role and kind that were set by then and in force that day.
     Where there are several, the smallest is named.
X15  A sample is drawn from all journals of a period up to a number, or from those of them that show
     a sign of risk. Each journal has a lot: the SHA-256 of ``SEED:NUMBER`` in ASCII, as 64 hex
     digits. So whoever has the books and the seed can draw the same sample again.
X16  At random: the journals with the smallest lots.
X17  By money: the pence of the journals lie in one line, in order of number; the line is T long and
     the interval T // COUNT. From the SHA-256 of ``SEED:start``, read as a whole number, modulo the
     interval, every interval-th penny is marked; the journals in which marks lie are the sample.
     A journal as large as the interval is always in it.
X18  By signs: the journals that show the most of the five signs; among equals, the smallest lots.
X19  Spending is what leaves a bank account: a line is published when it is more than £500, and when
     a reversal takes more than £500 of it back, then below zero. Moving between own banks is none.
X20  Who was paid is named where it is an organisation. A person is never named: the line stays, and
     says that personal data were redacted. Where the books know neither, it says so.
X21  A grant is what became due to a group or provider by a release, an award or the confirmation of
     a holdback, and was not reversed. It is published whatever its sum.
X22  A grant in the form of 360Giving keeps its id for ever: the journal's own, with the payee's.
X23  In a spreadsheet's own file a text is a cell of text, as it stands in the books and never a
     formula; and it stays a text when somebody edits it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

HOURS: Final = (time(7), time(19))
ROUND_POUNDS: Final = (1_000, 100)
UNDER_PERCENT_MIN: Final = 95
SATURDAY: Final = 5
JOB: Final = "job:"
WAYS: Final = {
    "random": "At random",
    "money": "By money: each pound has the same chance",
    "signs": "Those with the most signs of risk",
}
"""How a sample may be drawn (X16 to X18)."""
SIGNS: Final = {
    "any": "Any of them",
    "back-dated": "Back-dated",
    "out-of-hours": "Out of hours",
    "weekend": "At a weekend",
    "round": "A round sum",
    "just-under-limit": "Just under a limit",
}
"""The signs of risk (X9 to X13) by the names that a sample is asked for by."""

PUBLISHED_PENCE_OVER: Final = 500_00
REDACTED: Final = "REDACTED PERSONAL DATA"
NOT_RECORDED: Final = "NOT RECORDED IN THE BOOKS"
VOLUNTARY: Final = ("group", "provider")
WITHOUT_VAT: Final = ("pledge.pay", "pledge.refund.pay", "dividend.pay")
"""Payments that buy nothing, so that no VAT was paid. Of others the books do not know it."""
TITLE_CHARS_MAX: Final = 139
_PERSON: Final = "PER-"
_PEOPLES: Final = ("Liabilities:Refund:", "Assets:Receivable:CMT-")
_PURPOSES: Final = {"pledge.refund.pay": "Refund of what was paid for a pledge"}


@dataclass(frozen=True, slots=True)
class LimitFact:
    """A delegated limit: what a role may approve from a day on, and when it was set."""

    role: str
    kind: str
    pence_max: int
    starts_on: date
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Risks:
    """What is odd about one journal; ``round_pounds`` is 0 where the sum is not round."""

    days_back: int
    out_of_hours: bool
    weekend: bool
    round_pounds: int
    limit: LimitFact | None

    @property
    def count(self) -> int:
        """How many of the five signs it shows."""
        return len(self.signs)

    @property
    def signs(self) -> list[str]:
        """The names of the signs that it shows, in the order of `SIGNS`."""
        shown = {
            "back-dated": self.days_back > 0, "out-of-hours": self.out_of_hours,
            "weekend": self.weekend, "round": bool(self.round_pounds),
            "just-under-limit": self.limit is not None,
        }  # fmt: skip
        return [sign for sign, holds in shown.items() if holds]

    def shows(self, sign: str) -> bool:
        """Whether it shows this sign; with ``any``, one or more."""
        return bool(self.signs) if sign == "any" else sign in self.signs


def risks(
    *, effective_on: date, recorded: datetime, maker: str, checker: str | None, pence: int,
    limits: Iterable[LimitFact],
) -> Risks:  # fmt: skip
    """X9 to X13: the signs of one journal, recorded at a London time and moving so many pence."""
    by_person = not maker.startswith(JOB)
    at = recorded.time()
    return Risks(
        days_back=(recorded.date() - effective_on).days,
        out_of_hours=by_person and not HOURS[0] <= at < HOURS[1],
        weekend=by_person and recorded.weekday() >= SATURDAY,
        round_pounds=round_pounds(pence),
        limit=just_under(pence, recorded, limits) if checker else None,
    )


def round_pounds(pence: int) -> int:
    """X12: the thousand or hundred pounds of which a sum is a whole number; 0 for neither."""
    return next((whole for whole in ROUND_POUNDS if pence and pence % (whole * 100) == 0), 0)


def just_under(pence: int, recorded: datetime, limits: Iterable[LimitFact]) -> LimitFact | None:
    """X13: the smallest limit in force that a checked sum comes close to without passing it."""
    in_force: dict[tuple[str, str], LimitFact] = {}
    for one in sorted(limits, key=lambda one: (one.starts_on, one.set_at)):
        if one.starts_on <= recorded.date() and one.set_at <= recorded:
            in_force[one.role, one.kind] = one
    near = [
        one
        for one in in_force.values()
        if 0 < pence <= one.pence_max and pence * 100 >= one.pence_max * UNDER_PERCENT_MIN
    ]
    return min(near, key=lambda one: (one.pence_max, one.role, one.kind), default=None)


def lot(seed: str, number: int | str) -> str:
    """X15: the lot of a journal, 64 hex digits; the smaller, the sooner it is drawn."""
    return hashlib.sha256(f"{seed}:{number}".encode("ascii")).hexdigest()


def marks(*, total_pence: int, count: int, seed: str) -> tuple[int, int]:
    """X17: the first marked penny, counted from nought, and the interval to the next."""
    interval = max(1, total_pence // count)
    return int(lot(seed, "start"), 16) % interval, interval


def marks_within(*, begins: int, pence: int, start: int, interval: int, count: int) -> int:
    """X17: how many of ``count`` marks lie on the pence from ``begins`` on."""

    def before(penny: int) -> int:
        return min(count, max(0, -((start - penny) // interval)))

    return before(begins + pence) - before(begins)


def is_published(pence: int) -> bool:
    """X19: whether a payment, or what a reversal takes back of one, is over the limit."""
    return abs(pence) > PUBLISHED_PENCE_OVER


def is_person(path: str, owner: str) -> bool:
    """X20: whether an account is a person's: by its owner, or as only people have such accounts."""
    return _PERSON in owner or f":{_PERSON}" in path or path.startswith(_PEOPLES)


def beneficiary(organisation: str, *, is_person: bool) -> str:
    """X20: an organisation's name, or that personal data were redacted, or that nobody knows."""
    if is_person:
        return REDACTED
    return organisation or NOT_RECORDED


def purpose(kind: str, deal: str) -> str:
    """What a payment was for: the public sentence of its pledge or agreement, or its kind."""
    return _PURPOSES.get(kind) or deal or kind


def title(purpose: str) -> str:
    """X22: a purpose as a title of under 140 characters."""
    return purpose if len(purpose) <= TITLE_CHARS_MAX else purpose[: TITLE_CHARS_MAX - 1] + "…"
