"""Spending and grants as the Local Government Transparency Code 2015 wants them published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

from sqlalchemy.orm import Session

from ledger.exports import paying, rules, sheets
from ledger.exports.sheets import Cell, Figure
from ledger.exports.tables import Scope
from ledger.exports.texts import written

SPENDING: Final = (
    "date", "transaction", "journal", "department", "beneficiary", "purpose", "amount",
    "irrecoverable_vat",
)  # fmt: skip
GRANTS: Final = (
    "date_awarded", "transaction", "journal", "time_period", "department", "beneficiary",
    "registration_number", "purpose", "amount",
)  # fmt: skip


def write_spending(session: Session, scope: Scope, out: IO[bytes]) -> None:
    """X19, X20: every payment over £500 of the period, people redacted."""
    sheets.write_rows(out, SPENDING, _spending(session, scope))


def _spending(session: Session, scope: Scope) -> Iterator[tuple[Cell, ...]]:
    for line in paying.payments(session, scope):
        if rules.is_published(line.pence):
            yield (
                line.on.isoformat(), line.id, line.seq, line.fund, line.beneficiary, line.purpose,
                Figure(written(line.pence, 2)),
                Figure("0.00") if line.kind in rules.WITHOUT_VAT else "",
            )  # fmt: skip


def write_grants(session: Session, scope: Scope, out: IO[bytes]) -> None:
    """X21: every grant of the period to a voluntary, community or social enterprise body."""
    sheets.write_rows(out, GRANTS, _grants(session, scope))


def _grants(session: Session, scope: Scope) -> Iterator[tuple[Cell, ...]]:
    for line in paying.awards(session, scope):
        if line.payee_kind in rules.VOLUNTARY:
            period = f"Year {line.year} of the agreement" if line.year else ""
            yield (
                line.on.isoformat(), line.id, line.seq, period, line.fund, line.beneficiary, "",
                line.purpose, Figure(written(line.pence, 2)),
            )  # fmt: skip
