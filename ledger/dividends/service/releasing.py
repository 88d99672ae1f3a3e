"""What follows from an approval: the award is posted, paid, and its holdback confirmed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from ledger.approvals import queries as approval_queries
from ledger.approvals import service as approvals
from ledger.audit import service as audit
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import JournalSpec
from ledger.dividends import queries
from ledger.dividends.queries import AgreementView, DeterminationView
from ledger.dividends.rules import postings, records, states, workings
from ledger.dividends.rules.amounts import Award, to_payees
from ledger.dividends.rules.refusals import Gains, WrongState
from ledger.dividends.service import agreeing
from ledger.dividends.service.deciding import follow, locked, move
from ledger.dividends.service.funding import bank_key
from ledger.dividends.service.recording import record_of
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Invalid
from ledger.kernel.money import format_pence
from ledger.messages import service as messages
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, require

MAKER = "job:release-dividends"


def release(session: Session, *, determination: str, actor: Actor, now: datetime) -> bool:
    """Release what two people approved, once: rows 4, 4m and, at the end, 5 (D12, D14).

    Returns False when it was released before. A result that pays nothing is released too: it
    is then final, posts no award, and keeps the reservation.

    Raises:
        WrongState: it is not approved.
    """
    require(actor, "dividend.release")
    agreement = queries.determination(session, determination).agreement
    deal = agreeing.locked(session, agreement)
    view = locked(session, determination)
    if view.state in (states.RELEASED, states.CONFIRMED):
        return False
    if view.state != states.APPROVED:
        raise WrongState(
            f"The determination {states.DETERMINATION_WORDS[view.state]}.",
            remedy="Two people must verify and approve it first.",
            place=determination,
        )
    follow(session, determination, actor=actor.person, now=now)
    used = approvals.use(
        session, proposal=view.proposal, facts=view.facts, actor=actor.person, now=now
    )
    move(session, view.id, states.RELEASED, was=states.APPROVED, actor=actor.person, now=now)
    amounts = workings.award_from(view.facts)
    if amounts.award_pence:
        _post_award(session, deal, view, amounts, maker=used.maker, checker=used.approver, now=now)
        _tell(session, deal, view, now=now)
    return True


def _post_award(
    session: Session, deal: AgreementView, view: DeterminationView, amounts: Award, *,
    maker: str, checker: str, now: datetime,
) -> None:  # fmt: skip
    on = london_day(now)
    purpose = records.digest(record_of(session, deal=deal, view=view))
    specs = [
        postings.award(
            view.id, deal.id, deal.terms, amounts, on=on, maker=maker, checker=checker,
            purpose=purpose,
        ),
        postings.recognise(view.id, deal.id, deal.terms, amounts, on=on, maker=maker),
    ]  # fmt: skip
    books.post_many(session, book=deal.book, specs=specs, now=now)
    if view.period == deal.terms.periods:
        return_unused(session, deal, key=view.id, maker=maker, now=now)


def return_unused(
    session: Session, deal: AgreementView, *, key: str, maker: str, now: datetime
) -> None:
    """Row 5: what is left of the reservation returns to the agencies that put it in (D14)."""
    left = queries.reserved_pence(session, deal)
    if sum(left):
        spec = postings.give_back(key, deal.id, deal.terms, left, on=london_day(now), maker=maker)
        books.post(session, book=deal.book, spec=spec, now=now)


def close(session: Session, *, agreement: str, actor: Actor, now: datetime) -> None:
    """Finish an agreement whose years are all decided and paid: the rest goes back (row 5, D14).

    Raises:
        WrongState: a year is undecided, or something is still held back or due.
    """
    require(actor, "agreement.draft")
    deal = agreeing.locked(session, agreement)
    states.check_agreement_move(now_at=deal.state, to=states.CLOSED)
    over = (states.RELEASED, states.CONFIRMED, states.REFUSED)
    made = queries.determinations(session, agreement=agreement, states_in=over)
    decided = len({view.period for view in made})
    due = sum(queries.payable_pence(session, deal).values()) + queries.held_pence(session, deal)
    if decided < deal.terms.periods or due:
        raise WrongState(
            f"{decided} of {deal.terms.periods} years are decided, and {format_pence(due)} is"
            " held back or due to groups.",
            remedy="Wait until every year is decided, confirmed and paid.",
            place=agreement,
        )
    return_unused(session, deal, key=deal.id, maker=actor.person, now=now)
    agreeing.move(session, deal, states.CLOSED, actor=actor.person, now=now)


def _tell(session: Session, deal: AgreementView, view: DeterminationView, *, now: datetime) -> None:
    for payee in deal.terms.payees:
        for person in parties.members(session, payee.organisation, role="treasurer"):
            messages.enqueue(
                session, key=f"{view.id}:released:{person}", recipient=person,
                template="dividend.released",
                facts={"agreement": deal.id, "title": deal.title, "determination": view.id},
                now=now,
            )  # fmt: skip


def pay(
    session: Session, *, agreement: str, payee: str, quantity_pence: int, reference: str,
    paid_on: date, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Row 6: a bank line says that a payee was paid; the same reference counts once.

    Every member of the payee's group gets one letter with the amount and what it is for.

    Whoever approved the newest determination is the second signature, or its verifier where
    the approver records the payment.

    Raises:
        Gains: this person acts for the payee.
        Invalid: more than is due, no reference, or a day to come.
        WrongState: nothing has been released.
    """
    require(actor, "dividend.pay")
    deal = agreeing.locked(session, agreement)
    if actor.person in parties.members(session, payee):
        raise Gains("You act for the group that is paid.", remedy="Ask a colleague.", place="payee")
    due = queries.payable_pence(session, deal).get(payee, 0)
    key = bank_key(reference)
    known = books_queries.posted(session, deal.book, [f"{agreement}:pay:{payee}:{key}"])
    if not known and not 0 < quantity_pence <= due:
        raise Invalid(
            f"{format_pence(quantity_pence)} is not what is due: {format_pence(due)}.",
            remedy="Enter what the bank statement shows, up to what is due.",
            place="amount",
        )
    if paid_on > london_day(now):
        raise Invalid("That day is to come.", remedy="Enter the bank's day.", place="paid_on")
    spec = postings.pay(
        agreement, payee, quantity_pence, reference=key, on=paid_on, maker=actor.person,
        checker=_second(session, deal, actor.person),
    )  # fmt: skip
    books.post(session, book=deal.book, spec=spec, now=now)
    audit.record(
        session, at=now, actor=actor.person, action="dividend.pay", subject=agreement,
        facts={"payee": payee, "pence": quantity_pence, "reference": key},
    )  # fmt: skip
    letter = {
        "agreement": deal.id, "title": deal.title, "amount": format_pence(quantity_pence),
        "paid_on": paid_on,
    }  # fmt: skip
    letters = [
        messages.Letter(f"{agreement}:paid:{payee}:{key}:{person}", person, letter)
        for person in parties.members(session, payee)
    ]
    messages.enqueue_many(session, letters=letters, template="dividend.paid", now=now)


