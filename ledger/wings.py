"""Which wings this service has: their tables, routes and commands, attached in one place."""

from __future__ import annotations

from flask import Flask

from ledger import api, cli, http, pages
from ledger.approvals import models as _approvals
from ledger.assets import models as _assets
from ledger.audit import models as _audit
from ledger.bookings import models as _bookings
from ledger.books import models as _books
from ledger.dividends import models as _dividends
from ledger.funds import models as _funds
from ledger.inspections import models as _inspections
from ledger.jobs.registry import JOBS
from ledger.messages import models as _messages
from ledger.outcomes import models as _outcomes
from ledger.parties import models as _parties
from ledger.pledges import models as _pledges
from ledger.safety import models as _safety
from ledger.schedule import models as _schedule

TABLES = (
    _books, _audit, _parties, _approvals, _messages, _assets, _outcomes, _bookings, _funds,
    _pledges, _dividends, _schedule, _safety, _inspections,
)  # fmt: skip


def attach(app: Flask) -> None:
    """Register every blueprint and command on the application."""
    app.extensions["ledger.timetables"] = {job.name: job.timetable for job in JOBS}
    http.install(app)
    pages.register(app)
    api.register(app)
    cli.attach(app)
