"""Receipts of what somebody promised, booked or was paid: who may have one, and what it proves (T10)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.audit import rules as audit_rules
from ledger.audit.queries import CheckpointRow, CosignatureView
from ledger.audit.rules import Proved, Said, Standing
from ledger.bookings import queries as bookings
from ledger.books import queries as books
from ledger.dividends import queries as dividends
from ledger.dividends.rules import showing
from ledger.exports import checkpoints, signing
from ledger.kernel.errors import Missing
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, may
from ledger.pledges import queries as pledges

_CHECKPOINTS_LOOKED_AT: Final = 30


@dataclass(frozen=True, slots=True)
class Subject:
    """What a receipt is about: which journals of the books belong to it, and in which words."""

    reference: str
    title: str
    about: str
    group: str
    beginnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it can be given now: ``waiting`` are numbers that nothing has signed yet."""

    subject: Subject
    signed: CheckpointRow | None
    standing: Standing | None
    lines: tuple[CosignatureView, ...]
    entries: tuple[Said, ...]
    waiting: tuple[int, ...]
    text: str


def subject_for(session: Session, reference: str, actor: Actor, *, code: str = "") -> Subject:
    """What a reference is a receipt of, for those who may see it or hold the paper with its code.

    Raises:
        Missing: there is nothing with this reference, or not for this person.
    """
    make = _KINDS.get(reference[:4])
    if make is None:
        raise _missing(reference)
    held = hmac.compare_digest(code.encode(), signing.address_code(reference).encode())
    if code and not held:
        raise _missing(reference)
    return make(session, reference, actor, held)


def _missing(reference: str) -> Missing:
    return Missing(
        "There is no such receipt.",
        remedy="Check the address, or open the receipt from your own promise or booking.",
        place=reference[:40],
    )


def _commitment(session: Session, reference: str, actor: Actor, held: bool) -> Subject:  # noqa: FBT001 - one of three of a kind
    """For its giver, for the group, for the council and the auditor."""
    mine = pledges.commitment(session, reference)
    view = pledges.pledge(session, mine.pledge)
    members = parties.members(session, view.group_id)
    if not (held or actor.person in (mine.person, *members) or may(actor, "books.read")):
        raise _missing(reference)
    own = [reference, *(one.id for one in pledges.receipts(session, commitment=reference))]
    own += [one.id for one in pledges.hours(session, commitment=reference)]
    own += [
        one.id for one in pledges.refunds(session, pledge=view.id) if one.commitment == reference
    ]
    return Subject(
        reference, "Receipt for a promise", view.deal.sentence, view.id,
        tuple(f"{one}:" for one in own),
    )  # fmt: skip


def _booking(session: Session, reference: str, actor: Actor, held: bool) -> Subject:  # noqa: FBT001 - one of three of a kind
    """For whoever made it, its group, the keyholder and staff."""
    view = (
        bookings.booking(session, reference)
        if held
        else bookings.booking_for(session, reference, actor)
    )
    space = bookings.space(session, view.space)
    return Subject(
        reference, "Receipt for a booking", f"{view.activity}: {space.name}", reference, ("",)
    )


def _dividend(session: Session, reference: str, actor: Actor, held: bool) -> Subject:  # noqa: FBT001 - one of three of a kind
    """For anyone, unless a small count could be worked out from its sums (O11)."""
    made = dividends.determination(session, reference)
    small = showing.has_small_count(made.facts)
    if not (held or may(actor, "approval.read")) and small:
        raise _missing(reference)
    view = dividends.agreement(session, made.agreement)
    return Subject(
        reference, "Receipt for a dividend", f"{view.title}, year {made.period}", view.id,
        (f"{reference}:",),
    )  # fmt: skip


_KINDS: Final[dict[str, Callable[[Session, str, Actor, bool], Subject]]] = {
    "CMT-": _commitment,
    "BKG-": _booking,
    "DET-": _dividend,
}


def receipt(session: Session, *, book: int, subject: Subject) -> Receipt:
    """T10: the receipt of a subject under the newest checkpoint that enough witnesses co-signed,
    else under the newest.

    A journal that no checkpoint covers yet waits for the night.
    """
    numbers = books.journals_named(
        session, book, group=subject.group, beginnings=subject.beginnings,
        limit=audit_rules.ENTRIES_MAX,
    )  # fmt: skip
    signed = _checkpoint_for(session, book, numbers)
    if signed is None:
        return Receipt(subject, None, None, (), (), tuple(numbers), "")
    covered = [seq for seq in numbers if seq <= signed.size]
    proofs = checkpoints.inclusions(session, signed=signed, seqs=covered)
    entries = [
        Proved(books.leaf(session, book, seq).leaf, seq - 1, tuple(proof))
        for seq, proof in zip(covered, proofs, strict=True)
    ]
    note = audit_queries.cosigned_note(session, signed)
    return Receipt(
        subject=subject,
        signed=signed,
        standing=audit_queries.standings(session, [signed])[signed.size],
        lines=tuple(audit_queries.cosignatures(session, book, [signed.size])),
        entries=tuple(audit_rules.said(one.leaf) for one in entries),
        waiting=tuple(seq for seq in numbers if seq > signed.size),
        text=audit_rules.receipt_text(entries, note=note),
    )


def _checkpoint_for(session: Session, book: int, numbers: list[int]) -> CheckpointRow | None:
    rows = audit_queries.checkpoints(session, book, rows_max=_CHECKPOINTS_LOOKED_AT)
    if not rows or not numbers or rows[0].size < numbers[0]:
        return None
    last = max(seq for seq in numbers if seq <= rows[0].size)
    covering = [row for row in rows if row.size >= last]
    standings = audit_queries.standings(session, covering)
    witnessed = [row for row in covering if standings[row.size].is_witnessed]
    return (witnessed or covering)[0]


def check(held: Receipt) -> bool:
    """Whether what is given out would be proved by whoever gets it: a fault of ours otherwise."""
    if held.signed is None or not held.entries:
        return False
    found = audit_rules.read_receipt(held.text, public=held.signed.public_key)
    return len(found) == len(held.entries)
