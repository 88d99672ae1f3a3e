"""Questions about periods: how one stands, its trial balance, and what was signed for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from ledger.approvals import queries as approvals
from ledger.approvals import rules as decisions
from ledger.approvals.queries import ProposalView
from ledger.books import queries as books
from ledger.books import rules as books_rules
from ledger.books.rules import Movement
from ledger.closing import rules

LIVE = (decisions.PROPOSED, decisions.APPROVED)


@dataclass(frozen=True, slots=True)
class PeriodView:
    """One period with its trial balance, and what waits to be countersigned or carried out.

    ``trial_balance_sha256`` is that of the figures shown. ``live`` is what was signed and not
    carried out; ``stale`` says that the figures have changed since.
    """

    id: int
    book: int
    starts_on: date
    ends_on: date
    status: str
    signed_by: str | None
    countersigned_by: str | None
    reason: str
    seq_at_close: int | None
    movements: tuple[Movement, ...]
    trial_balance_sha256: str
    live: ProposalView | None
    past: tuple[ProposalView, ...]

    @property
    def group(self) -> str:
        """Under which its leaves are found in the books."""
        return books_rules.period_group(self.starts_on)

    @property
    def subject(self) -> str:
        """Under which its decisions and events are found."""
        return subject_of(self.starts_on, self.id)

    @property
    def stale(self) -> bool:
        """Whether what was signed is not what the figures say now."""
        return (
            self.live is not None
            and self.live.facts.get("trial_balance_sha256") != self.trial_balance_sha256
        )

    @property
    def report(self) -> bytes:
        """The trial balance as the bytes whose hash is signed."""
        return books_rules.trial_balance_bytes(self.movements)

    def facts(self, kind: str, reason: str) -> dict[str, Any]:
        """What would be signed now."""
        return rules.facts(
            kind=kind, starts_on=self.starts_on, ends_on=self.ends_on,
            trial_balance_sha256=self.trial_balance_sha256, reason=reason,
        )  # fmt: skip


def subject_of(starts_on: date, number: int) -> str:
    """What a decision about a period is about: its days for people, its number for certain."""
    return f"{books_rules.period_group(starts_on)}:{number}"


def period(session: Session, book: int, number: int) -> PeriodView:
    """One period as it stands.

    Raises:
        Missing: there is none with this number.
    """
    row = books.period(session, book, number)
    moved = tuple(books.movements(session, row))
    signed = approvals.for_subject(session, subject_of(row["starts_on"], row["id"]))
    live = [
        view for view in signed
        if view.state in LIVE and view.kind == rules.KINDS.get(row["status"])
    ]  # fmt: skip
    return PeriodView(
        id=row["id"], book=row["book"], starts_on=row["starts_on"], ends_on=row["ends_on"],
        status=row["status"], signed_by=row["signed_by"],
        countersigned_by=row["countersigned_by"], reason=row["reason"],
        seq_at_close=row["seq_at_close"], movements=moved,
        trial_balance_sha256=books_rules.trial_balance_hash(moved).hex(),
        live=live[-1] if live else None,
        past=tuple(view for view in signed if not live or view is not live[-1]),
    )  # fmt: skip
