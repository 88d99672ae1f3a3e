"""What must be whole for value to move (N1 to N4).

N1  Value stands still when the books differ from themselves or from what was signed, or when a
    guard of the database is missing; reading goes on.
N2  Value stands still when the last checkpoint is older than the hours that were set, or the last
    proven backup is: a net that nobody looks at is no net.
N3  The database itself refuses the journal, by the row of each check: no way of posting goes round
    it, and posting pays for no question more.
N4  Whatever stands still says why in one sentence, and what to do; it goes on by itself when the
    next look finds all whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

BOOKS: Final = "books"
GUARDS: Final = "guards"
CHECKPOINT: Final = "checkpoint"
BACKUP: Final = "backup"

LATE: Final = {
    CHECKPOINT: "The history has not been checked and signed since {at}.",
    BACKUP: "No backup has been proven since {at}.",
}
"""What a check says when the time is over by which it should have been good again."""

REMEDIES: Final = {
    BOOKS: "Keep the disk as it is, tell the auditor, and compare with the newest backup; then run"
    " flask ledger verify.",
    GUARDS: "Run flask db upgrade, and where a right is named flask ledger database-role; if that does"
    " not help, restore a backup. Then run flask ledger verify.",
    CHECKPOINT: "See that the scheduler runs (flask ledger jobs list), then run flask ledger jobs"
    " run checkpoint, and flask ledger verify.",
    BACKUP: "See what the job backup says (flask ledger jobs log --job backup), mend it, then run"
    " flask ledger jobs run backup.",
}
"""N4: what to do about each check."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the last look found. ``stops`` says that value must stand still at once, ``good_until``
    when it must because nobody looked again.
    """

    name: str
    looked_at: datetime
    good_at: datetime | None
    stops: bool
    good_until: datetime | None
    said: str


@dataclass(frozen=True, slots=True)
class Stop:
    """N4: one reason for which value stands still."""

    check: str
    said: str
    remedy: str


def stops(checks: Sequence[Check], *, now: datetime) -> list[Stop]:
    """N1, N2: every reason for which value stands still at an instant."""
    found = []
    for check in checks:
        late = check.good_until is not None and check.good_until < now
        if check.stops:
            found.append(Stop(check.name, check.said, REMEDIES[check.name]))
        elif late:
            at = check.good_at or check.looked_at
            words = LATE[check.name].format(at=f"{at:%d %B %Y, %H:%M} UTC")
            found.append(Stop(check.name, words, REMEDIES[check.name]))
    return found
