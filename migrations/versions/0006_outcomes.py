"""Outcomes: measures, readings that are never overwritten, pinned windows, frozen snapshots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import ledger.kernel.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UNTOUCHABLE = [
    "measure_version", "reading_series", "reading_import", "reading", "final_mark",
    "measure_window", "reading_snapshot",
]  # fmt: skip

FOLLOWS = (
    "(NEW.revision = 1 AND NEW.delta <> NEW.value) OR (NEW.revision > 1 AND NOT EXISTS"
    " (SELECT 1 FROM reading r WHERE r.series = NEW.series AND r.starts_on = NEW.starts_on"
    " AND r.revision = NEW.revision - 1 AND r.value + NEW.delta = NEW.value))"
)
FOLLOWS_WORDS = "a reading follows the revision before it"
FORWARD = (
    "EXISTS (SELECT 1 FROM final_mark f WHERE f.measure_version = NEW.measure_version"
    " AND f.through_on >= NEW.through_on)"
)
FORWARD_WORDS = "a final mark only goes forward"
WHOLE = " OR ".join(
    f"typeof(NEW.{column}) <> 'integer'" for column in ("revision", "value", "delta", "series")
)


def _raise(words: str) -> str:
    return f"RAISE EXCEPTION 'ledger: {words}' USING ERRCODE = 'integrity_constraint_violation';"


def _sqlite() -> list[str]:
    made = [
        f"CREATE TRIGGER {table}_no_{word} BEFORE {when} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: {table} rows are never {done}'); END"
        for table in UNTOUCHABLE
        for word, when, done in (("update", "UPDATE", "edited"), ("delete", "DELETE", "deleted"))
    ]
    made.append(
        "CREATE TRIGGER reading_follows BEFORE INSERT ON reading BEGIN SELECT RAISE(ABORT,"
        f" 'ledger: a count is a whole number') WHERE {WHOLE}; SELECT RAISE(ABORT,"
        f" 'ledger: {FOLLOWS_WORDS}') WHERE {FOLLOWS}; END"
    )
    made.append(
        "CREATE TRIGGER final_mark_goes_forward BEFORE INSERT ON final_mark BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: {FORWARD_WORDS}') WHERE {FORWARD}; END"
    )
    return made


def _function(name: str, body: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}"
        " RETURN NEW; END $$"
    )


def _postgresql() -> list[str]:
    made = []
    for table in UNTOUCHABLE:
        for word, done in (("update", "edited"), ("delete", "deleted")):
            name = f"{table}_no_{word}"
            made.append(_function(name, _raise(f"{table} rows are never {done}")))
            made.append(
                f"CREATE TRIGGER {name} BEFORE {word.upper()} ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {name}()"
            )
    body = f"IF EXISTS (SELECT 1 FROM fresh WHERE {FOLLOWS.replace('NEW.', 'fresh.')}) THEN"
    made.append(_function("reading_follows", f"{body} {_raise(FOLLOWS_WORDS)} END IF;"))
    made.append(
        "CREATE TRIGGER reading_follows AFTER INSERT ON reading REFERENCING NEW TABLE AS fresh"
        " FOR EACH STATEMENT EXECUTE FUNCTION reading_follows()"
    )
    body = f"IF {FORWARD} THEN {_raise(FORWARD_WORDS)} END IF;"
    made.append(_function("final_mark_goes_forward", body))
    made.append(
        "CREATE TRIGGER final_mark_goes_forward BEFORE INSERT ON final_mark"
        " FOR EACH ROW EXECUTE FUNCTION final_mark_goes_forward()"
    )
    return made


def _guards() -> list[str]:
    return _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()


def _without_guards() -> list[str]:
    sqlite = op.get_bind().dialect.name == "sqlite"
    named = [
        (f"{table}_no_{word}", table) for table in UNTOUCHABLE for word in ("update", "delete")
    ]
    named += [("reading_follows", "reading"), ("final_mark_goes_forward", "final_mark")]
    dropped = []
    for name, table in named:
        dropped.append(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
        if not sqlite:
            dropped.append(f"DROP FUNCTION {name}()")
    return dropped


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "area",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("named_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
    )
    op.create_table(
        "measure",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("better", sa.Text(), nullable=False),
        sa.Column("made_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.CheckConstraint("better IN ('lower', 'higher')", name=op.f("ck_measure_better")),
        sa.CheckConstraint("length(id) BETWEEN 1 AND 200", name=op.f("ck_measure_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
    )
    op.create_table(
        "reading_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("revised", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_reading_import_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_import")),
        sa.UniqueConstraint("measure", "sha256", name=op.f("uq_reading_import_measure_sha256")),
    )
    op.create_table(
        "reading_snapshot",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("frozen_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_reading_snapshot_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_snapshot")),
        sa.UniqueConstraint("owner", name=op.f("uq_reading_snapshot_owner")),
    )
    op.create_table(
        "area_beside",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("beside", sa.Text(), nullable=False),
        sa.CheckConstraint("area < beside", name=op.f("ck_area_beside_order")),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_area_beside_area")),
        sa.ForeignKeyConstraint(["beside"], ["area.id"], name=op.f("fk_area_beside_beside")),
        sa.PrimaryKeyConstraint("area", "beside", name=op.f("pk_area_beside")),
    )
    op.create_index(op.f("ix_area_beside_beside"), "area_beside", ["beside"], unique=False)
    op.create_table(
        "measure_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("made_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["measure"], ["measure.id"], name=op.f("fk_measure_version_measure")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure_version")),
        sa.UniqueConstraint("measure", "version", name=op.f("uq_measure_version_measure_version")),
    )
    op.create_table(
        "final_mark",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("measure_version", sa.Text(), nullable=False),
        sa.Column("through_on", sa.Date(), nullable=False),
        sa.Column("marked_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("marked_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["measure_version"], ["measure_version.id"], name=op.f("fk_final_mark_measure_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_final_mark")),
    )
    op.create_index(
        op.f("ix_final_mark_measure_version"), "final_mark", ["measure_version"], unique=False
    )
    op.create_table(
        "reading_series",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("measure_version", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_reading_series_area")),
        sa.ForeignKeyConstraint(
            ["measure_version"],
            ["measure_version.id"],
            name=op.f("fk_reading_series_measure_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_series")),
        sa.UniqueConstraint(
            "measure_version", "area", name=op.f("uq_reading_series_measure_version_area")
        ),
    )
    op.create_index(op.f("ix_reading_series_area"), "reading_series", ["area"], unique=False)
    op.create_table(
        "measure_window",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column(
            "series",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "slot IN ('before', 'after', 'other_before', 'other_after')",
            name=op.f("ck_measure_window_slot"),
        ),
        sa.CheckConstraint(
            "from_on <= to_on AND expected >= 1", name=op.f("ck_measure_window_months")
        ),
        sa.ForeignKeyConstraint(
            ["series"], ["reading_series.id"], name=op.f("fk_measure_window_series")
        ),
        sa.PrimaryKeyConstraint("owner", "slot", "series", name=op.f("pk_measure_window")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reading",
        sa.Column(
            "series",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_reading_revision")),
        sa.CheckConstraint("value BETWEEN 0 AND 1000000000", name=op.f("ck_reading_value")),
        sa.ForeignKeyConstraint(["series"], ["reading_series.id"], name=op.f("fk_reading_series")),
        sa.ForeignKeyConstraint(["source"], ["reading_import.id"], name=op.f("fk_reading_source")),
        sa.PrimaryKeyConstraint("series", "starts_on", "revision", name=op.f("pk_reading")),
        sqlite_with_rowid=False,
    )
    for statement in _guards():
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Take them away again."""
    for statement in _without_guards():
        op.execute(statement)

    op.drop_table("reading")
    op.drop_table("measure_window")
    op.drop_table("reading_series")
    op.drop_table("final_mark")
    op.drop_table("measure_version")
    op.drop_table("area_beside")
    op.drop_table("reading_snapshot")
    op.drop_table("reading_import")
    op.drop_table("measure")
    op.drop_table("area")
