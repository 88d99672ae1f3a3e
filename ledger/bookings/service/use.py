"""Proof of use: the keyholder or a broker says that a space was used, or that nobody came (K9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.bookings import queries, rules
from ledger.bookings.rules import Hire, postings
from ledger.bookings.service.claims import move_one
from ledger.bookings.service.decide import close_if_over
from ledger.bookings.service.months import spend
from ledger.bookings.service.posting import Event, post_events
from ledger.kernel.clock import day_in_words
from ledger.kernel.errors import Forbidden
from ledger.parties.rules import Actor, require

_Legs = Callable[..., postings.Legs]


def confirm_use(session: Session, *, occurrence: str, actor: Actor, now: datetime) -> None:
    """Vouch that a booked space was used; only now is the subsidy given.

    Raises:
        OwnDecision: the person or the person's group booked it.
        Forbidden: neither a broker nor the keyholder of the space.
        TooEarly: it has not begun.
        MoveRefused: it is not confirmed, or somebody has settled it.
    """
    _settle(
        session, occurrence=occurrence, to="used", kind="booking.use", legs=postings.used,
        reason="use proved", actor=actor, now=now,
    )  # fmt: skip


def mark_no_show(session: Session, *, occurrence: str, actor: Actor, now: datetime) -> None:
    """Say that nobody came; the minutes never count as community use. Refused as in
    `confirm_use`.
    """
    _settle(
        session, occurrence=occurrence, to="no_show", kind="booking.no_show",
        legs=postings.not_shown, reason="nobody came", actor=actor, now=now,
    )  # fmt: skip


def _settle(
    session: Session, *, occurrence: str, to: str, kind: str, legs: _Legs, reason: str,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    require(actor, "booking.confirm_use")
    date = queries.occurrence(session, occurrence)
    view = queries.booking(session, date.booking)
    _check_witness(session, view, actor)
    if date.starts_at is None or date.starts_at > now:
        raise rules.TooEarly(
            f"It begins on {day_in_words(date.on_day)}.",
            remedy="Come back once it has begun.",
            place=occurrence,
        )
    move_one(session, occurrence=occurrence, was="confirmed", to=to, actor=actor, now=now)
    hire: Hire = queries.hire(view, date)
    from_account, effective_on = spend(
        session, asset=view.asset, on=date.on_day,
        space_minutes=hire.space_minutes, maker=actor.person, now=now,
    )  # fmt: skip
    event = Event(
        id=f"{occurrence}:{to}", kind=kind, effective_on=effective_on,
        legs=legs(hire, from_account=from_account), group=view.id, reason=reason,
    )  # fmt: skip
    post_events(session, book=view.book, events=[event], maker=actor.person, now=now)
    audit.record(
        session, at=now, actor=actor.person, action=kind, subject=occurrence,
        facts={"minutes": date.minutes, "space_minutes": hire.space_minutes,
               "subsidy_pence": hire.subsidy_pence},
    )  # fmt: skip
    close_if_over(session, booking=view.id)


def _check_witness(session: Session, view: queries.BookingView, actor: Actor) -> None:
    """K8: the witness is the keyholder or a broker, and not of the party that booked."""
    ours = bool(view.organisation) and actor.organisation == view.organisation
    if actor.person == view.booker or ours:
        raise rules.OwnDecision(
            "You, or your group, made this booking.",
            remedy="The keyholder or an asset broker says whether the space was used.",
            place=view.id,
        )
    keyholder = queries.space(session, view.space).keyholder
    if "broker" not in actor.roles and actor.person != keyholder:
        raise Forbidden(
            "Only the keyholder of the space or an asset broker can say that it was used.",
            remedy="Ask the keyholder.",
            place=view.id,
        )
