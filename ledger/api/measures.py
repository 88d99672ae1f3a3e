"""Measures: what is counted, their versions, areas and final marks."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import PREFIX, resource
from ledger.api.schemas.outcomes import (
    AreaList,
    FinalMark,
    MeasureList,
    MeasureSchema,
    NewMeasure,
    NewMeasureName,
)
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel.clock import now
from ledger.outcomes import queries, service
from ledger.outcomes.rules.naming import Naming

blp = resource("measures", "Defined indicators, versioned, with the months that are final")


@blp.route("/")
class Measures(MethodView):
    """Every measure."""

    @guarded("measure.read")
    @blp.response(200, MeasureList)
    def get(self) -> dict[str, Any]:
        """List measures by name, each with its newest version."""
        with reading() as session:
            return {"items": queries.measures(session)}

    @guarded("measure.define")
    @idempotent
    @blp.arguments(NewMeasure)
    @blp.response(201, MeasureSchema)
    def post(self, body: dict[str, Any]) -> tuple[queries.MeasureView, int, dict[str, str]]:
        """Define a measure, or a new version of one."""

        def unit(session: Session) -> queries.MeasureView:
            made = service.define_measure(session, **body, actor=current_actor(), now=now())
            return queries.measure(session, made)

        view = run_unit(unit)
        return view, 201, {"Location": f"{PREFIX}/measures/{view.id}"}


@blp.route("/<measure>")
class Measure(MethodView):
    """One measure."""

    @guarded("measure.read")
    @blp.response(200, MeasureSchema)
    def get(self, measure: str) -> queries.MeasureView:
        """Show a measure with its newest version."""
        with reading() as session:
            return queries.measure(session, measure)


@blp.route("/<measure>/name")
class Name(MethodView):
    """What a measure is called."""

    @guarded("measure.name")
    @idempotent
    @blp.arguments(NewMeasureName)
    @blp.response(201, MeasureSchema)
    def post(self, body: dict[str, Any], measure: str) -> queries.MeasureView:
        """Name a measure that a file brought, or name it anew."""

        def unit(session: Session) -> queries.MeasureView:
            service.name_measure(
                session, measure=measure, naming=Naming(**body), actor=current_actor(), now=now()
            )
            return queries.measure(session, measure)

        return run_unit(unit)


@blp.route("/<measure>/areas")
class Areas(MethodView):
    """The areas of a measure."""

    @guarded("measure.read")
    @blp.response(200, AreaList)
    def get(self, measure: str) -> dict[str, Any]:
        """List the areas that the newest version has readings for."""
        with reading() as session:
            view = queries.measure(session, measure)
            found = queries.areas(session, measure_version=view.version_id)
        return {"items": [{"id": code, "name": name} for code, name in found.items()]}


@blp.route("/<measure>/final")
class Final(MethodView):
    """Marking readings final."""

    @guarded("reading.final")
    @idempotent
    @blp.arguments(FinalMark)
    @blp.response(201, MeasureSchema)
    def post(self, body: dict[str, Any], measure: str) -> queries.MeasureView:
        """Say that every reading through a month is complete; it only goes forward."""

        def unit(session: Session) -> queries.MeasureView:
            service.mark_final(
                session, measure=measure, through_on=body["through"], actor=current_actor(),
                now=now(),
            )  # fmt: skip
            return queries.measure(session, measure)

        return run_unit(unit)
