"""Writing down what was done, in the transaction that does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from ledger.audit.models import AuditEvent
from ledger.kernel import limits

NO_FACTS: Mapping[str, object] = {}


def record(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    facts: Mapping[str, object] = NO_FACTS,
    reason: str = "",
    authority: str = "",
) -> None:
    """Write one audit event beside the change it is about.

    ``actor`` is a person by pseudonym or a job, ``subject`` the reference of what changed,
    ``facts`` what changed in whole numbers, references and short texts (never a name),
    ``authority`` the role, limit or decision that allowed it. The event is committed with
    the change or not at all, and the database refuses to edit or delete it afterwards.
    """
    session.execute(
        insert(AuditEvent).values(
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            facts=json.dumps(dict(facts), sort_keys=True, ensure_ascii=False, default=str),
            reason=reason[: limits.TEXT_CHARS_MAX],
            authority=authority,
        )
    )
