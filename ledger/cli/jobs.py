"""``flask ledger jobs``: what the ledger does by itself, what became of it, and running one now."""

from __future__ import annotations

import time
from datetime import date, datetime

import click
from flask import current_app
from flask.cli import AppGroup

from ledger.cli import ledger_group
from ledger.cli.values import Day, Whole
from ledger.jobs.registry import JOBS, job_named
from ledger.jobs.runner import run_now
from ledger.kernel import clock
from ledger.kernel.clock import london_day
from ledger.kernel.db import transaction
from ledger.schedule import queries, rules

BY = "command line"
WAIT_SECONDS = 60

jobs = AppGroup("jobs", help="What the ledger does by itself, and what became of it.")
ledger_group.add_command(jobs)


@jobs.command("list")
def list_jobs() -> None:
    r"""Show every job, when it is due, and its newest run.

    \b
    Example:
      flask ledger jobs list
    """
    with transaction(read_only=True) as session:
        newest = queries.newest(session, [job.name for job in JOBS])
        lease = queries.lease(session)
    for job in JOBS:
        click.echo(f"{job.name}  {job.timetable.words}\n    {job.says}")
        run = newest.get(job.name)
        click.echo(f"    {_line(run)}" if run else "    never ran")
    held = f"{lease.holder} (fence {lease.fence})" if lease.left_ms > 0 else "nobody"
    click.echo(f"{len(JOBS)} jobs; the lease is held by {held}")


@jobs.command("run")
@click.argument("name")
@click.option("--on", "day", type=Day(), help="The London day; today if left out.")
def run(name: str, day: date | None) -> None:
    r"""Run a job for one London day. A day that is done stays done.

    With a scheduler at work, it does the work at its next look, and this command waits for it.

    \b
    Example:
      flask ledger jobs run pledge-collection --on 2026-03-02
    """
    job, now = job_named(name), clock.now()
    timetable = job.timetable
    slot = rules.slot_on(timetable, day) if day else rules.latest(timetable, now)
    deadline = time.monotonic() + WAIT_SECONDS

    def wait() -> bool:
        time.sleep(0.5)
        return time.monotonic() < deadline

    found = run_now(
        job, slot, asked_by=BY, now=now, wait=wait,
        book_code=current_app.extensions["ledger.settings"].book_code,
    )  # fmt: skip
    click.echo(_line(found))
    if found.state is not rules.State.DONE:
        raise click.ClickException(f"{name} is not done for {slot.key}: {found.state.lower()}.")


@jobs.command("log")
@click.option("--job", "name", default="", help="Of this job only.")
@click.option("--limit", type=Whole(1, 200), default=20)
def log(name: str, limit: int) -> None:
    r"""Show the newest runs, newest first.

    \b
    Example:
      flask ledger jobs log --job pledge-deadlines --limit 5
    """
    with transaction(read_only=True) as session:
        found = queries.runs(session, job=name, limit=limit)
    for one in found:
        click.echo(f"{one.job}  {_line(one)}")
    click.echo(f"{len(found)} runs")


def _line(run: queries.Run) -> str:
    tries = f", attempt {run.attempts}" if run.attempts > 1 else ""
    ended = f" {_day(run.finished_at)}" if run.finished_at else ""
    return f"{run.slot}  {run.state.lower()}{ended}{tries}  {run.said}".rstrip()


def _day(at: datetime) -> date:
    return london_day(at)
