"""The innovation broker's desk: what groups asked of the institutions, and who owes the answer.

Somebody must follow a question that nobody answers; this page is theirs. It shows, and changes
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from ledger.bookings import queries as bookings
from ledger.http import guarded, reading
from ledger.kernel.clock import london_day, now
from ledger.parties import queries as parties
from ledger.pledges import queries as pledges

blueprint = Blueprint("promises", __name__)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One question: what, asked by whom, who answers, since or until which London day."""

    what: str
    by: str
    answers: str
    asked_on: date | None
    due_on: date | None

    def is_late(self, today: date) -> bool:
        """Whether the day on which an answer was promised is over."""
        return self.due_on is not None and today > self.due_on


@blueprint.get("/promises")
@guarded("promise.read")
def desk() -> str:
    """Every pledge, release and booking that waits for an answer, the most urgent first."""
    today = london_day(now())
    with reading() as session:
        found = [*_pledges(session), *_releases(session), *_bookings(session)]
    found.sort(key=lambda one: (one.due_on is None, one.due_on or date.max, one.what))
    return render_template("promises/desk.html", found=found, today=today)


def _day(at: datetime | None) -> date | None:
    return london_day(at) if at else None


def _names(session: Session) -> dict[str, str]:
    return {one.id: one.name for one in parties.organisations(session)}


def _pledges(session: Session) -> list[Unanswered]:
    groups = _names(session)
    return [
        Unanswered(
            view.deal.sentence, groups.get(view.group_id, ""), "The council",
            _day(view.submitted_at), view.answer_due_on,
        )
        for view in pledges.pledges(session, states=("SUBMITTED",), rows_max=200)
    ]  # fmt: skip


def _releases(session: Session) -> list[Unanswered]:
    groups = _names(session)
    return [
        Unanswered(
            f"Money for “{one.milestone}”", groups.get(one.payee, ""), "The council",
            _day(one.requested_at), None,
        )
        for one in pledges.releases(session, states=("REQUESTED",))
    ]  # fmt: skip


def _bookings(session: Session) -> list[Unanswered]:
    groups = _names(session)
    return [
        Unanswered(
            f"A room for “{view.activity}”", groups.get(view.organisation, "A resident"),
            "The asset broker", _day(view.requested_at), None,
        )
        for view in bookings.waiting(session, limit=200)
    ]  # fmt: skip
