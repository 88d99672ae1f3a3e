"""What was paid and what was awarded, read from the books, and to whom: never a person's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from ledger.books.queries import as_date
from ledger.dividends import queries as dividends
from ledger.exports import rules
from ledger.exports.tables import Scope
from ledger.parties import queries as parties
from ledger.parties.queries import OrganisationView
from ledger.pledges import queries as pledges

ROWS_AT_ONCE: Final = 500

_LINES: Final = (
    "SELECT j.seq, j.id, j.effective_on, COALESCE(o.kind, j.kind), j.group_id, f.name, a.path,"
    " a.owner, CASE e.side WHEN '{side}' THEN e.amount ELSE -e.amount END"
    " FROM journal j JOIN entry e ON e.book = j.book AND e.seq = j.seq AND e.layer = 'P'"
    " AND e.unit = 'GBP' JOIN account a ON a.id = e.account JOIN fund f ON f.id = a.fund"
    " LEFT JOIN journal o ON o.book = j.book AND o.seq = j.reverses"
    " WHERE j.book = :book AND j.seq <= :size AND j.effective_on BETWEEN :starts AND :ends"
    " AND {which} ORDER BY j.seq, e.line"
)
_PAYMENTS: Final = text(
    _LINES.format(
        side="D",
        which="a.path NOT LIKE 'Assets:Bank%' AND 0 < (SELECT"
        " SUM(CASE b.side WHEN 'C' THEN b.amount ELSE -b.amount END) FROM entry b"
        " JOIN account c ON c.id = b.account AND c.path LIKE 'Assets:Bank%'"
        " WHERE b.book = j.book AND b.seq = COALESCE(j.reverses, j.seq) AND b.layer = 'P'"
        " AND b.unit = 'GBP')",
    )
)
"""A reversal counts where what it reverses was a payment: it takes the same sum back."""
_AWARDS: Final = text(
    _LINES.format(
        side="C",
        which="j.kind IN ('pledge.release', 'dividend.award', 'dividend.confirm')"
        " AND (a.path LIKE 'Liabilities:PayableGroup:%'"
        " OR a.path LIKE 'Liabilities:Dividend:Payable:%')"
        " AND NOT EXISTS (SELECT 1 FROM journal r WHERE r.book = j.book AND r.reverses = j.seq"
        " AND r.seq <= :size)",
    )
)


@dataclass(frozen=True, slots=True)
class Line:
    """One payment or award in pence; ``payee`` is an organisation's reference, if it is one."""

    seq: int
    id: str
    on: date
    kind: str
    fund: str
    payee: str
    beneficiary: str
    payee_kind: str
    purpose: str
    year: int | None
    pence: int


def payments(session: Session, scope: Scope) -> Iterator[Line]:
    """What left a bank account, by whom it was owed to; what was taken back is below zero."""
    return _lines(session, scope, _PAYMENTS)


def awards(session: Session, scope: Scope) -> Iterator[Line]:
    """What became due to an organisation and was not reversed since, as far as the scope knows."""
    return _lines(session, scope, _AWARDS)


def _lines(session: Session, scope: Scope, statement: TextClause) -> Iterator[Line]:
    streamed = {"yield_per": ROWS_AT_ONCE}
    called = {one.id: one for one in parties.organisations(session)}
    with session.execute(statement, scope.bound(session), execution_options=streamed) as rows:
        for part in rows.partitions(ROWS_AT_ONCE):
            yield from _told(session, part, called)


def _told(
    session: Session, rows: Sequence[Any], called: Mapping[str, OrganisationView]
) -> Iterator[Line]:
    """Some rows with the words that belong to their references, looked up at once."""
    groups = {row[4] for row in rows}
    promised = pledges.pledges_named(session, groups)
    titles = {one.id: one.title for one in dividends.agreements_named(session, groups).values()}
    titles |= {one.id: one.deal.sentence for one in promised.values()}
    years = dividends.periods_named(session, {row[1].partition(":")[0] for row in rows})
    for seq, id_, day, kind, group, fund, path, owner, pence in rows:
        payee = called.get(owner or (promised[group].group_id if group in promised else ""))
        yield Line(
            seq, id_, as_date(day), kind, fund, payee.id if payee else "",
            rules.beneficiary(
                payee.name if payee else "", is_person=rules.is_person(path, owner)
            ),
            payee.kind if payee else "", rules.purpose(kind, titles.get(group, "")),
            years.get(id_.partition(":")[0]), int(pence),
        )  # fmt: skip
