"""Jobs: who may run them, what became of each slot, and what the database refuses of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.kernel.db import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Each guard: name, table, when, the condition that is refused, and the words of the refusal.
REFUSALS = [
    (
        "job_lease_moves", "job_lease", "BEFORE UPDATE",
        "NEW.name <> OLD.name OR NEW.fence < OLD.fence"
        " OR (NEW.holder <> OLD.holder AND NEW.fence <> OLD.fence + 1)",
        "a lease changes hands only with the next fence",
    ),
    (
        "job_run_begins", "job_run", "BEFORE INSERT",
        "NEW.state NOT IN ('ASKED', 'RUNNING') OR (NEW.state = 'RUNNING' AND NOT EXISTS"
        " (SELECT 1 FROM job_lease l WHERE l.holder = NEW.holder AND l.fence = NEW.fence))"
        " OR EXISTS (SELECT 1 FROM job_run r WHERE r.job = NEW.job AND r.slot = NEW.slot)",
        "only the holder of the lease begins a slot, once",
    ),
    (
        "job_run_moves", "job_run", "BEFORE UPDATE",
        "OLD.state = 'DONE' OR NEW.job <> OLD.job OR NEW.slot <> OLD.slot"
        " OR NEW.slot_at <> OLD.slot_at OR NEW.fence < OLD.fence"
        " OR NEW.attempts < OLD.attempts"
        " OR (NEW.state <> 'ASKED' AND NOT EXISTS"
        " (SELECT 1 FROM job_lease l WHERE l.holder = NEW.holder AND l.fence = NEW.fence))",
        "a run that is done stays done, and only the holder of the lease moves one",
    ),
]  # fmt: skip
UNDELETABLE = ["job_lease", "job_run"]


def _function(name: str, body: str, result: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} RETURN {result}; END $$"
    )


def _raise(words: str) -> str:
    return f"RAISE EXCEPTION 'ledger: {words}' USING ERRCODE = 'integrity_constraint_violation';"


def _guards(*, sqlite: bool) -> list[str]:
    refusals = [
        *REFUSALS,
        *((f"{table}_no_delete", table, "BEFORE DELETE", "true",
           f"{table} rows are never deleted") for table in UNDELETABLE),
    ]  # fmt: skip
    made = []
    for name, table, when, refused, words in refusals:
        if sqlite:
            made.append(
                f"CREATE TRIGGER {name} {when} ON {table} BEGIN"
                f" SELECT RAISE(ABORT, 'ledger: {words}') WHERE {refused}; END"
            )
            continue
        result = "OLD" if when.endswith("DELETE") else "NEW"
        made.append(_function(name, f"IF {refused} THEN {_raise(words)} END IF;", result))
        made.append(
            f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    if not sqlite:
        words = "job_run rows are never deleted"
        made.append(_function("job_run_no_truncate", _raise(words), "NULL"))
        made.append(
            "CREATE TRIGGER job_run_no_truncate BEFORE TRUNCATE ON job_run"
            " FOR EACH STATEMENT EXECUTE FUNCTION job_run_no_truncate()"
        )
    return made


def upgrade() -> None:
    """Make the tables, the one lease that nobody holds yet, and the guards."""
    lease = op.create_table(
        "job_lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("fence >= 0", name=op.f("ck_job_lease_fence")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_lease")),
    )
    op.create_table(
        "job_run",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("slot_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("retry_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("tzdata", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('ASKED', 'RUNNING', 'RETRY', 'DONE', 'FAILED')",
            name=op.f("ck_job_run_state"),
        ),
        sa.CheckConstraint("length(said) <= 2000", name=op.f("ck_job_run_said")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_job_run_attempts")),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_job_run")),
    )
    op.create_index("ix_job_run_slot_at", "job_run", ["slot_at"], unique=False)
    op.create_index("ix_job_run_state", "job_run", ["state"], unique=False)
    op.bulk_insert(lease, [{"name": "main", "holder": "", "fence": 0, "expires_ms": 0}])
    for statement in _guards(sqlite=op.get_bind().dialect.name == "sqlite"):
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("job_run")
    op.drop_table("job_lease")
    if op.get_bind().dialect.name == "sqlite":
        return
    for name in (
        "job_lease_moves", "job_run_begins", "job_run_moves", "job_lease_no_delete",
        "job_run_no_delete", "job_run_no_truncate",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {name}()")
