"""Follow a penny: which journals put it there, and which took it on (B14).

B14 The units of value that go into an account leave it in the order in which they came: the n-th
    that was ever debited answers the n-th that was ever credited, whichever came first. So each
    entry has exact counterparts, whose parts never add up to more than it; what is left of it
    still rests there. What is only held does not move.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books.queries.posted import JOURNAL_COLUMNS, journal_row
from ledger.books.queries.rows import JournalRow

STEPS_MAX: Final = 200
WAY_MAX: Final = 100
LINKS_MAX: Final = 400
POOLS: Final = "Assets:Bank:%"
"""Where everybody's money lies together. The way is followed through whose it is instead."""

_STEPS: Final = (
    "WITH own AS (SELECT e.account, e.line, e.side, e.amount, e.acct_version,"
    " (SELECT COALESCE(SUM(p.amount), 0) FROM entry p WHERE p.account = e.account"
    " AND p.layer = 'P' AND p.side = e.side AND p.acct_version < e.acct_version) AS begins"
    " FROM entry e JOIN account a ON a.id = e.account"
    " WHERE e.book = :book AND e.seq = :seq AND e.layer = 'P' AND a.path NOT LIKE :pools),"
    " other AS (SELECT e.account, e.side, e.seq, e.amount, e.acct_version,"
    " SUM(e.amount) OVER (PARTITION BY e.account, e.side ORDER BY e.acct_version) AS ends"
    " FROM entry e WHERE e.layer = 'P' AND e.account IN (SELECT account FROM own)"
    " AND EXISTS (SELECT 1 FROM own WHERE own.account = e.account AND own.side <> e.side))"
    " SELECT own.line, a.path, a.unit, own.begins, own.begins + own.amount,"
    " other.ends - other.amount, other.ends,"
    f" CASE WHEN other.acct_version < own.acct_version THEN 1 ELSE 0 END, {JOURNAL_COLUMNS}"
    " FROM own JOIN other ON other.account = own.account AND other.side <> own.side"
    " AND other.ends > own.begins AND other.ends - other.amount < own.begins + own.amount"
    " JOIN account a ON a.id = own.account"
    " JOIN journal j ON j.book = :book AND j.seq = other.seq"
    " WHERE other.seq <> :seq ORDER BY own.line, other.acct_version LIMIT :limit"
)


class Step(NamedTuple):
    """A part of one entry of a journal, and the journal that it came from or went on to.

    ``quantity`` is how much of the entry's value the two have in common.
    """

    line: int
    path: str
    unit: str
    quantity: int
    is_back: bool
    journal: JournalRow


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the way: value went through an account from an earlier journal to a later."""

    earlier: JournalRow
    later: JournalRow
    path: str
    unit: str
    quantity: int


def steps(session: Session, book: int, seq: int, *, pools: bool = True) -> list[Step]:
    """B14: from which journals the value of one came and to which it went, entry by entry.

    Without ``pools`` nothing is followed through bank accounts.
    """
    facts = {"book": book, "seq": seq, "limit": STEPS_MAX, "pools": "" if pools else POOLS}
    return [
        Step(
            row[0], row[1], row[2],
            min(int(row[4]), int(row[6])) - max(int(row[3]), int(row[5])),
            bool(row[7]), journal_row(row[8:]),
        )
        for row in session.execute(text(_STEPS), facts)
    ]  # fmt: skip


def way(
    session: Session, book: int, beginnings: Iterable[JournalRow], *, back: bool
) -> tuple[list[Link], bool]:
    """The whole way from some journals, back to the first or on to the last that they reach.

    In the order in which it is met, and whether it was cut, because more than ``WAY_MAX``
    journals or ``LINKS_MAX`` links lie on it, or more than ``STEPS_MAX`` steps begin at one
    journal. Nothing is followed through a bank account: money lies there together.
    """
    links: list[Link] = []
    waiting = deque(beginnings)
    met = {row.seq for row in waiting}
    looked, is_cut = 0, False
    while waiting and looked < WAY_MAX and len(links) < LINKS_MAX:
        here = waiting.popleft()
        looked += 1
        found = steps(session, book, here.seq, pools=False)
        is_cut = is_cut or len(found) == STEPS_MAX
        for step in found:
            if step.is_back is not back:
                continue
            pair = (step.journal, here) if back else (here, step.journal)
            links.append(Link(*pair, step.path, step.unit, step.quantity))
            if step.journal.seq not in met:
                met.add(step.journal.seq)
                waiting.append(step.journal)
    return links, is_cut or bool(waiting)
