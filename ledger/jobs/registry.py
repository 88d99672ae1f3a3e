"""Every job there is, by name. A job that is not listed here never runs."""

from __future__ import annotations

from typing import Final

from ledger.jobs import (
    backup,
    bookings,
    checkpoint,
    evaluate_agreements,
    holds,
    messages,
    pledges,
    publishing,
    release_dividends,
    safety,
)
from ledger.jobs.job import Job
from ledger.schedule.rules import UnknownJob

JOBS: Final[tuple[Job, ...]] = (
    pledges.DEADLINES,
    pledges.CHASE,
    bookings.HOLDS,
    bookings.MONTHS,
    holds.JOB,
    evaluate_agreements.JOB,
    release_dividends.JOB,
    checkpoint.JOB,
    publishing.JOB,
    backup.JOB,
    safety.JOB,
    messages.SEND,
    messages.FORGET,
)
"""In the order in which they run when several are due at once."""


def job_named(name: str) -> Job:
    """The job with this name.

    Raises:
        UnknownJob: naming those there are.
    """
    for job in JOBS:
        if job.name == name:
            return job
    raise UnknownJob(
        f"There is no job “{name}”.",
        remedy=f"Use one of: {', '.join(sorted(job.name for job in JOBS))}.",
        place=name,
    )
