"""The schema comes from the migrations, whole, and goes the same way back."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text

from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.kernel.db import check_ready, db, is_sqlite, transact, transaction
from ledger.kernel.errors import NotReady
from tests.raw_books import NOW, open_books, spec
from tests.stage import ROOT

pytestmark = pytest.mark.owner_only("migrations are the owner's")

FOLDER = str(ROOT / "migrations")
JOURNALS, BATCH = 5_000, 500
FIRST_WITH_GUARDS = "0002"
BOOKS = ("book", "unit", "fund", "account", "balance", "journal", "entry", "seal", "head")
PLANTED = '''"""Planted: a column is made longer, as batch mode does it, and the guards of its table go."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("audit_event", recreate=recreate) as batch:
        batch.alter_column("action", type_=sa.Text())
    if recreate == "never":
        op.execute("DROP TRIGGER audit_event_no_update ON audit_event")


def downgrade():
    pass
'''
_POSTGRESQL = """
SELECT 'column', table_name || '.' || column_name,
       data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid)
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', p.proname, md5(p.prosrc) || p.prosecdef
    || coalesce(array_to_string(p.proconfig, ' '), '') FROM pg_proc p
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


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_every_function_looks_in_our_schema_alone(app: Flask) -> None:
    """One that was replaced loses its path: a migration that does so fixes it again, as 0020 does."""
    ours = text(
        "SELECT p.proname, array_to_string(p.proconfig, ' ') FROM pg_proc p"
        " WHERE p.pronamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    with transaction(read_only=True) as session:
        found = {row[0]: row[1] for row in session.execute(ours)}
    loose = [name for name, said in found.items() if said != "search_path=public, pg_temp"]
    print(f"COUNT functions={len(found)} with_a_loose_path={len(loose)}")
    assert len(found) > 100
    assert loose == []


def rows() -> dict[str, str]:
    """Every table of the books as one hash: each row in order, each value as it is kept."""
    found = {}
    with transaction(read_only=True) as session:
        for table in BOOKS:
            columns = sorted(session.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys())
            said = session.execute(text(f"SELECT {', '.join(columns)} FROM {table}"))
            lines = sorted(repr([bytes(v) if isinstance(v, memoryview) else v for v in row])
                           for row in said)  # fmt: skip
            found[table] = f"{len(lines)} {hashlib.sha256(repr(lines).encode()).hexdigest()}"
    return found


@pytest.fixture
def book(app: Flask) -> int:
    """Ten thousand entries in five thousand journals, and a few that opened the book."""
    made = open_books()
    for first in range(0, JOURNALS, BATCH):
        gifts = [
            spec(f"gift-{number}", debit("Assets:Bank", 5), credit("Income:Gifts", 5))
            for number in range(first, first + BATCH)
        ]
        transact(lambda s, gifts=gifts: books.post_many(s, book=made, specs=gifts, now=NOW))
    return made


def test_ten_thousand_entries_go_every_step_down_and_up_again(app: Flask, book: int) -> None:
    steps = [
        one.revision
        for one in ScriptDirectory(FOLDER).walk_revisions()
        if one.revision >= FIRST_WITH_GUARDS
    ]
    before, kept, lost = schema(), rows(), []
    for revision in steps[1:]:
        flask_migrate.downgrade(directory=FOLDER, revision=revision)
        lost += [(revision, table) for table, said in rows().items() if said != kept[table]]
    for revision in reversed(steps[:-1]):
        flask_migrate.upgrade(directory=FOLDER, revision=revision)
        lost += [(revision, table) for table, said in rows().items() if said != kept[table]]
    differs = set(schema()) ^ set(before)
    print(
        f"COUNT migrations={len(steps) - 1} entries={kept['entry'].split()[0]}"
        f" tables_changed={len(lost)} parts_of_schema={len(before)} differing={len(differs)}"
    )
    assert int(kept["entry"].split()[0]) >= 2 * JOURNALS
    assert (lost, differs) == ([], set())
    with transaction(read_only=True) as session:
        assert books.self_check(session, book=book) == []


def test_a_migration_that_drops_a_guard_turns_the_fingerprint_red(
    app: Flask, tmp_path: Path
) -> None:
    """The control: a batch migration copies a table, and its triggers do not come along."""
    folder = tmp_path / "migrations"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(FOLDER).get_current_head()
    (folder / "versions" / "9999_planted.py").write_text(PLANTED.format(head=head))
    before = schema()
    flask_migrate.upgrade(directory=str(folder))
    with pytest.raises(NotReady, match="audit_event_no_update"):
        check_ready(db.engine)
    flask_migrate.downgrade(directory=str(folder), revision=head)
    gone = [row for row in set(before) - set(schema()) if "trigger" in row]
    print(f"COUNT migrations_control_triggers_lost={len(gone)}")
    assert any("audit_event_no_update" in " ".join(row) for row in gone)
