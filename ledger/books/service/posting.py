"""Posting: journals are built upon the head of a book and written in one go."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import exc
from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.books.rules import JournalSpec, Line
from ledger.books.service import store
from ledger.kernel.clock import microseconds
from ledger.kernel.money import format_quantity


@dataclass(frozen=True, slots=True)
class Posted:
    """A journal in the books: its number, id, and whether it had been posted before."""

    seq: int
    id: str
    replayed: bool = False


def post(session: Session, *, book: int, spec: JournalSpec, now: datetime) -> Posted:
    """Post one journal. The same id with the same content is posted once.

    Raises:
        JournalRefused, UnknownAccount, NotEnoughMoney, PeriodClosed, JournalIdReused.
    """
    return post_many(session, book=book, specs=[spec], now=now)[0]


def post_many(
    session: Session, *, book: int, specs: Sequence[JournalSpec], now: datetime
) -> list[Posted]:
    """Post several journals in order, in a few statements; all or nothing."""
    if not specs:
        return []
    for spec in specs:
        rules.check_shape(spec)
    paths = sorted({leg.path for spec in specs for leg in spec.legs})
    seen = store.look(session, book, ids=[spec.id for spec in specs], paths=paths)
    work = _Work(seen, microseconds(now))
    results = [work.add(spec) for spec in specs]
    if work.rows:
        _write(session, book, work)
    return results


def _write(session: Session, book: int, work: _Work) -> None:
    try:
        store.write(session, book, work.rows)
    except exc.IntegrityError as error:
        if "the period is closed" in str(error.orig):
            days = sorted({row.spec.effective_on.isoformat() for row in work.rows})
            raise rules.PeriodClosed(
                f"The period of {', '.join(days)} is closed.",
                remedy="Date the entry in an open period.",
            ) from error
        if "past its deadline" in str(error.orig):
            raise rules.HoldExpired(
                "The deadline of the hold has passed.",
                remedy="Give the hold up, and begin again with a new one.",
                place=work.rows[0].spec.id,
            ) from error
        raise


class _Work:
    """Journals being built upon one head."""

    def __init__(self, seen: store.Seen, now_us: int) -> None:
        self.now_us = now_us
        self.seq, self.chain, self.last_us = seen.next_seq, seen.chain, seen.last_us
        self.code, self.standings = seen.code, seen.standings
        self.known = dict(seen.posted)
        self.rows: list[store.JournalRow] = []

    def add(self, spec: JournalSpec) -> Posted:
        """Build one journal; a replay of a posted one adds nothing."""
        request = rules.request_hash(spec)
        known = self.known.get(spec.id)
        if known is not None:
            if known[1] != request:
                raise rules.JournalIdReused(
                    f"Journal {spec.id} is number {known[0]} and says something else.",
                    remedy="Use a new id for a new entry.",
                    place=spec.id,
                )
            return Posted(known[0], spec.id, replayed=True)
        lines = self._lines(spec)
        rules.check_balanced(spec, lines)
        self.known[spec.id] = (self.seq, request)
        self._keep(spec, lines, request)
        return Posted(self.seq - 1, spec.id)

    def _lines(self, spec: JournalSpec) -> list[Line]:
        lines = []
        legs = sorted(spec.legs, key=lambda leg: leg.quantity > 0)
        for number, leg in enumerate(legs, start=1):
            standing = self.standings.get(leg.path)
            if standing is None:
                raise rules.UnknownAccount(
                    f"The book has no account {leg.path}.",
                    remedy="Open the account first.",
                    place=spec.id,
                )
            lines.append(standing.take(number, leg))
            if standing.overdrawn:
                raise rules.NotEnoughMoney(
                    f"{leg.path} would be short by"
                    f" {format_quantity(standing.overdrawn, standing.unit)}.",
                    remedy="Use a smaller amount, or pay more in first.",
                    place=spec.id,
                )
        return lines

    def _keep(self, spec: JournalSpec, lines: list[Line], request: bytes) -> None:
        recorded = rules.recorded_us(self.now_us, self.last_us)
        deadline = microseconds(spec.deadline_at) if spec.deadline_at else None
        salt = secrets.token_bytes(16) if spec.note else b""
        leaf = rules.leaf_bytes(
            book=self.code, seq=self.seq, recorded_us=recorded, deadline_us=deadline,
            spec=spec, lines=lines, note_commitment=rules.note_commitment(salt, spec.note),
        )  # fmt: skip
        digest = rules.leaf_hash(leaf)
        self.chain = rules.chain_hash(self.chain, digest)
        entries = [(line, self.standings[line.path].fund_id) for line in lines]
        self.rows.append(
            store.JournalRow(
                self.seq, spec, recorded, deadline, request, leaf, digest, self.chain, salt, entries
            )
        )
        self.last_us = recorded
        self.seq += 1


def reverse(
    session: Session, *, book: int, seq: int, id: str, now: datetime, effective_on: date,
    maker: str, checker: str, reason: str,
) -> Posted:  # fmt: skip
    """Answer a journal with its mirror. Once only; never an edit. Needs a second person."""
    row, entries = queries.journal(session, book, seq)
    queries.head(session, book, lock=True)
    earlier = queries.answered_by(session, book, reverses=seq)
    if earlier is not None and earlier != id:
        raise rules.AlreadyReversed(
            f"Journal {seq} was reversed by {earlier}.",
            remedy="Look at that entry. To put a reversal right, post an adjustment.",
            place=row.id,
        )
    legs = tuple(
        rules.Leg(entry.path, entry.side, entry.amount)  # type: ignore[arg-type]
        for entry in entries
        if entry.layer == "P"
    )
    spec = JournalSpec(
        id=id, kind="reversal", effective_on=effective_on, legs=rules.mirrored(legs), maker=maker,
        checker=checker, group=row.group_id, reason=reason, purpose=row.purpose, reverses=seq,
    )  # fmt: skip
    return post(session, book=book, spec=spec, now=now)


def resolve_hold(
    session: Session, *, book: int, hold: int, spec: JournalSpec, now: datetime
) -> Posted:
    """Release a hold wholly, with the posted legs of ``spec`` (none: void or expiry)."""
    row, entries = queries.journal(session, book, hold)
    queries.head(session, book, lock=True)
    earlier = queries.answered_by(session, book, resolves=hold)
    if earlier is not None and earlier != spec.id:
        raise rules.AlreadyResolved(
            f"Journal {hold} was resolved by {earlier}.",
            remedy="Look at that entry: a hold is posted, given up or expired once.",
            place=row.id,
        )
    release = tuple(
        rules.Leg(entry.path, entry.side, -entry.amount, "H")  # type: ignore[arg-type]
        for entry in entries
        if entry.layer == "H"
    )
    if not release or row.resolves is not None:
        raise rules.AlreadyResolved(
            f"Journal {hold} is not a hold.", remedy="Name the journal that holds.", place=row.id
        )
    resolved = replace(spec, legs=release + spec.legs, resolves=hold)
    return post(session, book=book, spec=resolved, now=now)
