"""Making match offers, setting part of one aside for a pledge, and paying what is earned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.approvals import service as approvals
from ledger.audit import service as audit
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import JournalSpec, Leg
from ledger.funds import queries, rules
from ledger.funds.models import MatchOffer, MatchReservation
from ledger.funds.rules import OfferNotReady, OfferTerms, ReservationMissing
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Invalid, Missing
from ledger.kernel.ids import derived_id, new_id
from ledger.kernel.money import format_pence
from ledger.parties.rules import Actor, require

OFFER_KIND = "offer.approve"


def propose_offer(
    session: Session, *, book: int, title: str, donor: str, terms: OfferTerms, actor: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """F1, F2: propose a match offer of an institution; returns its reference.

    Two other people verify and approve it within their limits before it can be funded.
    ``donor`` is the organisation whose money it will be.

    Raises:
        OfferRefused: the figures do not fit together.
    """
    require(actor, "offer.make")
    rules.check_terms(terms)
    if not 3 <= len(title.strip()) <= 300:
        raise Invalid("The offer needs a title.", remedy="Give 3 to 300 letters.", place="title")
    offer = MatchOffer(
        id=new_id("OFR"), book=book, title=title.strip(), donor=donor, pot_pence=terms.pot_pence,
        rate_match=terms.rate_match, rate_gift=terms.rate_gift,
        donor_pence_max=terms.donor_pence_max, pledge_pence_max=terms.pledge_pence_max,
        state="PROPOSED", proposal=None, proposed_by=actor.person, proposed_at=now,
        approved_by=None, approved_at=None, decision_reference="", receipt_reference=None,
        funded_at=None, closed_at=None, version=1,
    )  # fmt: skip
    session.add(offer)
    session.flush()
    offer.proposal = approvals.propose(
        session, kind=OFFER_KIND, subject=offer.id, facts=_facts(offer),
        quantity_pence=offer.pot_pence, bucket=f"offers:{donor}", maker=actor.person,
        barred=(), now=now,
    )  # fmt: skip
    session.flush()
    audit.record(
        session, at=now, actor=actor.person, action="offer.propose", subject=offer.id,
        facts=_facts(offer),
    )  # fmt: skip
    return offer.id


def _facts(offer: MatchOffer) -> dict[str, object]:
    return {
        "offer": offer.id, "donor": offer.donor, "pot_pence": offer.pot_pence,
        "rate_match": offer.rate_match, "rate_gift": offer.rate_gift,
        "donor_pence_max": offer.donor_pence_max, "pledge_pence_max": offer.pledge_pence_max,
    }  # fmt: skip


def approve_offer(
    session: Session, *, offer: str, decision_reference: str, actor: Actor, now: datetime
) -> None:
    """F6: PROPOSED to APPROVED, once both decisions are yes; keeps the decision's number.

    Raises:
        OfferNotReady: it is not proposed. A refusal of approvals when it was not approved.
    """
    require(actor, "offer.make")
    row = _locked(session, offer)
    if not decision_reference.strip():
        raise Invalid(
            "The decision has no number.",
            remedy="Enter the reference under which the decision was published.",
            place="decision_reference",
        )
    _check_move(row, "APPROVED")
    assert row.proposal is not None
    used = approvals.use(session, proposal=row.proposal, facts=_facts(row), now=now)
    _move(
        session, row, "APPROVED", approved_by=used.approver, approved_at=now,
        decision_reference=decision_reference.strip()[:300],
    )  # fmt: skip
    audit.record(
        session, at=now, actor=actor.person, action="offer.approve", subject=offer,
        facts={"verifier": used.verifier, "approver": used.approver},
        authority=decision_reference.strip(),
    )  # fmt: skip


def fund_offer(
    session: Session, *, offer: str, receipt_reference: str, actor: Actor, now: datetime
) -> None:
    """Row 5: the whole pot has arrived at the bank; APPROVED to FUNDED.

    Raises:
        OfferNotReady: it is not approved.
    """
    require(actor, "fund.receive")
    row = _locked(session, offer)
    if not receipt_reference.strip():
        raise Invalid(
            "The receipt has no reference.",
            remedy="Enter the reference on the bank statement.",
            place="receipt_reference",
        )
    _move(session, row, "FUNDED", funded_at=now, receipt_reference=receipt_reference.strip()[:300])
    accounts = [rules.bank_account(), rules.held_account(offer)]
    books.open_accounts(session, book=row.book, specs=accounts)
    _post(
        session, row, id=f"{offer}:funded", kind="fund.receipt", group=offer,
        legs=rules.funded(offer, row.pot_pence), maker=actor.person, now=now,
        reason="match pot received",
    )  # fmt: skip
    audit.record(
        session, at=now, actor=actor.person, action="offer.fund", subject=offer,
        facts={"pence": row.pot_pence, "reference": receipt_reference.strip()},
    )  # fmt: skip


def reserve(session: Session, *, offer: str, pledge: str, actor: Actor, now: datetime) -> int:
    """Row 5a, F4: set part of the pot aside for a pledge; returns the pence.

    The offer's row is locked first, so that two pledges cannot both have the last of it.

    Raises:
        OfferNotReady: it is not funded, or the pledge has an offer already. PotEmpty.
    """
    row = _locked(session, offer)
    if row.state != "FUNDED":
        raise OfferNotReady(
            f"The offer is {row.state.lower()}, not funded.",
            remedy="Record the receipt of its money first.",
            place=offer,
        )
    if queries.reservations(session, pledge):
        raise OfferNotReady(
            "This pledge has a match offer already.", remedy="One offer serves one pledge.",
            place=pledge,
        )  # fmt: skip
    free = books_queries.owed(session, row.book, rules.held_account(offer).path)
    pence = rules.reservable(free_pence=free, terms=queries.terms_of(row))
    session.add(
        MatchReservation(
            id=derived_id("RSV", offer, pledge), offer=offer, pledge=pledge, reserved_pence=pence,
            earned_pence=0, returned_pence=0, state="RESERVED", reserved_at=now, ended_at=None,
        )
    )  # fmt: skip
    session.flush()
    books.open_accounts(session, book=row.book, specs=[rules.reserved_account(offer, pledge)])
    _post(
        session, row, id=f"{pledge}:{offer}:reserve", kind="pledge.match.reserve", group=pledge,
        legs=rules.reserved(offer, pledge, pence), maker=actor.person, now=now,
        reason="match set aside",
    )  # fmt: skip
    audit.record(
        session, at=now, actor=actor.person, action="offer.reserve", subject=pledge,
        facts={"offer": offer, "pence": pence},
    )  # fmt: skip
    return pence


def earn(
    session: Session, *, pledge: str, escrow: str, receipt: str, gifts_before_pence: int,
    gift_pence: int, earned_before_pence: int, maker: str, now: datetime,
) -> int:  # fmt: skip
    """Row 5b, F3: what a qualifying receipt earns into the pledge's escrow, in pence.

    Returns 0, and posts nothing, where there is no reservation, or a cap is reached.
    """
    kept = _reservation(session, pledge)
    if kept is None or kept.state != "RESERVED":
        return 0
    offer = session.get_one(MatchOffer, kept.offer)
    pence = rules.earned_by(
        gifts_before_pence=gifts_before_pence, gift_pence=gift_pence,
        earned_before_pence=earned_before_pence,
        reserved_left_pence=kept.reserved_pence - kept.earned_pence - kept.returned_pence,
        terms=queries.terms_of(offer),
    )  # fmt: skip
    if pence == 0:
        return 0
    kept.earned_pence += pence
    session.flush()
    _post(
        session, offer, id=f"{receipt}:match", kind="pledge.match.earn", group=pledge,
        legs=rules.earned(offer.id, pledge, escrow, pence), maker=maker, now=now,
        reason="match earned by a receipt",
    )  # fmt: skip
    return pence


def unwind(
    session: Session, *, pledge: str, escrow: str, occasion: str, pence: int, maker: str,
    now: datetime,
) -> None:  # fmt: skip
    """Row 5d: the match's share of what is paid back leaves escrow for the reservation.

    Raises:
        ReservationMissing: the pledge has no reservation.
    """
    kept = _reservation(session, pledge)
    if kept is None:
        raise ReservationMissing(
            "No match is set aside for this pledge.", remedy="Check the pledge.", place=pledge
        )
    offer = session.get_one(MatchOffer, kept.offer)
    kept.earned_pence -= pence
    session.flush()
    _post(
        session, offer, id=f"{occasion}:unwind", kind="pledge.match.return", group=pledge,
        legs=rules.unwound(offer.id, pledge, escrow, pence), maker=maker, now=now,
        reason="match given back",
    )  # fmt: skip


def end_reservation(
    session: Session, *, pledge: str, maker: str, now: datetime, occasion: str = "end"
) -> int:
    """Row 5c, F5: what was not earned returns to the pot; returns the pence.

    Run again it finds nothing left. ``occasion`` tells a second return, after a refund gave
    match back, from the first.
    """
    kept = _reservation(session, pledge)
    if kept is None:
        return 0
    left = kept.reserved_pence - kept.earned_pence - kept.returned_pence
    if kept.state != "RESERVED" and left == 0:
        return 0
    offer = session.get_one(MatchOffer, kept.offer)
    kept.returned_pence += left
    kept.state = "EARNED" if kept.earned_pence else "RETURNED"
    kept.ended_at = now
    session.flush()
    if left:
        _post(
            session, offer, id=f"{pledge}:{offer.id}:return:{occasion}",
            kind="pledge.match.return", group=pledge,
            legs=rules.returned(offer.id, pledge, left), maker=maker, now=now,
            reason="unearned match returned",
        )  # fmt: skip
    audit.record(
        session, at=now, actor=maker, action="offer.return", subject=pledge,
        facts={"offer": offer.id, "returned_pence": left, "earned_pence": kept.earned_pence},
    )  # fmt: skip
    return left


def close_offer(session: Session, *, offer: str, reason: str, actor: Actor, now: datetime) -> None:
    """F4, F6: take no more pledges; what is reserved already is honoured.

    Raises:
        OfferNotReady: it is closed.
    """
    require(actor, "offer.end")
    row = _locked(session, offer)
    _move(session, row, "CLOSED", closed_at=now)
    audit.record(
        session, at=now, actor=actor.person, action="offer.close", subject=offer, reason=reason
    )


def _locked(session: Session, offer: str) -> MatchOffer:
    row = session.scalars(
        select(MatchOffer)
        .where(MatchOffer.id == offer)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise Missing("There is no such offer.", remedy="Check the reference.", place=offer)
    return row


def _reservation(session: Session, pledge: str) -> MatchReservation | None:
    return session.scalars(
        select(MatchReservation)
        .where(MatchReservation.pledge == pledge)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def _check_move(row: MatchOffer, to: str) -> None:
    if to not in rules.OFFER_MOVES[row.state]:
        raise OfferNotReady(
            f"The offer of {format_pence(row.pot_pence)} is {row.state.lower()};"
            f" it cannot become {to.lower()}.",
            remedy="Look at it again: somebody may have moved it.",
            place=row.id,
        )


def _move(session: Session, row: MatchOffer, to: str, **values: Any) -> None:
    _check_move(row, to)
    done = session.execute(
        update(MatchOffer)
        .where(MatchOffer.id == row.id, MatchOffer.state == row.state)
        .values(state=to, version=MatchOffer.version + 1, **values)
    )
    assert done.rowcount == 1, "the row is locked"  # type: ignore[attr-defined]
    session.refresh(row)


def _post(
    session: Session, offer: MatchOffer, *, id: str, kind: str, group: str,
    legs: tuple[Leg, ...], maker: str, now: datetime, reason: str,
) -> None:  # fmt: skip
    spec = JournalSpec(
        id=id, kind=kind, effective_on=london_day(now), legs=legs, maker=maker, group=group,
        reason=reason,
    )  # fmt: skip
    books.post(session, book=offer.book, spec=spec, now=now)
