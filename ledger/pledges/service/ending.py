"""How a pledge ends: lapsed, cancelled, dissolved or completed (PL6, PL13, PL16)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.books.rules import JournalSpec
from ledger.funds import service as funds
from ledger.kernel.errors import Conflict
from ledger.kernel.money import format_quantity
from ledger.parties.rules import Actor, require
from ledger.pledges import queries, rules
from ledger.pledges.models import Pledge
from ledger.pledges.service import rows
from ledger.pledges.service.refunding import dissolve_if_empty, give_back, owe_back

__all__ = ["cancel", "complete", "dissolve"]


def lapse_now(session: Session, row: Pledge, *, actor: str, now: datetime) -> None:
    """PL6: the (locked) pledge did not reach its minimum: promises go, money goes back."""
    told = rows.backers(session, row.id)
    rows.move_pledge(session, row, "LAPSED", ended_at=now, ended_reason="minimum not reached")
    _let_go(session, row, actor=actor, now=now, occasion="lapse")
    rows.note(
        session, now=now, actor=actor, action="pledge.lapse", subject=row.id,
        facts={"confirmed": row.confirmed, "minimum": row.minimum},
    )  # fmt: skip
    rows.tell(
        session, [row.organiser, row.broker, *told], template="pledge.lapsed", pledge=row, now=now
    )


def _let_go(session: Session, row: Pledge, *, actor: str, now: datetime, occasion: str) -> None:
    """Row 1a for every promise, row 7 for what was paid ahead, row 5c for the match."""
    signers = rows.commitments_in(session, row.id, ("CONFIRMED", "UNCONFIRMED"))
    specs: list[JournalSpec] = []
    for signer in signers:
        left = signer.quantity - signer.received
        if signer.state == "CONFIRMED" and left:
            specs.append(rows.journal(
                row, id=f"{signer.id}:{occasion}", kind="pledge.promise.end", maker=actor,
                legs=rules.promise_ended(row.id, signer.id, row.unit, left), now=now,
                reason="pledge ended",
            ))  # fmt: skip
    rows.post(session, row, specs, now)
    empty = [
        signer for signer in signers if give_back(session, row, signer, actor=actor, now=now) == 0
    ]
    rows.move_commitments(session, empty, "LAPSED", ended_at=now)
    funds.end_reservation(session, pledge=row.id, maker=actor, now=now)


def cancel(session: Session, *, pledge: str, reason: str, actor: Actor, now: datetime) -> None:
    """The organiser or an officer ends a pledge before anything falls due, with a public reason.

    Raises:
        NotReady: it is past that. NotYourGroup. Invalid: no reason.
    """
    row = rows.locked_pledge(session, pledge)
    if not actor.roles & {"officer", "head", "s151"}:
        require(actor, "pledge.close")
        rows.check_member(session, actor, row.group_id, "organiser")
    words = rows.written(reason)
    told = rows.backers(session, pledge)
    rows.move_pledge(session, row, "CANCELLED", ended_at=now, ended_reason=words)
    _let_go(session, row, actor=actor.person, now=now, occasion="cancel")
    rows.note(
        session, now=now, actor=actor.person, action="pledge.cancel", subject=pledge, reason=words
    )
    rows.tell(
        session, [row.organiser, row.broker, *told], template="pledge.cancelled", pledge=row,
        now=now, facts={"reason": words},
    )  # fmt: skip


def dissolve(session: Session, *, pledge: str, reason: str, actor: Actor, now: datetime) -> None:
    """PL13: an officer ends a pledge that cannot be delivered: what is held goes back.

    Raises:
        NotReady, SelfModeration, Invalid (no reason), Conflict (a release is not yet paid).
    """
    require(actor, "pledge.moderate")
    row = rows.locked_pledge(session, pledge)
    rows.check_outsider(session, actor, row)
    dissolve_now(session, row, reason=rows.written(reason), actor=actor.person, now=now)


def dissolve_now(session: Session, row: Pledge, *, reason: str, actor: str, now: datetime) -> None:
    """Rows 8b, 5d, 7 and 5c for a locked pledge: nothing is owed, what is held goes back."""
    if row.unit == "GBP" and books.owed(session, row.book, rules.payable(row.id)):
        raise Conflict(
            "Money released to the group is waiting to be paid.",
            remedy="Record that payment first.",
            place=row.id,
        )
    for release in queries.releases(session, pledge=row.id, states=("REQUESTED", "PROPOSED")):
        _, waiting = rows.locked_release(session, release.id)
        rows.move_release(session, waiting, "REFUSED", refused_reason="The pledge was dissolved.")
    told = rows.backers(session, row.id)
    rows.move_pledge(session, row, "DISSOLVING", ended_reason=reason, fell_short=False)
    _forgive(session, row, actor=actor, now=now)
    if row.unit == "GBP":
        _share_out(session, row, actor=actor, now=now)
    funds.end_reservation(session, pledge=row.id, maker=actor, now=now, occasion="dissolve")
    rows.note(
        session, now=now, actor=actor, action="pledge.dissolve", subject=row.id, reason=reason
    )
    rows.tell(
        session, [row.organiser, row.broker, *told], template="pledge.dissolving", pledge=row,
        now=now, facts={"reason": reason},
    )  # fmt: skip
    dissolve_if_empty(session, row, actor=actor, now=now)


def _forgive(session: Session, row: Pledge, *, actor: str, now: datetime) -> None:
    """Rows 8a and 8b: what is still owed is no longer owed."""
    specs: list[JournalSpec] = []
    owing = rows.commitments_in(session, row.id, rules.OWING)
    for signer in owing:
        left = books.net(session, row.book, rules.due(signer.id, row.unit))
        late = signer.quantity - signer.received if signer.state == "DEFAULTED" else 0
        for pence, legs in (
            (left, rules.excused(row.id, signer.id, row.unit, left)),
            (late, rules.written_off(row.id, row.unit, late)),
        ):
            if pence:
                specs.append(rows.journal(
                    row, id=f"{signer.id}:dissolve", kind="pledge.excuse", maker=actor, now=now,
                    legs=legs, reason="pledge dissolved",
                ))  # fmt: skip
    rows.post(session, row, specs, now)
    for signer in rows.commitments_in(session, row.id, ("UNCONFIRMED", *rules.OWING)):
        if signer.received + signer.extra == 0 or row.unit == "HOUR":
            rows.move_commitment(session, signer, "LAPSED", ended_at=now)


def _share_out(session: Session, row: Pledge, *, actor: str, now: datetime) -> None:
    """PL13: escrow goes back to the givers and the match, in proportion when some is spent."""
    held = books.owed(session, row.book, rules.escrow(row.id))
    givers = [
        signer
        for signer in rows.commitments_in(session, row.id, rules.COUNTED)
        if signer.received + signer.extra
    ]
    matched = sum(signer.earned_match for signer in givers)
    parts, match_part = rules.share_of_refund(
        held, gifts=[signer.received + signer.extra for signer in givers], matched=matched
    )
    if match_part:
        funds.unwind(
            session, pledge=row.id, escrow=rules.escrow(row.id), occasion=f"{row.id}:dissolve",
            pence=match_part, maker=actor, now=now,
        )  # fmt: skip
    for signer, part in zip(givers, parts, strict=True):
        owe_back(
            session, row, signer, part, matched=signer.earned_match, held=rules.escrow(row.id),
            actor=actor, now=now,
        )  # fmt: skip


def complete(session: Session, *, pledge: str, actor: Actor, now: datetime) -> None:
    """Everything was delivered: nothing is held, owed or waiting (PL16).

    An officer outside the group says so.

    Raises:
        NotReady, SelfModeration, Conflict: naming what is still open.
    """
    require(actor, "pledge.moderate")
    row = rows.locked_pledge(session, pledge)
    rows.check_outsider(session, actor, row)
    rules.check_state(row.state, {"DELIVERING"}, place=pledge)
    paths = [spec.path for spec in rules.pledge_accounts(row.id, row.unit) if row.id in spec.path]
    left = [
        f"{path.split(':')[-2].lower()} {format_quantity(abs(balance.net), row.unit)}"
        for path, balance in sorted(books.balances(session, row.book, paths).items())
        if balance.net and not path.startswith("Equity:Hours:")
    ]
    if left:
        raise Conflict(
            f"The pledge is not finished: {', '.join(left)}.",
            remedy="Release or refund what is held, and settle, excuse or write off what is owed.",
            place=pledge,
        )
    rows.move_pledge(session, row, "COMPLETED", ended_at=now, ended_reason="delivered")
    rows.note(session, now=now, actor=actor.person, action="pledge.complete", subject=pledge)
    rows.tell(
        session, [row.organiser, row.broker, *rows.backers(session, pledge)],
        template="pledge.completed", pledge=row, now=now,
    )  # fmt: skip
