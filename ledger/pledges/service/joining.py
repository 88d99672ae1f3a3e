"""People join, prove that they can be reached, count, and may withdraw (PL3 to PL9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.books.rules import JournalSpec
from ledger.funds import queries as funds
from ledger.funds import rules as fund_rules
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import new_id, new_secret, secret_hash
from ledger.parties.rules import Actor, require
from ledger.pledges import queries, rules
from ledger.pledges.models import Commitment, Pledge
from ledger.pledges.service import rows
from ledger.pledges.service.refunding import give_back

__all__ = ["Confirmed", "Joined", "confirm", "join", "join_on_paper", "withdraw"]

_OVER = ("WITHDRAWN", "LAPSED", "REFUND_DUE", "REFUNDED")


@dataclass(frozen=True, slots=True)
class Joined:
    """A promise that waits for its proof; the secret is in the message, and only there."""

    commitment: str
    secret: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A promise that counts; ``again`` when the proof had been used before, ``reached`` when
    this very promise brought the pledge to its minimum.
    """

    commitment: str
    pledge: str
    again: bool = False
    reached: bool = False


def join(
    session: Session, *, pledge: str, person: str, quantity: int, show_name: bool = False,
    now: datetime, link: str = "/pledges/confirm/",
) -> Joined:  # fmt: skip
    """PL3, PL4: promise a quantity (pence or minutes); it counts once the link is followed.

    Somebody who joins again before proving their contact changes what they promised and gets
    a new link; the old one stops working.

    Raises:
        NotReady, TooLate, OwnPledge, AlreadyJoined, Full, DealIncomplete (quantity).
    """
    row = rows.locked_pledge(session, pledge)
    secret = new_secret()
    signer = _signer(
        session, row, person=person, quantity=quantity, show_name=show_name, now=now,
        proof=secret_hash(secret),
    )  # fmt: skip
    rows.note(
        session, now=now, actor=person, action="commitment.join", subject=signer.id,
        facts={"pledge": pledge, "quantity": quantity, "wording": row.wording},
    )  # fmt: skip
    rows.tell(
        session, [person], template="pledge.prove", pledge=row, now=now,
        occasion=secret_hash(secret)[:16], facts={"secret_link": link + secret},
    )  # fmt: skip
    return Joined(signer.id, secret)


def _signer(
    session: Session, row: Pledge, *, person: str, quantity: int, show_name: bool, now: datetime,
    proof: str | None, form_number: str = "",
) -> Commitment:  # fmt: skip
    """The commitment of this person in this pledge, made or taken up again."""
    rules.check_can_join(
        state=row.state, deadline_at=row.deadline_at, person=person, organiser=row.organiser,
        now=now,
    )  # fmt: skip
    rules.check_quantity(quantity, row.unit)
    known = session.scalars(
        select(Commitment).where(
            Commitment.pledge == row.id, Commitment.person == person,
            Commitment.state.not_in(_OVER),
        )
    ).first()  # fmt: skip
    if known is not None and (known.state != "UNCONFIRMED" or known.received or known.extra):
        raise rules.AlreadyJoined(
            "You have joined this pledge; one person joins once.",
            remedy="See your promise under “My pledges”. To promise more, withdraw and join again.",
        )
    _check_room(session, row, quantity)
    if known is None:
        known = Commitment(
            id=new_id("CMT"), pledge=row.id, person=person, joined_at=now, confirmed_at=None,
            state="UNCONFIRMED", match_expected=0, due_on=None, received=0, extra=0,
            earned_match=0, reminders=0, private_reason="", write_off=None, ended_at=None,
            quantity=quantity, wording=row.wording, show_name=show_name, proof_hash=proof,
            via="paper" if form_number else "web", form_number=form_number,
        )  # fmt: skip
        session.add(known)
    elif known.confirmed_at is None:
        known.quantity, known.show_name = quantity, show_name
        known.wording, known.proof_hash = row.wording, proof
    else:
        raise rules.AlreadyJoined(
            "You joined before the wording changed.",
            remedy="Use the link in the message about the new wording to agree to it.",
        )
    session.flush()
    return known


def _expected_match(session: Session, pledge: str, quantity: int) -> int:
    kept = funds.reservations(session, pledge)
    return fund_rules.donor_match(quantity, kept[0].terms) if kept else 0


