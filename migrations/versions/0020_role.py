"""A role that owns nothing: what triggers move, and what posting locks, with the owner's rights.

On PostgreSQL a function looks for its tables where whoever calls it says. Somebody with a table of
their own, called like one of ours and found first, could show a seal entries that balance. So every
function of ours looks in our schema alone. Those that move or lock what nobody else may do so in the
owner's name. SQLite knows neither roles nor paths.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

IN_THE_OWNERS_NAME = (
    "books_look", "journal_moves_head", "entry_moves_balance", "saving_claim_fills_cell",
)  # fmt: skip
OURS = sa.text(
    "SELECT p.proname, p.oid::regprocedure::text FROM pg_proc p"
    " WHERE p.pronamespace = current_schema()::regnamespace"
    " AND (p.proname IN ('books_look', 'books_write') OR p.oid IN (SELECT t.tgfoid FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = current_schema()::regnamespace))"
)


def _functions() -> Iterator[tuple[str, str]]:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        yield from [(row[0], row[1]) for row in bind.execute(OURS)]


def upgrade() -> None:
    """Say where functions look, and in whose name some of them act."""
    for name, signature in _functions():
        home = op.get_bind().execute(sa.text("SELECT quote_ident(current_schema())")).scalar_one()
        op.execute(f"ALTER FUNCTION {signature} SET search_path = {home}, pg_temp")
        if name in IN_THE_OWNERS_NAME:
            op.execute(f"ALTER FUNCTION {signature} SECURITY DEFINER")


def downgrade() -> None:
    """Let them look and act as whoever calls them does."""
    for _name, signature in _functions():
        op.execute(f"ALTER FUNCTION {signature} RESET ALL")
        op.execute(f"ALTER FUNCTION {signature} SECURITY INVOKER")
