"""What every service of pledges does: lock a row, move a state, post, record and tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.books import service as books
from ledger.books.rules import JournalSpec, Leg
from ledger.kernel import limits
from ledger.kernel.clock import london_day
from ledger.kernel.errors import Invalid
from ledger.messages import service as messages
from ledger.parties import queries as parties
from ledger.parties.rules import Actor
from ledger.pledges import queries, rules
from ledger.pledges.models import Commitment, Pledge, PledgeWording, Release

Row = TypeVar("Row", Pledge, Commitment, Release)


def locked_pledge(session: Session, reference: str) -> Pledge:
    """The pledge, held until this unit of work ends, so that nobody else can move it."""
    return _locked(session, Pledge, "pledge", reference)


def locked_commitment(session: Session, reference: str) -> tuple[Pledge, Commitment]:
    """The commitment and its pledge, locked in the order that everybody uses."""
    found = session.scalars(select(Commitment.pledge).where(Commitment.id == reference)).first()
    if found is None:
        raise queries.missing("promise", reference)
    pledge = locked_pledge(session, found)
    return pledge, _locked(session, Commitment, "promise", reference)


def locked_release(session: Session, reference: str) -> tuple[Pledge, Release]:
    """The release and its pledge, locked in the order that everybody uses."""
    found = session.scalars(select(Release.pledge).where(Release.id == reference)).first()
    if found is None:
        raise queries.missing("release", reference)
    return locked_pledge(session, found), _locked(session, Release, "release", reference)


def _locked(session: Session, model: type[Row], noun: str, reference: str) -> Row:
    row = session.scalars(
        select(model)
        .where(model.id == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise queries.missing(noun, reference)
    return row


def commitments_in(session: Session, pledge: str, states: Iterable[str]) -> list[Commitment]:
    """The commitments of a (locked) pledge in these states, in the order people joined."""
    return list(
        session.scalars(
            select(Commitment)
            .where(Commitment.pledge == pledge, Commitment.state.in_(tuple(states)))
            .order_by(Commitment.joined_at, Commitment.id)
            .execution_options(populate_existing=True)
        )
    )


def wording_of(session: Session, pledge: Pledge) -> PledgeWording:
    """The wording that people sign today."""
    return session.get_one(PledgeWording, (pledge.id, pledge.wording))


def move_pledge(session: Session, row: Pledge, to: str, **values: Any) -> None:
    """Move a pledge as the table of moves allows, by compare-and-swap."""
    rules.check_move(rules.PLEDGE_MOVES, row.state, to, place=row.id)
    _swap(session, row, to, version=Pledge.version + 1, **values)


def move_commitment(session: Session, row: Commitment, to: str, **values: Any) -> None:
    """Move a commitment as the table of moves allows, by compare-and-swap."""
    rules.check_move(rules.COMMITMENT_MOVES, row.state, to, place=row.id)
    _swap(session, row, to, **values)


def move_commitments(
    session: Session, signers: Sequence[Commitment], to: str, **values: Any
) -> None:
    """Move many commitments of a locked pledge together, each as `move_commitment` does one."""
    session.flush()
    for signer in signers:
        rules.check_move(rules.COMMITMENT_MOVES, signer.state, to, place=signer.id)
    for was in sorted({signer.state for signer in signers}):
        moving = [signer.id for signer in signers if signer.state == was]
        for start in range(0, len(moving), limits.PAGE_ROWS_MAX):
            part = moving[start : start + limits.PAGE_ROWS_MAX]
            done = session.execute(
                update(Commitment)
                .where(Commitment.id.in_(part), Commitment.state == was)
                .values(state=to, **values)
                .execution_options(synchronize_session=False)
            )
            assert done.rowcount == len(part), "their pledge is locked"  # type: ignore[attr-defined]
            moved = select(Commitment).where(Commitment.id.in_(part))
            session.execute(moved, execution_options={"populate_existing": True}).all()


def move_release(session: Session, row: Release, to: str, **values: Any) -> None:
    """Move a release as the table of moves allows, by compare-and-swap."""
    rules.check_move(rules.RELEASE_MOVES, row.state, to, place=row.id)
    _swap(session, row, to, **values)


def _swap(session: Session, row: Any, to: str, **values: Any) -> None:
    model = type(row)
    session.flush()
    done = session.execute(
        update(model)
        .where(model.id == row.id, model.state == row.state)
        .values(state=to, **values)
        .execution_options(synchronize_session=False)
    )
    assert done.rowcount == 1, "the row is locked"  # type: ignore[attr-defined]
    session.refresh(row)


def journal(
    pledge: Pledge, *, id: str, kind: str, legs: tuple[Leg, ...], maker: str, now: datetime,
    reason: str, checker: str | None = None, effective_on: Any = None,
) -> JournalSpec:  # fmt: skip
    """A journal of a pledge, to be posted with others."""
    return JournalSpec(
        id=id, kind=kind, effective_on=effective_on or london_day(now), legs=legs, maker=maker,
        checker=checker, group=pledge.id, reason=reason,
    )  # fmt: skip


def post(session: Session, pledge: Pledge, specs: Iterable[JournalSpec], now: datetime) -> None:
    """Post journals in order; none is fine."""
    listed = list(specs)
    session.flush()
    if listed:
        books.post_many(session, book=pledge.book, specs=listed, now=now)


def note(
    session: Session, *, now: datetime, actor: str, action: str, subject: str,
    facts: Mapping[str, object] | None = None, reason: str = "", authority: str = "",
) -> None:  # fmt: skip
    """Write the audit event of a change."""
    audit.record(
        session, at=now, actor=actor, action=action, subject=subject, facts=facts or {},
        reason=reason, authority=authority,
    )  # fmt: skip


def tell(
    session: Session, people: Iterable[str], *, template: str, pledge: Pledge, now: datetime,
    occasion: str = "", facts: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    """Send each person one message about a pledge: once for each occasion, whatever is rerun."""
    tell_each(
        session, [(person, occasion, facts or {}) for person in dict.fromkeys(people)],
        template=template, pledge=pledge, now=now,
    )  # fmt: skip


def tell_each(
    session: Session, told: Iterable[tuple[str, str, Mapping[str, object]]], *, template: str,
    pledge: Pledge, now: datetime,
) -> None:  # fmt: skip
    """Send people a message each, with an occasion and facts of their own."""
    sentence = wording_of(session, pledge).sentence
    messages.enqueue_many(
        session, template=template, now=now,
        letters=[
            messages.Letter(
                f"{pledge.id}:{template}:{occasion}:{person}", person,
                {"pledge": pledge.id, "sentence": sentence, **facts},
            )
            for person, occasion, facts in told
        ],
    )  # fmt: skip


def backers(session: Session, pledge: str) -> list[str]:
    """Everybody whose promise counts."""
    return list(
        session.scalars(
            select(Commitment.person)
            .where(Commitment.pledge == pledge, Commitment.state.in_(rules.COUNTED))
            .order_by(Commitment.joined_at, Commitment.id)
        )
    )


def members(session: Session, group: str) -> frozenset[str]:
    """Everybody who holds a role in a group."""
    return frozenset(parties.members(session, group))


def check_member(session: Session, actor: Actor, group: str, *roles: str) -> None:
    """Refuse unless the actor holds one of these roles in the group.

    Raises:
        NotYourGroup.
    """
    if not any(actor.person in parties.members(session, group, role) for role in roles):
        raise rules.NotYourGroup(
            f"You are not {' or '.join(roles)} of the group whose pledge this is.",
            remedy="Ask the group’s own organiser or treasurer.",
        )


def check_outsider(session: Session, actor: Actor, pledge: Pledge) -> None:
    """PL2, PL12: refuse anybody of the group or the organiser."""
    rules.check_moderator(
        actor.person, organiser=pledge.organiser, members=members(session, pledge.group_id),
        refusal=rules.SelfModeration,
    )  # fmt: skip


def written(reason: str, *, place: str = "reason") -> str:
    """A reason in words, or a refusal."""
    text = reason.strip()
    if not limits.REASON_CHARS_MIN <= len(text) <= limits.TEXT_CHARS_MAX:
        raise Invalid(
            "This needs a reason in writing.",
            remedy=f"Write {limits.REASON_CHARS_MIN} to {limits.TEXT_CHARS_MAX:,} letters.",
            place=place,
        )
    return text
