"""Two-person decisions: who may decide, on what, and within which limit (A1 to A8).

A1  Maker, verifier and approver are three different people.
A2  Nobody decides about what they gain from (the barred).
A3  A decision is about the digest of exactly what was shown; any other digest is refused.
A4  What was approved is used once, with the same facts, and never edited.
A5  An approver stays within the limit of their role: all that was approved in the same bucket
    in the same London financial year counts, so that splitting does not help.
A6  A no at any stage ends the proposal.
A7  No job decides.
A8  Every decision has a reason of at least three characters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.kernel import limits
from ledger.kernel.errors import Conflict, Forbidden, Invalid
from ledger.kernel.money import format_pence

VERIFY: Final = "verify"
APPROVE: Final = "approve"
STAGES: Final = (VERIFY, APPROVE)

PROPOSED: Final = "PROPOSED"
VERIFIED: Final = "VERIFIED"
APPROVED: Final = "APPROVED"
USED: Final = "USED"
REFUSED: Final = "REFUSED"
VOID: Final = "VOID"

FACTS_CHARS_MAX: Final = 20_000
"""The most that a proposal's facts may say; the database has the same limit."""
_PLAIN: Final = (str, int, bool)
_encode: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False
).encode  # fmt: skip

MOVES: Final = {
    PROPOSED: frozenset({VERIFIED, APPROVED, REFUSED, VOID}),
    VERIFIED: frozenset({APPROVED, REFUSED, VOID}),
    APPROVED: frozenset({USED, VOID}),
    USED: frozenset[str](),
    REFUSED: frozenset[str](),
    VOID: frozenset[str](),
}
"""Every move a proposal may make. The database holds the same table."""

STATE_WORDS: Final = {
    PROPOSED: "waits to be verified",
    VERIFIED: "waits to be approved",
    APPROVED: "approved",
    USED: "carried out",
    REFUSED: "refused",
    VOID: "withdrawn",
}


def in_words(*, state: str, waits_for: str | None) -> str:
    """Where a proposal stands; one that nobody has to verify waits to be approved at once."""
    return STATE_WORDS[VERIFIED if waits_for == APPROVE else state]


class SamePerson(Forbidden):
    """A1: the maker, verifier and approver must be three different people."""

    code = "approvals.same_person"
    title = "This needs a different person"


class Interested(Forbidden):
    """A2: this person gains from the proposal."""

    code = "approvals.interested"
    title = "You may not decide about this"


class Changed(Conflict):
    """A3, A4: what was shown or approved is not what is stored now."""

    code = "approvals.changed"
    title = "This is not what was shown"


class NotWaiting(Conflict):
    """The proposal does not wait for this stage: it was decided, used or withdrawn."""

    code = "approvals.not_waiting"
    title = "This is not waiting for that decision"


class OverLimit(Forbidden):
    """A5: together with what was approved before, this is more than the role may approve."""

    code = "approvals.over_limit"
    title = "This is above your limit"


class NoJobDecides(Forbidden):
    """A7: only people decide."""

    code = "approvals.no_job_decides"
    title = "Only a person may decide this"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One person's decision at one stage; ``authority`` is the limit it was made under."""

    stage: str
    person: str
    verdict: str
    reason: str
    authority: str | None


def canonical(facts: Mapping[str, object]) -> str:
    """The facts as text of which there is exactly one form (sorted keys, no spaces).

    Raises:
        Invalid: a fact that is not text, a whole number, yes or no, nothing, or lists and
            tables of these; or too many of them.
    """
    _check_plain(facts, depth=1)
    return _short_enough(_encode(dict(facts)))


def _short_enough(text: str) -> str:
    if len(text) > FACTS_CHARS_MAX:
        raise Invalid(
            "The facts of this proposal are too long.",
            remedy="Keep the details in a document and put its hash here.",
            place="facts",
        )
    return text


def _check_plain(fact: object, *, depth: int) -> None:
    if depth > limits.JSON_DEPTH_MAX:
        raise _not_plain(fact)
    inside: Iterable[object] = ()
    if isinstance(fact, dict | Mapping):
        if not all(map(_is_text, fact)):
            raise _not_plain(fact)
        inside = fact.values()
    elif isinstance(fact, list | tuple):
        inside = fact
    elif fact is not None and not isinstance(fact, str | int):
        raise _not_plain(fact)
    for value in inside:
        if type(value) not in _PLAIN or depth == limits.JSON_DEPTH_MAX:
            _check_plain(value, depth=depth + 1)


def _is_text(key: object) -> bool:
    return isinstance(key, str)


def _not_plain(fact: object) -> Invalid:
    return Invalid(
        f"{str(fact)[:40]!r} cannot be part of a proposal.",
        remedy="Use whole numbers, texts, and lists or tables of them.",
        place="facts",
    )


def digest(
    *,
    kind: str,
    subject: str,
    facts: Mapping[str, object],
    quantity_pence: int,
    bucket: str,
    maker: str,
    stages: str,
    barred: Collection[str],
) -> str:
    """A3: SHA-256 over exactly what a decision is about, in hex."""
    return text_digest(
        kind=kind, subject=subject, text=canonical(facts), quantity_pence=quantity_pence,
        bucket=bucket, maker=maker, stages=stages, barred=barred,
    )  # fmt: skip


