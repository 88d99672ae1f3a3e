"""The moves that a pledge, a commitment and a release may make: one table each."""

from __future__ import annotations

from typing import Final

from ledger.kernel.errors import Forbidden
from ledger.pledges.rules.refusals import NotReady

__all__ = [
    "COMMITMENT_MOVES",
    "COMMITMENT_STATES",
    "COUNTED",
    "ENDED",
    "HOURS_STATES",
    "JOINABLE",
    "LIVE",
    "OWING",
    "PLEDGE_MOVES",
    "PLEDGE_STATES",
    "PUBLIC",
    "RELEASE_MOVES",
    "STATE_WORDS",
    "WITHDRAWABLE",
    "check_moderator",
    "check_move",
    "check_state",
]  # fmt: skip

PLEDGE_MOVES: Final[dict[str, frozenset[str]]] = {
    "DRAFT": frozenset({"SUBMITTED", "CANCELLED"}),
    "SUBMITTED": frozenset({"OPEN", "DRAFT", "REJECTED"}),
    "REJECTED": frozenset(),
    "OPEN": frozenset({"REACHED", "LAPSED", "CANCELLED", "SUSPENDED"}),
    "REACHED": frozenset({"SETTLING", "CANCELLED", "SUSPENDED"}),
    "SETTLING": frozenset({"DELIVERING", "DISSOLVING"}),
    "DELIVERING": frozenset({"COMPLETED", "DISSOLVING"}),
    "SUSPENDED": frozenset({"OPEN", "REACHED", "CANCELLED"}),
    "DISSOLVING": frozenset({"DISSOLVED"}),
    "COMPLETED": frozenset(),
    "LAPSED": frozenset(),
    "CANCELLED": frozenset(),
    "DISSOLVED": frozenset(),
}
"""Where a pledge may go. The service takes no cards, so no payment is ever under way at a
deadline and there is no state of waiting for one to clear."""

PLEDGE_STATES: Final = tuple(PLEDGE_MOVES)
LIVE: Final = frozenset({"OPEN", "REACHED", "SETTLING", "DELIVERING", "SUSPENDED", "DISSOLVING"})
PUBLIC: Final = LIVE | {"COMPLETED", "LAPSED", "CANCELLED", "DISSOLVED"}
JOINABLE: Final = frozenset({"OPEN", "REACHED", "SETTLING"})
ENDED: Final = frozenset({"COMPLETED", "LAPSED", "CANCELLED", "DISSOLVED"})

COMMITMENT_MOVES: Final[dict[str, frozenset[str]]] = {
    "UNCONFIRMED": frozenset({"CONFIRMED", "DUE", "WITHDRAWN", "LAPSED", "REFUND_DUE"}),
    "CONFIRMED": frozenset(
        {"UNCONFIRMED", "WITHDRAWN", "LAPSED", "DUE", "PART_MET", "MET", "REFUND_DUE"}
    ),
    "DUE": frozenset({"PART_MET", "MET", "OVERDUE", "EXCUSED", "WITHDRAWN", "LAPSED"}),
    "PART_MET": frozenset({"PART_MET", "MET", "OVERDUE", "EXCUSED", "REFUND_DUE", "LAPSED"}),
    "OVERDUE": frozenset({"PART_MET", "MET", "DEFAULTED", "EXCUSED", "REFUND_DUE", "LAPSED"}),
    "DEFAULTED": frozenset({"PART_MET", "MET", "WRITTEN_OFF", "EXCUSED", "REFUND_DUE", "LAPSED"}),
    "MET": frozenset({"MET", "REFUND_DUE"}),
    "EXCUSED": frozenset({"REFUND_DUE"}),
    "WRITTEN_OFF": frozenset({"REFUND_DUE"}),
    "WITHDRAWN": frozenset({"REFUND_DUE"}),
    "LAPSED": frozenset({"REFUND_DUE"}),
    "REFUND_DUE": frozenset({"REFUNDED"}),
    "REFUNDED": frozenset(),
}
COMMITMENT_STATES: Final = tuple(COMMITMENT_MOVES)
COUNTED: Final = frozenset(
    {"CONFIRMED", "DUE", "PART_MET", "MET", "OVERDUE", "DEFAULTED", "EXCUSED", "WRITTEN_OFF"}
)
"""States of a commitment whose promise was made and not taken back in time."""
WITHDRAWABLE: Final = frozenset({"UNCONFIRMED", "CONFIRMED", "DUE"})
OWING: Final = frozenset({"DUE", "PART_MET", "OVERDUE", "DEFAULTED"})

RELEASE_MOVES: Final[dict[str, frozenset[str]]] = {
    "REQUESTED": frozenset({"PROPOSED", "REFUSED"}),
    "PROPOSED": frozenset({"RELEASED", "REFUSED"}),
    "RELEASED": frozenset({"PAID"}),
    "PAID": frozenset(),
    "REFUSED": frozenset(),
}
HOURS_STATES: Final = ("LOGGED", "CONFIRMED", "REFUSED")

STATE_WORDS: Final = {
    "DRAFT": "draft",
    "SUBMITTED": "waiting for the council’s answer",
    "REJECTED": "turned down",
    "OPEN": "open to join",
    "REACHED": "reached",
    "SETTLING": "being collected",
    "DELIVERING": "being delivered",
    "COMPLETED": "completed",
    "LAPSED": "not reached",
    "CANCELLED": "cancelled",
    "SUSPENDED": "paused",
    "DISSOLVING": "being paid back",
    "DISSOLVED": "paid back",
}


def check_move(moves: dict[str, frozenset[str]], was: str, to: str, *, place: str) -> None:
    """Refuse a move that the table does not have.

    Raises:
        NotReady: naming the state it is in.
    """
    if to not in moves[was]:
        raise NotReady(
            f"It is {_words(was)}, so it cannot become {_words(to)}.",
            remedy="Look at it again: somebody may have moved it.",
            place=place,
        )


def check_state(was: str, allowed: frozenset[str] | set[str], *, place: str) -> None:
    """Refuse something that needs another state.

    Raises:
        NotReady: naming the state it is in and the ones that it needs.
    """
    if was not in allowed:
        raise NotReady(
            f"It is {_words(was)}; this can be done only while it is"
            f" {' or '.join(sorted(_words(state) for state in allowed))}.",
            remedy="Wait until then, or look at it again: somebody may have moved it.",
            place=place,
        )


def _words(state: str) -> str:
    return STATE_WORDS.get(state, state.lower().replace("_", " "))


def check_moderator(
    person: str, *, organiser: str, members: frozenset[str], refusal: type[Forbidden]
) -> None:
    """PL2: the moderator is neither the organiser nor of the group.

    Raises:
        The refusal given (a kind of Forbidden).
    """
    if person == organiser or person in members:
        raise refusal(
            "You belong to the group whose pledge this is.",
            remedy="Ask another officer to decide.",
        )
