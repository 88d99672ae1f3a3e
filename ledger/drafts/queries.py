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
from ledger.books.queries import EntryRow, JournalRow
from ledger.drafts import rules
from ledger.drafts.rules import DraftLine
from ledger.kernel.errors import Missing


@dataclass(frozen=True, slots=True)
class DraftView:
    """One draft. ``journal`` is the number under which it stands in the books once posted,
    ``reverses`` that of the journal which a reversal answers.
    """

    id: str
    kind: str
    effective_on: date
    reason: str
    entries: tuple[DraftLine, ...]
    journal: int | None
    reverses: int | None
    dated: str
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


@dataclass(frozen=True, slots=True)
class Undoing:
    """J7, J8: what stands in the way of reversing a journal by hand, and on which days it may be.

    ``waiting`` is the draft that reverses it and is not decided, ``own_day_open`` whether it may
    have the day of the original.
    """

    journal: JournalRow
    entries: list[EntryRow]
    answered: int | None
    waiting: str
    own_day_open: bool

    def check(self) -> None:
        """Refuse what is undone by a step of its own.

        Raises:
            NotReversible: naming the step.
        """
        row = self.journal
        rules.check_reversible(row.kind, group=row.group_id, seq=row.seq, entries=len(self.entries))

    @property
    def refusal(self) -> rules.NotReversible | None:
        """Why it is undone in another way, and in which; None when it may be reversed."""
        try:
            self.check()
        except rules.NotReversible as refusal:
            return refusal
        return None

    @property
    def may_be_drafted(self) -> bool:
        """Whether nothing stands in the way of a draft."""
        return self.answered is None and not self.waiting and self.refusal is None


def undoing(session: Session, book: int, seq: int) -> Undoing:
    """J7, J8: whether and how one journal may be reversed by hand.

    Raises:
        Missing: there is no such journal.
    """
    row, entries = books.journal(session, book, seq)
    waiting = approvals.waiting_of_kind(session, rules.REVERSE)
    found = [view.subject for view in waiting if view.facts["journal"] == seq]
    day = row.effective_on
    is_open = all(
        one["status"] != "CLOSED" for one in books.periods(session, book)
        if one["starts_on"] <= day <= one["ends_on"]
    )  # fmt: skip
    answered = books.answering(session, book, seq).reversed_by
    return Undoing(row, entries, answered, found[0] if found else "", is_open)


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
                number[0] if number else None, draft.reverses, draft.dated, view,
            )
        )  # fmt: skip
    return made
