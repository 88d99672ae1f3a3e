"""A group asks for a milestone; two people who are not of it release it (PL12)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ledger.approvals import queries as proposals
from ledger.approvals import service as approvals
from ledger.books import queries as books
from ledger.kernel import limits
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import new_id
from ledger.kernel.money import format_pence
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, require
from ledger.pledges import queries, rules
from ledger.pledges.models import Pledge, Release
from ledger.pledges.service import rows

__all__ = [
    "RELEASE_KIND", "pay_release", "post_release", "propose_release", "refuse_release",
    "request_release",
]  # fmt: skip

RELEASE_KIND = "pledge.release"


def request_release(
    session: Session, *, pledge: str, milestone: str, pence: int, evidence: str, actor: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """PL12: the group's treasurer asks for money for a milestone; returns the release.

    Raises:
        NotReady: the pledge is not being delivered. NotEnoughHeld. NotYourGroup. Invalid.
    """
    require(actor, "pledge.draw")
    row = rows.locked_pledge(session, pledge)
    rows.check_member(session, actor, row.group_id, "treasurer")
    rules.check_state(row.state, {"DELIVERING"}, place=pledge)
    if not limits.REASON_CHARS_MIN <= len(milestone.strip()) <= limits.LINE_CHARS_MAX:
        raise Invalid(
            "The milestone has no name.",
            remedy="Say in a few words what was done.",
            place="milestone",
        )
    rows.written(evidence, place="evidence")
    _check_held(session, row, pence)
    release = Release(
        id=new_id("REL"), book=row.book, pledge=pledge, payee=row.group_id,
        milestone=milestone.strip(), evidence=evidence.strip(), pence=pence, state="REQUESTED",
        requested_by=actor.person, requested_at=now, proposal=None, released_at=None,
        paid_at=None, payment_reference=None, refused_reason="",
    )  # fmt: skip
    session.add(release)
    session.flush()
    rows.note(
        session, now=now, actor=actor.person, action="release.request", subject=release.id,
        facts={"pledge": pledge, "pence": pence},
    )  # fmt: skip
    rows.tell(
        session, [row.broker, *parties.with_role(session, "officer")],
        template="pledge.release_asked", pledge=row, now=now, occasion=release.id,
        facts={"amount": format_pence(pence), "milestone": release.milestone},
    )  # fmt: skip
    return release.id


def _check_held(session: Session, row: Pledge, pence: int) -> None:
    """PL12: what is asked for and not yet released fits into what escrow holds."""
    held = books.owed(session, row.book, rules.escrow(row.id))
    waiting = sum(
        release.pence
        for release in queries.releases(session, pledge=row.id, states=("REQUESTED", "PROPOSED"))
    )
    if type(pence) is not int or not 0 < pence <= held - waiting:
        raise rules.NotEnoughHeld(
            f"The pledge holds {format_pence(held)}, of which {format_pence(waiting)} is asked"
            " for already.",
            remedy=f"Ask for at most {format_pence(max(0, held - waiting))}.",
            place="quantity",
        )


def _facts(session: Session, release: Release) -> dict[str, object]:
    return {
        "release": release.id, "pledge": release.pledge, "payee": release.payee,
        "group": parties.organisation(session, release.payee).name,
        "milestone": release.milestone, "evidence": release.evidence,
        "amount_pence": release.pence,
    }  # fmt: skip


def propose_release(session: Session, *, release: str, actor: Actor, now: datetime) -> str:
    """PL12: an officer takes a request to two others; returns the proposal.

    Everybody of the group that would be paid is barred from proposing and deciding.

    Raises:
        NotReady, SelfModeration.
    """
    require(actor, "pledge.release")
    row, asked = rows.locked_release(session, release)
    rows.check_outsider(session, actor, row)
    rules.check_state(asked.state, {"REQUESTED"}, place=release)
    barred = sorted(rows.members(session, asked.payee) | {asked.requested_by})
    proposal = approvals.propose(
        session, kind=RELEASE_KIND, subject=release, facts=_facts(session, asked),
        quantity_pence=asked.pence, bucket=f"releases:{asked.payee}", maker=actor.person,
        barred=barred, now=now,
    )  # fmt: skip
    rows.move_release(session, asked, "PROPOSED", proposal=proposal)
    rows.note(
        session, now=now, actor=actor.person, action="release.propose", subject=release,
        facts={"pence": asked.pence, "proposal": proposal},
    )  # fmt: skip
    return proposal


def refuse_release(
    session: Session, *, release: str, reason: str, actor: Actor, now: datetime
) -> None:
    """An officer turns a request down in words, or closes one that was not approved.

    Raises:
        NotReady, SelfModeration, Invalid: no reason.
    """
    require(actor, "pledge.release")
    row, asked = rows.locked_release(session, release)
    rows.check_outsider(session, actor, row)
    words = rows.written(reason)
    rules.check_state(asked.state, {"REQUESTED", "PROPOSED"}, place=release)
    if asked.proposal and proposals.get(session, asked.proposal).state not in ("REFUSED", "VOID"):
        approvals.void(session, proposal=asked.proposal, reason=words, actor=actor, now=now)
    rows.move_release(session, asked, "REFUSED", refused_reason=words)
    rows.note(
        session, now=now, actor=actor.person, action="release.refuse", subject=release, reason=words
    )
    rows.tell(
        session, [asked.requested_by], template="pledge.release_refused", pledge=row, now=now,
        occasion=release, facts={"reason": words, "milestone": asked.milestone},
    )  # fmt: skip


def post_release(session: Session, *, release: str, actor: Actor, now: datetime) -> None:
    """Row 6: a release that two people approved leaves escrow for the group.

    Raises:
        NotReady. A refusal of approvals when it was not approved as it stands.
    """
    require(actor, "pledge.release")
    row, asked = rows.locked_release(session, release)
    rules.check_state(asked.state, {"PROPOSED"}, place=release)
    assert asked.proposal is not None, "a proposed release has its proposal"
    used = approvals.use(session, proposal=asked.proposal, facts=_facts(session, asked), now=now)
    rows.post(
        session, row,
        [rows.journal(
            row, id=f"{release}:release", kind="pledge.release", maker=used.maker,
            checker=used.approver, legs=rules.released(row.id, asked.pence), now=now,
            reason="milestone released",
        )], now,
    )  # fmt: skip
    rows.move_release(session, asked, "RELEASED", released_at=now)
    rows.note(
        session, now=now, actor=actor.person, action="release.post", subject=release,
        facts={"pledge": row.id, "pence": asked.pence, "verifier": used.verifier,
               "approver": used.approver},
        authority=asked.proposal,
    )  # fmt: skip
    rows.tell(
        session, [asked.requested_by, row.organiser], template="pledge.released", pledge=row,
        now=now, occasion=release,
        facts={"amount": format_pence(asked.pence), "milestone": asked.milestone},
    )  # fmt: skip


def pay_release(
    session: Session, *, release: str, reference: str, actor: Actor, now: datetime
) -> None:
    """Row 6a: finance has paid the group; the bank line's reference is kept.

    The entry is made by whoever records the payment and checked by who approved the release.

    Raises:
        NotReady, SelfModeration, Invalid: no reference.
    """
    require(actor, "pledge.release")
    row, asked = rows.locked_release(session, release)
    rows.check_outsider(session, actor, row)
    rules.check_state(asked.state, {"RELEASED"}, place=release)
    words = reference.strip()
    if not 0 < len(words) <= limits.LINE_CHARS_MAX:
        raise Invalid(
            "The payment has no reference.",
            remedy="Enter the reference on the bank statement.",
            place="reference",
        )
    assert asked.proposal is not None
    decided = proposals.get(session, asked.proposal)
    deciders = [decided.decided_by("approve"), decided.decided_by("verify")]
    checker = next(person for person in deciders if person and person != actor.person)
    rows.post(
        session, row,
        [rows.journal(
            row, id=f"{release}:pay", kind="pledge.pay", maker=actor.person, checker=checker,
            legs=rules.paid_group(row.id, asked.pence), now=now, reason="group paid",
        )], now,
    )  # fmt: skip
    rows.move_release(session, asked, "PAID", paid_at=now, payment_reference=words)
    rows.note(
        session, now=now, actor=actor.person, action="release.pay", subject=release,
        facts={"pledge": row.id, "pence": asked.pence, "reference": words},
        authority=asked.proposal,
    )  # fmt: skip
    rows.tell(
        session, [asked.requested_by, row.organiser], template="pledge.paid", pledge=row, now=now,
        occasion=release, facts={"amount": format_pence(asked.pence), "reference": words},
    )  # fmt: skip
