"""Journal-risk columns: what an auditor tests for management override, journal by journal (X9 to X13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.approvals import queries as approvals
from ledger.books.queries import as_date
from ledger.exports import rules, sheets
from ledger.exports.sheets import Cell, Figure
from ledger.exports.tables import Scope
from ledger.exports.texts import written
from ledger.kernel.clock import LONDON, from_microseconds

COLUMNS: Final = (
    "journal", "id", "kind", "group", "reason", "effective_on", "recorded_at",
    "recorded_in_london", "maker", "checker", "made_by_job", "pounds", "days_back_dated",
    "out_of_hours", "weekend", "round_to_pounds", "just_under_limit_pounds", "limit_role",
    "signs",
)  # fmt: skip

ROWS_AT_ONCE: Final = 500

_JOURNALS: Final = text(
    "SELECT j.seq, j.id, j.kind, j.group_id, j.reason, j.effective_on, j.recorded_us, j.maker,"
    " j.checker, COALESCE((SELECT SUM(e.amount) FROM entry e WHERE e.book = j.book"
    " AND e.seq = j.seq AND e.layer = 'P' AND e.side = 'D' AND e.unit = 'GBP'), 0)"
    " FROM journal j WHERE j.book = :book AND j.seq <= :size"
    " AND j.effective_on BETWEEN :starts AND :ends ORDER BY j.seq"
)


@dataclass(frozen=True, slots=True)
class Risky:
    """A journal with the pence that it moves and its signs of risk."""

    seq: int
    id: str
    kind: str
    group: str
    reason: str
    effective_on: date
    recorded_at: datetime
    maker: str
    checker: str | None
    pence: int
    risks: rules.Risks


def write(session: Session, scope: Scope, out: IO[bytes]) -> None:
    """Write one row for each journal of the period, in order of number."""
    sheets.write_rows(out, COLUMNS, map(_cells, journals(session, scope)))


def journals(session: Session, scope: Scope) -> Iterator[Risky]:
    """Every journal of the period in order of number, streamed."""
    limits = [
        rules.LimitFact(one.role, one.kind, one.pence_max, one.starts_on, one.set_at)
        for one in approvals.limits_set(session)
    ]
    with session.execute(
        _JOURNALS, scope.bound(session), execution_options={"yield_per": ROWS_AT_ONCE}
    ) as rows:
        for seq, id_, kind, group, reason, day, recorded_us, maker, checker, moved in rows:
            effective_on, recorded_at = as_date(day), from_microseconds(recorded_us)
            found = rules.risks(
                effective_on=effective_on, recorded=recorded_at.astimezone(LONDON), maker=maker,
                checker=checker, pence=int(moved), limits=limits,
            )  # fmt: skip
            yield Risky(
                seq, id_, kind, group, reason, effective_on, recorded_at, maker, checker,
                int(moved), found,
            )  # fmt: skip


def _cells(one: Risky) -> tuple[Cell, ...]:
    found, limit = one.risks, one.risks.limit
    return (
        one.seq, one.id, one.kind, one.group, one.reason, one.effective_on.isoformat(),
        f"{one.recorded_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        f"{one.recorded_at.astimezone(LONDON):%Y-%m-%d %H:%M:%S}",
        one.maker, one.checker or "", _yes(one.maker.startswith(rules.JOB)),
        Figure(written(one.pence, 2)), found.days_back, _yes(found.out_of_hours),
        _yes(found.weekend), found.round_pounds or "",
        Figure(written(limit.pence_max, 2)) if limit else "", limit.role if limit else "",
        found.count,
    )  # fmt: skip


def _yes(holds: bool) -> str:  # noqa: FBT001 - a word for a cell
    return "yes" if holds else "no"
