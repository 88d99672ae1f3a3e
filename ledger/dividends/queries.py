"""Questions to agreements and determinations. Money in pence; workings as they were frozen."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVarTuple

from sqlalchemy import Select, and_, case, exists, select
from sqlalchemy.orm import Session

from ledger.approvals.models import Proposal
from ledger.books import queries as books
from ledger.dividends.models import (
    Agreement,
    AgreementParty,
    AgreementPeriod,
    AgreementSignature,
    Determination,
    SavingCell,
    SavingClaim,
)
from ledger.dividends.rules import postings, states
from ledger.dividends.rules.terms import Agency, Payee, Terms
from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.outcomes import queries as outcomes
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, may


@dataclass(frozen=True, slots=True)
class AgreementView:
    """An agreement with its terms, odds and signatures (organisation to instant)."""

    id: str
    book: int
    title: str
    terms: Terms
    digest: str
    state: str
    odds: dict[str, Any]
    legal_power: str
    drafted_at: datetime
    drafted_by: str
    signatures: dict[str, datetime]

    @property
    def unsigned(self) -> list[str]:
        """The parties that have not signed."""
        return [one for one in self.terms.organisations if one not in self.signatures]


@dataclass(frozen=True, slots=True)
class DeterminationView:
    """A determination with its workings."""

    id: str
    agreement: str
    period: int
    revision: int
    result: str
    snapshot: str
    facts: dict[str, Any]
    award_pence: int
    holdback_pence: int
    proposal: str
    state: str
    tested_at: datetime
    released_at: datetime | None


Columns = TypeVarTuple("Columns")


class DuePeriod(NamedTuple):
    """A period whose run-out is over and that nobody has determined."""

    agreement: str
    number: int
    owner: str
    to_on: date
    measure_version: str
    baseline_months: int
    threshold_bp: int


def owner_of(session: Session, agreement: str, period: int) -> str:
    """Under which name the readings of an agreement's period are frozen."""
    query = select(AgreementPeriod.owner).where(
        AgreementPeriod.agreement == agreement, AgreementPeriod.number == period
    )
    return session.execute(query).scalar_one()


def terms_of(stored: str) -> Terms:
    """Pinned terms from their canonical text."""
    facts = json.loads(stored)
    facts["payees"] = tuple(Payee(**one) for one in facts["payees"])
    facts["agencies"] = tuple(Agency(**one) for one in facts["agencies"])
    facts["comparators"] = tuple(facts["comparators"])
    facts["slabs"] = tuple((start, share) for start, share in facts["slabs"])
    for name in ("baseline_from", "first_period_from", "selected_on"):
        facts[name] = date.fromisoformat(facts[name])
    return Terms(**facts)


def agreement(session: Session, reference: str) -> AgreementView:
    """One agreement.

    Raises:
        Missing: there is none with this reference.
    """
    row = session.get(Agreement, reference, populate_existing=True)
    if row is None:
        raise Missing(
            "There is no agreement with that reference.",
            remedy="Look at the list of agreements.",
            place=reference[:40],
        )
    return _agreements(session, [row])[0]


def agreements_named(session: Session, references: Collection[str]) -> dict[str, AgreementView]:
    """Several agreements by reference, as they stand now; those that do not exist are left out."""
    rows = session.scalars(
        select(Agreement).where(Agreement.id.in_(sorted(references))),
        execution_options={"populate_existing": True},
    )
    return {view.id: view for view in _agreements(session, list(rows))}


def visible(session: Session, reference: str, actor: Actor) -> AgreementView:
    """An agreement that this person may see: anyone a signed one, its parties and staff all.

    Raises:
        Missing: there is none, or it is still being agreed.
    """
    view = agreement(session, reference)
    if not may_see(view, actor):
        raise Missing(
            "There is no agreement with that reference.",
            remedy="Look at the list of agreements.",
            place=reference[:40],
        )
    return view


def may_see(view: AgreementView, actor: Actor) -> bool:
    """Whether this person may see an agreement as it is."""
    inside = actor.organisation in view.terms.organisations or may(actor, "approval.read")
    return view.state in states.PUBLIC or inside


def agreements(
    session: Session, *, states_in: Sequence[str] = (), after: str = "",
    limit: int = limits.PAGE_ROWS_DEFAULT,
) -> list[AgreementView]:  # fmt: skip
    """Agreements in order of reference, beginning after one (keyset paging)."""
    query = select(Agreement).where(Agreement.id > after).order_by(Agreement.id)
    if states_in:
        query = query.where(Agreement.state.in_(states_in))
    return _agreements(session, list(session.scalars(query.limit(limit))))


