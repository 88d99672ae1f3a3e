"""Samples: some journals of a period, drawn so that anybody can draw the same again (X15 to X18)."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from ledger.audit import queries as audit
from ledger.exports import risks, rules
from ledger.exports.risks import Risky
from ledger.exports.tables import Scope
from ledger.kernel.errors import Invalid
from ledger.kernel.limits import SAMPLE_JOURNALS_MAX, SEED_CHARS_MAX

COUNT_USUAL: Final = 25
_SEED: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{SEED_CHARS_MAX}}}", re.ASCII)
_SEED_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Draw:
    """What a sample is drawn by: which way, with which seed, how many, and showing which sign."""

    seed: str
    way: str = "random"
    count: int = COUNT_USUAL
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A journal of a sample, its lot, and how many marks lie in it (of one drawn by money)."""

    journal: Risky
    lot: str
    marks: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample, and the journals that it was drawn from: how many, and how many pence they move."""

    draw: Draw
    scope: Scope
    journals: int
    pence: int
    drawn: list[Drawn]
    start: int = 0
    interval: int = 0


def checked(draw: Draw) -> Draw:
    """Refuse what nobody could draw again.

    Raises:
        Invalid: a seed that cannot be typed anywhere alike, a way or sign that there is not, or a
            count that is too small or too large.
    """
    if not _SEED.fullmatch(draw.seed):
        raise Invalid(
            f"A seed has 1 to {SEED_CHARS_MAX} letters, digits, points, dashes or underlines.",
            remedy="Change the seed.",
            place="seed",
        )
    if draw.way not in rules.WAYS or draw.sign not in {"", *rules.SIGNS}:
        raise Invalid(
            "There is no such way to draw, or no such sign.",
            remedy=f"Draw by {', '.join(rules.WAYS)}; of the signs {', '.join(rules.SIGNS)}.",
            place="sign" if draw.way in rules.WAYS else "way",
        )
    if not 1 <= draw.count <= SAMPLE_JOURNALS_MAX:
        raise Invalid(
            f"A sample has 1 to {SAMPLE_JOURNALS_MAX} journals.",
            remedy="Change the number.",
            place="count",
        )
    return draw


def seed_offered(session: Session, book: int) -> str:
    """A seed that nobody chose: the first digits of the root of the last checkpoint, if one is."""
    signed = audit.latest_checkpoint(session, book)
    return signed.root.hex()[:_SEED_DIGITS] if signed else ""


def sample(session: Session, scope: Scope, draw: Draw) -> Sample:
    """Draw a sample, in the order in which it is drawn; by money, in order of number."""
    checked(draw)
    found = journals = pence = 0
    for one in _within(session, scope, draw):
        journals, pence = journals + 1, pence + one.pence
        found += one.risks.shows("any")
    if draw.way == "money":
        start, interval = rules.marks(total_pence=pence, count=draw.count, seed=draw.seed)
        drawn = list(_by_money(_within(session, scope, draw), draw, start, interval))
        return Sample(draw, scope, journals, pence, drawn, start, interval)
    lots = ((rules.lot(draw.seed, one.seq), one) for one in _within(session, scope, draw))
    if draw.way == "signs":
        first = heapq.nsmallest(
            min(draw.count, found), lots, key=lambda pair: (-pair[1].risks.count, pair[0])
        )
    else:
        first = heapq.nsmallest(draw.count, lots, key=lambda pair: pair[0])
    return Sample(draw, scope, journals, pence, [Drawn(one, lot) for lot, one in first])


def _within(session: Session, scope: Scope, draw: Draw) -> Iterator[Risky]:
    every = risks.journals(session, scope)
    return (one for one in every if not draw.sign or one.risks.shows(draw.sign))


def _by_money(found: Iterator[Risky], draw: Draw, start: int, interval: int) -> Iterator[Drawn]:
    begins = 0
    for one in found:
        marks = rules.marks_within(
            begins=begins, pence=one.pence, start=start, interval=interval, count=draw.count
        )
        begins += one.pence
        if marks:
            yield Drawn(one, rules.lot(draw.seed, one.seq), marks)
