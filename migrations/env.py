"""Alembic's environment: the service's own engine, and one transaction for each revision."""

from __future__ import annotations

from alembic import context

from ledger.kernel.db import db


def run() -> None:
    """Run the migrations on the configured database."""
    engine = db.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=engine.dialect.name == "sqlite",
            transaction_per_migration=True,
            compare_type=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
