"""Assets: tables and guards."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and their guards."""


def downgrade() -> None:
    """Take them away again."""
