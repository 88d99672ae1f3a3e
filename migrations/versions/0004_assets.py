"""Assets: the register, every version of every row, its imports and listings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import ledger.kernel.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEVER_EDITED = ["asset_version", "asset_import", "asset_import_note"]
NEVER_DELETED = ["asset", "asset_version", "asset_import", "asset_import_note"]


def _guard(name: str, when: str, table: str, words: str) -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} BEGIN"
            f" SELECT RAISE(ABORT, 'ledger: {words}'); END"
        ]
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION 'ledger: {words}' USING ERRCODE = 'integrity_constraint_violation';"
        " RETURN NULL; END $$",
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _guards() -> list[tuple[str, str, str, str]]:
    edits = [
        (f"{table}_no_update", "UPDATE", table, f"{table} rows are never edited")
        for table in NEVER_EDITED
    ]
    deletes = [
        (f"{table}_no_delete", "DELETE", table, f"{table} rows are never deleted")
        for table in NEVER_DELETED
    ]
    return edits + deletes


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "asset_register",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("last_import", sa.Text(), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 300", name=op.f("ck_asset_register_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_register")),
        sa.UniqueConstraint("name", name=op.f("uq_asset_register_name")),
    )
    op.create_table(
        "asset",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("council", sa.Text(), nullable=False),
        sa.Column("uprn", sa.Text(), nullable=False),
        sa.Column("street_number", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("lat_microdegrees", sa.BigInteger(), nullable=True),
        sa.Column("lon_microdegrees", sa.BigInteger(), nullable=True),
        sa.Column("tenure", sa.Text(), nullable=False),
        sa.Column("tenure_detail", sa.Text(), nullable=False),
        sa.Column("other_detail", sa.Text(), nullable=False),
        sa.Column("holding", sa.Text(), nullable=False),
        sa.Column("occupancy", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("energy_rating", sa.Text(), nullable=False),
        sa.Column("ownership", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("first_import", sa.Text(), nullable=False),
        sa.Column("last_import", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('holding', 'brownfield', 'place', 'building')", name=op.f("ck_asset_kind")
        ),
        sa.CheckConstraint(
            "occupancy IN ('in use', 'part', 'vacant', 'surplus', 'unknown')",
            name=op.f("ck_asset_occupancy"),
        ),
        sa.CheckConstraint(
            "state IN ('current', 'not_seen', 'ended')", name=op.f("ck_asset_state")
        ),
        sa.CheckConstraint(
            "(lat_microdegrees IS NULL) = (lon_microdegrees IS NULL) AND (lat_microdegrees IS NULL OR (lat_microdegrees BETWEEN 49000000 AND 61500000 AND lon_microdegrees BETWEEN -9500000 AND 2500000))",
            name=op.f("ck_asset_point"),
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 300", name=op.f("ck_asset_name")),
        sa.CheckConstraint("length(uprn) <= 12", name=op.f("ck_asset_uprn")),
        sa.ForeignKeyConstraint(
            ["register"], ["asset_register.id"], name=op.f("fk_asset_register")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("register", "code", name=op.f("uq_asset_register_code")),
    )
    op.create_index(op.f("ix_asset_last_import"), "asset", ["last_import"], unique=False)
    op.create_index("ix_asset_state_name", "asset", ["state", "name", "id"], unique=False)
    op.create_index(op.f("ix_asset_uprn"), "asset", ["uprn"], unique=False)
    op.create_table(
        "asset_import",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("not_seen", sa.BigInteger(), nullable=False),
        sa.Column("noted", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "rows_read >= 0 AND added >= 0 AND changed >= 0 AND unchanged >= 0 AND not_seen >= 0 AND rows_read = added + changed + unchanged",
            name=op.f("ck_asset_import_counts"),
        ),
        sa.ForeignKeyConstraint(
            ["register"], ["asset_register.id"], name=op.f("fk_asset_import_register")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_import")),
    )
    op.create_index(
        op.f("ix_asset_import_file_digest"), "asset_import", ["file_digest"], unique=False
    )
    op.create_index(op.f("ix_asset_import_register"), "asset_import", ["register"], unique=False)
    op.create_table(
        "asset_import_note",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["asset_import.id"], name=op.f("fk_asset_import_note_import_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_import_note")),
    )
    op.create_index(
        "ix_asset_import_note_kind",
        "asset_import_note",
        ["import_id", "kind", "line"],
        unique=False,
    )
    op.create_table(
        "asset_version",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("recorded_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "change IN ('added', 'changed', 'not_seen', 'returned')",
            name=op.f("ck_asset_version_change"),
        ),
        sa.ForeignKeyConstraint(["asset"], ["asset.id"], name=op.f("fk_asset_version_asset")),
        sa.PrimaryKeyConstraint("asset", "version", name=op.f("pk_asset_version")),
    )
    op.create_index(
        op.f("ix_asset_version_import_id"), "asset_version", ["import_id"], unique=False
    )
    op.create_table(
        "listing",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("listed_by", sa.Text(), nullable=False),
        sa.Column("listed_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'offered', 'withdrawn')", name=op.f("ck_listing_state")
        ),
        sa.CheckConstraint(
            "terms IN ('hire', 'licence', 'meanwhile', 'transfer')", name=op.f("ck_listing_terms")
        ),
        sa.CheckConstraint("length(summary) <= 5000", name=op.f("ck_listing_summary")),
        sa.ForeignKeyConstraint(["asset"], ["asset.id"], name=op.f("fk_listing_asset")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_listing_book")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint("asset", name=op.f("uq_listing_asset")),
    )
    for guard in _guards():
        for statement in _guard(*guard):
            op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Take them away again."""
    for name, _, table, _ in _guards():
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {name}")
        else:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("listing")
    op.drop_table("asset_version")
    op.drop_table("asset_import_note")
    op.drop_table("asset_import")
    op.drop_table("asset")
    op.drop_table("asset_register")
