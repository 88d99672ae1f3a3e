"""Opening books for inspection, asking about them, and answering; each beside its audit event."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from ledger.audit import rules as audit_rules
from ledger.audit import service as audit
from ledger.audit.queries import CheckpointRow
from ledger.books import queries as books
from ledger.books.queries import Between
from ledger.inspections import queries, rules
from ledger.inspections.models import (
    Inspection,
    InspectionAnswer,
    InspectionLeaf,
    InspectionMatter,
)
from ledger.inspections.queries import InspectionView
from ledger.inspections.rules import Opening
from ledger.kernel import limits
from ledger.kernel.clock import london_day
from ledger.kernel.db import write_rows
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import new_id
from ledger.kernel.texts import clean_text
from ledger.messages import service as messages
from ledger.parties import queries as parties_queries
from ledger.parties import service as parties
from ledger.parties.rules import Actor, require

OPEN = "inspection.open"
ASK = "inspection.ask"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One journal of an inspection: its leaf in the inspection's tree, and what can be opened.

    ``shut`` is what the public is not given.
    """

    seq: int
    leaf: bytes
    openings: dict[str, Opening]
    shut: frozenset[str]


def open_books(
    session: Session, *, book: int, period: int, opens_on: date, signed: CheckpointRow | None,
    origin: str, seed: bytes, actor: Actor, now: datetime, more_days: int = 0,
) -> str:  # fmt: skip
    """I1, I2: open the books of a closed period, commit to every field, and seal the root.

    ``signed`` is a checkpoint that covers the close, ``more_days`` are beyond the thirty. Returns
    the inspection's reference.

    Raises:
        NotClosed: the period is not closed, or no checkpoint covers it. AlreadyOpened.
        Invalid: the first day has passed.
    """
    require(actor, OPEN)
    if not 0 <= more_days <= rules.MORE_DAYS_MAX:
        raise Invalid(
            f"{more_days} days more than thirty cannot be added.",
            remedy=f"Add from 0 to {rules.MORE_DAYS_MAX} days.",
            place="more_days",
        )
    row = books.period(session, book, period)
    _check_can_open(session, book, row, opens_on=opens_on, signed=signed, today=london_day(now))
    assert signed is not None, "as just checked"
    closes_on = rules.last_day(opens_on, days=rules.WORKING_DAYS + more_days)
    reference, secret = new_id("INS"), secrets.token_bytes(32)
    between = Between(book, 0, signed.size, row["starts_on"], row["ends_on"])
    digests, kept = _committed(session, reference, secret, between)
    root = audit_rules.root_of(digests)
    body = rules.seal_body(
        origin=origin, inspection=reference, starts_on=row["starts_on"], ends_on=row["ends_on"],
        size=signed.size, books_root=signed.root, journals=len(digests), root=root,
    )  # fmt: skip
    session.add(
        Inspection(
            id=reference, book=book, period=period, starts_on=row["starts_on"],
            ends_on=row["ends_on"], opens_on=opens_on, closes_on=closes_on,
            size=signed.size, journals=len(digests), root=root, secret=secret,
            seal=audit_rules.signed_note(body, name=origin, seed=seed), opened_by=actor.person,
            opened_at=now,
        )
    )  # fmt: skip
    session.flush()
    write_rows(session, InspectionLeaf, kept)
    _record(
        session, actor, OPEN, reference,
        {"period": period, "opens_on": opens_on.isoformat(), "root": root.hex()}, now=now,
    )  # fmt: skip
    return reference


def _check_can_open(
    session: Session, book: int, row: dict[str, object], *, opens_on: date,
    signed: CheckpointRow | None, today: date,
) -> None:  # fmt: skip
    if row["id"] in queries.opened_periods(session, book):
        raise rules.AlreadyOpened(
            "The books of this period were opened for inspection before.",
            remedy="Look at that inspection.",
            place="period",
        )
    close = row["seq_at_close"]
    if row["status"] != "CLOSED" or not isinstance(close, int):
        raise rules.NotClosed(
            "The period is not closed.", remedy="Two people close it first.", place="period"
        )
    if signed is None or signed.size < close:
        raise rules.NotClosed(
            "No checkpoint covers the close yet.", remedy="Make a checkpoint first.", place="period"
        )
    if opens_on < today:
        raise Invalid(
            "The first day has passed.", remedy="Begin today or on a later day.", place="opens_on"
        )


def _committed(
    session: Session, reference: str, secret: bytes, between: Between
) -> tuple[list[bytes], list[dict[str, object]]]:
    """The hashes of the inspection's tree, and the commitments about people, to be kept."""
    people: set[str] = set()
    for _seq, leaf, _digest in books.leaves_between(session, between):
        facts = json.loads(leaf)
        people |= {who for who in (facts["maker"], facts["checker"]) if who}
    salts = parties.make_salts(session, people=people)
    names = parties_queries.names(session, people)
    digests, kept = [], []
    for seq, leaf, digest in books.leaves_between(session, between):
        facts = json.loads(leaf)
        fields = rules.fields_of(facts, names)
        commitments, of_people = {}, {}
        for field, value in fields.items():
            person = rules.person_of(field, facts)
            # Whoever was erased before has no secret; a salt that nobody keeps shuts the field.
            source = salts.get(person, secrets.token_bytes(32)) if person else secret
            salt = rules.salt_of(source, inspection=reference, seq=seq, field=field)
            made = rules.commitment(salt, seq=seq, field=field, value=value)
            commitments[field] = made
            if person:
                of_people[field] = made
        digests.append(audit_rules.leaf_hash(rules.leaf_of(seq, digest, commitments)))
        if of_people:
            words = json.dumps(of_people, sort_keys=True, separators=(",", ":"))
            kept.append({"inspection": reference, "seq": seq, "people": words})
    return digests, kept


