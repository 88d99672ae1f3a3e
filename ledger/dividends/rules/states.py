"""The steps of an agreement and of a determination, as tables of allowed moves."""

from __future__ import annotations

from typing import Final

from ledger.dividends.rules.refusals import WrongState

DRAFT, BROKERED, POWER_CHECKED = "DRAFT", "BROKERED", "POWER_CHECKED"
SIGNED, FUNDED, ACTIVE = "SIGNED", "FUNDED", "ACTIVE"
CLOSED, TERMINATED, SUSPENDED = "CLOSED", "TERMINATED", "SUSPENDED"

AGREEMENT_MOVES: Final = {
    DRAFT: frozenset({BROKERED, TERMINATED}),
    BROKERED: frozenset({POWER_CHECKED, TERMINATED}),
    POWER_CHECKED: frozenset({SIGNED, TERMINATED}),
    SIGNED: frozenset({FUNDED, TERMINATED}),
    FUNDED: frozenset({ACTIVE, TERMINATED}),
    ACTIVE: frozenset({CLOSED, TERMINATED, SUSPENDED}),
    SUSPENDED: frozenset({ACTIVE, TERMINATED}),
    CLOSED: frozenset[str](),
    TERMINATED: frozenset[str](),
}
"""Every move an agreement may make. The database holds the same table."""

PUBLIC: Final = (SIGNED, FUNDED, ACTIVE, CLOSED, SUSPENDED, TERMINATED)
"""What anybody sees; a deal that is still being agreed only its parties and the council see."""

TESTED, VERIFIED, APPROVED = "TESTED", "VERIFIED", "APPROVED"
REFUSED, RELEASED, CONFIRMED = "REFUSED", "RELEASED", "CONFIRMED"

DETERMINATION_MOVES: Final = {
    TESTED: frozenset({VERIFIED, REFUSED}),
    VERIFIED: frozenset({APPROVED, REFUSED}),
    APPROVED: frozenset({RELEASED}),
    RELEASED: frozenset({CONFIRMED}),
    CONFIRMED: frozenset[str](),
    REFUSED: frozenset[str](),
}
"""Every move a determination may make. It is born frozen and tested; a no ends it."""

AGREEMENT_WORDS: Final = {
    DRAFT: "being drafted",
    BROKERED: "terms agreed, odds not checked yet",
    POWER_CHECKED: "waiting for signatures",
    SIGNED: "signed, waiting for the money",
    FUNDED: "money reserved",
    ACTIVE: "running",
    CLOSED: "finished",
    TERMINATED: "ended early",
    SUSPENDED: "paused until it is signed again",
}
DETERMINATION_WORDS: Final = {
    TESTED: "waits to be verified",
    VERIFIED: "waits to be approved",
    APPROVED: "approved, waits for tonight's release",
    RELEASED: "released",
    CONFIRMED: "released and confirmed",
    REFUSED: "refused",
}
RESULT_WORDS: Final = {
    "WORSE": "It got worse",
    "NOT_MET": "The target was not met",
    "NOT_PROVEN": "It fell, but chance cannot be ruled out",
    "MET_PROVISIONAL": "A fall is proven; that it meets the target is likely",
    "MET_ASSURED": "The target is met, and that is proven",
}


def check_agreement_move(*, now_at: str, to: str) -> None:
    """Refuse a step that the table does not have.

    Raises:
        WrongState: naming where it stands.
    """
    if to not in AGREEMENT_MOVES[now_at]:
        raise WrongState(
            f"The agreement is {AGREEMENT_WORDS[now_at]}.",
            remedy="Look at it again: the next step is shown on its page.",
            place="state",
        )
