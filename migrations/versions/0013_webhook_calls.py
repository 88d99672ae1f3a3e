"""Calls to another machine, kept once under their key until they are answered (M4)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.kernel.db import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "webhook_call",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("enqueued_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('WAITING', 'SENDING', 'SENT', 'FAILED', 'DROPPED')",
            name=op.f("ck_webhook_call_state"),
        ),
        sa.CheckConstraint("length(body) <= 20000", name=op.f("ck_webhook_call_body")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_webhook_call")),
        sa.UniqueConstraint("id", name=op.f("uq_webhook_call_id")),
    )
    op.create_index("ix_webhook_call_due", "webhook_call", ["state", "due_at"], unique=False)


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("webhook_call")
