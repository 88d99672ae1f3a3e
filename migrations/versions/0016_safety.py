"""Safety: what the last look at each part of the net found, and no journal while it is broken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.kernel.db import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BROKEN = (
    "EXISTS (SELECT 1 FROM safety_check s WHERE s.book = NEW.book"
    " AND (s.stops = 1 OR s.good_until_us < NEW.recorded_us))"
)
WORDS = "ledger: value stands still"


def upgrade() -> None:
    """Make the table, and the guard before each journal."""
    op.create_table(
        "safety_check",
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("looked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("good_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("stops", sa.BigInteger(), nullable=False),
        sa.Column("good_until_us", sa.BigInteger(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "name IN ('books', 'guards', 'checkpoint', 'backup')",
            name=op.f("ck_safety_check_name"),
        ),
        sa.CheckConstraint("stops IN (0, 1)", name=op.f("ck_safety_check_stops")),
        sa.CheckConstraint("length(said) <= 2000", name=op.f("ck_safety_check_said")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_safety_check_book")),
        sa.PrimaryKeyConstraint("book", "name", name=op.f("pk_safety_check")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER journal_stopped BEFORE INSERT ON journal WHEN {BROKEN}"
            f" BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION journal_stopped() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {BROKEN} THEN RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'check_violation'; END IF;"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER journal_stopped BEFORE INSERT ON journal"
        " FOR EACH ROW EXECUTE FUNCTION journal_stopped()"
    )


def downgrade() -> None:
    """Take them away."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER journal_stopped")
    else:
        op.execute("DROP TRIGGER journal_stopped ON journal")
        op.execute("DROP FUNCTION journal_stopped()")
    op.drop_table("safety_check")
