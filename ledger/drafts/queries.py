"""Questions about drafts: how one stands, and those that wait or were decided of late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from ledger.approvals import queries as approvals
from ledger.approvals import rules as decisions
from ledger.approvals.queries import ProposalView
from ledger.books import queries as books
from ledger.drafts import rules
from ledger.drafts.rules import DraftLine
from ledger.kernel.errors import Missing


@dataclass(frozen=True, slots=True)
class DraftView:
    """One draft. ``journal`` is the number under which it stands in the books once posted."""

    id: str
    kind: str
    effective_on: date
    reason: str
    entries: tuple[DraftLine, ...]
    journal: int | None
    proposal: ProposalView

    @property
    def state(self) -> str:
        """Where it stands: PROPOSED, APPROVED, USED (posted), REFUSED or VOID (withdrawn)."""
        return self.proposal.state

    @property
    def what(self) -> str:
        """What it does, in words."""
        return rules.WHAT[self.kind]


def draft(session: Session, book: int, reference: str) -> DraftView:
    """One draft by its reference.

    Raises:
        Missing: there is none.
    """
    found = [view for view in approvals.for_subject(session, reference) if view.kind in rules.KINDS]
    if not found:
        raise Missing(
            "There is no draft with that reference.", remedy="Look at the list.", place=reference
        )
    return _views(session, book, found)[0]


def drafts(session: Session, book: int) -> list[DraftView]:
    """The newest drafts: those that wait first, then those that are decided."""
    views = _views(session, book, approvals.of_kinds(session, rules.KINDS))
    waiting = (decisions.PROPOSED, decisions.APPROVED)
    return sorted(views, key=lambda view: view.state not in waiting)


def _views(session: Session, book: int, found: Sequence[ProposalView]) -> list[DraftView]:
    if not found:
        return []
    posted = books.posted(session, book, [view.subject for view in found])
    made = []
    for view in found:
        draft, lines = rules.read(view.kind, view.facts)
        number = posted.get(view.subject)
        made.append(
            DraftView(
                view.subject, view.kind, draft.effective_on, draft.reason, lines,
                number[0] if number else None, view,
            )
        )  # fmt: skip
    return made
