"""What the ledger does by itself."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import resource
from ledger.api.schemas.base import PageQuery
from ledger.api.schemas.jobs import JobList, NewRun, RunPage, RunSchema
from ledger.http import current_actor, guarded, idempotent, pagination, reading, run_unit
from ledger.kernel.clock import from_microseconds, microseconds, now
from ledger.schedule import queries, rules, service
from ledger.schedule.rules import Timetable, UnknownJob

blp = resource("jobs", "What the ledger does by itself, and what became of it")


@blp.route("/")
class Jobs(MethodView):
    """Every job."""

    @guarded("job.read")
    @blp.response(200, JobList)
    def get(self) -> dict[str, Any]:
        """List every job with when it is due and its newest run."""
        known = _timetables()
        with reading() as session:
            newest = queries.newest(session, list(known))
        return {
            "items": [
                {"name": name, "says": one.says, "due": one.words, "newest": newest.get(name)}
                for name, one in known.items()
            ]
        }


@blp.route("/<job>/runs")
class Runs(MethodView):
    """The runs of one job."""

    @guarded("job.read")
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, RunPage)
    def get(self, query: dict[str, Any], job: str) -> pagination.Page[queries.Run]:
        """List the runs of a job, newest slot first."""
        _timetable(job)
        before = None
        if query["after"]:
            at, name = pagination.decode(query["after"], int, str)
            before = (from_microseconds(int(at)), str(name))
        with reading() as session:
            found = queries.runs(session, job=job, before=before, limit=query["limit"] + 1)
        return pagination.page(
            found, size=query["limit"], key=lambda run: (microseconds(run.slot_at), run.job)
        )

    @guarded("job.run")
    @idempotent
    @blp.arguments(NewRun)
    @blp.response(202, RunSchema)
    def post(self, body: dict[str, Any], job: str) -> queries.Run | None:
        """Ask the scheduler to run a job for a London day; one that is done stays done."""
        slot = rules.slot_on(_timetable(job), body["on"])

        def unit(session: Session) -> queries.Run | None:
            asked_by = current_actor().person
            service.ask(session, job=job, slot=slot, asked_by=asked_by, now=now())
            return queries.run(session, job=job, slot=slot.key)

        return run_unit(unit)


def _timetables() -> dict[str, Timetable]:
    known: dict[str, Timetable] = current_app.extensions["ledger.timetables"]
    return known


def _timetable(job: str) -> Timetable:
    known = _timetables()
    if job not in known:
        raise UnknownJob(
            "There is no job of that name.", remedy="Look at the list of jobs.", place="job"
        )
    return known[job]
