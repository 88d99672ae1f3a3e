"""Erasing a person everywhere at once, and again in whatever is restored (P12).

Two people decide it, since it cannot be undone: an administrator proposes, somebody of the council
approves (`ledger.approvals`), and the administrator then carries it out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ledger.approvals import queries as approval_queries
from ledger.approvals import rules as approval_rules
from ledger.approvals import service as approvals
from ledger.audit import queries as audit_queries
from ledger.audit import service as audit
from ledger.backups import keybook
from ledger.kernel import keys, limits, sealing
from ledger.kernel.db import when_committed
from ledger.kernel.errors import Conflict, LedgerError
from ledger.kernel.texts import clean_text
from ledger.messages import queries as messages
from ledger.parties import queries as parties
from ledger.parties import service

KIND: Final = "erasure"
_AN_INSTANT: Final = timedelta(microseconds=1)
log = logging.getLogger("ledger.backups")


@dataclass(frozen=True, slots=True)
class Asked:
    """How far an erasure is: ``done``, or the proposal that waits for a second person."""

    done: bool
    proposal: str


def ask(session: Session, *, person: str, by: str, reason: str, now: datetime) -> Asked:
    """Propose to erase a person; carry it out where a second person has approved it.

    Raises:
        Missing: there is no such person.
        Conflict: the person was erased already.
        Invalid: no reason is given, or one that cannot be kept.
    """
    reason = clean_text(reason, place="reason", shortest=limits.REASON_CHARS_MIN)
    if parties.person(session, person).state == "erased":
        raise Conflict("The person was erased already.", remedy="Nothing is left to do.")
    proposal = waiting(session, person)
    if proposal is None:
        made = approvals.propose(
            session, kind=KIND, subject=person, facts={"person": person, "reason": reason},
            quantity_pence=0, bucket=person, maker=by, barred=[person],
            stages=(approval_rules.APPROVE,), now=now,
        )  # fmt: skip
        return Asked(done=False, proposal=made)
    if proposal.state == approval_rules.APPROVED:
        approvals.use(session, proposal=proposal.id, facts=proposal.facts, actor=by, now=now)
        erase(session, person=person, by=by, reason=reason, now=now)
        return Asked(done=True, proposal=proposal.id)
    return Asked(done=False, proposal=proposal.id)


def waiting(session: Session, person: str) -> approval_queries.ProposalView | None:
    """The proposal to erase a person that waits to be approved or carried out, if there is one."""
    open_states = (approval_rules.PROPOSED, approval_rules.APPROVED)
    found = approval_queries.about(session, kind=KIND, subject=person)
    return next((view for view in found if view.state in open_states), None)


def erase(session: Session, *, person: str, by: str, reason: str, now: datetime) -> None:
    """P12: erase a person: vault, key and key's backups, sessions, kept answers, written messages.

    The body of every kept answer is dropped, whosever it is: it may repeat what was typed, and the
    keys under which older backups hold them are destroyed. What is outside the database goes when
    this is committed.
    """
    key_id = parties.key_of(session, person)
    service.erase_person(session, person=person, by=by, reason=reason, now=now)
    audit.end_web_sessions(session, person=person, because="account: erase", by=by, now=now)
    audit.forget_browsers(session, person=person)
    audit.forget_answer_bodies(session, before=now + _AN_INSTANT)
    old = sealing.renew()
    audit.seal_browsers_again(session)
    gone = [keys.secret_id(name) for name in old] + ([key_id] if key_id else [])
    letters = _letters(session, person)

    def outside() -> None:
        try:
            keys.store().destroy_secrets(old)
            _unlink(letters)
            keybook.destroy(gone)
        except (OSError, LedgerError, SQLAlchemyError) as error:
            log.error("what is left of %s outside the database goes tonight: %s", person, error)

    when_committed(session, outside)


def _letters(session: Session, person: str) -> list[Path]:
    folder: Path = current_app.extensions["ledger.settings"].data_dir / "messages"
    return [folder / f"{name}.eml" for name in messages.ids_to(session, person)]


def _unlink(letters: Iterable[Path]) -> None:
    for letter in letters:
        letter.unlink(missing_ok=True)


def replay(session: Session, *, by: str, now: datetime) -> int:
    """K6: erase again whoever the place has erased, in a book that was restored from before that,
    and destroy again the keys that the book says were destroyed. Returns how many it took.
    """
    store, count = keys.store(), 0
    erased = sorted(audit_queries.erasures(session))
    for person in sorted(store.erased()):
        known = parties.states(session, [person]).get(person)
        if known is not None and known != "erased":
            erase(session, person=person, by=by, reason="erased before the restore", now=now)
            count += 1
    keybook.destroy([key_id for _person, key_id in erased if key_id])
    for person, key_id in erased:
        _unlink(_letters(session, person))
        if key_id and store.key(key_id) is not None:
            store.destroy(person=person, key_id=key_id, at=now.isoformat())
            count += 1
    return count
