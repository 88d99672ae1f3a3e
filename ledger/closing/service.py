"""Opening, closing and opening periods again; each step beside its audit event."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.approvals import rules as decisions
from ledger.approvals import service as approvals
from ledger.audit import service as audit
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.closing import queries, rules
from ledger.closing.queries import PeriodView
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Invalid
from ledger.parties.rules import Actor, require

RIGHT = "period.close"


def open_period(
    session: Session, *, book: int, starts_on: date, ends_on: date, actor: Actor, now: datetime
) -> int:
    """Open an accounting period; returns its number.

    Raises:
        Invalid: it ends before it begins, or overlaps another.
    """
    require(actor, RIGHT)
    others = books_queries.periods(session, book)
    overlaps = [
        one for one in others if one["starts_on"] <= ends_on and starts_on <= one["ends_on"]
    ]
    if starts_on > ends_on or overlaps:
        raise Invalid(
            f"From {starts_on.isoformat()} to {ends_on.isoformat()} "
            + ("overlaps another period." if starts_on <= ends_on else "is no stretch of days."),
            remedy="Let it begin on the day after the last one ends.",
            place="starts_on",
        )
    period = books.open_period(session, book=book, starts_on=starts_on, ends_on=ends_on)
    audit.record(
        session, at=now, actor=actor.person, action="period.open",
        subject=queries.subject_of(starts_on, period), facts={"ends_on": ends_on.isoformat()},
        authority=", ".join(sorted(actor.roles)),
    )  # fmt: skip
    return period


def begin_closing(session: Session, *, book: int, period: int, actor: Actor, now: datetime) -> None:
    """C1: from now on the period takes only what a second person checked.

    Raises:
        PeriodNotOver: its last day has not passed.
    """
    require(actor, RIGHT)
    row = books_queries.period(session, book, period)
    rules.check_over(ends_on=row["ends_on"], today=london_day(now))
    books.begin_closing(session, period=period)
    audit.record(
        session, at=now, actor=actor.person, action="period.begin_closing",
        subject=queries.subject_of(row["starts_on"], period), authority=", ".join(sorted(actor.roles)),
    )  # fmt: skip


def sign(
    session: Session, *, book: int, period: int, kind: str, reason: str, actor: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """C2, C4: sign the close of a period being closed, or the opening again of a closed one.

    Returns the proposal that a second person countersigns. What was signed before and no longer
    fits the figures is withdrawn with it.

    Raises:
        NothingToSign: the period stands elsewhere, or is signed already. Invalid: no reason.
    """
    require(actor, RIGHT)
    words = rules.check_reason(reason)
    books_queries.head(session, book, lock=True)
    view = queries.period(session, book, period)
    if view.live is not None and view.stale:
        approvals.void(
            session, proposal=view.live.id, reason="the figures have changed", actor=actor, now=now
        )
    rules.check_signable(
        kind=kind, status=view.status, signed_already=view.live is not None and not view.stale
    )
    return approvals.propose(
        session, kind=kind, subject=view.subject, facts=view.facts(kind, words), quantity_pence=0,
        bucket=rules.BUCKET, maker=actor.person, barred=(), stages=(decisions.APPROVE,), now=now,
    )  # fmt: skip


def countersign(
    session: Session, *, book: int, period: int, digest: str, reason: str, actor: Actor,
    now: datetime,
) -> PeriodView:  # fmt: skip
    """C3: the second person's yes, about exactly what was shown, and the step itself.

    Raises:
        NothingToSign: nobody has signed. SamePerson, Changed, NotWaiting: as approvals say.
    """
    view = _live(session, book, period)
    assert view.live is not None, "as just looked up"
    approvals.decide(
        session, proposal=view.live.id, stage=decisions.APPROVE, actor=actor, verdict="yes",
        reason=reason, digest=digest, now=now,
    )  # fmt: skip
    return carry_out(session, book=book, period=period, actor=actor, now=now)


def carry_out(
    session: Session, *, book: int, period: int, actor: Actor, now: datetime
) -> PeriodView:
    """C2, C5: close, or open again, what two people signed, if the figures are still the same.

    Raises:
        NothingToSign, Changed, NotWaiting.
    """
    require(actor, RIGHT)
    view = _live(session, book, period)
    assert view.live is not None, "as just looked up"
    kind, reason = view.live.kind, str(view.live.facts["reason"])
    used = approvals.use(
        session, proposal=view.live.id, facts=view.facts(kind, reason), actor=actor.person, now=now
    )
    do = books.close_period if kind == rules.CLOSE else books.reopen_period
    do(
        session, period=period, signed_by=used.maker, countersigned_by=used.approver,
        reason=reason, now=now,
    )  # fmt: skip
    audit.record(
        session, at=now, actor=actor.person, action=kind, subject=view.subject,
        facts={"trial_balance_sha256": view.trial_balance_sha256, "signed_by": used.maker,
               "countersigned_by": used.approver},
        reason=reason, authority=view.live.id,
    )  # fmt: skip
    return queries.period(session, book, period)


def _live(session: Session, book: int, period: int) -> PeriodView:
    books_queries.head(session, book, lock=True)
    view = queries.period(session, book, period)
    if view.live is None:
        raise rules.NothingToSign(
            "Nobody has signed it, or somebody carried it out just now.",
            remedy="Sign it first.",
            place="period",
        )
    return view
