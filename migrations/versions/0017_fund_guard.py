"""Books: PostgreSQL asks whether a restricted fund falls below zero where it already looks.

The seals of a statement are looked at once, and whether a restricted fund is among their lines is
known there: a trigger of its own cost every journal a fifth of its writing. SQLite keeps its own.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

AFTER = "SEAL[restricted]"


def _of(name: str) -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).with_name(name)))


def upgrade() -> None:
    """Ask within the check of seals, and only of journals that touch a restricted fund."""
    if op.get_bind().dialect.name != "postgresql":
        return
    looks, funds = _of("0012_books_fewer_looks.py"), _of("0015_periods.py")
    this = " AND e.book = it.book AND e.seq = it.seq"
    less, words = funds["LESS"].format(seal="entry e", this=this), funds["EMPTY"]
    body = looks["AFTER_STATEMENT"]["seal_checks"]
    assert AFTER in body, "the check of seals has its place for restricted funds"
    body = body.replace(AFTER, f"{AFTER} IF {less} THEN RAISE[{words}] END IF;")
    looks["_run"]([looks["_function"]("seal_checks", body, looks["_before"]())])
    funds["_run"](funds["_drop"]("seal_keeps_funds", "seal"))


def downgrade() -> None:
    """Ask by a trigger of its own again."""
    if op.get_bind().dialect.name != "postgresql":
        return
    looks, funds = _of("0012_books_fewer_looks.py"), _of("0015_periods.py")
    body = looks["AFTER_STATEMENT"]["seal_checks"]
    looks["_run"]([looks["_function"]("seal_checks", body, looks["_before"]())])
    funds["_run"](funds["_fund_guard"]())
