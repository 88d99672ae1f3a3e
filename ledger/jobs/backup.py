"""Every night the book is backed up, and the backup restored and proved: only then does it count."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ledger.backups import erasing, keybook, restoring, shelf, taking
from ledger.backups.taking import Taken
from ledger.books import queries as books
from ledger.exports import safety
from ledger.jobs.job import Job, JobContext
from ledger.kernel import clock
from ledger.kernel.db import db
from ledger.kernel.errors import LedgerError


def backup(context: JobContext) -> str:
    """K5, K6: make a backup, prove it, and drop what is too old; one is enough for days missed.

    Raises:
        LedgerError: it could not be made or does not prove; the older ones stay.
    """
    folder = taking.folder()
    newest = [one for one in shelf.listed(folder) if one.proved_at is not None][-1:]
    if newest and newest[0].made_at >= context.slot_at:
        return f"{newest[0].name} was made since, and proved"
    try:
        context.transact(lambda session: erasing.replay(session, by=context.actor, now=clock.now()))
        return _one(context, taking.make(into=folder, now=clock.now()))
    except LedgerError as refusal:
        _note(context, str(refusal), failed=True)
        raise


def _one(context: JobContext, taken: Taken) -> str:
    proof = restoring.prove(taken.path, live=db.engine.url, now=clock.now())
    keybook.make(now=clock.now())
    proved_at = clock.now()
    facts = {"proved_at": proved_at.isoformat(), "seconds": round(proof.seconds, 3)}
    shelf.mark_proven(taken.path, facts | {"proved": proof.words})
    words = (
        f"{taken.path.name}: {proof.words}, made in {taken.seconds:.1f} s and proved in"
        f" {proof.seconds:.1f} s"
    )
    _note(context, words, failed=False)
    days = taking.keep_days()
    dropped = shelf.drop_old(taken.path.parent, book=context.book_code, now=proved_at, days=days)
    return words + (f"; {len(dropped)} older than {days} days dropped" if dropped else "")


def _note(context: JobContext, said: str, *, failed: bool) -> None:
    def unit(session: Session) -> None:
        book = books.book_id(session, context.book_code)
        at = clock.now()
        if failed:
            safety.note_failed_backup(session, book=book, said=said, by=context.actor, now=at)
        else:
            safety.note_proven_backup(session, book=book, said=said, proved_at=at, by=context.actor)

    context.transact(unit)


JOB = Job(
    name="backup",
    says="Copies the whole book, restores the copy to a place of its own, and proves it there.",
    run=backup,
    daily_at="05:40",
    only_looks=True,
)
"""After the checkpoint, so that the night's backup is signed whole."""
