"""Questions and objections: their states, who moves them, and when they are taken (I5 to I7)."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.inspections.rules.refusals import NotOpen, OwnMatter, WrongStep
from ledger.kernel import limits
from ledger.kernel.clock import day_in_words
from ledger.kernel.errors import Invalid

QUESTION: Final = "question"
OBJECTION: Final = "objection"
KINDS: Final = (QUESTION, OBJECTION)
KIND_WORDS: Final = {QUESTION: "Question", OBJECTION: "Objection"}

ASKED: Final = "ASKED"
ANSWERED: Final = "ANSWERED"
REPLIED: Final = "REPLIED"
DECIDED: Final = "DECIDED"
WITHDRAWN: Final = "WITHDRAWN"
STATES: Final = (ASKED, ANSWERED, REPLIED, DECIDED, WITHDRAWN)
STATE_WORDS: Final = {
    ASKED: "waits for an answer",
    ANSWERED: "is answered",
    REPLIED: "has the council's reply, and waits for the auditor",
    DECIDED: "is decided by the auditor",
    WITHDRAWN: "was withdrawn",
}
SHOWN: Final = (ANSWERED, REPLIED, DECIDED)
"""I7: in these states everybody may read it."""

ANSWER: Final = "answer"
DECIDE: Final = "decide"
WITHDRAW: Final = "withdraw"
RIGHTS: Final = {ANSWER: "inspection.answer", DECIDE: "inspection.decide"}
"""The action that a step is; withdrawing is for whoever asked."""

_MOVES: Final[dict[tuple[str, str], dict[str, str]]] = {
    (QUESTION, ASKED): {ANSWER: ANSWERED, WITHDRAW: WITHDRAWN},
    (OBJECTION, ASKED): {ANSWER: REPLIED, DECIDE: DECIDED, WITHDRAW: WITHDRAWN},
    (OBJECTION, REPLIED): {DECIDE: DECIDED, WITHDRAW: WITHDRAWN},
}


def next_state(kind: str, state: str, step: str) -> str:
    """I6: where a step leads.

    Raises:
        WrongStep: it does not wait for this step.
    """
    moved = _MOVES.get((kind, state), {}).get(step)
    if moved is None:
        raise WrongStep(
            f"The {kind} {STATE_WORDS[state]}.",
            remedy="Look at it again: somebody may have answered meanwhile.",
            place="state",
        )
    return moved


def check_own(*, step: str, asked_by: str, person: str) -> None:
    """I6: whoever asked withdraws, and anybody else answers.

    Raises:
        OwnMatter.
    """
    if step == WITHDRAW and person != asked_by:
        raise OwnMatter("Somebody else asked it.", remedy="Only they can withdraw it.")
    if step != WITHDRAW and person == asked_by:
        raise OwnMatter("You asked it yourself.", remedy="Somebody else must answer.")


def check_few(waiting: int) -> None:
    """I5: refuse another one to whoever has as many waiting as anybody may.

    Raises:
        Invalid: with how many that is.
    """
    if waiting >= limits.MATTERS_WAITING_MAX:
        raise Invalid(
            f"{waiting} of your questions and objections wait for an answer.",
            remedy="Wait until some are answered, or withdraw some.",
            place="words",
        )


def check_within(*, today: date, opens_on: date, closes_on: date) -> None:
    """I5: from the first day to the end of the last one, in London.

    Raises:
        NotOpen: it has not begun, or is over.
    """
    if today < opens_on:
        raise NotOpen(
            f"The inspection begins on {day_in_words(opens_on)}.", remedy="Come back then."
        )
    if today > closes_on:
        raise NotOpen(
            f"The inspection ended on {day_in_words(closes_on)}.",
            remedy="Write to the auditor, who may still listen.",
        )