def _second(session: Session, deal: AgreementView, person: str) -> str:
    done = queries.determinations(
        session, agreement=deal.id, states_in=(states.RELEASED, states.CONFIRMED)
    )
    paying = [view for view in done if view.award_pence]
    if not paying:
        raise WrongState(
            "Nothing has been released to pay.", remedy="Wait for the release.", place=deal.id
        )
    proposal = approval_queries.get(session, paying[-1].proposal)
    signed = [proposal.decided_by(stage) for stage in ("approve", "verify")]
    return next(one for one in signed if one and one != person)


def confirm(session: Session, *, determination: str, now: datetime, maker: str = MAKER) -> bool:
    """Row 7a: once the revision window is over, the holdback becomes payable.

    Returns False when it is not time, or was done before.
    """
    agreement = queries.determination(session, determination).agreement
    deal = agreeing.locked(session, agreement)
    view = locked(session, determination)
    if view.state != states.RELEASED or view.released_at is None:
        return False
    window = timedelta(days=deal.terms.revision_days if view.award_pence else 0)
    if london_day(now) <= london_day(view.released_at) + window and view.award_pence:
        return False
    move(session, view.id, states.CONFIRMED, was=states.RELEASED, actor=maker, now=now)
    amounts = workings.award_from(view.facts)
    if amounts.holdback_pence:
        books.post(
            session, book=deal.book, spec=_confirmation(deal, view, amounts, maker, now), now=now
        )
    return True


def _confirmation(
    deal: AgreementView, view: DeterminationView, amounts: Award, maker: str, now: datetime
) -> JournalSpec:
    return postings.confirm(
        view.id, deal.id, deal.terms, amounts.holdbacks,
        to_payees(amounts.holdback_pence, deal.terms), on=london_day(now), maker=maker,
    )  # fmt: skip
