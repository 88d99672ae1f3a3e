"""Posting: the only writer of value. Every function runs inside the caller's unit of work."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, exc, insert, select, text, update
from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.books.models import (
    Account,
    Balance,
    Book,
    Entry,
    Fund,
    Head,
    Journal,
    JournalNote,
    Period,
    PeriodBalance,
    Seal,
    Unit,
)
from ledger.books.rules import AccountSpec, JournalSpec, Line, Standing
from ledger.kernel.clock import microseconds
from ledger.kernel.errors import Conflict, Invalid
from ledger.kernel.money import format_quantity


def _table(model: Any) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


_JOURNAL, _ENTRY, _SEAL, _NOTE = (_table(model) for model in (Journal, Entry, Seal, JournalNote))
_INSERT_JOURNAL, _INSERT_ENTRY = insert(_JOURNAL), insert(_ENTRY)
_INSERT_SEAL, _INSERT_NOTE = insert(_SEAL), insert(_NOTE)


@dataclass(frozen=True, slots=True)
class Posted:
    """A journal in the books: its number, id, and whether it had been posted before."""

    seq: int
    id: str
    replayed: bool = False


def create_book(session: Session, *, code: str, name: str) -> int:
    """Open a book with its sequencer and its general fund; returns its number."""
    book = Book(code=code, name=name)
    session.add(book)
    session.flush()
    session.add(Head(book=book.id, next_seq=1, chain=rules.GENESIS, last_us=0))
    session.flush()
    open_fund(session, book=book.id, code="GENERAL", fund_class="general", name="General fund")
    return book.id


def open_fund(
    session: Session, *, book: int, code: str, fund_class: str, name: str, purpose: str = ""
) -> int:
    """Open a fund, or return the one that has this code."""
    found = session.execute(
        select(Fund.id).where(Fund.book == book, Fund.code == code)
    ).scalar_one_or_none()
    if found is not None:
        return found
    if fund_class not in rules.FUND_CLASSES or (fund_class == "restricted" and not purpose):
        raise Invalid(
            f"A {fund_class} fund{'' if purpose else ' without a purpose'} cannot be opened.",
            remedy="Use general, designated, restricted (with its purpose) or endowment.",
            place=code,
        )
    fund = Fund(book=book, code=code, fund_class=fund_class, purpose=purpose, name=name)
    session.add(fund)
    session.flush()
    return fund.id


def open_unit(session: Session, *, code: str, name: str, scale: int = 0) -> None:
    """Define a unit of value (a named good, say); its scale can never change."""
    rules.check_unit(code)
    if session.get(Unit, code) is None:
        session.add(Unit(code=code, scale=scale, name=name))
        session.flush()


def open_accounts(session: Session, *, book: int, specs: Sequence[AccountSpec]) -> None:
    """Open every account that does not exist yet; those that do must be the same.

    Raises:
        Conflict: an account exists with another unit, fund or guard.
    """
    for spec in specs:
        rules.check_path(spec.path)
    queries.head(session, book, lock=True)
    wanted = {spec.path: spec for spec in specs}
    found = queries.standings(session, book, list(wanted))
    for path, standing in found.items():
        spec = wanted[path]
        if (spec.unit, spec.fund, spec.guard) != (standing.unit, standing.fund, standing.guard):
            raise Conflict(
                f"It exists with unit {standing.unit}, fund {standing.fund},"
                f" guard {standing.guard}.",
                remedy="An account's unit, fund and guard never change: use another path.",
                place=path,
            )
    missing = [spec for path, spec in wanted.items() if path not in found]
    if not missing:
        return
    funds = queries.fund_ids(session, book)
    for spec in missing:
        _open_account(session, book, spec, funds)


def _open_account(
    session: Session, book: int, spec: AccountSpec, funds: dict[str, int]
) -> None:
    if spec.fund not in funds:
        raise Invalid(
            f"There is no fund “{spec.fund}”.",
            remedy="Name an open fund, or open it first.",
            place=spec.path,
        )
    account = Account(
        book=book, path=spec.path, type=spec.type_code, unit=spec.unit,
        fund=funds[spec.fund], owner=spec.owner,
    )  # fmt: skip
    session.add(account)
    session.flush()
    session.add(
        Balance(
            account=account.id, dr=0, cr=0, held_dr=0, held_cr=0, version=0, guard=spec.guard
        )
    )
    session.flush()


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
    head = queries.head(session, book, lock=True)
    before = queries.posted(session, book, [spec.id for spec in specs])
    paths = sorted({leg.path for spec in specs for leg in spec.legs})
    standings = queries.standings(session, book, paths)
    work = _Work(session, book, head, standings, microseconds(now))
    results = [work.add(spec, before) for spec in specs]
    work.write()
    return results


class _Work:
    """Journals being built upon one head, then written in four statements."""

    def __init__(
        self, session: Session, book: int, head: queries.HeadRow,
        standings: dict[str, Standing], now_us: int,
    ) -> None:  # fmt: skip
        self.session, self.book, self.now_us = session, book, now_us
        self.seq, self.chain, self.last_us = head.next_seq, head.chain, head.last_us
        self.standings = standings
        self.fund_ids = queries.fund_ids(session, book)
        self.code = session.execute(
            text("SELECT code FROM book WHERE id = :book"), {"book": book}
        ).scalar_one()
        self.journals: list[dict[str, Any]] = []
        self.entries: list[dict[str, Any]] = []
        self.seals: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.added: dict[str, tuple[int, bytes]] = {}

    def add(self, spec: JournalSpec, before: dict[str, tuple[int, bytes]]) -> Posted:
        """Build one journal; a replay of a posted one adds nothing."""
        request = rules.request_hash(spec)
        known = before.get(spec.id) or self.added.get(spec.id)
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
        self.added[spec.id] = (self.seq, request)
        self._store(spec, lines, request)
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

    def _store(self, spec: JournalSpec, lines: list[Line], request: bytes) -> None:
        recorded = rules.recorded_us(self.now_us, self.last_us)
        deadline = microseconds(spec.deadline_at) if spec.deadline_at else None
        salt = secrets.token_bytes(16) if spec.note else b""
        leaf = rules.leaf_bytes(
            book=self.code, seq=self.seq, recorded_us=recorded, deadline_us=deadline,
            spec=spec, lines=lines, note_commitment=rules.note_commitment(salt, spec.note),
        )  # fmt: skip
        digest = rules.leaf_hash(leaf)
        self.chain = rules.chain_hash(self.chain, digest)
        self.journals.append(
            {
                "book": self.book, "seq": self.seq, "id": spec.id, "kind": spec.kind,
                "effective_on": spec.effective_on, "recorded_us": recorded,
                "deadline_us": deadline, "group_id": spec.group, "reason": spec.reason,
                "purpose": spec.purpose, "maker": spec.maker, "checker": spec.checker,
                "resolves": spec.resolves, "reverses": spec.reverses, "req_hash": request,
                "leaf": leaf, "leaf_hash": digest, "chain": self.chain,
            }
        )  # fmt: skip
        self.entries += [
            {
                "book": self.book, "seq": self.seq, "line": line.line, "account": line.account,
                "side": line.side, "amount": line.quantity, "layer": line.layer,
                "unit": line.unit, "fund": self.fund_ids[line.fund],
                "acct_version": line.version, "balance_after": line.balance_after,
            }
            for line in lines
        ]  # fmt: skip
        self.seals.append({"book": self.book, "seq": self.seq, "lines": len(lines)})
        if spec.note:
            self.notes.append(
                {"book": self.book, "seq": self.seq, "salt": salt, "note": spec.note}
            )
        self.last_us = recorded
        self.seq += 1

    def write(self) -> None:
        """Write what was built: journals, entries, seals, notes."""
        if not self.journals:
            return
        connection = self.session.connection()
        try:
            connection.execute(_INSERT_JOURNAL, self.journals)
            connection.execute(_INSERT_ENTRY, self.entries)
            connection.execute(_INSERT_SEAL, self.seals)
            if self.notes:
                connection.execute(_INSERT_NOTE, self.notes)
        except exc.IntegrityError as error:
            if "the period is closed" in str(error.orig):
                days = sorted({row["effective_on"].isoformat() for row in self.journals})
                raise rules.PeriodClosed(
                    f"The period of {', '.join(days)} is closed.",
                    remedy="Date the entry in an open period.",
                ) from error
            if "past its deadline" in str(error.orig):
                raise rules.HoldExpired(
                    "The deadline of the hold has passed.",
                    remedy="Give the hold up, and begin again with a new one.",
                    place=str(self.journals[0]["id"]),
                ) from error
            raise


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


def open_period(session: Session, *, book: int, starts_on: date, ends_on: date) -> int:
    """Open an accounting period that overlaps no other; returns its number."""
    queries.head(session, book, lock=True)
    period = Period(book=book, starts_on=starts_on, ends_on=ends_on, status="OPEN", reason="")
    session.add(period)
    session.flush()
    return period.id


def begin_closing(session: Session, *, period: int) -> None:
    """OPEN to ADJUSTING: from now on only entries that a second person checked."""
    _move_period(session, period, "OPEN", {"status": "ADJUSTING"})


def close_period(session: Session, *, period: int, signed_by: str, countersigned_by: str) -> str:
    """ADJUSTING to CLOSED, signed by two people; returns the trial balance's hash (hex)."""
    row = session.get_one(Period, period)
    head = queries.head(session, row.book, lock=True)
    sums = _movements(session, row)
    facts = [[path, dr, cr] for _, path, dr, cr in sums]
    digest = hashlib.sha256(rules.canonical(facts)).digest()
    session.execute(
        text("DELETE FROM period_balance WHERE period = :period"), {"period": period}
    )
    if sums:
        session.execute(
            insert(_table(PeriodBalance)),
            [{"period": period, "account": account, "dr": dr, "cr": cr}
             for account, _, dr, cr in sums],
        )  # fmt: skip
    _move_period(
        session, period, "ADJUSTING",
        {"status": "CLOSED", "signed_by": signed_by, "countersigned_by": countersigned_by,
         "seq_at_close": head.next_seq - 1, "trial_balance_hash": digest},
    )  # fmt: skip
    return digest.hex()


