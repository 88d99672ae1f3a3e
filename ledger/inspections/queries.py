"""Questions about inspections: which there are, what was asked, and who may read it (I7)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, bindparam, func, or_, select, text
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.books.queries import Between, JournalRow
from ledger.inspections import rules
from ledger.inspections.models import (
    Inspection,
    InspectionAnswer,
    InspectionLeaf,
    InspectionMatter,
    InspectionWithholding,
)
from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.parties.rules import Actor, may


@dataclass(frozen=True, slots=True)
class InspectionView:
    """One inspection: whose days, when open, and what was sealed. The secret stays inside."""

    id: str
    book: int
    period: int
    starts_on: date
    ends_on: date
    opens_on: date
    closes_on: date
    size: int
    journals: int
    root: bytes
    secret: bytes
    seal: str
    opened_by: str
    opened_at: datetime

    @property
    def between(self) -> Between:
        """The journals that it is about."""
        return Between(self.book, 0, self.size, self.starts_on, self.ends_on)

    @property
    def holds_july(self) -> bool | None:
        """I1: whether it holds the first ten working days of July; None when it need not."""
        july = rules.july_of(self.ends_on)
        return self.opens_on <= july[0] and july[1] <= self.closes_on if july else None

    def is_open(self, today: date) -> bool:
        """I5: whether people may ask today."""
        return self.opens_on <= today <= self.closes_on


@dataclass(frozen=True, slots=True)
class Withheld:
    """A part of a journal that is withheld by hand: why, since when, and by whom."""

    seq: int
    part: str
    reason: str
    said_by: str
    said_on: date

    @property
    def words(self) -> str:
        """The part in words."""
        return rules.part_words(self.part)


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What was said to a matter."""

    gives: str
    words: str
    said_by: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class MatterView:
    """A question or objection with what it was told."""

    id: str
    inspection: str
    kind: str
    seq: int
    line: int | None
    words: str
    state: str
    asked_by: str
    asked_at: datetime
    answers: tuple[AnswerView, ...]

    def may_be_read(self, actor: Actor) -> bool:
        """I7: everybody reads what is answered; before that whoever asked, and those who answer."""
        own = actor.person == self.asked_by
        return self.state in rules.SHOWN or own or answers(actor)


def answers(actor: Actor) -> bool:
    """Whether this person reads everything, because they answer or decide."""
    return may(actor, "inspection.answer") or may(actor, "inspection.decide")


def inspections(session: Session, book: int) -> list[InspectionView]:
    """Every inspection of a book, the newest first."""
    rows = session.scalars(
        select(Inspection).where(Inspection.book == book).order_by(Inspection.opens_on.desc())
    )
    return [_inspection(row) for row in rows]


def inspection(session: Session, reference: str) -> InspectionView:
    """One inspection.

    Raises:
        Missing: there is none with this reference.
    """
    row = session.get(Inspection, reference)
    if row is None:
        raise Missing(
            "There is no inspection with that reference.",
            remedy="Look at the list of inspections.",
            place=reference[:40],
        )
    return _inspection(row)


def _inspection(row: Inspection) -> InspectionView:
    return InspectionView(
        row.id, row.book, row.period, row.starts_on, row.ends_on, row.opens_on, row.closes_on,
        row.size, row.journals, bytes(row.root), bytes(row.secret), row.seal, row.opened_by,
        row.opened_at,
    )  # fmt: skip


def opened_periods(session: Session, book: int) -> set[int]:
    """The periods whose books were opened already."""
    return set(session.scalars(select(Inspection.period).where(Inspection.book == book)))


def inspection_of(session: Session, book: int, row: JournalRow) -> InspectionView | None:
    """The inspection that a journal is part of, if its period was opened."""
    found = session.scalars(
        select(Inspection).where(
            Inspection.book == book, Inspection.size >= row.seq,
            Inspection.starts_on <= row.effective_on, Inspection.ends_on >= row.effective_on,
        )
    ).first()  # fmt: skip
    return _inspection(found) if found else None


_WITHHELD: Final = (
    "SELECT w.seq, w.part, w.reason, w.said_by, w.said_on FROM inspection_withholding w"
    " JOIN journal j ON j.book = w.book AND j.seq = w.seq WHERE w.book = :book"
    " AND w.number % 2 = 1 AND NOT EXISTS (SELECT 1 FROM inspection_withholding n WHERE"
    " n.book = w.book AND n.seq = w.seq AND n.part = w.part AND n.number > w.number)"
)
"""I10: the newest word about each part counts, and every second one shows it again."""


def withheld_of(session: Session, book: int, seq: int) -> list[Withheld]:
    """I8: what of one journal is withheld by hand, by part."""
    rows = session.execute(
        text(_WITHHELD + " AND w.seq = :seq ORDER BY w.part"), {"book": book, "seq": seq}
    )
    return [_withheld(row) for row in rows]


