"""Withholding what is commercially confidential by hand, and showing it again (I8 to I10)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.books import queries as books
from ledger.inspections import queries, rules
from ledger.inspections.models import InspectionWithholding
from ledger.kernel import limits
from ledger.kernel.clock import london_day
from ledger.kernel.db import write_rows
from ledger.kernel.texts import clean_text
from ledger.parties.rules import Actor, require

WITHHOLD = "inspection.withhold"


def withhold(
    session: Session, *, book: int, journal: int, parts: Collection[str], reason: str,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """I8: keep parts of a journal from the public, for a reason that everybody reads.

    Raises:
        Missing: there is no such journal. Invalid: no part of it, or no reason.
        WithheldAlready: one of them is. NotOpen: the inspection is over.
    """
    _say(session, book=book, journal=journal, parts=parts, reason=reason, actor=actor, now=now,
         shut=True)  # fmt: skip


def show_again(
    session: Session, *, book: int, journal: int, parts: Collection[str], reason: str,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """I10: give the public what was withheld by hand after all.

    Raises:
        Missing, Invalid, NotOpen: as of withholding. WithheldAlready: one of them is not withheld.
    """
    _say(session, book=book, journal=journal, parts=parts, reason=reason, actor=actor, now=now,
         shut=False)  # fmt: skip


def _say(
    session: Session, *, book: int, journal: int, parts: Collection[str], reason: str,
    actor: Actor, now: datetime, shut: bool,
) -> None:  # fmt: skip
    require(actor, WITHHOLD)
    row, entries = books.journal(session, book, journal)
    rules.check_parts(parts, lines=[entry.line for entry in entries], seq=journal)
    today, opened = london_day(now), queries.inspection_of(session, book, row)
    rules.check_in_time(today=today, closes_on=opened.closes_on if opened else None)
    said = queries.words_said(session, book, journal)
    withheld = [part for part, number in said.items() if number % 2]
    rules.check_changes(parts, withheld=withheld, shut=shut)
    words = clean_text(
        reason, place="reason", shortest=limits.REASON_CHARS_MIN, longest=limits.TEXT_CHARS_MAX
    )
    made = [
        {"book": book, "seq": journal, "part": part, "number": said.get(part, 0) + 1,
         "reason": words, "said_by": actor.person, "said_on": today, "said_at": now}
        for part in sorted(parts)
    ]  # fmt: skip
    write_rows(session, InspectionWithholding, made)
    audit.record(
        session, at=now, actor=actor.person,
        action=WITHHOLD if shut else "inspection.show_again", subject=row.id,
        facts={"journal": journal, "parts": sorted(parts)}, reason=words,
        authority=", ".join(sorted(actor.roles)),
    )  # fmt: skip