def reopen_period(
    session: Session, *, period: int, signed_by: str, countersigned_by: str, reason: str
) -> None:
    """CLOSED back to ADJUSTING: two people and a reason."""
    _move_period(
        session, period, "CLOSED",
        {"status": "ADJUSTING", "signed_by": signed_by, "countersigned_by": countersigned_by,
         "reason": reason},
    )  # fmt: skip


def _movements(session: Session, period: Period) -> list[tuple[int, str, int, int]]:
    rows = session.execute(
        select(
            Account.id, Account.path,
            text("SUM(CASE WHEN entry.side='D' THEN entry.amount ELSE 0 END)"),
            text("SUM(CASE WHEN entry.side='C' THEN entry.amount ELSE 0 END)"),
        )
        .join(Entry, Entry.account == Account.id)
        .join(Journal, (Journal.book == Entry.book) & (Journal.seq == Entry.seq))
        .where(
            Account.book == period.book,
            Entry.layer == "P",
            Journal.effective_on.between(period.starts_on, period.ends_on),
        )
        .group_by(Account.id, Account.path)
        .order_by(Account.path)
    )  # fmt: skip
    return [(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


def _move_period(session: Session, period: int, was: str, values: dict[str, Any]) -> None:
    done = session.execute(
        update(Period).where(Period.id == period, Period.status == was).values(**values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(
            f"The period is not {was.lower()}.",
            remedy="Look at the period again: somebody may have moved it.",
            place=f"period {period}",
        )


def self_check(session: Session, *, book: int) -> list[str]:
    """Compare every running balance and every hash with what the entries say.

    Returns the differences in words; an empty list when the books are whole.
    """
    running = {row.path: row for row in queries.trial_balance(session, book)}
    again = {row.path: row for row in queries.recomputed_balances(session, book)}
    faults = [
        f"{path}: the running balance differs from its entries"
        for path in sorted(running)
        if running[path] != again[path]
    ]
    chain = rules.GENESIS
    count = 0
    for seq, leaf, digest, stored in queries.leaves(session, book):
        count += 1
        if seq != count:
            faults.append(f"journal {count} is missing")
            break
        chain = rules.chain_hash(chain, digest)
        if rules.leaf_hash(leaf) != digest or chain != stored:
            faults.append(f"journal {seq}: its bytes do not match its hash")
            break
    head = queries.head(session, book)
    if not faults and (head.next_seq != count + 1 or head.chain != chain):
        faults.append("the head of the book does not match the last journal")
    return faults
