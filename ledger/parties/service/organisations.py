"""Adding organisations and neighbourhoods."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.kernel import limits
from ledger.kernel.errors import Conflict, Invalid
from ledger.kernel.ids import new_id
from ledger.kernel.texts import clean_line
from ledger.parties import rules
from ledger.parties.models import (
    Neighbourhood,
    Organisation,
)

SET_UP = "set-up"


def add_organisation(
    session: Session, *, name: str, kind: str, now: datetime, by: str = SET_UP
) -> str:
    """Add a council, agency, group or provider, and return its reference.

    Raises:
        Invalid: the name or kind cannot be used.
        Conflict: an organisation has that name.
    """
    clean_line(name, place="name", shortest=1, longest=limits.NAME_CHARS_MAX)
    if kind not in rules.ORGANISATION_KINDS:
        raise Invalid(
            f"“{kind}” is not a kind of organisation.",
            remedy="Use one of: " + ", ".join(rules.ORGANISATION_KINDS) + ".",
            place="kind",
        )
    if session.scalar(select(Organisation.id).where(Organisation.name == name.strip())):
        raise Conflict(
            "An organisation has that name already.", remedy="Use its record.", place="name"
        )
    organisation = new_id("ORG")
    session.add(Organisation(id=organisation, name=name.strip(), kind=kind, added_at=now))
    session.flush()
    audit.record(session, at=now, actor=by, action="organisation.add", subject=organisation)
    return organisation


def add_neighbourhood(
    session: Session, *, name: str, code: str = "", now: datetime, by: str = SET_UP
) -> str:
    """Add a neighbourhood, and return its reference.

    Raises:
        Invalid: the name cannot be used.
        Conflict: a neighbourhood has that name.
    """
    clean_line(name, place="name", shortest=1, longest=limits.NAME_CHARS_MAX)
    if session.scalar(select(Neighbourhood.id).where(Neighbourhood.name == name.strip())):
        raise Conflict(
            "A neighbourhood has that name already.", remedy="Use its record.", place="name"
        )
    neighbourhood = new_id("NBH")
    session.add(Neighbourhood(id=neighbourhood, name=name.strip(), code=code, added_at=now))
    session.flush()
    audit.record(session, at=now, actor=by, action="neighbourhood.add", subject=neighbourhood)
    return neighbourhood
