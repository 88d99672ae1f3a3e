"""Bookings: spaces and their parts, claims that cannot overlap, bookings and their dates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import ledger.kernel.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OVERLAP = "somebody else has that part of the building at that time"
# Active claims on a part never overlap each other, so of those that begin before the new one
# ends only the last to begin can reach into it: one step down an index, whatever the lengths.
TAKEN = (
    "NEW.active = 1 AND COALESCE((SELECT c.ends FROM space_claim c WHERE c.atom = NEW.atom"
    " AND c.active = 1 AND c.starts < NEW.ends AND c.id <> NEW.id"
    " ORDER BY c.starts DESC LIMIT 1), 0) > NEW.starts"
)
WHOLE = "typeof(NEW.starts) <> 'integer' OR typeof(NEW.ends) <> 'integer'"
PRICES = ("list_pence", "net_pence", "vat_pence", "minutes", "space_minutes", "rate", "list_rate",
          "policy", "booking", "number")  # fmt: skip
STANDS = (
    "OLD.state NOT IN ('skipped', 'held', 'expired') AND ("
    + " OR ".join(f"NEW.{column} <> OLD.{column}" for column in PRICES)
    + ")"
)
NEVER = [
    ("space_claim_no_delete", "DELETE", "space_claim", "claims are ended, never deleted"),
    ("booking_no_delete", "DELETE", "booking", "bookings are never deleted"),
    ("occurrence_no_delete", "DELETE", "occurrence", "dates of bookings are never deleted"),
    ("hire_rate_no_update", "UPDATE", "hire_rate", "rates are followed by new ones, never edited"),
    ("hire_rate_no_delete", "DELETE", "hire_rate", "rates are never deleted"),
]
PRICE_WORDS = "a date that was asked for is never priced again"


def _sqlite() -> list[str]:
    made = [
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: {words}'); END"
        for name, when, table, words in NEVER
    ]
    made += [
        f"CREATE TRIGGER space_claim_no_overlap_{when.lower()} BEFORE {when} ON space_claim BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: claims are kept in whole seconds') WHERE {WHOLE};"
        f" SELECT RAISE(ABORT, 'ledger: {OVERLAP}') WHERE {TAKEN}; END"
        for when in ("INSERT", "UPDATE")
    ]
    made.append(
        "CREATE TRIGGER occurrence_price_stands BEFORE UPDATE ON occurrence BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: {PRICE_WORDS}') WHERE {STANDS}; END"
    )
    return made


def _postgresql() -> list[str]:
    made = []
    for name, when, table, words in NEVER:
        made += _refusal(name, when, table, f"RAISE EXCEPTION 'ledger: {words}'")
    made += _refusal(
        "occurrence_price_stands", "UPDATE", "occurrence",
        f"IF {STANDS} THEN RAISE EXCEPTION 'ledger: {PRICE_WORDS}'", end=" END IF;",
    )  # fmt: skip
    return [
        *made,
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        "ALTER TABLE space_claim ADD CONSTRAINT space_claim_no_overlap EXCLUDE USING gist"
        " (atom WITH =, int8range(starts, ends, '[)') WITH &&) WHERE (active = 1)",
    ]


def _refusal(name: str, when: str, table: str, raising: str, *, end: str = "") -> list[str]:
    result = "OLD" if when == "DELETE" else "NEW"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {raising}"
        f" USING ERRCODE = 'integrity_constraint_violation';{end} RETURN {result}; END $$",
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "asset_month",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False),
        sa.Column("endowed_minutes", sa.BigInteger(), nullable=False),
        sa.Column("spent_minutes", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "endowed_minutes >= 0 AND spent_minutes >= 0", name=op.f("ck_asset_month_minutes")
        ),
        sa.ForeignKeyConstraint(["asset"], ["asset.id"], name=op.f("fk_asset_month_asset")),
        sa.PrimaryKeyConstraint("asset", "month_on", name=op.f("pk_asset_month")),
    )
    op.create_table(
        "opening_hours",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("opens_minute", sa.BigInteger(), nullable=False),
        sa.Column("closes_minute", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "weekday BETWEEN 0 AND 6 AND opens_minute BETWEEN 0 AND 1439 AND closes_minute BETWEEN 1 AND 1440 AND closes_minute > opens_minute",
            name=op.f("ck_opening_hours_stretch"),
        ),
        sa.ForeignKeyConstraint(["asset"], ["asset.id"], name=op.f("fk_opening_hours_asset")),
        sa.PrimaryKeyConstraint(
            "asset", "from_on", "weekday", "opens_minute", name=op.f("pk_opening_hours")
        ),
    )
    op.create_table(
        "space",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("approval", sa.Text(), nullable=False),
        sa.Column("setup_minutes", sa.BigInteger(), nullable=False),
        sa.Column("cleandown_minutes", sa.BigInteger(), nullable=False),
        sa.Column("notice_hours", sa.BigInteger(), nullable=False),
        sa.Column("advance_days", sa.BigInteger(), nullable=False),
        sa.Column("hold_minutes", sa.BigInteger(), nullable=False),
        sa.Column("free_cancel_hours", sa.BigInteger(), nullable=False),
        sa.Column("retention_percent", sa.BigInteger(), nullable=False),
        sa.Column("vat_percent", sa.BigInteger(), nullable=False),
        sa.Column("keyholder", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("approval IN ('instant', 'exclusive')", name=op.f("ck_space_approval")),
        sa.CheckConstraint("state IN ('open', 'shut')", name=op.f("ck_space_state")),
        sa.CheckConstraint(
            "capacity BETWEEN 1 AND 100000 AND setup_minutes BETWEEN 0 AND 720 AND cleandown_minutes BETWEEN 0 AND 720 AND notice_hours BETWEEN 0 AND 8784 AND advance_days BETWEEN 1 AND 1098 AND hold_minutes BETWEEN 1 AND 1440 AND free_cancel_hours BETWEEN 0 AND 8784 AND retention_percent BETWEEN 0 AND 100 AND vat_percent BETWEEN 0 AND 100",
            name=op.f("ck_space_terms"),
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name=op.f("ck_space_name")),
        sa.ForeignKeyConstraint(["asset"], ["asset.id"], name=op.f("fk_space_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_space")),
        sa.UniqueConstraint("asset", "name", name=op.f("uq_space_asset_name")),
    )
    op.create_table(
        "space_atom",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["asset.id"], name=op.f("fk_space_atom_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_space_atom")),
        sa.UniqueConstraint("asset", "name", name=op.f("uq_space_atom_asset_name")),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("booker", sa.Text(), nullable=False),
        sa.Column("user_class", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("headcount", sa.BigInteger(), nullable=False),
        sa.Column("every_weeks", sa.BigInteger(), nullable=False),
        sa.Column("start_minute", sa.BigInteger(), nullable=False),
        sa.Column("end_minute", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("plan_digest", sa.Text(), nullable=False),
        sa.Column("requested_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("hold_until", ledger.kernel.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('held', 'requested', 'confirmed', 'closed', 'expired', 'declined', 'withdrawn', 'cancelled')",
            name=op.f("ck_booking_state"),
        ),
        sa.CheckConstraint(
            "user_class IN ('standard', 'community', 'council')", name=op.f("ck_booking_user_class")
        ),
        sa.CheckConstraint("headcount BETWEEN 1 AND 100000", name=op.f("ck_booking_headcount")),
        sa.CheckConstraint("length(activity) BETWEEN 1 AND 300", name=op.f("ck_booking_activity")),
        sa.ForeignKeyConstraint(["asset"], ["asset.id"], name=op.f("fk_booking_asset")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_booking_book")),
        sa.ForeignKeyConstraint(["space"], ["space.id"], name=op.f("fk_booking_space")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
    )
    op.create_index(op.f("ix_booking_asset"), "booking", ["asset"], unique=False)
    op.create_index(op.f("ix_booking_booker"), "booking", ["booker"], unique=False)
    op.create_index(op.f("ix_booking_organisation"), "booking", ["organisation"], unique=False)
    op.create_index(op.f("ix_booking_space"), "booking", ["space"], unique=False)
    op.create_index("ix_booking_state", "booking", ["state", "requested_at"], unique=False)
    op.create_table(
        "hire_rate",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("user_class", sa.Text(), nullable=False),
        sa.Column("pence_per_hour", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "user_class IN ('standard', 'community', 'council')",
            name=op.f("ck_hire_rate_user_class"),
        ),
        sa.CheckConstraint(
            "pence_per_hour BETWEEN 0 AND 100000000", name=op.f("ck_hire_rate_price")
        ),
        sa.ForeignKeyConstraint(["space"], ["space.id"], name=op.f("fk_hire_rate_space")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hire_rate")),
    )
    op.create_index(
        "ix_hire_rate_space", "hire_rate", ["space", "user_class", "from_on"], unique=False
    )
    op.create_table(
        "space_part",
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("atom", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["atom"], ["space_atom.id"], name=op.f("fk_space_part_atom")),
        sa.ForeignKeyConstraint(["space"], ["space.id"], name=op.f("fk_space_part_space")),
        sa.PrimaryKeyConstraint("space", "atom", name=op.f("pk_space_part")),
    )
    op.create_index(op.f("ix_space_part_atom"), "space_part", ["atom"], unique=False)
    op.create_table(
        "occurrence",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("booking", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("starts_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ends_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("recurrence_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("skip_reason", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("space_minutes", sa.BigInteger(), nullable=False),
        sa.Column("list_pence", sa.BigInteger(), nullable=False),
        sa.Column("net_pence", sa.BigInteger(), nullable=False),
        sa.Column("vat_pence", sa.BigInteger(), nullable=False),
        sa.Column("list_rate", sa.Text(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("quote_digest", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=False),
        sa.Column("settled_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state = 'skipped' OR (starts_at IS NOT NULL AND ends_at IS NOT NULL)",
            name=op.f("ck_occurrence_times"),
        ),
        sa.CheckConstraint(
            "state IN ('skipped', 'held', 'requested', 'confirmed', 'used', 'no_show', 'cancelled_by_hirer', 'cancelled_by_provider', 'displaced', 'expired', 'declined', 'withdrawn')",
            name=op.f("ck_occurrence_state"),
        ),
        sa.CheckConstraint(
            "minutes >= 0 AND net_pence >= 0 AND list_pence >= net_pence AND vat_pence >= 0",
            name=op.f("ck_occurrence_price"),
        ),
        sa.ForeignKeyConstraint(["booking"], ["booking.id"], name=op.f("fk_occurrence_booking")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrence")),
        sa.UniqueConstraint("booking", "number", name=op.f("uq_occurrence_booking_number")),
    )
    op.create_index("ix_occurrence_starts", "occurrence", ["state", "starts_at"], unique=False)
    op.create_table(
        "space_claim",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("atom", sa.Text(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("active", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("occurrence", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'hold') = (expires IS NOT NULL)", name=op.f("ck_space_claim_expires")
        ),
        sa.CheckConstraint(
            "(kind IN ('booking', 'hold')) = (occurrence IS NOT NULL)",
            name=op.f("ck_space_claim_occurrence"),
        ),
        sa.CheckConstraint(
            "kind IN ('booking', 'hold', 'closure', 'lease')", name=op.f("ck_space_claim_kind")
        ),
        sa.CheckConstraint("active IN (0, 1)", name=op.f("ck_space_claim_active")),
        sa.CheckConstraint(
            "starts BETWEEN 0 AND 10000000000 AND ends BETWEEN 0 AND 10000000000 AND ends > starts",
            name=op.f("ck_space_claim_times"),
        ),
        sa.ForeignKeyConstraint(["atom"], ["space_atom.id"], name=op.f("fk_space_claim_atom")),
        sa.ForeignKeyConstraint(
            ["occurrence"], ["occurrence.id"], name=op.f("fk_space_claim_occurrence")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_space_claim")),
    )
    op.create_index(
        "ix_space_claim_active",
        "space_claim",
        ["atom", "starts", "ends"],
        unique=False,
        sqlite_where=sa.text("active = 1"),
        postgresql_where=sa.text("active = 1"),
    )
    op.create_index("ix_space_claim_occurrence", "space_claim", ["occurrence"], unique=False)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Take them away again."""
    named = [(name, table) for name, _, table, _ in NEVER]
    named.append(("occurrence_price_stands", "occurrence"))
    if op.get_bind().dialect.name == "sqlite":
        named += [
            (f"space_claim_no_overlap_{when}", "space_claim") for when in ("insert", "update")
        ]
        for name, _ in named:
            op.execute(f"DROP TRIGGER {name}")
    else:
        for name, table in named:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("space_claim")
    op.drop_table("occurrence")
    op.drop_table("space_part")
    op.drop_table("hire_rate")
    op.drop_table("booking")
    op.drop_table("space_atom")
    op.drop_table("space")
    op.drop_table("opening_hours")
    op.drop_table("asset_month")
