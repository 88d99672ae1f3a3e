"""What may be written into the books by hand, and by whom (J1 to J8).

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
J7  A journal is reversed on purpose by its exact mirror, once: on its own day while the period of
    that day is not closed, or on the day of drafting. Original, choice of day and reason are
    signed with the entries, and a second draft waits for the first to be decided.
J8  By hand is reversed what nothing else counts on: openings, corrections, contributions, loans
    between funds, and receipts of hire that the bank returned or somebody typed wrong. What a
    pledge, an offer, a booking, an agreement or a period keeps count of is undone by its own step, so that
    they never say what the books do not; a hold is resolved, and a reversal answered by a correction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.books.rules import KIND_WORDS, Leg, credit, debit, mirrored
from ledger.kernel import limits
from ledger.kernel.errors import Conflict, Invalid
from ledger.kernel.texts import clean_line

ADJUST: Final = "journal.adjust"
LEND: Final = "fund.lend"
PAY_BACK: Final = "fund.settle"
REVERSE: Final = "journal.reverse"
KINDS: Final = (ADJUST, LEND, PAY_BACK, REVERSE)
WHAT: Final = {
    ADJUST: "correct the books",
    REVERSE: "reverse a journal",
    LEND: "one fund lends another",
    PAY_BACK: "one fund pays another back",
}
"""What each kind of draft does, in words that are signed."""

KEPT_BY_STEPS: Final = (
    "Equity:Memo:Periods:", "Assets:DueFrom:", "Liabilities:DueTo:",
)  # fmt: skip
SIDES: Final = {"D": "debit", "C": "credit"}

ORIGINAL: Final = "original"
TODAY: Final = "today"
DATED: Final = {ORIGINAL: "on the day of the original", TODAY: "on the day of the draft"}
"""J7: on which day a reversal takes effect."""
REVERSIBLE: Final = frozenset(
    {"opening", "adjustment", "receipt", "fund.contribution", "fund.lend", "fund.settle"}
)
"""J8: the kinds of journal that are reversed by hand."""
_CORRECT: Final = "Draft a correction that says what it should have said."
_PLEDGE: Final = "Excuse or give up the promise on the pledge’s page, or dissolve the pledge."
_RETURN: Final = (
    "The match returns to its offer when the pledge is cancelled, lapses or is dissolved."
)
_PAID_BACK: Final = "Let whoever paid withdraw, or dissolve the pledge: what was paid in is paid back by two people."
_DELIVER: Final = "Let the group return the money, and draft a correction when it is in the bank."
_BOOKING: Final = "Cancel the date on the booking’s page: what was charged is given back."
_SPENT: Final = (
    "It is counted as proved use. Draft a correction for money that was charged wrongly."
)
_MONTH: Final = (
    "Minutes are counted by the month. Change the building’s hours for the months to come."
)
_DEAL: Final = "End or finish the agreement: what is not spent returns to its agencies."
_FIGURES: Final = "Let the agency revise its figures: the determination is made again from them."
OWN_WAY: Final[dict[str, str]] = {
    "reversal": _CORRECT,
    "hold": "Let the hold go, or wait until it runs out.",
    "hold.post": _CORRECT,
    "hold.void": "Put it on hold again.",
    "hold.expire": "Put it on hold again.",
    "period.close": "Open the period again on its page: two people sign for it.",
    "period.reopen": "Close the period again on its page: two people sign for it.",
    "fund.receipt": "End the match offer on its page, and draft a correction for its money.",
    "pledge.promise": "Let whoever promised withdraw, or cancel the pledge.",
    "pledge.promise.end": "Let whoever promised join the pledge again.",
    "pledge.settle": _PLEDGE,
    "pledge.collect": "Dissolve the pledge: what was paid in is paid back by two people.",
    "pledge.match.reserve": _RETURN,
    "pledge.match.earn": _RETURN,
    "pledge.match.return": "Offer the match to the pledge again.",
    "pledge.release": _DELIVER,
    "pledge.pay": _DELIVER,
    "pledge.refund": "Pay it back on the pledge’s page: it is owed.",
    "pledge.refund.pay": _CORRECT,
    "pledge.default": "Enter the receipt on the pledge’s page when it is paid, or excuse the promise.",
    "pledge.excuse": "Draft a correction when it is paid after all.",
    "pledge.hours": "Confirm the hours that were given, or excuse the promise, on the pledge’s page.",
    "booking.confirm": _BOOKING,
    "booking.cancel": "Let the group book the date again.",
    "booking.use": _SPENT,
    "booking.no_show": _SPENT,
    "booking.month": _MONTH,
    "dividend.commit": _DEAL,
    "dividend.receipt": _DEAL,
    "dividend.reserve": _DEAL,
    "dividend.return": "Reserve it for an agreement again.",
    "dividend.award": _FIGURES,
    "dividend.confirm": _FIGURES,
    "dividend.revise": _FIGURES,
    "saving.recognise": _FIGURES,
    "dividend.pay": "What was paid too much is owed back when the figures are revised.",
    "dividend.recover": _CORRECT,
}
"""J8: how every other kind is undone."""
_OF_A_PLEDGE: Final = "PLG-"


class NotPosted(Conflict):
    """The draft is not approved, or was posted, refused or withdrawn."""

    code = "drafts.not_waiting"
    title = "There is nothing to post"


class NotReversible(Conflict):
    """J7, J8: the journal is undone in another way, or its own day lies in a closed period."""

    code = "drafts.not_reversible"
    title = "That journal is not reversed by hand"


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody writes by hand. A loan has two legs: the account paid from, and the other.

    ``reverses`` is the number of the journal that a reversal answers, ``dated`` whose day it has.
    """

    kind: str
    effective_on: date
    reason: str
    legs: tuple[Leg, ...]
    reverses: int | None = None
    dated: str = ""


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


