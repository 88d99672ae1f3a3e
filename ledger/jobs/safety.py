"""Every night the ledger looks at its own safety net; what is broken stops value (N1, N2)."""

from __future__ import annotations

from ledger.books import queries as books
from ledger.exports import safety
from ledger.jobs.job import Job, JobContext


def look(context: JobContext) -> str:
    """N1, N2: look at guards, books, checkpoint and backup, and keep what was found."""
    book = context.transact(lambda session: books.book_id(session, context.book_code))
    faults = safety.look(book=book, by=context.actor, now=context.now)
    return "all is whole" if not faults else f"VALUE STOPPED: {'; '.join(faults)[:1500]}"


JOB = Job(
    name="safety-checks",
    says="Looks at the guards, the books and the last checkpoint; stops value when one is broken.",
    run=look,
    daily_at="05:50",
    only_looks=True,
)
"""Last of the night's jobs."""
