"""Drafting, deciding and posting journals by hand: one person each, and an event beside each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from ledger.approvals import rules as decisions
from ledger.approvals import service as approvals
from ledger.audit import service as audit
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import AlreadyReversed, JournalSpec, Leg, UnknownAccount
from ledger.books.service import Posted
from ledger.drafts import queries, rules
from ledger.drafts.queries import DraftView
from ledger.drafts.rules import Draft, DraftLine
from ledger.kernel.clock import london_day
from ledger.kernel.ids import new_id
from ledger.parties.rules import Actor, require

NOBODY_YET = "PER-NOBODY-YET"


def propose(session: Session, *, book: int, draft: Draft, actor: Actor, now: datetime) -> str:
    """J1 to J3: draft a journal; returns its reference, which is the journal's once it is posted.

    It is tried upon the books as they stand, so that nobody is asked to approve what would be
    refused.

    Raises:
        Invalid: a day to come, no reason, an account that steps of their own keep.
        UnknownAccount, JournalRefused, NotEnoughMoney, PeriodClosed: as the books say.
    """
    require(actor, draft.kind)
    draft = replace(draft, reason=rules.check(draft, today=london_day(now)))
    lines = _lines(session, book, draft)
    reference = new_id("JNL", length=12)
    tried = session.begin_nested()
    _post(session, book, reference, draft, maker=actor.person, checker=NOBODY_YET, now=now)
    tried.rollback()
    approvals.propose(
        session, kind=draft.kind, subject=reference, facts=rules.facts(draft, lines),
        quantity_pence=rules.pence_moved(lines), bucket=draft.kind, maker=actor.person, barred=(),
        stages=(decisions.APPROVE,), now=now,
    )  # fmt: skip
    return reference


def propose_reversal(
    session: Session, *, book: int, journal: int, dated: str, reason: str, actor: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """J7, J8: draft the mirror of a journal, on its own day or today; returns its reference.

    Raises:
        NotReversible: it is undone in another way, a draft waits, or its period is closed.
        AlreadyReversed: it was. Invalid, NotEnoughMoney, PeriodClosed: as of every draft.
    """
    require(actor, rules.REVERSE)
    found = queries.undoing(session, book, journal)
    if found.answered is not None:
        raise AlreadyReversed(
            f"Journal {journal} was reversed by journal {found.answered}.",
            remedy="Look at that one. To put a reversal right, draft a correction.",
            place=str(journal),
        )
    found.check()
    if found.waiting:
        raise rules.NotReversible(
            f"The draft {found.waiting} reverses it, and is not decided.",
            remedy="Decide about that draft first.",
            place=found.waiting,
        )
    draft = rules.reversal(
        seq=journal, own_day=found.journal.effective_on, is_open=found.own_day_open,
        legs=[
            Leg(one.path, one.side, one.amount)  # type: ignore[arg-type]
            for one in found.entries if one.layer == "P"
        ],
        today=london_day(now), dated=dated, reason=reason,
    )  # fmt: skip
    return propose(session, book=book, draft=draft, actor=actor, now=now)


def decide(
    session: Session, *, book: int, draft: str, verdict: str, digest: str, reason: str,
    actor: Actor, now: datetime,
) -> DraftView:  # fmt: skip
    """J4: the second person's yes or no about exactly what was shown; a yes posts it.

    Raises:
        Missing, SamePerson, OverLimit, Changed, NotWaiting: as approvals say.
        NotEnoughMoney, PeriodClosed: the books have moved on; nothing is decided.
    """
    view = queries.draft(session, book, draft)
    state = approvals.decide(
        session, proposal=view.proposal.id, stage=decisions.APPROVE, actor=actor, verdict=verdict,
        reason=reason, digest=digest, now=now,
    )  # fmt: skip
    if state != decisions.APPROVED:
        return queries.draft(session, book, draft)
    return post(session, book=book, draft=draft, actor=actor, now=now)


def post(session: Session, *, book: int, draft: str, actor: Actor, now: datetime) -> DraftView:
    """J4: post what a second person approved, as it was shown, once.

    Raises:
        NotPosted: it is not approved, or was posted. NotEnoughMoney, PeriodClosed.
    """
    view = queries.draft(session, book, draft)
    require(actor, view.kind)
    if view.state != decisions.APPROVED:
        raise rules.NotPosted(
            f"The draft {decisions.STATE_WORDS[view.state]}.",
            remedy="Look at the draft again.",
            place=draft,
        )
    used = approvals.use(
        session, proposal=view.proposal.id, facts=view.proposal.facts, actor=actor.person, now=now
    )
    written, _ = rules.read(view.kind, view.proposal.facts)
    posted = _post(session, book, draft, written, maker=used.maker, checker=used.approver, now=now)
    audit.record(
        session, at=now, actor=actor.person, action=view.kind, subject=draft,
        facts={"journal": posted.seq, "drafted_by": used.maker, "approved_by": used.approver},
        reason=written.reason, authority=view.proposal.id,
    )  # fmt: skip
    return queries.draft(session, book, draft)


def _lines(session: Session, book: int, draft: Draft) -> list[DraftLine]:
    found = books_queries.balances(session, book, [leg.path for leg in draft.legs])
    lines = []
    for leg in draft.legs:
        account = found.get(leg.path)
        if account is None:
            raise UnknownAccount(
                f"The book has no account {leg.path}.",
                remedy="Look at the trial balance for the accounts that there are.",
                place="entries",
            )
        lines.append(DraftLine(leg.path, leg.side, leg.quantity, account.unit, account.fund))
    return lines


def _post(
    session: Session, book: int, reference: str, draft: Draft, *, maker: str, checker: str,
    now: datetime,
) -> Posted:  # fmt: skip
    if draft.reverses is not None:
        return books.reverse(
            session, book=book, seq=draft.reverses, id=reference, now=now,
            effective_on=draft.effective_on, maker=maker, checker=checker, reason=draft.reason,
        )  # fmt: skip
    if draft.kind == rules.ADJUST:
        spec = JournalSpec(
            id=reference, kind="adjustment", effective_on=draft.effective_on, legs=draft.legs,
            maker=maker, checker=checker, group=reference, reason=draft.reason,
        )  # fmt: skip
        return books.post(session, book=book, spec=spec, now=now)
    paid_from, paid_into = draft.legs
    do = books.lend if draft.kind == rules.LEND else books.pay_back
    return do(
        session, book=book, id=reference, paid_from=paid_from.path, paid_into=paid_into.path,
        quantity=paid_from.quantity, effective_on=draft.effective_on, maker=maker,
        checker=checker, reason=draft.reason, now=now,
    )  # fmt: skip