def sealed(session: Session, *, view: InspectionView) -> Iterator[Sealed]:
    """I2 to I4: every journal again as it was sealed, with the salts that are still there."""
    kept = queries.people_kept(session, view.id)
    every = list(_people(session, view))
    salts, names = parties.salts_of(session, people=every), parties_queries.names(session, every)
    for seq, digest, facts in queries.leaves(session, view):
        fields = rules.fields_of(facts, names)
        commitments, openings = dict(kept.get(seq, {})), {}
        for field, value in fields.items():
            person = rules.person_of(field, facts)
            source = salts.get(person) if person else view.secret
            if source is None:
                continue
            salt = rules.salt_of(source, inspection=view.id, seq=seq, field=field)
            made = rules.commitment(salt, seq=seq, field=field, value=value)
            if commitments.setdefault(field, made) == made:  # a name may have changed since
                openings[field] = (salt, value)
        yield Sealed(
            seq, rules.leaf_of(seq, digest, commitments), openings,
            frozenset(rules.withheld(fields)),
        )  # fmt: skip


def _people(session: Session, view: InspectionView) -> set[str]:
    return {
        who
        for _seq, _digest, facts in queries.leaves(session, view)
        for who in (facts["maker"], facts["checker"])
        if who
    }


def ask(
    session: Session, *, inspection: str, kind: str, seq: int, line: int | None, words: str,
    actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """I5: ask about a journal of the inspection or one of its entries, or object to it.

    Raises:
        NotOpen: the inspection has not begun or is over.
        Missing, Invalid: the journal or entry is not part of it; no words, or too many.
    """
    require(actor, ASK)
    assert kind in rules.KINDS, kind
    view, today = queries.inspection(session, inspection), london_day(now)
    rules.check_within(today=today, opens_on=view.opens_on, closes_on=view.closes_on)
    waits = queries.count(
        session, states=(rules.ASKED,), inspection=inspection, asked_by=actor.person
    )
    rules.check_few(waits)
    row, entries = books.journal(session, view.book, seq)
    within = seq <= view.size and view.starts_on <= row.effective_on <= view.ends_on
    if not within or (line is not None and line not in {entry.line for entry in entries}):
        raise Invalid(
            f"Journal {seq}{'' if line is None else f', entry {line}'} is not part of it.",
            remedy="Take the number from the bundle, or from the journal's page.",
            place="seq" if not within else "line",
        )
    text = _words(words)
    reference = new_id("INQ")
    session.add(
        InspectionMatter(
            id=reference, inspection=inspection, kind=kind, seq=seq, line=line, words=text,
            state=rules.ASKED, asked_by=actor.person, asked_on=today, asked_at=now,
        )
    )  # fmt: skip
    session.flush()
    _record(session, actor, ASK, reference, {"kind": kind, "journal": seq}, now=now)
    return reference


def answer(
    session: Session, *, matter: str, step: str, words: str, actor: Actor, now: datetime
) -> str:
    """I6: answer a question, reply to an objection, or decide about one; returns the new state.

    Raises:
        WrongStep: it does not wait for this. OwnMatter: this person asked it.
    """
    require(actor, rules.RIGHTS[step])
    view = queries.matter(session, matter)
    rules.check_own(step=step, asked_by=view.asked_by, person=actor.person)
    state = rules.next_state(view.kind, view.state, step)
    session.add(
        InspectionAnswer(
            matter=matter, gives=state, words=_words(words), said_by=actor.person, said_at=now
        )
    )
    session.flush()
    _move(session, matter, was=view.state, state=state)
    messages.enqueue(
        session, key=f"{matter}:{state}", recipient=view.asked_by, template="inspection.answered",
        facts={"kind": view.kind, "journal": view.seq, "state": rules.STATE_WORDS[state],
               "matter": matter},
        now=now,
    )  # fmt: skip
    _record(session, actor, rules.RIGHTS[step], matter, {"state": state}, now=now)
    return state


def withdraw(session: Session, *, matter: str, actor: Actor, now: datetime) -> None:
    """I6: take back what one asked oneself, before it is answered.

    Raises:
        WrongStep: it is answered or decided. OwnMatter: somebody else asked it.
    """
    require(actor, ASK)
    view = queries.matter(session, matter)
    rules.check_own(step=rules.WITHDRAW, asked_by=view.asked_by, person=actor.person)
    state = rules.next_state(view.kind, view.state, rules.WITHDRAW)
    _move(session, matter, was=view.state, state=state)
    _record(session, actor, "inspection.withdraw", matter, {"state": state}, now=now)


def _move(session: Session, matter: str, *, was: str, state: str) -> None:
    done = session.execute(
        update(InspectionMatter)
        .where(InspectionMatter.id == matter, InspectionMatter.state == was)
        .values(state=state)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise rules.WrongStep(
            "Somebody else moved it just now.", remedy="Look at it again.", place="state"
        )


def _words(words: str) -> str:
    return clean_text(
        words, place="words", shortest=limits.REASON_CHARS_MIN, longest=limits.TEXT_CHARS_MAX
    )


def _record(
    session: Session, actor: Actor, action: str, subject: str, facts: dict[str, object], *,
    now: datetime,
) -> None:  # fmt: skip
    audit.record(
        session, at=now, actor=actor.person, action=action, subject=subject, facts=facts,
        authority=", ".join(sorted(actor.roles)),
    )  # fmt: skip
