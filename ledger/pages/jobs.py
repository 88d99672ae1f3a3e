"""The log of what the ledger does by itself: every slot, also when nothing was due."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request
from flask import url_for as address

from ledger.http import guarded, pagination, reading
from ledger.kernel.clock import from_microseconds, microseconds
from ledger.schedule import queries
from ledger.schedule.rules import Timetable, UnknownJob

blueprint = Blueprint("jobs", __name__)
ROWS = 50


@blueprint.get("/jobs")
@guarded("job.read")
def every() -> str:
    """Every job, when it is due, and its newest run."""
    known = _timetables()
    with reading() as session:
        newest = queries.newest(session, list(known))
        lease = queries.lease(session)
    return render_template("jobs/every.html", jobs=known, newest=newest, working=lease.left_ms > 0)


@blueprint.get("/jobs/<job>")
@guarded("job.read")
def one(job: str) -> str:
    """One job and its runs, newest first."""
    known = _timetables()
    if job not in known:
        raise UnknownJob("There is no job of that name.", remedy="Look at the list of jobs.")
    before = None
    if request.args.get("after"):
        at, name = pagination.decode(request.args["after"], int, str)
        before = (from_microseconds(int(at)), str(name))
    with reading() as session:
        found = queries.runs(session, job=job, before=before, limit=ROWS + 1)
    page = pagination.page(found, size=ROWS, key=lambda run: (microseconds(run.slot_at), run.job))
    older = address("jobs.one", job=job, after=page.next) if page.next else None
    return render_template("jobs/one.html", job=known[job], runs=page.items, older=older)


def _timetables() -> dict[str, Timetable]:
    known: dict[str, Timetable] = current_app.extensions["ledger.timetables"]
    return known
