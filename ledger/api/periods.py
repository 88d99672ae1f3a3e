"""Accounting periods: opened, closed by two people, and opened again by two people."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.journals import book_of
from ledger.api.schemas.base import Empty
from ledger.api.schemas.periods import (
    Countersignature,
    NewPeriod,
    OnePeriodSchema,
    PeriodList,
    Signature,
)
from ledger.books import queries as books
from ledger.closing import queries, rules, service
from ledger.closing.queries import PeriodView
from ledger.exports import checkpoints
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.versions import check_version, versioned
from ledger.kernel.clock import now

blp = resource("periods", "Accounting periods and who closed them")


def _version(view: PeriodView) -> str:
    return f"{view.status}-{view.trial_balance_sha256[:16]}-{view.live.id if view.live else ''}"


@blp.route("/")
class Periods(MethodView):
    """All periods."""

    @guarded("books.read")
    @blp.response(200, PeriodList)
    def get(self) -> dict[str, Any]:
        """List the accounting periods in order of time."""
        with reading() as session:
            return {"items": books.periods(session, book_of(session))}

    @guarded("period.close")
    @idempotent
    @blp.arguments(NewPeriod)
    @blp.response(201, OnePeriodSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Open a period that overlaps no other."""

        def unit(session: Session) -> PeriodView:
            book = book_of(session)
            made = service.open_period(session, book=book, **body, actor=current_actor(), now=now())
            return queries.period(session, book, made)

        view = run_unit(unit)
        return view, 201, {"Location": f"{PREFIX}/periods/{view.id}"}


@blp.route("/<int:period>")
class Period(MethodView):
    """One period."""

    @guarded("books.read")
    @blp.response(200, OnePeriodSchema)
    def get(self, period: int) -> Any:
        """Show a period with its trial balance. Of a closed one it is the same for ever."""
        with reading() as session:
            view = queries.period(session, book_of(session), period)
        return versioned(view, _version(view))


@blp.route("/<int:period>/closing")
class Closing(MethodView):
    """Beginning to close."""

    @guarded("period.close")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(200, OnePeriodSchema)
    def post(self, body: dict[str, Any], period: int) -> PeriodView:
        """Begin to close a period that is over: it now takes only what two people made."""
        del body

        def unit(session: Session) -> PeriodView:
            book = book_of(session)
            check_version(_version(queries.period(session, book, period)))
            service.begin_closing(
                session, book=book, period=period, actor=current_actor(), now=now()
            )
            return queries.period(session, book, period)

        return run_unit(unit)


@blp.route("/<int:period>/signatures")
class Signatures(MethodView):
    """The first person's signature."""

    @guarded("period.close")
    @idempotent
    @blp.arguments(Signature)
    @blp.response(201, OnePeriodSchema)
    def post(self, body: dict[str, Any], period: int) -> PeriodView:
        """Sign a period's trial balance to close it, or sign that it be opened again."""
        kind = rules.CLOSE if body["what"] == "close" else rules.REOPEN

        def unit(session: Session) -> PeriodView:
            book = book_of(session)
            check_version(_version(queries.period(session, book, period)))
            service.sign(
                session, book=book, period=period, kind=kind, reason=body["reason"],
                actor=current_actor(), now=now(),
            )  # fmt: skip
            return queries.period(session, book, period)

        return run_unit(unit)


@blp.route("/<int:period>/countersignature")
class Countersigning(MethodView):
    """The second person's signature."""

    @guarded("period.close")
    @idempotent
    @blp.arguments(Countersignature)
    @blp.response(200, OnePeriodSchema)
    def post(self, body: dict[str, Any], period: int) -> PeriodView:
        """Countersign exactly what was signed: the step is done and a checkpoint made with it."""
        actor, at = current_actor(), now()

        def unit(session: Session) -> PeriodView:
            book = book_of(session)
            view = service.countersign(
                session, book=book, period=period, **body, actor=actor, now=at
            )
            checkpoints.make_within(
                session, book=book, reason="close", made_by=actor.person, now=at
            )
            return view

        return run_unit(unit)


@blp.route("/<int:period>/completion")
class Completing(MethodView):
    """Carrying out what was approved elsewhere."""

    @guarded("period.close")
    @idempotent
    @blp.arguments(Empty)
    @blp.response(200, OnePeriodSchema)
    def post(self, body: dict[str, Any], period: int) -> PeriodView:
        """Carry out what a second person approved among the decisions that waited for them."""
        del body
        actor, at = current_actor(), now()

        def unit(session: Session) -> PeriodView:
            book = book_of(session)
            view = service.carry_out(session, book=book, period=period, actor=actor, now=at)
            checkpoints.make_within(
                session, book=book, reason="close", made_by=actor.person, now=at
            )
            return view

        return run_unit(unit)