def _check_room(session: Session, row: Pledge, quantity: int) -> int:
    """PL9; returns the match that this promise would earn, in pence."""
    match = _expected_match(session, row.id, quantity) if row.unit == "GBP" else 0
    before = queries.tally_of(row)
    after = replace(
        before, confirmed=before.confirmed + quantity, people=before.people + 1,
        match_expected=before.match_expected + match,
    )  # fmt: skip
    rules.check_room(before, after, maximum=row.maximum, unit=row.unit)
    return match


def confirm(session: Session, *, secret: str, now: datetime) -> Confirmed:
    """PL3, PL5: the link was followed: the promise counts, and may bring the pledge home.

    The pledge's row is locked, so that two last promises cannot both pass the maximum, and
    the pledge is REACHED in this same transaction. A second use changes nothing.

    Raises:
        WrongLink, NotReady, TooLate, Full.
    """
    found = queries.commitment_by_secret(session, secret)
    row, signer = rows.locked_commitment(session, found.id)
    if signer.proof_hash != secret_hash(secret):
        raise rules.WrongLink(
            "A newer link has replaced this one.", remedy="Use the link in the latest message."
        )
    if signer.state != "UNCONFIRMED":
        return Confirmed(signer.id, row.id, again=True)
    return _count(session, row, signer, maker=signer.person, now=now)


def join_on_paper(
    session: Session, *, pledge: str, person: str, quantity: int, form_number: str,
    show_name: bool = False, actor: Actor, now: datetime,
) -> Confirmed:  # fmt: skip
    """PL3: an officer enters a signed paper form; it counts at once, marked "in person".

    Raises:
        As `join`; SelfModeration: the officer belongs to the group.
    """
    require(actor, "pledge.moderate")
    row = rows.locked_pledge(session, pledge)
    rows.check_outsider(session, actor, row)
    if not 0 < len(form_number.strip()) <= 60:
        raise Invalid(
            "The form has no number.", remedy="Enter the number printed on it.",
            place="form_number",
        )  # fmt: skip
    signer = _signer(
        session, row, person=person, quantity=quantity, show_name=show_name, now=now, proof=None,
        form_number=form_number.strip(),
    )  # fmt: skip
    return _count(session, row, signer, maker=actor.person, now=now)


def _count(
    session: Session, row: Pledge, signer: Commitment, *, maker: str, now: datetime
) -> Confirmed:
    """Make a promise count: rows 1 or H1, and at once 3 and 3a where it falls due at once."""
    rules.check_can_join(
        state=row.state, deadline_at=row.deadline_at, person=signer.person,
        organiser=row.organiser, now=now,
    )  # fmt: skip
    match = _check_room(session, row, signer.quantity)
    late = row.state == "SETTLING"
    due = None
    if late:
        assert row.collect_until_on is not None, "a pledge being collected has a last day"
        due = min(rules.due_on(now, row.collect_days), row.collect_until_on)
    rows.move_commitment(
        session, signer, "DUE" if late else "CONFIRMED", confirmed_at=now, wording=row.wording,
        match_expected=match, due_on=due,
    )  # fmt: skip
    row.confirmed += signer.quantity
    row.confirmed_count += 1
    row.match_expected += match
    session.flush()
    books.open_accounts(
        session, book=row.book,
        specs=rules.commitment_accounts(signer.id, row.unit, owner=signer.person),
    )  # fmt: skip
    rows.post(session, row, _promise_journals(row, signer, late=late, maker=maker, now=now), now)
    rows.note(
        session, now=now, actor=maker, action="commitment.confirm", subject=signer.id,
        facts={"pledge": row.id, "quantity": signer.quantity, "wording": row.wording,
               "total": row.confirmed},
    )  # fmt: skip
    rows.tell(
        session, [signer.person], template="pledge.counted", pledge=row, now=now,
        occasion=f"{signer.id}:{row.wording}",
    )  # fmt: skip
    return Confirmed(signer.id, row.id, reached=reach_if_met(session, row, actor=maker, now=now))


