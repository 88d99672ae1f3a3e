"""Witnesses and their co-signatures, and what the database refuses about them (T7, T8)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.kernel.db import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Each guard: name, table, when, the condition that is refused, and the words of the refusal.
REFUSALS = [
    (
        "witness_moves", "witness", "BEFORE UPDATE",
        "OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR NEW.id <> OLD.id"
        " OR NEW.book <> OLD.book OR NEW.name <> OLD.name OR NEW.public_key <> OLD.public_key"
        " OR NEW.called <> OLD.called OR NEW.registered_by <> OLD.registered_by"
        " OR NEW.registered_at <> OLD.registered_at",
        "a witness is only ever ended, once",
    ),
    (
        "witness_no_delete", "witness", "BEFORE DELETE", "1 = 1",
        "witness rows are never deleted",
    ),
    (
        "cosignature_grows", "cosignature", "BEFORE INSERT",
        "EXISTS (SELECT 1 FROM cosignature c WHERE c.witness = NEW.witness AND c.size >= NEW.size)"
        " OR NOT EXISTS (SELECT 1 FROM checkpoint p WHERE p.book = NEW.book AND p.size = NEW.size"
        " AND p.root = NEW.root)"
        " OR NOT EXISTS (SELECT 1 FROM witness w WHERE w.id = NEW.witness AND w.book = NEW.book"
        " AND w.ended_at IS NULL)",
        "a witness co-signs a checkpoint that is there, and never less than before",
    ),
    (
        "cosignature_no_update", "cosignature", "BEFORE UPDATE", "1 = 1",
        "cosignature rows are never edited",
    ),
    (
        "cosignature_no_delete", "cosignature", "BEFORE DELETE", "1 = 1",
        "cosignature rows are never deleted",
    ),
]  # fmt: skip
UNTRUNCATABLE = ["witness", "cosignature"]


def _raise(words: str) -> str:
    return f"RAISE EXCEPTION 'ledger: {words}' USING ERRCODE = 'integrity_constraint_violation';"


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {name} {when} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: {words}') WHERE {refused}; END"
        for name, table, when, refused, words in REFUSALS
    ]


def _postgresql() -> list[str]:
    made = []
    for name, table, when, refused, words in REFUSALS:
        body = f"IF {refused} THEN {_raise(words)} END IF;"
        result = "OLD" if when.endswith("DELETE") else "NEW"
        made += _trigger(name, table, when, each="ROW", body=body, result=result)
    for table in UNTRUNCATABLE:
        body = _raise(f"{table} rows are never deleted")
        made += _trigger(
            f"{table}_no_truncate", table, "BEFORE TRUNCATE", each="STATEMENT", body=body,
            result="NULL",
        )  # fmt: skip
    return made


def _trigger(name: str, table: str, when: str, *, each: str, body: str, result: str) -> list[str]:
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} RETURN {result}; END $$",
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()",
    ]


def upgrade() -> None:
    """Make the tables and their guards."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "witness",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book", number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("length(public_key) = 32", name=op.f("ck_witness_public_key")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name=op.f("ck_witness_name")),
        sa.CheckConstraint("length(called) BETWEEN 1 AND 200", name=op.f("ck_witness_called")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by = '')", name=op.f("ck_witness_ended")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_witness_book")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witness")),
        sa.UniqueConstraint("book", "name", name=op.f("uq_witness_book_name")),
        sa.UniqueConstraint("book", "public_key", name=op.f("uq_witness_book_public_key")),
    )
    op.create_table(
        "cosignature",
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("book", number, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(root) = 32", name=op.f("ck_cosignature_root")),
        sa.CheckConstraint("length(line) BETWEEN 1 AND 500", name=op.f("ck_cosignature_line")),
        sa.ForeignKeyConstraint(
            ["book", "size"], ["checkpoint.book", "checkpoint.size"],
            name=op.f("fk_cosignature_book_size"),
        ),
        sa.ForeignKeyConstraint(
            ["witness"], ["witness.id"], name=op.f("fk_cosignature_witness")
        ),
        sa.PrimaryKeyConstraint("witness", "size", name=op.f("pk_cosignature")),
    )  # fmt: skip
    op.create_index("ix_cosignature_book", "cosignature", ["book", "size"], unique=False)
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("cosignature")
    op.drop_table("witness")
    if op.get_bind().dialect.name != "sqlite":
        for name in [one[0] for one in REFUSALS] + [f"{one}_no_truncate" for one in UNTRUNCATABLE]:
            op.execute(f"DROP FUNCTION {name}()")
