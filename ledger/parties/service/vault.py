"""Keeping people in the vault, and erasing them from it (P10 to P12)."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.kernel import keys, limits
from ledger.kernel.db import when_committed
from ledger.kernel.errors import LedgerError
from ledger.kernel.texts import clean_text
from ledger.parties import queries, rules
from ledger.parties.models import (
    ApiToken,
    ContactProof,
    Credential,
    PersonSalt,
    Vault,
    VaultStore,
)
from ledger.parties.rules import Known
from ledger.parties.service.roles import lock_person

log = logging.getLogger("ledger.parties")


def keep(
    session: Session, *, person: str, known: Known, contact: str | None, now: datetime
) -> None:
    """P10, P11: seal what is known of a new person under a key of their own.

    Raises:
        NotReady: the key store is not that of this book.
    """
    _belong(session)
    key_id, key = keys.store().new_key()
    mark = rules.mark_of(contact, key=keys.store().secret("contact")) if contact else None
    session.add(
        Vault(
            person=person, key_id=key_id, sealed=rules.sealed(known, person=person, key=key),
            email_mark=mark, changed_at=now,
        )
    )  # fmt: skip
    session.flush()


def _belong(session: Session) -> None:
    if session.scalar(select(VaultStore.id)) is None:
        session.add(VaultStore(id=1, fingerprint=keys.store().fingerprint()))
        session.flush()
    else:
        queries.check_store(session)


def erase_person(session: Session, *, person: str, by: str, reason: str, now: datetime) -> None:
    """P12: erase what is known of a person; the pseudonym and every balance stay as they were.

    The key is destroyed when this is committed: not before, so that a unit that fails erases
    nobody. Should the key store be out of reach then, the nightly job destroys it.

    Raises:
        Invalid: no reason is given, or one that cannot be kept.
    """
    reason = clean_text(reason, place="reason", shortest=limits.REASON_CHARS_MIN)
    lock_person(session, person).state = "erased"
    key_id = queries.key_of(session, person)
    for table in (Vault, Credential, ContactProof, PersonSalt):
        session.execute(delete(table).where(table.person == person))
    session.execute(
        update(ApiToken)
        .where(ApiToken.person == person, ApiToken.ended_at.is_(None))
        .values(ended_at=now)
    )
    session.execute(update(ApiToken).where(ApiToken.person == person).values(name="erased"))
    session.flush()
    facts = {"key": key_id} if key_id else {}
    audit.record(
        session, at=now, actor=by, action="people.erase", subject=person, reason=reason, facts=facts
    )
    if key_id is not None:
        when_committed(session, lambda: _destroy(person, key_id, now))


def _destroy(person: str, key_id: str, now: datetime) -> None:
    try:
        keys.store().destroy(person=person, key_id=key_id, at=now.isoformat())
    except (LedgerError, SQLAlchemyError) as refusal:
        log.error("the key of %s is destroyed tonight, not now: %s", person, refusal)