def withheld(
    session: Session, view: InspectionView, *, limit: int = limits.QUANTITY_MAX
) -> list[Withheld]:
    """I8: what of the journals of an inspection is withheld by hand, by journal and part."""
    rows = session.execute(
        text(
            _WITHHELD + " AND w.seq <= :size AND j.effective_on BETWEEN :starts_on AND :ends_on"
            " ORDER BY w.seq, w.part LIMIT :limit"
        ).bindparams(bindparam("starts_on", type_=Date), bindparam("ends_on", type_=Date)),
        {"book": view.book, "size": view.size, "starts_on": view.starts_on,
         "ends_on": view.ends_on, "limit": limit},
    )  # fmt: skip
    return [_withheld(row) for row in rows]


def _withheld(row: Any) -> Withheld:
    return Withheld(row[0], row[1], row[2], row[3], books.as_date(row[4]))


def words_said(session: Session, book: int, seq: int) -> dict[str, int]:
    """I10: how many words were said about each part of a journal: an odd number withholds it."""
    rows = session.execute(
        select(InspectionWithholding.part, func.max(InspectionWithholding.number))
        .where(InspectionWithholding.book == book, InspectionWithholding.seq == seq)
        .group_by(InspectionWithholding.part)
    )
    return {row[0]: row[1] for row in rows}


def people_kept(session: Session, reference: str) -> dict[int, dict[str, str]]:
    """I4: the commitments that were kept of fields that name people, by journal and field."""
    rows = session.execute(
        select(InspectionLeaf.seq, InspectionLeaf.people).where(
            InspectionLeaf.inspection == reference
        )
    )
    return {row[0]: json.loads(row[1]) for row in rows}


def leaves(session: Session, view: InspectionView) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Number, hash and facts of every journal of an inspection, in order."""
    for seq, leaf, digest in books.leaves_between(session, view.between):
        yield seq, digest, json.loads(leaf)


def matters(
    session: Session, *, inspection: str, actor: Actor, after: str = "",
    limit: int = limits.PAGE_ROWS_DEFAULT,
) -> list[MatterView]:  # fmt: skip
    """I7: what this person may read of an inspection, by reference, beginning after one."""
    query = select(InspectionMatter).where(
        InspectionMatter.inspection == inspection, InspectionMatter.id > after
    )
    if not answers(actor):
        query = query.where(
            or_(InspectionMatter.state.in_(rules.SHOWN), InspectionMatter.asked_by == actor.person)
        )
    rows = session.scalars(
        query.order_by(InspectionMatter.id).limit(limit),
        execution_options={"populate_existing": True},
    ).all()
    return _matters(session, rows)


def count(
    session: Session, *, states: Collection[str], inspection: str = "", asked_by: str = "",
    kind: str = "",
) -> int:  # fmt: skip
    """How many questions and objections stand in these states."""
    query = select(func.count()).where(InspectionMatter.state.in_(states))
    if inspection:
        query = query.where(InspectionMatter.inspection == inspection)
    if asked_by:
        query = query.where(InspectionMatter.asked_by == asked_by)
    if kind:
        query = query.where(InspectionMatter.kind == kind)
    return session.execute(query.select_from(InspectionMatter)).scalar_one()


def matter(session: Session, reference: str) -> MatterView:
    """One question or objection.

    Raises:
        Missing: there is none with this reference.
    """
    row = session.get(InspectionMatter, reference, populate_existing=True)
    if row is None:
        raise _unknown(reference)
    return _matters(session, [row])[0]


def readable(session: Session, reference: str, actor: Actor) -> MatterView:
    """I7: one question or objection that this person may read.

    Raises:
        Missing: there is none, or it is not answered yet.
    """
    view = matter(session, reference)
    if not view.may_be_read(actor):
        raise _unknown(reference)
    return view


def _unknown(reference: str) -> Missing:
    return Missing(
        "There is no question or objection with that reference, or it is not answered yet.",
        remedy="Look at the inspection's page.",
        place=reference[:40],
    )


def _matters(session: Session, rows: Collection[InspectionMatter]) -> list[MatterView]:
    said: dict[str, list[AnswerView]] = {row.id: [] for row in rows}
    for one in session.scalars(
        select(InspectionAnswer)
        .where(InspectionAnswer.matter.in_(list(said)))
        .order_by(InspectionAnswer.said_at, InspectionAnswer.gives.desc())
    ):
        said[one.matter].append(AnswerView(one.gives, one.words, one.said_by, one.said_at))
    return [
        MatterView(
            row.id, row.inspection, row.kind, row.seq, row.line, row.words, row.state,
            row.asked_by, row.asked_at, tuple(said[row.id]),
        )
        for row in rows
    ]  # fmt: skip
