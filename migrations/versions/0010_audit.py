"""Audit: checkpoints, and what the database refuses about them (docs/rules.md, T6)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.kernel.db import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

GROWS = [
    (
        "EXISTS (SELECT 1 FROM checkpoint c WHERE c.book = NEW.book AND c.size >= NEW.size)",
        "a checkpoint is never replaced, and a later one is never smaller",
    ),
    (
        "NOT EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.seq = NEW.size"
        " AND j.chain = NEW.chain)",
        "a checkpoint ends with the chain of a journal that is there",
    ),
]
NEVER = {"update": "edited", "delete": "deleted", "truncate": "deleted"}


def _sqlite() -> list[str]:
    body = " ".join(
        f"SELECT RAISE(ABORT, 'ledger: {words}') WHERE {refused};" for refused, words in GROWS
    )
    made = [f"CREATE TRIGGER checkpoint_grows BEFORE INSERT ON checkpoint BEGIN {body} END"]
    return made + [
        f"CREATE TRIGGER checkpoint_no_{verb} BEFORE {verb.upper()} ON checkpoint BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: checkpoint rows are never {done}'); END"
        for verb, done in NEVER.items()
        if verb != "truncate"
    ]


def _postgresql() -> list[str]:
    body = " ".join(f"IF {refused} THEN {_raise(words)} END IF;" for refused, words in GROWS)
    made = _trigger("checkpoint_grows", "BEFORE INSERT", "ROW", body, "NEW")
    for verb, done in NEVER.items():
        each = "STATEMENT" if verb == "truncate" else "ROW"
        words = _raise(f"checkpoint rows are never {done}")
        made += _trigger(f"checkpoint_no_{verb}", f"BEFORE {verb.upper()}", each, words, "NULL")
    return made


def _trigger(name: str, when: str, each: str, body: str, result: str) -> list[str]:
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} RETURN {result}; END $$",
        f"CREATE TRIGGER {name} {when} ON checkpoint FOR EACH {each} EXECUTE FUNCTION {name}()",
    ]


def _raise(words: str) -> str:
    return f"RAISE EXCEPTION 'ledger: {words}' USING ERRCODE = 'integrity_constraint_violation';"


def upgrade() -> None:
    """Make the table of checkpoints and its guards."""
    op.create_table(
        "checkpoint",
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("size >= 1", name=op.f("ck_checkpoint_size")),
        sa.CheckConstraint(
            "length(root) = 32 AND length(chain) = 32", name=op.f("ck_checkpoint_hashes")
        ),
        sa.CheckConstraint("length(public_key) = 32", name=op.f("ck_checkpoint_public_key")),
        sa.CheckConstraint(
            "reason IN ('daily', 'close', 'asked')", name=op.f("ck_checkpoint_reason")
        ),
        sa.CheckConstraint("length(note) BETWEEN 1 AND 5000", name=op.f("ck_checkpoint_note")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_checkpoint_book")),
        sa.PrimaryKeyConstraint("book", "size", name=op.f("pk_checkpoint")),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("checkpoint")
    if op.get_bind().dialect.name != "sqlite":
        for name in ("grows", *(f"no_{verb}" for verb in NEVER)):
            op.execute(f"DROP FUNCTION checkpoint_{name}()")