def _agreements(session: Session, rows: list[Agreement]) -> list[AgreementView]:
    signed: dict[str, dict[str, datetime]] = {row.id: {} for row in rows}
    for one in session.scalars(
        select(AgreementSignature)
        .where(AgreementSignature.agreement.in_(list(signed)))
        .order_by(AgreementSignature.signed_at, AgreementSignature.organisation)
    ):
        signed[one.agreement][one.organisation] = one.signed_at
    return [
        AgreementView(
            row.id, row.book, row.title, terms_of(row.terms), row.digest, row.state,
            json.loads(row.odds) if row.odds else {}, row.legal_power, row.drafted_at,
            row.drafted_by, signed[row.id],
        )
        for row in rows
    ]  # fmt: skip


def agreements_of(session: Session, organisation: str) -> list[AgreementView]:
    """The agreements that an organisation is a party to."""
    references = session.scalars(
        select(AgreementParty.agreement).where(AgreementParty.organisation == organisation)
    ).all()
    rows = session.scalars(
        select(Agreement).where(Agreement.id.in_(sorted(set(references)))).order_by(Agreement.id)
    )
    return _agreements(session, list(rows))


def under_agreement(session: Session, *, measure_version: str) -> dict[str, str]:
    """The areas that a live agreement about this measure is about, with its reference."""
    rows = session.execute(
        select(Agreement.area, Agreement.id).where(
            Agreement.measure_version == measure_version,
            Agreement.state.in_((states.SIGNED, states.FUNDED, states.ACTIVE)),
        )
    )
    return {row[0]: row[1] for row in rows}


def claimants(
    session: Session, *, measure_version: str, area: str, months: Sequence[date]
) -> tuple[int, list[str]]:
    """The most that is claimed of any of these months (basis points), and by whom."""
    where = (SavingCell.measure_version == measure_version, SavingCell.area == area)
    claimed = session.scalars(
        select(SavingCell.claimed_bp).where(*where, SavingCell.month.in_(months))
    ).all()
    who = session.scalars(
        select(SavingClaim.agreement).where(
            SavingClaim.measure_version == measure_version, SavingClaim.area == area,
            SavingClaim.month.in_(months),
        )
    ).all()  # fmt: skip
    return max(claimed, default=0), sorted(set(who))


def due_owners(today: date) -> Select[str]:
    """The tests that are due on a day: a query, to be put inside another."""
    return _due(select(AgreementPeriod.owner), today)


def due_periods(
    session: Session, today: date, *, agreements: Collection[str] | None = None
) -> list[DuePeriod]:
    """D7: the periods to be determined on a day, oldest first; of all agreements or of these."""
    columns = select(
        AgreementPeriod.agreement, AgreementPeriod.number, AgreementPeriod.owner,
        AgreementPeriod.to_on, Agreement.measure_version, AgreementPeriod.baseline_months,
        AgreementPeriod.threshold_bp,
    )  # fmt: skip
    query = _due(columns, today).order_by(AgreementPeriod.freeze_on, AgreementPeriod.owner)
    if agreements is not None:
        query = query.where(AgreementPeriod.agreement.in_(sorted(agreements)))
    return [DuePeriod(*row) for row in session.execute(query)]


def _due(query: Select[*Columns], today: date) -> Select[*Columns]:
    """Past its run-out, of a running agreement, and determined by nobody."""
    determined = exists().where(
        Determination.agreement == AgreementPeriod.agreement,
        Determination.period == AgreementPeriod.number,
    )
    return query.join(Agreement, Agreement.id == AgreementPeriod.agreement).where(
        AgreementPeriod.freeze_on < today, ~determined, Agreement.state == states.ACTIVE
    )


_UNDECIDED = Determination.state.in_((states.TESTED, states.VERIFIED))
_STATE = case(
    (and_(_UNDECIDED, Proposal.state == "VERIFIED"), states.VERIFIED),
    (and_(_UNDECIDED, Proposal.state.in_(("APPROVED", "USED"))), states.APPROVED),
    (and_(_UNDECIDED, Proposal.state.in_(("REFUSED", "VOID"))), states.REFUSED),
    else_=Determination.state,
)
"""Where a determination stands: until it is released, what people decided is the truth."""


def _select() -> Select[Any]:
    return select(Determination, _STATE).join(Proposal, Proposal.id == Determination.proposal)