def check_reversible(kind: str, *, group: str, seq: int, entries: int) -> None:
    """J8: refuse what is undone by a step of its own, naming the step; ``group`` is what the
    journal belongs to, since money that a pledge received is the pledge's to pay back.

    Raises:
        NotReversible.
    """
    way = _PAID_BACK if group.startswith(_OF_A_PLEDGE) else ""
    if kind not in REVERSIBLE or way:
        raise NotReversible(
            f"“{KIND_WORDS[kind]}” is not reversed by hand"
            + (", since a pledge counts on it." if way else "."),
            remedy=OWN_WAY.get(kind, way),
            place=str(seq),
        )
    if entries > limits.DRAFT_LEGS_MAX:
        raise NotReversible(
            f"Its {entries} entries are more than one draft may have ({limits.DRAFT_LEGS_MAX}).",
            remedy="Draft several corrections.",
            place=str(seq),
        )


def undone(kind: str) -> str:
    """J8: how journals of a kind are undone, in words."""
    by_hand = "Reversed by hand, by two people (J7)."
    if kind == "receipt":
        return f"{by_hand} If a pledge received it: {_PAID_BACK}"
    return OWN_WAY.get(kind, by_hand)


def reversal(
    *, seq: int, legs: Sequence[Leg], own_day: date, is_open: bool, today: date, dated: str,
    reason: str,
) -> Draft:  # fmt: skip
    """J7: the mirror of journal ``seq``, on its own day or today; ``is_open`` says of its own day
    that it lies in no closed period.

    Raises:
        Invalid: neither of the two days. NotReversible: its own day lies in a closed period.
    """
    if dated not in DATED:
        raise Invalid(
            "A reversal takes effect on the day of the original or today.",
            remedy="Choose one of the two.",
            place="dated",
        )
    if dated == ORIGINAL and not is_open:
        raise NotReversible(
            f"{own_day.isoformat()} lies in a closed period.",
            remedy="Let the reversal take effect today.",
            place="dated",
        )
    day = own_day if dated == ORIGINAL else today
    return Draft(REVERSE, day, reason, mirrored(legs), seq, dated)


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
    if kept and draft.reverses is None:
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
    """J4, J7: exactly what is drafted and approved."""
    answered = {"journal": draft.reverses, "dated": draft.dated} if draft.reverses else {}
    return answered | {
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
    answered = (signed.get("journal"), signed.get("dated", ""))
    return Draft(kind, effective_on, signed["reason"], legs, *answered), lines
