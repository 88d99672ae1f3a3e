"""The schema comes from the migrations, whole, and goes the same way back."""

from __future__ import annotations

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import text

from ledger.kernel.db import check_ready, db, is_sqlite, transaction
from tests.stage import ROOT

FOLDER = str(ROOT / "migrations")
_POSTGRESQL = """
SELECT 'column', table_name || '.' || column_name,
       data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid)
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', p.proname, md5(p.prosrc) FROM pg_proc p
  WHERE p.pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def schema() -> list[tuple[str, ...]]:
    with transaction(read_only=True) as session:
        if is_sqlite(session):
            rows = session.execute(text("SELECT type, name, sql FROM sqlite_master"))
        else:
            rows = session.execute(text(_POSTGRESQL))
        return sorted(tuple(str(part) for part in row) for row in rows)


def test_up_down_and_up_again_ends_where_it_began(app: Flask) -> None:
    before = schema()
    flask_migrate.downgrade(directory=FOLDER, revision="base")
    left = [row for row in schema() if "alembic_version" not in " ".join(row)]
    assert left == []
    flask_migrate.upgrade(directory=FOLDER)
    assert schema() == before


def test_the_tables_are_those_that_the_models_describe(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, db.metadata) == []


def test_every_guard_is_in_place(app: Flask) -> None:
    check_ready(db.engine)