def _promise_journals(
    row: Pledge, signer: Commitment, *, late: bool, maker: str, now: datetime
) -> list[JournalSpec]:
    left = signer.quantity - signer.received
    if left == 0:
        return []
    stem = f"{signer.id}:{row.wording}"
    specs = [rows.journal(
        row, id=f"{stem}:promise", kind="pledge.promise", maker=maker, now=now,
        legs=rules.promise(row.id, signer.id, row.unit, left), reason="promise counted",
    )]  # fmt: skip
    if late:
        specs += due_journals(row, signer, left, maker=maker, now=now)
    return specs


def due_journals(
    row: Pledge, signer: Commitment, quantity: int, *, maker: str, now: datetime
) -> list[JournalSpec]:
    """Rows 3 and 3a, or the mirror of H1 and H2: a promise leaves the memo and falls due."""
    return [
        rows.journal(
            row, id=f"{signer.id}:settle", kind="pledge.promise.end", maker=maker, now=now,
            legs=rules.promise_ended(row.id, signer.id, row.unit, quantity),
            reason="promise falls due",
        ),
        rows.journal(
            row, id=f"{signer.id}:due", kind="pledge.settle", maker=maker, now=now,
            legs=rules.hours_due(row.id, signer.id, row.unit, quantity),
            reason="promise falls due",
        ),
    ]  # fmt: skip


def reach_if_met(session: Session, row: Pledge, *, actor: str, now: datetime) -> bool:
    """PL5: OPEN to REACHED in this transaction when the counted total meets the minimum."""
    if row.state != "OPEN" or not rules.is_reached(queries.tally_of(row), row.minimum):
        return False
    settles = rules.settles_at(now)
    rows.move_pledge(session, row, "REACHED", reached_at=now, settles_at=settles)
    rows.note(
        session, now=now, actor=actor, action="pledge.reach", subject=row.id,
        facts={"confirmed": row.confirmed, "people": row.confirmed_count,
               "match_counted": queries.tally_of(row).match_counted, "minimum": row.minimum},
    )  # fmt: skip
    rows.tell(
        session, [row.organiser, row.broker, *rows.backers(session, row.id)],
        template="pledge.reached", pledge=row, now=now,
        facts={"until": rules.day_and_hour(settles)},
    )  # fmt: skip
    return True


def withdraw(session: Session, *, commitment: str, actor: Actor, now: datetime) -> None:
    """PL7: take a promise back while cooling-off lasts; what was paid ahead is owed back.

    Raises:
        NotTheirs, NotReady, TooLate.
    """
    row, signer = rows.locked_commitment(session, commitment)
    if actor.person != signer.person:
        raise rules.NotTheirs(
            "Only the person who promised can withdraw.", remedy="Sign in as that person."
        )
    until = rules.withdraw_until(reached_at=row.reached_at, confirmed_at=signer.confirmed_at)
    rules.check_can_withdraw(state=signer.state, until=until, now=now)
    was = signer.state
    rows.post(session, row, _withdrawal(row, signer, actor=actor, now=now), now)
    rows.move_commitment(session, signer, "WITHDRAWN", ended_at=now)
    if was in rules.COUNTED:
        row.confirmed -= signer.quantity
        row.confirmed_count -= 1
        row.match_expected -= signer.match_expected
        row.fell_short = row.reached_at is not None and not rules.is_reached(
            queries.tally_of(row), row.minimum
        )
        row.version += 1
        session.flush()
    give_back(session, row, signer, actor=actor.person, now=now)
    rows.note(
        session, now=now, actor=actor.person, action="commitment.withdraw", subject=signer.id,
        facts={"pledge": row.id, "quantity": signer.quantity, "total": row.confirmed},
    )  # fmt: skip
    rows.tell(
        session, [signer.person], template="pledge.withdrawn", pledge=row, now=now,
        occasion=signer.id,
    )  # fmt: skip


def _withdrawal(
    row: Pledge, signer: Commitment, *, actor: Actor, now: datetime
) -> list[JournalSpec]:
    left = signer.quantity - signer.received
    if signer.state == "UNCONFIRMED" or left == 0:
        return []
    due = signer.state == "DUE"
    legs = (rules.excused if due else rules.promise_ended)(row.id, signer.id, row.unit, left)
    return [rows.journal(
        row, id=f"{signer.id}:withdraw", kind="pledge.promise.end", legs=legs,
        maker=actor.person, now=now, reason="promise withdrawn",
    )]  # fmt: skip