def determination(session: Session, reference: str) -> DeterminationView:
    """One determination.

    Raises:
        Missing: there is none with this reference.
    """
    query = _select().where(Determination.id == reference)
    row = session.execute(query, execution_options={"populate_existing": True}).first()
    if row is None:
        raise Missing(
            "There is no determination with that reference.",
            remedy="Look at the agreement's page.",
            place=reference[:40],
        )
    return _determination(*row)


def determinations(
    session: Session, *, agreement: str = "", states_in: Sequence[str] = (), after: str = "",
    limit: int = limits.PAGE_ROWS_DEFAULT,
) -> list[DeterminationView]:  # fmt: skip
    """Determinations by agreement, period and revision."""
    query = _select().where(Determination.id > after)
    if agreement:
        query = query.where(Determination.agreement == agreement)
    if states_in:
        query = query.where(_STATE.in_(states_in))
    order = (Determination.period, Determination.revision) if agreement else (Determination.id,)
    rows = session.execute(
        query.order_by(*order).limit(limit), execution_options={"populate_existing": True}
    )
    return [_determination(*row) for row in rows]


def periods_named(session: Session, references: Collection[str]) -> dict[str, int]:
    """Which period each of several determinations is about; those that do not exist are left out."""
    rows = session.execute(
        select(Determination.id, Determination.period).where(
            Determination.id.in_(sorted(references))
        )
    )
    return {row[0]: row[1] for row in rows}


def _determination(row: Determination, state: str) -> DeterminationView:
    return DeterminationView(
        row.id, row.agreement, row.period, row.revision, row.result, row.snapshot,
        json.loads(row.facts), row.award_pence, row.holdback_pence, row.proposal, state,
        row.tested_at, row.released_at,
    )  # fmt: skip


def names(session: Session, terms: Terms) -> dict[str, str]:
    """The names of an agreement's parties, areas and measure, by reference."""
    found = {one: parties.organisation(session, one).name for one in terms.organisations}
    wanted = (terms.area, *terms.comparators)
    known = outcomes.areas(session, measure_version=terms.measure_version)
    found.update({area: known.get(area, area) for area in wanted})
    named = outcomes.name_of_version(session, terms.measure_version)
    found[terms.measure_version] = named or terms.measure_version
    return found


def reserved_pence(session: Session, view: AgreementView) -> list[int]:
    """What each agency still has reserved, in the order of the terms (pence)."""
    return reserved_many(session, [view])[view.id]


def reserved_many(session: Session, views: Collection[AgreementView]) -> dict[str, list[int]]:
    """What each agency still has reserved, by agreement, in the order of the terms (pence)."""
    paths = {
        view.id: [postings.reserved(view.id, agency.organisation) for agency in view.terms.agencies]
        for view in views
    }
    owed: dict[str, int] = {}
    for book in {view.book for view in views}:
        wanted = [path for view in views if view.book == book for path in paths[view.id]]
        owed |= {path: row.owed for path, row in books.balances(session, book, wanted).items()}
    return {view.id: [owed.get(path, 0) for path in paths[view.id]] for view in views}


def payable_pence(session: Session, view: AgreementView) -> dict[str, int]:
    """What is due to each payee now (pence)."""
    return {
        payee.organisation: books.owed(
            session, view.book, postings.payable(view.id, payee.organisation)
        )
        for payee in view.terms.payees
    }


def paid_pence(session: Session, view: AgreementView) -> dict[str, int]:
    """What each payee was paid so far (pence)."""
    paths = {one.organisation: postings.payable(view.id, one.organisation)
             for one in view.terms.payees}  # fmt: skip
    found = books.balances(session, view.book, list(paths.values()))
    return {payee: found[path].dr if path in found else 0 for payee, path in paths.items()}


def held_pence(session: Session, view: AgreementView) -> int:
    """What is held back until the revision window is over, from all agencies (pence)."""
    paths = [postings.holdback(view.id, agency.organisation) for agency in view.terms.agencies]
    return sum(books.owed(session, view.book, path) for path in paths)


def receivable_pence(session: Session, view: AgreementView) -> dict[str, int]:
    """What each agency has promised and not paid in (pence)."""
    return {
        agency.organisation: books.net(
            session, view.book, postings.receivable(view.id, agency.organisation)
        )
        for agency in view.terms.agencies
    }


def saved_by(session: Session, organisation: str) -> list[tuple[AgreementView, DeterminationView]]:
    """What an agency has saved: its agreements with every released determination."""
    done = (states.RELEASED, states.CONFIRMED)
    return [
        (view, made)
        for view in agreements_of(session, organisation)
        for made in determinations(session, agreement=view.id, states_in=done)
    ]
