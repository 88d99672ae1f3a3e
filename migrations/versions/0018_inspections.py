"""Public inspections: what was opened and sealed, what was asked and answered (I1 to I7).

The secret that salts what names a person is kept beside the vault and erased with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.kernel.db import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Each guard: name, table, when, the condition that is refused, and the words of the refusal.
NEVER = [
    (f"{table}_no_{verb.lower()}", table, f"BEFORE {verb}", "1 = 1",
     f"{table} rows are never {verb.lower().rstrip('e')}ed")
    for table, verb in (
        ("inspection", "UPDATE"), ("inspection", "DELETE"), ("inspection_leaf", "UPDATE"),
        ("inspection_leaf", "DELETE"), ("inspection_matter", "DELETE"),
        ("inspection_answer", "UPDATE"), ("inspection_answer", "DELETE"),
    )
]  # fmt: skip
MOVES = (
    "(OLD.kind = 'question' AND OLD.state = 'ASKED' AND NEW.state IN ('ANSWERED', 'WITHDRAWN'))"
    " OR (OLD.kind = 'objection' AND OLD.state = 'ASKED'"
    " AND NEW.state IN ('REPLIED', 'DECIDED', 'WITHDRAWN'))"
    " OR (OLD.kind = 'objection' AND OLD.state = 'REPLIED'"
    " AND NEW.state IN ('DECIDED', 'WITHDRAWN'))"
)
REFUSALS = [
    (
        "inspection_begins", "inspection", "BEFORE INSERT",
        "NOT EXISTS (SELECT 1 FROM period p JOIN checkpoint c ON c.book = p.book"
        " WHERE p.id = NEW.period AND p.book = NEW.book AND p.status = 'CLOSED'"
        " AND p.starts_on = NEW.starts_on AND p.ends_on = NEW.ends_on AND c.size = NEW.size"
        " AND c.size >= p.seq_at_close)",
        "only a closed period under a checkpoint is opened for inspection",
    ),
    (
        "inspection_matter_begins", "inspection_matter", "BEFORE INSERT",
        "NEW.state <> 'ASKED' OR NOT EXISTS (SELECT 1 FROM inspection i JOIN journal j"
        " ON j.book = i.book AND j.seq = NEW.seq WHERE i.id = NEW.inspection"
        " AND j.seq <= i.size AND j.effective_on BETWEEN i.starts_on AND i.ends_on"
        " AND NEW.asked_on BETWEEN i.opens_on AND i.closes_on"
        " AND (NEW.line IS NULL OR EXISTS (SELECT 1 FROM entry e WHERE e.book = j.book"
        " AND e.seq = j.seq AND e.line = NEW.line)))",
        "people ask about a journal of the period, while its books are open",
    ),
    (
        "inspection_matter_moves", "inspection_matter", "BEFORE UPDATE",
        "NEW.id <> OLD.id OR NEW.inspection <> OLD.inspection OR NEW.kind <> OLD.kind"
        " OR NEW.seq <> OLD.seq OR COALESCE(NEW.line, 0) <> COALESCE(OLD.line, 0)"
        " OR NEW.words <> OLD.words OR NEW.asked_by <> OLD.asked_by"
        " OR NEW.asked_on <> OLD.asked_on OR NEW.asked_at <> OLD.asked_at"
        f" OR NOT ({MOVES}) OR (NEW.state <> 'WITHDRAWN' AND NOT EXISTS (SELECT 1 FROM"
        " inspection_answer a WHERE a.matter = NEW.id AND a.gives = NEW.state))",
        "what was asked only goes on to its answer",
    ),
    (
        "inspection_answer_begins", "inspection_answer", "BEFORE INSERT",
        "EXISTS (SELECT 1 FROM inspection_answer a WHERE a.matter = NEW.matter"
        " AND a.gives = NEW.gives) OR NOT EXISTS (SELECT 1 FROM inspection_matter m"
        " WHERE m.id = NEW.matter AND m.asked_by <> NEW.said_by"
        " AND ((m.kind = 'question' AND m.state = 'ASKED' AND NEW.gives = 'ANSWERED')"
        " OR (m.kind = 'objection' AND m.state = 'ASKED' AND NEW.gives IN ('REPLIED', 'DECIDED'))"
        " OR (m.kind = 'objection' AND m.state = 'REPLIED' AND NEW.gives = 'DECIDED')))",
        "an answer is given by somebody else, and to what waits for it",
    ),
    *NEVER,
]  # fmt: skip
UNTRUNCATABLE = ["inspection", "inspection_leaf", "inspection_matter", "inspection_answer"]


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
        result = "OLD" if when.endswith("DELETE") else "NEW"
        made += [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN IF {refused} THEN {_raise(words)} END IF; RETURN {result}; END $$",
            f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    for table in UNTRUNCATABLE:
        name = f"{table}_no_truncate"
        made += [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN {_raise(f'{table} rows are never deleted')} RETURN NULL; END $$",
            f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
            f" EXECUTE FUNCTION {name}()",
        ]
    return made


def upgrade() -> None:
    """Make the tables and their guards."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "person_salt",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(salt) = 32", name=op.f("ck_person_salt_salt")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_person_salt_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_person_salt")),
    )
    op.create_table(
        "inspection",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book", number, nullable=False),
        sa.Column("period", number, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("journals", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "opens_on <= closes_on AND starts_on <= ends_on", name=op.f("ck_inspection_days")
        ),
        sa.CheckConstraint(
            "length(root) = 32 AND length(secret) = 32", name=op.f("ck_inspection_bytes")
        ),
        sa.CheckConstraint("length(seal) BETWEEN 1 AND 5000", name=op.f("ck_inspection_seal")),
        sa.CheckConstraint("journals >= 0 AND size >= 1", name=op.f("ck_inspection_numbers")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_inspection_book")),
        sa.ForeignKeyConstraint(["period"], ["period.id"], name=op.f("fk_inspection_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("period", name=op.f("uq_inspection_period")),
    )
    op.create_table(
        "inspection_leaf",
        sa.Column("inspection", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection"], ["inspection.id"], name=op.f("fk_inspection_leaf_inspection")
        ),
        sa.PrimaryKeyConstraint("inspection", "seq", name=op.f("pk_inspection_leaf")),
    )
    _create_matters()
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(sa.text(statement.replace(":", r"\:")))


def _create_matters() -> None:
    op.create_table(
        "inspection_matter",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("inspection", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('question', 'objection')", name=op.f("ck_inspection_matter_kind")
        ),
        sa.CheckConstraint(
            "state IN ('ASKED', 'ANSWERED', 'REPLIED', 'DECIDED', 'WITHDRAWN')",
            name=op.f("ck_inspection_matter_state"),
        ),
        sa.CheckConstraint(
            "length(words) BETWEEN 3 AND 5000", name=op.f("ck_inspection_matter_words")
        ),
        sa.CheckConstraint("line IS NULL OR line >= 1", name=op.f("ck_inspection_matter_line")),
        sa.ForeignKeyConstraint(
            ["inspection"], ["inspection.id"], name=op.f("fk_inspection_matter_inspection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_matter")),
    )
    op.create_index("ix_inspection_matter_inspection", "inspection_matter", ["inspection", "id"])
    op.create_index("ix_inspection_matter_asked_by", "inspection_matter", ["asked_by"])
    op.create_table(
        "inspection_answer",
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("gives", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "gives IN ('ANSWERED', 'REPLIED', 'DECIDED')", name=op.f("ck_inspection_answer_gives")
        ),
        sa.CheckConstraint(
            "length(words) BETWEEN 3 AND 5000", name=op.f("ck_inspection_answer_words")
        ),
        sa.ForeignKeyConstraint(
            ["matter"], ["inspection_matter.id"], name=op.f("fk_inspection_answer_matter")
        ),
        sa.PrimaryKeyConstraint("matter", "gives", name=op.f("pk_inspection_answer")),
    )


def downgrade() -> None:
    """Take them away again."""
    for table in (
        "inspection_answer", "inspection_matter", "inspection_leaf", "inspection", "person_salt",
    ):  # fmt: skip
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        names = [one[0] for one in REFUSALS] + [f"{one}_no_truncate" for one in UNTRUNCATABLE]
        for name in names:
            op.execute(f"DROP FUNCTION {name}()")
