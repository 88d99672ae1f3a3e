"""Every night the whole history is hashed again, compared with what was signed, and signed."""

from __future__ import annotations

from ledger.books import queries
from ledger.exports import checkpoints, publishing
from ledger.jobs.job import Job, JobContext
from ledger.kernel.db import transaction


def checkpoint(context: JobContext) -> str:
    """T5: make the day's checkpoint; when nothing was posted since the last, there is none to make.

    A history that differs from what was signed, or a checkpoint's file that does, makes the job
    fail, loudly, every night.
    """
    book = context.transact(lambda session: queries.book_id(session, context.book_code))
    if context.transact(lambda session: queries.head(session, book).next_seq) == 1:
        return "nothing was posted yet"
    made = checkpoints.make(book=book, reason="daily", made_by=context.actor, now=context.now)
    with transaction(read_only=True) as session:
        publishing.check_files(session, book)
    return f"checkpoint of {made.size} journals, root {made.root.hex()[:16]}…"


JOB = Job(
    name="checkpoint",
    says="Hashes every journal again, compares with the last checkpoint, and signs a new one.",
    run=checkpoint,
    daily_at="05:30",
    only_looks=True,
)
"""After the night's other jobs, so that the day's checkpoint holds what they did."""
