"""Receipts come in; what is late is chased, excused or written off (PL10, PL11, PL15)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.approvals import service as approvals
from ledger.books.rules import JournalSpec, Leg
from ledger.kernel import limits
from ledger.kernel.clock import day_in_words, london_day
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import new_id
from ledger.kernel.money import format_pence, format_quantity
from ledger.parties.rules import Actor, require
from ledger.pledges import rules
from ledger.pledges.models import Commitment, Pledge, Receipt
from ledger.pledges.service import rows
from ledger.pledges.service.matching import earn_match

__all__ = ["WRITE_OFF_KIND", "chase", "excuse", "propose_write_off", "record_receipt", "write_off"]

WRITE_OFF_KIND = "pledge.write_off"
_AHEAD = frozenset({"CONFIRMED"})
_PAYING = frozenset({"DUE", "PART_MET", "OVERDUE", "DEFAULTED", "MET"})


def record_receipt(
    session: Session, *, commitment: str, pence: int, reference: str, received_on: date,
    actor: Actor, now: datetime, accept_extra: bool = False,
) -> str:  # fmt: skip
    """PL10: money for a commitment is at the bank (rows 2, 4, 4a, 5b); returns the receipt.

    ``reference`` is that of the bank line, used once in the book; ``received_on`` is the bank's
    day. Before the pledge settles the money is held to be paid back if it lapses.

    Raises:
        ReceiptUsed, MoreThanDue, NotReady, NotYourGroup, Invalid.
    """
    require(actor, "pledge.collect")
    row, signer = rows.locked_commitment(session, commitment)
    if not actor.roles & {"officer", "head", "s151", "system"}:
        rows.check_member(session, actor, row.group_id, "treasurer")
    _check_receipt(session, row, pence=pence, reference=reference, received_on=received_on, now=now)
    ahead = row.state in ("OPEN", "REACHED", "SUSPENDED")
    rules.check_state(signer.state, _AHEAD if ahead else _PAYING, place=commitment)
    owed = signer.quantity - signer.received
    due_part, more = rules.split_receipt(pence, owed=owed, accept_extra=accept_extra)
    receipt = new_id("RCT")
    rows.post(
        session, row,
        _receipt_journals(row, signer, receipt, due_part, more, ahead=ahead, maker=actor.person,
                          received_on=received_on, now=now), now,
    )  # fmt: skip
    before = signer.received
    signer.received += due_part
    signer.extra += more
    session.flush()
    matched = 0
    if not ahead:
        rows.move_commitment(
            session, signer, "MET" if signer.received == signer.quantity else "PART_MET"
        )
        matched = earn_match(
            session, row, signer, receipt=receipt, before=before, pence=due_part,
            maker=actor.person, now=now,
        )  # fmt: skip
    kept = Receipt(
        id=receipt, book=row.book, pledge=row.id, commitment=signer.id,
        reference=reference.strip(), due_pence=due_part, extra_pence=more,
        match_pence=matched, ahead=ahead, received_on=received_on, recorded_at=now,
        recorded_by=actor.person,
    )  # fmt: skip
    session.add(kept)
    session.flush()
    _tell_received(session, row, signer, kept, now=now)
    return receipt


def _check_receipt(
    session: Session, row: Pledge, *, pence: int, reference: str, received_on: date, now: datetime
) -> None:
    if row.unit != "GBP":
        raise rules.NotReady(
            "This pledge is in hours; it takes no money.",
            remedy="Record the hours instead.",
            place=row.id,
        )
    if type(pence) is not int or not 0 < pence <= limits.QUANTITY_MAX:
        raise Invalid("A receipt is above zero.", remedy="Check the amount.", place="quantity")
    words = reference.strip()
    if not 0 < len(words) <= limits.LINE_CHARS_MAX:
        raise Invalid(
            "The receipt has no reference.",
            remedy="Enter the reference on the bank statement.",
            place="reference",
        )
    if not london_day(row.made_at) <= received_on <= london_day(now):
        raise Invalid(
            f"{day_in_words(received_on)} is in the future or before the pledge began.",
            remedy="Enter the day on the bank statement.",
            place="received_on",
        )
    used = session.scalars(
        select(Receipt.id).where(Receipt.book == row.book, Receipt.reference == words)
    ).first()
    if used is not None:
        raise rules.ReceiptUsed(
            f"“{words[:60]}” is receipt {used} already.",
            remedy="Nothing needs to be done, unless this is another payment: then enter its own"
            " reference.",
            place="reference",
        )


def _receipt_journals(
    row: Pledge, signer: Commitment, receipt: str, due_part: int, more: int, *, ahead: bool,
    maker: str, received_on: date, now: datetime,
) -> list[JournalSpec]:  # fmt: skip
    def entry(name: str, kind: str, legs: tuple[Leg, ...], reason: str) -> JournalSpec:
        return rows.journal(
            row, id=f"{receipt}:{name}", kind=kind, legs=legs, maker=maker, now=now,
            reason=reason, effective_on=received_on,
        )  # fmt: skip

    if ahead:
        specs = [entry("ahead", "receipt", rules.paid_ahead(row.id, due_part + more), "paid ahead")]
        if due_part:
            legs = rules.promise_ended(row.id, signer.id, row.unit, due_part)
            specs.append(entry("memo", "pledge.promise.end", legs, "promise paid ahead"))
        return specs
    specs = []
    if due_part and signer.state == "DEFAULTED":
        legs = rules.returns_to_paying(
            row.id, signer.id, row.unit, signer.quantity - signer.received
        )
        specs.append(entry("returns", "pledge.default", legs, "late payer returns"))
    if due_part:
        legs = rules.collected(row.id, signer.id, due_part)
        specs.append(entry("collect", "pledge.collect", legs, "receipt collected"))
    if more:
        specs.append(
            entry("extra", "receipt", rules.given_extra(row.id, more), "more than promised")
        )
    return specs


def _tell_received(
    session: Session, row: Pledge, signer: Commitment, receipt: Receipt, *, now: datetime
) -> None:
    pence = receipt.due_pence + receipt.extra_pence
    rows.note(
        session, now=now, actor=receipt.recorded_by, action="receipt.record", subject=receipt.id,
        facts={"pledge": row.id, "commitment": signer.id, "pence": pence,
               "match_pence": receipt.match_pence},
    )  # fmt: skip
    rows.tell(
        session, [signer.person], template="pledge.received", pledge=row, now=now,
        occasion=receipt.id,
        facts={"amount": format_pence(pence), "receipt": receipt.id,
               "matched": format_pence(receipt.match_pence)},
    )  # fmt: skip


def chase(session: Session, *, commitment: str, actor: Actor, now: datetime) -> str:
    """PL15: overdue, then reminders, then default (rows 8, H4), by the day it is.

    Returns the state it is in. Run again on the same day it changes nothing.
    """
    require(actor, "pledge.collect")
    row, signer = rows.locked_commitment(session, commitment)
    today = london_day(now)
    late = signer.state in ("DUE", "PART_MET", "OVERDUE")
    if not late or signer.due_on is None or not rules.is_overdue(signer.due_on, today):
        return signer.state
    if signer.state != "OVERDUE":
        rows.move_commitment(session, signer, "OVERDUE")
        rows.note(
            session, now=now, actor=actor.person, action="commitment.overdue", subject=signer.id,
            facts={"pledge": row.id, "due_on": signer.due_on.isoformat()},
        )  # fmt: skip
    _remind(session, row, signer, today=today, now=now)
    if rules.in_default(signer.due_on, today):
        _default(session, row, signer, actor=actor, now=now)
    return signer.state


def _remind(
    session: Session, row: Pledge, signer: Commitment, *, today: date, now: datetime
) -> None:
    assert signer.due_on is not None
    wanted = rules.reminders_due(signer.due_on, today)
    if wanted <= signer.reminders:
        return
    signer.reminders = wanted
    session.flush()
    rows.tell(
        session, [signer.person], template="pledge.reminder", pledge=row, now=now,
        occasion=f"{signer.id}:{wanted}",
        facts={"amount": format_quantity(signer.quantity - signer.received, row.unit),
               "due": signer.due_on.isoformat()},
    )  # fmt: skip


def _default(
    session: Session, row: Pledge, signer: Commitment, *, actor: Actor, now: datetime
) -> None:
    left = signer.quantity - signer.received
    rows.move_commitment(session, signer, "DEFAULTED")
    rows.post(
        session, row,
        [rows.journal(
            row, id=f"{signer.id}:default:{signer.received}", kind="pledge.default",
            maker=actor.person, legs=rules.defaulted(row.id, signer.id, row.unit, left), now=now,
            reason="unpaid after three reminders",
        )], now,
    )  # fmt: skip
    rows.note(
        session, now=now, actor=actor.person, action="commitment.default", subject=signer.id,
        facts={"pledge": row.id, "quantity": left},
    )  # fmt: skip


def excuse(session: Session, *, commitment: str, reason: str, actor: Actor, now: datetime) -> None:
    """PL15: an officer forgives what is still owed (rows 8b, H4); the reason stays private.

    Raises:
        NotReady, SelfModeration, Invalid: no reason.
    """
    require(actor, "pledge.moderate")
    row, signer = rows.locked_commitment(session, commitment)
    rows.check_outsider(session, actor, row)
    words = rows.written(reason)
    rules.check_state(signer.state, rules.OWING, place=commitment)
    left = signer.quantity - signer.received
    legs = (
        rules.written_off(row.id, row.unit, left)
        if signer.state == "DEFAULTED"
        else rules.excused(row.id, signer.id, row.unit, left)
    )
    rows.post(
        session, row,
        [rows.journal(
            row, id=f"{signer.id}:excuse", kind="pledge.excuse", legs=legs, maker=actor.person,
            now=now, reason="excused",
        )], now,
    )  # fmt: skip
    rows.move_commitment(session, signer, "EXCUSED", private_reason=words)
    rows.note(
        session, now=now, actor=actor.person, action="commitment.excuse", subject=signer.id,
        facts={"pledge": row.id, "quantity": left},
    )  # fmt: skip
    rows.tell(
        session, [signer.person], template="pledge.excused", pledge=row, now=now,
        occasion=signer.id,
    )  # fmt: skip


def _write_off_facts(row: Pledge, signer: Commitment) -> dict[str, object]:
    return {
        "pledge": row.id, "commitment": signer.id, "unit": row.unit,
        "quantity": signer.quantity - signer.received,
    }  # fmt: skip


def propose_write_off(session: Session, *, commitment: str, actor: Actor, now: datetime) -> str:
    """PL15: propose to give up a default; two others decide. Returns the proposal.

    Raises:
        NotReady: it is not in default. SelfModeration.
    """
    require(actor, "pledge.moderate")
    row, signer = rows.locked_commitment(session, commitment)
    rows.check_outsider(session, actor, row)
    rules.check_state(signer.state, {"DEFAULTED"}, place=commitment)
    left = signer.quantity - signer.received
    proposal = approvals.propose(
        session, kind=WRITE_OFF_KIND, subject=signer.id, facts=_write_off_facts(row, signer),
        quantity_pence=left if row.unit == "GBP" else 0, bucket=f"write-offs:{row.id}",
        maker=actor.person, barred=[signer.person], now=now,
    )  # fmt: skip
    signer.write_off = proposal
    session.flush()
    return proposal


def write_off(session: Session, *, commitment: str, actor: Actor, now: datetime) -> None:
    """Row 8a, second part: an approved write-off is posted.

    Raises:
        NotReady: none was proposed. A refusal of approvals when it was not approved.
    """
    require(actor, "pledge.moderate")
    row, signer = rows.locked_commitment(session, commitment)
    rules.check_state(signer.state, {"DEFAULTED"}, place=commitment)
    if signer.write_off is None:
        raise rules.NotReady(
            "Nobody has proposed to write this off.", remedy="Propose it first.", place=commitment
        )
    used = approvals.use(
        session, proposal=signer.write_off, facts=_write_off_facts(row, signer), now=now
    )
    left = signer.quantity - signer.received
    rows.post(
        session, row,
        [rows.journal(
            row, id=f"{signer.id}:write-off", kind="pledge.excuse", maker=used.maker, now=now,
            checker=used.approver, legs=rules.written_off(row.id, row.unit, left),
            reason="written off",
        )], now,
    )  # fmt: skip
    rows.move_commitment(session, signer, "WRITTEN_OFF")
    rows.note(
        session, now=now, actor=actor.person, action="commitment.write_off", subject=signer.id,
        facts={"pledge": row.id, "quantity": left}, authority=signer.write_off,
    )  # fmt: skip
