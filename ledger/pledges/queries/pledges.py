"""Questions about pledges: one, lists, wordings, and which are due for something."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.pledges import rules
from ledger.pledges.models import Pledge, PledgeWording
from ledger.pledges.queries.views import PledgeView, copied, deal_of, missing
from ledger.pledges.rules import Deal

__all__ = [
    "collecting",
    "cooled_off",
    "listed",
    "past_deadline",
    "pledge",
    "pledge_view",
    "pledges",
    "pledges_named",
    "wordings",
]


def pledge_view(session: Session, row: Pledge) -> PledgeView:
    """A pledge with the wording of today."""
    wording = session.get_one(PledgeWording, (row.id, row.wording))
    return copied(PledgeView, row, deal=deal_of(wording))


def pledge(session: Session, reference: str) -> PledgeView:
    """One pledge.

    Raises:
        Missing: there is none with this reference.
    """
    row = session.get(Pledge, reference) if reference.isprintable() else None
    if row is None:
        raise missing("pledge", reference)
    return pledge_view(session, row)


def pledges(
    session: Session, *, states: Collection[str] = rules.PUBLIC, group: str = "",
    neighbourhood: str = "", after: str = "", rows_max: int = limits.PAGE_ROWS_DEFAULT,
) -> list[PledgeView]:  # fmt: skip
    """Pledges in these states, in order of reference after one (keyset paging)."""
    question = (
        _with_deal()
        .where(Pledge.state.in_(states), Pledge.id > after)
        .order_by(Pledge.id)
        .limit(rows_max)
    )
    if group:
        question = question.where(Pledge.group_id == group)
    if neighbourhood:
        question = question.where(Pledge.neighbourhood == neighbourhood)
    return [
        copied(PledgeView, row, deal=deal_of(wording)) for row, wording in session.execute(question)
    ]


def _with_deal() -> Select[Pledge, PledgeWording]:
    """Pledges with the deal as it is worded now."""
    return select(Pledge, PledgeWording).join(
        PledgeWording,
        (PledgeWording.pledge == Pledge.id) & (PledgeWording.version == Pledge.wording),
    )


def pledges_named(session: Session, references: Collection[str]) -> dict[str, PledgeView]:
    """Several pledges by reference; those that do not exist are left out."""
    question = _with_deal().where(Pledge.id.in_(sorted(references)))
    found = session.execute(question)
    return {row.id: copied(PledgeView, row, deal=deal_of(wording)) for row, wording in found}


def listed(
    session: Session, *, states: Collection[str], neighbourhood: str = "",
    after: tuple[datetime, str] | None = None, rows_max: int = limits.PAGE_ROWS_DEFAULT,
) -> list[PledgeView]:  # fmt: skip
    """Pledges for the public list, those whose deadline comes first, first (keyset paging)."""
    question = (
        _with_deal()
        .where(Pledge.state.in_(states))
        .order_by(Pledge.deadline_at, Pledge.id)
        .limit(rows_max)
    )
    if neighbourhood:
        question = question.where(Pledge.neighbourhood == neighbourhood)
    if after:
        question = question.where(tuple_(Pledge.deadline_at, Pledge.id) > after)
    return [
        copied(PledgeView, row, deal=deal_of(wording)) for row, wording in session.execute(question)
    ]


def wordings(session: Session, reference: str) -> list[tuple[int, Deal, datetime, str]]:
    """Every version of the deal: number, deal, when it was made and why."""
    rows = session.scalars(
        select(PledgeWording)
        .where(PledgeWording.pledge == reference)
        .order_by(PledgeWording.version)
    )
    return [(row.version, deal_of(row), row.made_at, row.reason) for row in rows]


def _ids(session: Session, *where: Any) -> list[str]:
    return list(session.scalars(select(Pledge.id).where(*where).order_by(Pledge.id)))


def past_deadline(session: Session, now: datetime) -> list[str]:
    """PL6: open pledges whose deadline is over."""
    return _ids(session, Pledge.state == "OPEN", Pledge.deadline_at <= now)


def cooled_off(session: Session, now: datetime) -> list[str]:
    """PL7: reached pledges whose cooling-off is over."""
    return _ids(session, Pledge.state == "REACHED", Pledge.settles_at <= now)


def collecting(session: Session) -> list[str]:
    """PL15: pledges being collected whose shortfall, if any, nobody has yet found."""
    return _ids(session, Pledge.state == "SETTLING", Pledge.fell_short.is_(False))
