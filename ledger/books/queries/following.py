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
ENTRIES_MAX: Final = 200_000
"""Nothing is followed through an account with more entries than this: it would take too long."""
POOLS: Final = "Assets:Bank:"
"""Where everybody's money lies together. The way is followed through whose it is instead."""

_OWN: Final = text(
    "SELECT e.account, e.line, a.path, a.unit, e.side, e.amount, e.acct_version, b.version,"
    " CASE WHEN e.side = 'D' THEN b.cr ELSE b.dr END"
    " FROM entry e JOIN account a ON a.id = e.account JOIN balance b ON b.account = a.id"
    " WHERE e.book = :book AND e.seq = :seq AND e.layer = 'P' ORDER BY e.line"
)
_BEFORE: Final = text(
    "SELECT COALESCE(SUM(amount), 0) FROM entry"
    " WHERE account = :account AND layer = 'P' AND seq < :seq AND side = :side"
)
_MET: Final = text(
    "SELECT m.ends - m.amount, m.ends, CASE WHEN m.acct_version < :version THEN 1 ELSE 0 END,"
    f" {JOURNAL_COLUMNS} FROM (SELECT seq, acct_version, amount,"
    " SUM(amount) OVER (ORDER BY acct_version) AS ends FROM entry"
    " WHERE account = :account AND layer = 'P' AND side <> :side) m"
    " JOIN journal j ON j.book = :book AND j.seq = m.seq"
    " WHERE m.ends > :begins AND m.ends - m.amount < :ends AND m.seq <> :seq"
    " ORDER BY m.acct_version LIMIT :limit"
)


class _Own(NamedTuple):
    """An entry of the journal that is followed; ``answers`` is all there is on the other side."""

    account: int
    line: int
    path: str
    unit: str
    side: str
    amount: int
    version: int
    entries: int
    answers: int


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
    found: list[Step] = []
    before: dict[tuple[int, str], int] = {}
    for own in _own(session, book, seq):
        if own.entries > ENTRIES_MAX or not own.answers:
            continue
        if own.path.startswith(POOLS) and not pools:
            continue
        key = {"account": own.account, "side": own.side, "seq": seq}
        begins = before.get((own.account, own.side))
        if begins is None:
            begins = int(session.execute(_BEFORE, key).scalar_one())
        ends = before[own.account, own.side] = begins + own.amount
        if begins >= own.answers:
            continue
        limits = {"begins": begins, "ends": ends, "limit": STEPS_MAX - len(found)}
        rows = session.execute(_MET, key | limits | {"book": book, "version": own.version})
        for first, last, is_back, *journal in rows:
            quantity = min(ends, int(last)) - max(begins, int(first))
            row = journal_row(journal)
            found.append(Step(own.line, own.path, own.unit, quantity, bool(is_back), row))
        if len(found) >= STEPS_MAX:
            break
    return found


def not_followed(session: Session, book: int, seq: int) -> list[str]:
    """The accounts of a journal with more than ``ENTRIES_MAX`` entries, by path."""
    return sorted({one.path for one in _own(session, book, seq) if one.entries > ENTRIES_MAX})


def _own(session: Session, book: int, seq: int) -> list[_Own]:
    return [_Own(*row) for row in session.execute(_OWN, {"book": book, "seq": seq})]


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
