"""What is withheld from public inspection by hand, each word of it kept (I8 to I10)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.kernel.db import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE = "inspection_withholding"
# Each guard: name, when, the condition that is refused, and the words of the refusal.
REFUSALS = [
    (
        f"{TABLE}_begins", "BEFORE INSERT",
        "NOT EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.seq = NEW.seq"
        " AND (NEW.part IN ('reason', 'group') OR EXISTS (SELECT 1 FROM entry e"
        " WHERE e.book = j.book AND e.seq = j.seq AND NEW.part = 'entry.' || e.line))"
        " AND NOT EXISTS (SELECT 1 FROM inspection i WHERE i.book = j.book AND i.size >= j.seq"
        " AND j.effective_on BETWEEN i.starts_on AND i.ends_on AND NEW.said_on > i.closes_on))"
        f" OR NEW.number <> 1 + (SELECT COUNT(*) FROM {TABLE} w WHERE w.book = NEW.book"
        " AND w.seq = NEW.seq AND w.part = NEW.part)",
        "a part of a journal is withheld and shown again in turn, until its inspection is over",
    ),
    (f"{TABLE}_no_update", "BEFORE UPDATE", "1 = 1", f"{TABLE} rows are never updated"),
    (f"{TABLE}_no_delete", "BEFORE DELETE", "1 = 1", f"{TABLE} rows are never deleted"),
]  # fmt: skip


def _raise(words: str) -> str:
    return f"RAISE EXCEPTION 'ledger: {words}' USING ERRCODE = 'integrity_constraint_violation';"


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {name} {when} ON {TABLE} BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: {words}') WHERE {refused}; END"
        for name, when, refused, words in REFUSALS
    ]


def _postgresql(home: str) -> list[str]:
    guards = [
        (name, when, "ROW", f"IF {refused} THEN {_raise(words)} END IF;")
        for name, when, refused, words in REFUSALS
    ]
    never = _raise(f"{TABLE} rows are never deleted")
    guards.append((f"{TABLE}_no_truncate", "BEFORE TRUNCATE", "STATEMENT", never))
    made = []
    for name, when, each, refusal in guards:
        result = {"BEFORE DELETE": "OLD", "BEFORE TRUNCATE": "NULL"}.get(when, "NEW")
        made += [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
            f" SET search_path = {home}, pg_temp AS $$ BEGIN {refusal} RETURN {result}; END $$",
            f"CREATE TRIGGER {name} {when} ON {TABLE} FOR EACH {each} EXECUTE FUNCTION {name}()",
        ]
    return made


def upgrade() -> None:
    """Make the table and its guards."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        TABLE,
        sa.Column("book", number, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f(f"ck_{TABLE}_number")),
        sa.CheckConstraint("length(reason) BETWEEN 3 AND 5000", name=op.f(f"ck_{TABLE}_reason")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f(f"fk_{TABLE}_book")),
        sa.ForeignKeyConstraint(
            ["book", "seq"], ["journal.book", "journal.seq"], name=op.f(f"fk_{TABLE}_book_seq")
        ),
        sa.PrimaryKeyConstraint("book", "seq", "part", "number", name=op.f(f"pk_{TABLE}")),
    )
    if op.get_bind().dialect.name == "sqlite":
        statements = _sqlite()
    else:
        home = op.get_bind().execute(sa.text("SELECT quote_ident(current_schema())")).scalar_one()
        statements = _postgresql(home)
    for statement in statements:
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Take it away again."""
    op.drop_table(TABLE)
    if op.get_bind().dialect.name != "sqlite":
        for name in [one[0] for one in REFUSALS] + [f"{TABLE}_no_truncate"]:
            op.execute(f"DROP FUNCTION {name}()")
