"""What may be written into the books by hand, and by whom (J1 to J6).

J1  Nothing that stands is edited: a correction is a journal of its own, of 2 to 40 entries that
    balance in each unit and fund, with a reason in one line.
J2  It takes effect today in London or earlier, on no day of a closed period. A period that is
    being closed takes it, since two people made it.
J3  One fund lends another, or pays back no more than it owes; both funds say so.
J4  One person drafts, another approves exactly these entries, this day and this reason. What was
    approved is posted once, as it was shown; neither of the two can be a job.
J5  The pounds that a draft moves count within the approver's limit, with all others of its kind
    in the financial year.
J6  What two steps of their own keep is not touched by hand: the count of closed periods, and what
    funds owe each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.books.rules import Leg, credit, debit
from ledger.kernel import limits
from ledger.kernel.errors import Conflict, Invalid
from ledger.kernel.texts import clean_line

ADJUST: Final = "journal.adjust"
LEND: Final = "fund.lend"
PAY_BACK: Final = "fund.settle"
KINDS: Final = (ADJUST, LEND, PAY_BACK)
WHAT: Final = {
    ADJUST: "correct the books",
    LEND: "one fund lends another",
    PAY_BACK: "one fund pays another back",
}
"""What each kind of draft does, in words that are signed."""

KEPT_BY_STEPS: Final = (
    "Equity:Memo:Periods:", "Assets:DueFrom:", "Liabilities:DueTo:",
)  # fmt: skip
SIDES: Final = {"D": "debit", "C": "credit"}


class NotPosted(Conflict):
    """The draft is not approved, or was posted, refused or withdrawn."""

    code = "drafts.not_waiting"
    title = "There is nothing to post"


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody writes by hand. A loan has two legs: the account paid from, and the other."""

    kind: str
    effective_on: date
    reason: str
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One entry as it is shown and signed: ``quantity`` in whole pence, minutes or items."""

    path: str
    side: str
    quantity: int
    unit: str
    fund: str


def loan(
    *, kind: str, paid_from: str, paid_into: str, quantity: int, effective_on: date, reason: str
) -> Draft:
    """J3: a loan, or its paying back, of a quantity from one fund's account into another's."""
    legs = (credit(paid_from, quantity), debit(paid_into, quantity))
    return Draft(kind, effective_on, reason, legs)


def check(draft: Draft, *, today: date) -> str:
    """J1, J2, J6: refuse what cannot be drafted; returns the reason as it is kept.

    Raises:
        Invalid: naming the field.
    """
    assert draft.kind in KINDS, draft.kind
    if not 2 <= len(draft.legs) <= limits.DRAFT_LEGS_MAX:
        raise Invalid(
            f"A draft of {len(draft.legs)} entries cannot be posted.",
            remedy=f"Write 2 to {limits.DRAFT_LEGS_MAX} entries; more are several drafts.",
            place="entries",
        )
    if draft.effective_on > today:
        raise Invalid(
            f"{draft.effective_on.isoformat()} has not come yet.",
            remedy="Let it take effect today or earlier.",
            place="effective_on",
        )
    kept = [leg.path for leg in draft.legs if f"{leg.path}:".startswith(KEPT_BY_STEPS)]
    if kept:
        raise Invalid(
            f"{kept[0]} is not written by hand.",
            remedy="Close or open a period, lend or pay back: each is a step of its own.",
            place="entries",
        )
    return clean_line(
        draft.reason, place="reason", shortest=limits.REASON_CHARS_MIN,
        longest=limits.LINE_CHARS_MAX,
    )  # fmt: skip


def pence_moved(lines: Sequence[DraftLine]) -> int:
    """J5: how many pence a draft debits; hours and goods are no money."""
    return sum(line.quantity for line in lines if line.unit == "GBP" and line.side == "D")


def facts(draft: Draft, lines: Sequence[DraftLine]) -> dict[str, Any]:
    """J4: exactly what is drafted and approved."""
    return {
        "what": WHAT[draft.kind],
        "effective_on": draft.effective_on.isoformat(),
        "reason": draft.reason,
        "entries": [
            {
                "account": line.path, "side": SIDES[line.side], "unit": line.unit,
                "fund": line.fund,
                "quantity_pence" if line.unit == "GBP" else "quantity": line.quantity,
            }
            for line in lines
        ],
    }  # fmt: skip


def read(kind: str, signed: Mapping[str, Any]) -> tuple[Draft, tuple[DraftLine, ...]]:
    """J4: the draft that these facts are about, and its entries as they were shown."""
    sides = {words: side for side, words in SIDES.items()}
    lines = tuple(
        DraftLine(
            one["account"], sides[one["side"]], int(one.get("quantity_pence", one.get("quantity"))),
            one["unit"], one["fund"],
        )
        for one in signed["entries"]
    )  # fmt: skip
    legs = tuple(Leg(line.path, line.side, line.quantity) for line in lines)  # type: ignore[arg-type]
    effective_on = date.fromisoformat(signed["effective_on"])
    return Draft(kind, effective_on, signed["reason"], legs), lines
