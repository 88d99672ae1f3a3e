"""What is owed back, and paying it back by two people (PL13)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.approvals import queries as proposals
from ledger.approvals import service as approvals
from ledger.books import queries as books
from ledger.kernel import limits
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import derived_id, new_id
from ledger.kernel.money import format_pence
from ledger.parties.rules import Actor, require
from ledger.pledges import queries, rules
from ledger.pledges.models import Commitment, Pledge, Refund, RefundRun
from ledger.pledges.service import rows

__all__ = ["REFUND_KIND", "pay_refunds", "propose_refunds"]

REFUND_KIND = "pledge.refund"


def give_back(
    session: Session, row: Pledge, signer: Commitment, *, actor: str, now: datetime
) -> int:
    """Row 7, before settling: everything that one person paid ahead is owed back, in pence."""
    return owe_back(
        session, row, signer, signer.received + signer.extra, matched=0, actor=actor, now=now,
        held=rules.escrow_conditional(row.id),
    )  # fmt: skip


def owe_back(
    session: Session, row: Pledge, signer: Commitment, pence: int, *, matched: int, held: str,
    actor: str, now: datetime,
) -> int:  # fmt: skip
    """Row 7: a refund is owed to one person out of ``held``, once; nothing when it is zero."""
    if pence == 0:
        return 0
    refund = Refund(
        id=derived_id("RFD", signer.id), pledge=row.id, commitment=signer.id, pence=pence,
        match_pence=matched, state="DUE", run=None, decided_at=now, payment_reference="",
        paid_at=None,
    )  # fmt: skip
    session.add(refund)
    session.flush()
    rows.post(
        session, row,
        [rows.journal(
            row, id=f"{signer.id}:refund", kind="pledge.refund", maker=actor, now=now,
            legs=rules.refund_decided(held, signer.id, pence), reason="refund owed",
        )], now,
    )  # fmt: skip
    rows.move_commitment(session, signer, "REFUND_DUE", ended_at=now)
    rows.note(
        session, now=now, actor=actor, action="refund.decide", subject=refund.id,
        facts={"pledge": row.id, "commitment": signer.id, "pence": pence},
    )  # fmt: skip
    rows.tell(
        session, [signer.person], template="pledge.refund_due", pledge=row, now=now,
        occasion=signer.id, facts={"amount": format_pence(pence)},
    )  # fmt: skip
    return pence


def _due(session: Session, pledge: str, *, run: str | None) -> list[Refund]:
    return list(
        session.scalars(
            select(Refund)
            .where(Refund.pledge == pledge, Refund.state == "DUE", Refund.run == run)
            .order_by(Refund.id)
            .limit(limits.REFUND_RUN_ROWS_MAX)
            .execution_options(populate_existing=True)
        )
    )


def _facts(run: str, pledge: str, due: list[Refund]) -> dict[str, object]:
    lines = "\n".join(f"{refund.id} {refund.pence}" for refund in due)
    return {
        "run": run, "pledge": pledge, "refunds": len(due),
        "total_pence": sum(refund.pence for refund in due),
        "list_sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }  # fmt: skip


def propose_refunds(session: Session, *, pledge: str, actor: Actor, now: datetime) -> str:
    """Propose to pay every refund that a pledge owes (a thousand at a time); returns the run.

    Nobody who would be paid may decide; the two deciders are not the proposer.

    Raises:
        NotReady: nothing is owed, or a run is waiting already.
    """
    require(actor, "pledge.refund")
    row = rows.locked_pledge(session, pledge)
    _free_refused(session, pledge)
    due = _due(session, pledge, run=None)
    if not due:
        raise rules.NotReady(
            "Everything that this pledge owes back is paid or already proposed.",
            remedy="Decide the list that waits, if there is one.",
            place=pledge,
        )
    payees = session.scalars(
        select(Commitment.person).where(Commitment.id.in_([refund.commitment for refund in due]))
    ).all()
    run = new_id("RUN")
    facts = _facts(run, pledge, due)
    pence = sum(refund.pence for refund in due)
    proposal = approvals.propose(
        session, kind=REFUND_KIND, subject=run, facts=facts, quantity_pence=pence,
        bucket=f"refunds:{pledge}", maker=actor.person, barred=sorted(set(payees)), now=now,
    )  # fmt: skip
    session.add(
        RefundRun(
            id=run, pledge=pledge, proposal=proposal, pence=pence, state="PROPOSED",
            proposed_at=now, paid_at=None, payment_reference="",
        )
    )  # fmt: skip
    session.flush()
    for refund in due:
        refund.run = run
    session.flush()
    rows.note(
        session, now=now, actor=actor.person, action="refund.propose", subject=row.id, facts=facts
    )
    return run


def _free_refused(session: Session, pledge: str) -> None:
    """Refunds on a list that was refused may be proposed again."""
    for listed in queries.refund_runs(session, pledge=pledge):
        if listed.state != "PROPOSED":
            continue
        if proposals.get(session, listed.proposal).state in ("REFUSED", "VOID"):
            session.execute(update(Refund).where(Refund.run == listed.id).values(run=None))
            session.execute(update(RefundRun).where(RefundRun.id == listed.id).values(state="VOID"))


def pay_refunds(session: Session, *, run: str, reference: str, actor: Actor, now: datetime) -> int:
    """Row 7a: the bank has paid an approved list; returns how many people were paid.

    A pledge that is being paid back is DISSOLVED when nothing of it is left.

    Raises:
        NotReady: the list was paid, or changed since it was approved.
    """
    require(actor, "pledge.refund")
    listed = queries.refund_run(session, run)
    row = rows.locked_pledge(session, listed.pledge)
    words = reference.strip()
    if not 0 < len(words) <= limits.LINE_CHARS_MAX:
        raise Invalid(
            "The payment has no reference.",
            remedy="Enter the reference of the payment run.",
            place="reference",
        )
    rules.check_state(queries.refund_run(session, run).state, {"PROPOSED"}, place=run)
    due = _due(session, row.id, run=run)
    used = approvals.use(session, proposal=listed.proposal, facts=_facts(run, row.id, due), now=now)
    done = session.execute(
        update(RefundRun)
        .where(RefundRun.id == run, RefundRun.state == "PROPOSED")
        .values(state="PAID", paid_at=now, payment_reference=words)
    )
    assert done.rowcount == 1, "the pledge is locked"  # type: ignore[attr-defined]
    rows.post(
        session, row,
        [rows.journal(
            row, id=f"{refund.id}:paid", kind="pledge.refund.pay", maker=used.maker, now=now,
            checker=used.approver, legs=rules.refund_paid(refund.commitment, refund.pence),
            reason="refund paid",
        ) for refund in due], now,
    )  # fmt: skip
    for refund in due:
        _close(session, row, refund, reference=words, now=now)
    rows.note(
        session, now=now, actor=actor.person, action="refund.pay", subject=run,
        facts={"pledge": row.id, "refunds": len(due), "pence": listed.pence, "reference": words},
        authority=listed.proposal,
    )  # fmt: skip
    dissolve_if_empty(session, row, actor=actor.person, now=now)
    return len(due)


def _close(session: Session, row: Pledge, refund: Refund, *, reference: str, now: datetime) -> None:
    refund.state, refund.paid_at, refund.payment_reference = "PAID", now, reference
    signer = session.get_one(Commitment, refund.commitment, populate_existing=True)
    rows.move_commitment(session, signer, "REFUNDED")
    rows.tell(
        session, [signer.person], template="pledge.refund_paid", pledge=row, now=now,
        occasion=refund.id, facts={"amount": format_pence(refund.pence), "reference": reference},
    )  # fmt: skip


def dissolve_if_empty(session: Session, row: Pledge, *, actor: str, now: datetime) -> bool:
    """DISSOLVING to DISSOLVED when every account of the pledge stands at zero."""
    unpaid = [refund for refund in queries.refunds(session, pledge=row.id) if refund.state == "DUE"]
    if row.state != "DISSOLVING" or unpaid:
        return False
    paths = [spec.path for spec in rules.pledge_accounts(row.id, row.unit) if row.id in spec.path]
    left = {
        path: balance.net
        for path, balance in books.balances(session, row.book, paths).items()
        if balance.net and not path.startswith("Equity:Hours:")
    }
    assert not left, f"a pledge whose refunds are paid holds nothing: {left}"
    rows.move_pledge(session, row, "DISSOLVED", ended_at=now)
    rows.note(session, now=now, actor=actor, action="pledge.dissolved", subject=row.id)
    return True
