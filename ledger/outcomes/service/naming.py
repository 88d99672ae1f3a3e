"""Saying what a measure is called, so that nobody meets it by its code (O12)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.outcomes import queries
from ledger.outcomes.models import MeasureName
from ledger.outcomes.rules.naming import Naming, check_naming
from ledger.parties.rules import Actor, require

NAME = "measure.name"


def name_measure(
    session: Session, *, measure: str, naming: Naming, actor: Actor, now: datetime
) -> None:
    """O12: give a measure a name, what one of it is in words, and which way is better.

    Raises:
        MeasureUnknown: there is none with that code. Invalid: no name, or one too long.
    """
    require(actor, NAME)
    before = queries.measure(session, measure)
    said = check_naming(naming)
    session.add(
        MeasureName(
            measure=before.id, number=1 + queries.names_said(session, before.id), name=said.name,
            counted=said.counted, better=said.better, said_by=actor.person, said_at=now,
        )
    )  # fmt: skip
    session.flush()
    audit.record(
        session, at=now, actor=actor.person, action=NAME, subject=before.id,
        facts={"before": before.name, "name": said.name, "better": said.better},
    )  # fmt: skip