def text_digest(
    *, kind: str, subject: str, text: str, quantity_pence: int, bucket: str, maker: str,
    stages: str, barred: Collection[str],
) -> str:  # fmt: skip
    """A3: the digest where the facts are canonical text already, which stands in it as it is."""
    before = _encode({"barred": sorted(set(barred)), "bucket": bucket})
    after = _encode(
        {
            "kind": kind,
            "maker": maker,
            "quantity_pence": quantity_pence,
            "stages": stages,
            "subject": subject,
        }
    )
    bound = _short_enough(f'{before[:-1]},"facts":{text},{after[1:]}')
    return hashlib.sha256(bound.encode()).hexdigest()


def check_stages(stages: Sequence[str]) -> str:
    """The stages as stored: verify then approve, or approve alone.

    Raises:
        Invalid: any other list of stages.
    """
    text = ",".join(stages)
    if text not in ("verify,approve", "approve"):
        raise Invalid(
            f"“{text}” are not the stages of a decision.",
            remedy="Use verify and approve, or approve alone.",
            place="stages",
        )
    return text


def check_decider(
    *,
    person: str,
    is_job: bool,
    maker: str,
    barred: Collection[str],
    earlier: Collection[str],
) -> None:
    """A1, A2, A7: refuse a job, the maker, somebody who gains, or somebody who decided before.

    Raises:
        NoJobDecides, SamePerson, Interested: as named.
    """
    if is_job:
        raise NoJobDecides("A job may propose, never decide.", remedy="Ask a person to decide.")
    if person == maker:
        raise SamePerson(
            "You proposed this yourself.",
            remedy="Ask a colleague to decide about it.",
            place="person",
        )
    if person in barred:
        raise Interested(
            "You are named as somebody who gains from this.",
            remedy="Ask a colleague who has no interest in it.",
            place="person",
        )
    if person in earlier:
        raise SamePerson(
            "You already made the other decision about this.",
            remedy="Ask a third person: verifier and approver must differ.",
            place="person",
        )


def check_shown(*, shown: str, stored: str) -> None:
    """A3: refuse a decision about anything but what is stored.

    Raises:
        Changed: the digests differ.
    """
    if shown != stored:
        raise Changed(
            "What you were shown is not what is proposed.",
            remedy="Open it again, read it and decide anew.",
            place="digest",
        )


def next_state(*, state: str, stages: str, stage: str, verdict: str) -> str:
    """A6: the state after a verdict at a stage.

    Raises:
        Invalid: an unknown stage or verdict.
        NotWaiting: the proposal does not wait for this stage.
    """
    if stage not in STAGES or verdict not in ("yes", "no"):
        raise Invalid(
            "A decision is “yes” or “no” at the stage “verify” or “approve”.",
            remedy="Choose one of these.",
            place="verdict" if stage in STAGES else "stage",
        )
    waits_for = {PROPOSED: stages.split(",", maxsplit=1)[0], VERIFIED: APPROVE}.get(state)
    if stage != waits_for:
        raise NotWaiting(
            f"The proposal {STATE_WORDS[state]}; it does not wait for somebody to {stage} it.",
            remedy="Look at it again: somebody may have decided already.",
            place="stage",
        )
    if verdict == "no":
        return REFUSED
    return APPROVED if stage == APPROVE else VERIFIED


def check_reason(reason: str) -> str:
    """A8: the reason, trimmed.

    Raises:
        Invalid: too short to be a reason, or too long to keep.
    """
    text = reason.strip()
    if not limits.REASON_CHARS_MIN <= len(text) <= limits.TEXT_CHARS_MAX:
        raise Invalid(
            "Say why, in a few words.",
            remedy=f"Write {limits.REASON_CHARS_MIN} to {limits.TEXT_CHARS_MAX} characters.",
            place="reason",
        )
    return text


def check_limit(
    *, quantity_pence: int, before_pence: int, limits_pence: Mapping[str, int]
) -> str | None:
    """A5: the role under whose limit this approval falls; None when no money is approved.

    ``before_pence`` is what was approved in the bucket this financial year, ``limits_pence``
    the limit of each role the approver holds. The smallest limit that is enough is used.

    Raises:
        OverLimit: none of the limits is enough.
    """
    if quantity_pence == 0:
        return None
    whole = quantity_pence + before_pence
    enough = {role: most for role, most in limits_pence.items() if most >= whole}
    if enough:
        return min(enough, key=lambda role: (enough[role], role))
    most = max(limits_pence.values(), default=0)
    already = f", with {format_pence(before_pence)} approved before," if before_pence else ""
    raise OverLimit(
        f"{format_pence(quantity_pence)}{already} is more than you may approve:"
        f" {format_pence(most)} in one financial year.",
        remedy="Ask somebody with a higher limit to approve it.",
        place="quantity_pence",
    )
