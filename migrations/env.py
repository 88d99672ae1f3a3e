"""Alembic's environment: the service's own engine, and one transaction for each revision.

After an upgrade the role that the settings name may do what the new tables need, and nothing else.
"""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from ledger.kernel import grants
from ledger.kernel.db import db
from ledger.kernel.errors import LedgerError
from ledger.kernel.faults import refusal_of


def run() -> None:
    """Run the migrations on the configured database."""
    engine = db.engine
    applied: list[Any] = []
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=engine.dialect.name == "sqlite",
            transaction_per_migration=True,
            compare_type=False,
            on_version_apply=lambda **step: applied.append(step["step"]),
        )
        try:
            with context.begin_transaction():
                context.run_migrations()
        except ProgrammingError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            raise CommandError(
                f"{refusal.facts} Only the owner of the tables upgrades them: put the owner's address"
                " into LEDGER_DATABASE_URL for this."
            ) from error
    if applied:
        _grant_again(engine)


def _grant_again(engine: Engine) -> None:
    """A migration makes tables that the service's role knows nothing of."""
    role = current_app.extensions["ledger.settings"].database_role
    if not role:
        return
    try:
        with engine.begin() as connection:
            grants.give(connection, role=role)
    except LedgerError as refusal:
        raise CommandError(f"Upgraded, but {role} was not given its rights: {refusal}") from refusal


run()
