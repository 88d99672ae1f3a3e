"""Spaces that can be booked: their terms, rates, and what is taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.schemas.bookings import (
    HireRateList,
    HireRateSchema,
    NewHireRate,
    NewSpace,
    SpaceList,
    SpaceQuery,
    SpaceSchema,
    SpaceWeek,
    SpaceWeekQuery,
)
from ledger.bookings import queries, rules, service
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel.clock import london_midnight, now

blp = resource("spaces", "What can be booked, with terms and prices")


@blp.route("/")
class Spaces(MethodView):
    """The spaces of a building."""

    @guarded("asset.read")
    @blp.arguments(SpaceQuery, location="query")
    @blp.response(200, SpaceList)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List a building's spaces, the largest first."""
        with reading() as session:
            return {"items": queries.spaces_of(session, query["asset"])}

    @guarded("asset.list")
    @idempotent
    @blp.arguments(NewSpace)
    @blp.response(201, SpaceSchema)
    def post(self, body: dict[str, Any]) -> tuple[queries.SpaceView, int, dict[str, str]]:
        """Let a space of a listed building."""

        def unit(session: Session) -> queries.SpaceView:
            made = service.add_space(session, **body, actor=current_actor(), now=now())
            return queries.space(session, made)

        made = run_unit(unit)
        return made, 201, {"Location": f"{PREFIX}/spaces/{made.id}"}


@blp.route("/<space>")
class Space(MethodView):
    """One space."""

    @guarded("asset.read")
    @blp.response(200, SpaceSchema)
    def get(self, space: str) -> queries.SpaceView:
        """Show one space."""
        with reading() as session:
            return queries.space(session, space)


@blp.route("/<space>/rates")
class Rates(MethodView):
    """The prices of a space."""

    @guarded("asset.read")
    @blp.response(200, HireRateList)
    def get(self, space: str) -> dict[str, Any]:
        """List every rate that the space ever had."""
        with reading() as session:
            queries.space(session, space)
            return {"items": queries.rates(session, space)}

    @guarded("asset.list")
    @idempotent
    @blp.arguments(NewHireRate)
    @blp.response(201, HireRateSchema)
    def post(self, body: dict[str, Any], space: str) -> rules.Rate:
        """Set a price from a day on; what was booked keeps its own."""

        def unit(session: Session) -> rules.Rate:
            queries.space(session, space)
            made = service.set_rate(session, space=space, **body, actor=current_actor(), now=now())
            return next(rate for rate in queries.rates(session, space) if rate.id == made)

        return run_unit(unit)


@blp.route("/<space>/week")
class Week(MethodView):
    """What is taken."""

    @guarded("asset.read")
    @blp.arguments(SpaceWeekQuery, location="query")
    @blp.response(200, SpaceWeek)
    def get(self, query: dict[str, Any], space: str) -> dict[str, Any]:
        """List what is taken in the seven days from a day on."""
        slot = rules.Slot(
            london_midnight(query["from_on"]),
            london_midnight(query["from_on"] + timedelta(days=7)),
        )
        with reading() as session:
            atoms = queries.space(session, space).atoms
            rows = queries.week_busy(session, asset_atoms=atoms, slot=slot, now=now())
        return {"items": rows}
