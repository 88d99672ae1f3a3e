"""What measures are called, each name kept (O12)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.kernel.db import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLE = "measure_name"
VERBS = ("UPDATE", "DELETE")


def _refusal(verb: str) -> str:
    return f"ledger: {TABLE} rows are never {verb.lower().rstrip('e')}ed"


def upgrade() -> None:
    """Make the table and its guards."""
    op.create_table(
        TABLE,
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("better", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_measure_name_number")),
        sa.CheckConstraint("better IN ('lower', 'higher')", name=op.f("ck_measure_name_better")),
        sa.CheckConstraint("length(name) BETWEEN 3 AND 200", name=op.f("ck_measure_name_name")),
        sa.ForeignKeyConstraint(["measure"], ["measure.id"], name=op.f("fk_measure_name_measure")),
        sa.PrimaryKeyConstraint("measure", "number", name=op.f("pk_measure_name")),
    )
    for verb in VERBS:
        name = f"{TABLE}_no_{verb.lower()}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {TABLE} BEGIN"
                f" SELECT RAISE(ABORT, '{_refusal(verb)}'); END"
            )
            continue
        home = op.get_bind().execute(sa.text("SELECT quote_ident(current_schema())")).scalar_one()
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
            f" SET search_path = {home}, pg_temp AS $$ BEGIN RAISE EXCEPTION '{_refusal(verb)}'"
            " USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table(TABLE)
    if op.get_bind().dialect.name != "sqlite":
        for verb in VERBS:
            op.execute(f"DROP FUNCTION {TABLE}_no_{verb.lower()}()")
