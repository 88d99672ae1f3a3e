"""Money in: promised, received, reserved. Only what has come in is reserved (D6)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import NotEnoughMoney
from ledger.dividends import queries
from ledger.dividends.rules import postings, states
from ledger.dividends.rules.refusals import NotAParty, NotFunded, WrongState
from ledger.dividends.service.agreeing import locked, move
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Invalid
from ledger.kernel.limits import LINE_CHARS_MAX
from ledger.kernel.money import format_pence
from ledger.outcomes.rules.files import slug
from ledger.parties.rules import Actor, require


def commit(session: Session, *, agreement: str, actor: Actor, now: datetime) -> None:
    """Row 1: the contributions that the signed terms promise are due from now on.

    Raises:
        WrongState: the agreement is not signed, or not only signed.
    """
    require(actor, "agreement.commit")
    view = locked(session, agreement)
    _expect(view, states.SIGNED)
    spec = postings.commit(view.id, view.terms, on=london_day(now), maker=actor.person)
    books.post(session, book=view.book, spec=spec, now=now)
    audit.record(
        session, at=now, actor=actor.person, action="agreement.commit", subject=agreement,
        facts={"pence": view.terms.reserved_pence},
    )  # fmt: skip


def receive(
    session: Session, *, agreement: str, agency: str, quantity_pence: int, reference: str,
    received_on: date, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Row 2: a bank line says that an agency paid. The same reference counts once.

    Raises:
        NotAParty: the agreement has no such agency.
        Invalid: no amount, more than is due, no reference, or a day to come.
    """
    require(actor, "fund.receive")
    view = locked(session, agreement)
    _expect(view, states.SIGNED)
    if agency not in [one.organisation for one in view.terms.agencies]:
        raise NotAParty(
            "That agency is not in this agreement.", remedy="Choose one of its agencies.",
            place="agency",
        )  # fmt: skip
    key = bank_key(reference)
    due = queries.receivable_pence(session, view)[agency]
    replay = books_queries.posted(session, view.book, [f"{agreement}:receive:{agency}:{key}"])
    if not replay and not 0 < quantity_pence <= due:
        raise Invalid(
            f"{format_pence(quantity_pence)} is not what is due: {format_pence(due)}.",
            remedy="Enter what the bank statement shows, up to what is due.",
            place="amount",
        )
    if received_on > london_day(now):
        raise Invalid("That day is to come.", remedy="Enter the bank's day.", place="received_on")
    spec = postings.receive(
        agreement, agency, quantity_pence, reference=key, on=received_on, maker=actor.person
    )
    books.post(session, book=view.book, spec=spec, now=now)
    audit.record(
        session, at=now, actor=actor.person, action="agreement.receive", subject=agreement,
        facts={"agency": agency, "pence": quantity_pence, "reference": key},
    )  # fmt: skip


def fund(session: Session, *, agreement: str, actor: Actor, now: datetime) -> None:
    """Row 3: reserve what the terms promise. Short by a penny, it refuses (D6).

    Raises:
        NotFunded: the money has not come in.
    """
    require(actor, "agreement.commit")
    view = locked(session, agreement)
    states.check_agreement_move(now_at=view.state, to=states.FUNDED)
    spec = postings.reserve(view.id, view.terms, on=london_day(now), maker=actor.person)
    try:
        books.post(session, book=view.book, spec=spec, now=now)
    except NotEnoughMoney as error:
        raise NotFunded(
            error.facts, remedy="Wait for the agencies' money, then reserve it.", place=agreement
        ) from error
    move(session, view, states.FUNDED, actor=actor.person, now=now)


def bank_key(reference: str) -> str:
    """A bank reference as part of a journal's id.

    Raises:
        Invalid: nothing to go by.
    """
    key = slug(reference)
    if not key or len(reference) > LINE_CHARS_MAX:
        raise Invalid(
            "There is no usable bank reference.",
            remedy="Copy the reference from the bank statement.",
            place="reference",
        )
    return key


def _expect(view: queries.AgreementView, state: str) -> None:
    if view.state != state:
        raise WrongState(
            f"The agreement is {states.AGREEMENT_WORDS[view.state]}.",
            remedy="Look at its page for the next step.",
            place=view.id,
        )
