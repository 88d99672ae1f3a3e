"""A look at the whole safety net: the books, their guards, the last checkpoint (N1, N2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.books import queries as books_queries
from ledger.exports import checkpoints
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import NotReady
from ledger.kernel.grants import check_service
from ledger.safety import queries, rules, service


def look(*, book: int, by: str, now: datetime) -> list[str]:
    """Look at everything, keep what was found, and give back what is wrong, in words.

    Value stands still from now on when something is, and goes on when nothing is.
    """
    faults: dict[str, list[str]] = {rules.GUARDS: [], rules.BOOKS: []}
    try:
        check_service()
    except NotReady as refusal:
        faults[rules.GUARDS].append(refusal.facts)
    with transaction(read_only=True) as session:
        faults[rules.BOOKS] += checkpoints.faults(session, book=book)
        signed_at = _signed_at(session, book, now=now)
    settings = current_app.extensions["ledger.settings"]
    until = {rules.CHECKPOINT: signed_at + timedelta(hours=settings.checkpoint_stop_hours)}

    def unit(session: Session) -> None:
        for check, found in faults.items():
            service.note(
                session, book=book, check=check, stops=bool(found),
                said=". ".join(found[:5]) or "whole", good_at=None if found else now,
                good_until=None, by=by, now=now,
            )  # fmt: skip
        service.note(
            session, book=book, check=rules.CHECKPOINT, stops=False, said="signed",
            good_at=signed_at, good_until=until[rules.CHECKPOINT], by=by, now=now,
        )  # fmt: skip
        _begin_waiting_for_a_backup(session, book, by=by, now=now)

    transact(unit)
    return [words for found in faults.values() for words in found]


def _signed_at(session: Session, book: int, *, now: datetime) -> datetime:
    """When the history was last known to be signed: now, if nothing was posted since."""
    last = audit_queries.latest_checkpoint(session, book)
    size = books_queries.head(session, book).next_seq - 1
    if last is None:
        before = {check.name: check for check in queries.checks(session, book=book)}
        known = before.get(rules.CHECKPOINT)
        return now if size == 0 or known is None or known.good_at is None else known.good_at
    return now if last.size == size else last.made_at


def _begin_waiting_for_a_backup(session: Session, book: int, *, by: str, now: datetime) -> None:
    """The first look at a place: from now on a backup is waited for."""
    known = {check.name for check in queries.checks(session, book=book)}
    if rules.BACKUP not in known:
        hours = current_app.extensions["ledger.settings"].backup_stop_hours
        service.note(
            session, book=book, check=rules.BACKUP, stops=False, said="no backup yet",
            good_at=None, good_until=now + timedelta(hours=hours), by=by, now=now,
        )  # fmt: skip


def note_proven_backup(
    session: Session, *, book: int, said: str, proved_at: datetime, by: str
) -> None:
    """K5: a backup was proven; value may move until the next one is due for too long."""
    hours = current_app.extensions["ledger.settings"].backup_stop_hours
    service.note(
        session, book=book, check=rules.BACKUP, stops=False, said=said, good_at=proved_at,
        good_until=proved_at + timedelta(hours=hours), by=by, now=proved_at,
    )  # fmt: skip


def note_failed_backup(session: Session, *, book: int, said: str, by: str, now: datetime) -> None:
    """A backup failed or did not prove: kept, and value stops only when it lasts too long."""
    known = {check.name: check for check in queries.checks(session, book=book)}
    check = known.get(rules.BACKUP)
    hours = current_app.extensions["ledger.settings"].backup_stop_hours
    until = check.good_until if check else now + timedelta(hours=hours)
    service.note(
        session, book=book, check=rules.BACKUP, stops=False, said=said, good_at=None,
        good_until=until, by=by, now=now,
    )  # fmt: skip
