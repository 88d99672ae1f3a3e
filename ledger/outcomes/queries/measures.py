"""Questions to measures: what is counted, what it is called, and how far its readings are final."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.outcomes.models import FinalMark, Measure, MeasureName, MeasureVersion
from ledger.outcomes.rules.refusals import MeasureUnknown


@dataclass(frozen=True, slots=True)
class MeasureView:
    """A measure with its newest version and name; ``counted`` is what one of it is, in words."""

    id: str
    name: str
    better: str
    version_id: str
    version: int
    definition: str
    source: str
    supplier: str
    final_through: date | None
    counted: str

    @property
    def is_named(self) -> bool:
        """O12: whether it is called by more than its code."""
        return self.name != self.id


def measures(session: Session) -> list[MeasureView]:
    """Every measure with its newest version and name, by name."""
    newest = (
        select(MeasureVersion.measure, func.max(MeasureVersion.version).label("version"))
        .group_by(MeasureVersion.measure)
        .subquery()
    )
    final = (
        select(FinalMark.measure_version, func.max(FinalMark.through_on).label("through_on"))
        .group_by(FinalMark.measure_version)
        .subquery()
    )
    called = (
        select(MeasureName.measure, func.max(MeasureName.number).label("number"))
        .group_by(MeasureName.measure)
        .subquery()
    )
    name = func.coalesce(MeasureName.name, Measure.name)
    rows = session.execute(
        select(
            Measure.id, name, func.coalesce(MeasureName.better, Measure.better), MeasureVersion.id,
            MeasureVersion.version, MeasureVersion.definition, MeasureVersion.source,
            MeasureVersion.supplier, final.c.through_on, func.coalesce(MeasureName.counted, ""),
        )
        .join(MeasureVersion, MeasureVersion.measure == Measure.id)
        .join(
            newest,
            (newest.c.measure == Measure.id) & (newest.c.version == MeasureVersion.version),
        )
        .outerjoin(final, final.c.measure_version == MeasureVersion.id)
        .outerjoin(called, called.c.measure == Measure.id)
        .outerjoin(
            MeasureName,
            (MeasureName.measure == called.c.measure) & (MeasureName.number == called.c.number),
        )
        .order_by(name, Measure.id)
        .limit(limits.IMPORT_COLUMNS_MAX)
    )  # fmt: skip
    return [MeasureView(*row) for row in rows]


def measure(session: Session, reference: str) -> MeasureView:
    """One measure by its code, or by the reference of its newest version.

    Raises:
        MeasureUnknown: there is none.
    """
    for view in measures(session):
        if reference in (view.id, view.version_id):
            return view
    raise MeasureUnknown(
        f"There is no measure “{reference[:80]}”.",
        remedy="Look at the list of measures.",
        place=reference[:80],
    )


def name_of_version(session: Session, version: str) -> str | None:
    """What the measure of a version is called now, whichever version is newest."""
    return session.scalar(
        select(func.coalesce(MeasureName.name, Measure.name))
        .select_from(Measure)
        .join(MeasureVersion, MeasureVersion.measure == Measure.id)
        .outerjoin(MeasureName, MeasureName.measure == Measure.id)
        .where(MeasureVersion.id == version)
        .order_by(MeasureName.number.desc())
        .limit(1)
    )


def names_said(session: Session, code: str) -> int:
    """O12: how many names a measure was given."""
    found = select(func.count()).where(MeasureName.measure == code)
    return session.scalar(found.select_from(MeasureName)) or 0
