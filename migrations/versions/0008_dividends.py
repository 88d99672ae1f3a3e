"""Dividends: agreements whose terms are pinned, savings claimed once, determinations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import ledger.kernel.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

AGREEMENT_MOVES = (
    "DRAFT>BROKERED", "DRAFT>TERMINATED", "BROKERED>POWER_CHECKED", "BROKERED>TERMINATED",
    "POWER_CHECKED>SIGNED", "POWER_CHECKED>TERMINATED", "SIGNED>FUNDED", "SIGNED>TERMINATED",
    "FUNDED>ACTIVE", "FUNDED>TERMINATED", "ACTIVE>CLOSED", "ACTIVE>TERMINATED",
    "ACTIVE>SUSPENDED", "SUSPENDED>ACTIVE", "SUSPENDED>TERMINATED",
)  # fmt: skip
DETERMINATION_MOVES = (
    "TESTED>VERIFIED", "TESTED>REFUSED", "VERIFIED>APPROVED", "VERIFIED>REFUSED",
    "APPROVED>RELEASED", "RELEASED>CONFIRMED",
)  # fmt: skip
UNTOUCHABLE = ["agreement_party", "agreement_signature", "agreement_period", "saving_claim"]
UNDELETABLE = ["agreement", "determination", "saving_cell"]


def _other(columns: str) -> str:
    return " OR ".join(f"NEW.{column} <> OLD.{column}" for column in columns.split())


def _moves(pairs: tuple[str, ...]) -> str:
    return f"OLD.state || '>' || NEW.state NOT IN ({', '.join(repr(pair) for pair in pairs)})"


CLAIMED = (
    "NEW.claimed_bp <> (SELECT COALESCE(SUM(c.share_bp), 0) FROM saving_claim c"
    " WHERE c.measure_version = NEW.measure_version AND c.area = NEW.area"
    " AND c.month = NEW.month)"
)
# Each guard: name, table, when, and the conditions that are refused with their words.
REFUSALS = [
    (
        "agreement_begins", "agreement", "INSERT",
        [("NEW.state <> 'DRAFT' OR NEW.odds <> '' OR NEW.legal_power <> ''",
          "an agreement begins as a draft")],
    ),
    (
        "agreement_moves", "agreement", "UPDATE",
        [
            (_other("id book title measure_version area accountable_body terms digest"
                    " drafted_at drafted_by"),
             "the terms of an agreement are never edited"),
            (_moves(AGREEMENT_MOVES), "an agreement goes step by step"),
            ("NEW.state <> 'POWER_CHECKED' AND (NEW.odds <> OLD.odds"
             " OR NEW.legal_power <> OLD.legal_power)",
             "odds and legal power are written when they are checked"),
            ("NEW.state = 'SIGNED' AND EXISTS (SELECT 1 FROM agreement_party p"
             " WHERE p.agreement = NEW.id AND NOT EXISTS (SELECT 1 FROM agreement_signature s"
             " WHERE s.agreement = NEW.id AND s.organisation = p.organisation"
             " AND s.digest = NEW.digest))",
             "an agreement is signed by every party, under the same terms"),
            ("NEW.state = 'SIGNED' AND NOT EXISTS (SELECT 1 FROM saving_claim c"
             " WHERE c.agreement = NEW.id)",
             "an agreement claims its saving when it is signed"),
        ],
    ),
    (
        "determination_begins", "determination", "INSERT",
        [("NEW.state <> 'TESTED' OR NEW.released_at IS NOT NULL",
          "a determination begins tested and undecided")],
    ),
    (
        "determination_moves", "determination", "UPDATE",
        [
            (_other("id agreement period revision result snapshot facts award_pence"
                    " holdback_pence proposal tested_at"),
             "a determination is never edited"),
            (_moves(DETERMINATION_MOVES), "a determination goes step by step"),
            ("NEW.state <> 'CONFIRMED' AND NOT EXISTS (SELECT 1 FROM proposal p"
             " WHERE p.id = NEW.proposal AND NEW.state || '<' || p.state IN"
             " ('VERIFIED<VERIFIED', 'VERIFIED<APPROVED', 'APPROVED<APPROVED',"
             " 'RELEASED<USED', 'REFUSED<REFUSED', 'REFUSED<VOID'))",
             "a determination moves as two people decided"),
            ("OLD.released_at IS NOT NULL AND (NEW.released_at IS NULL"
             " OR NEW.released_at <> OLD.released_at)",
             "a determination is released once"),
        ],
    ),
    (
        "saving_cell_begins", "saving_cell", "INSERT",
        [("NOT EXISTS (SELECT 1 FROM saving_cell x WHERE x.month = NEW.month"
          " AND x.measure_version = NEW.measure_version AND x.area = NEW.area) AND "
          + CLAIMED, "claimed savings follow the claims")],
    ),
    (
        "saving_cell_follows", "saving_cell", "UPDATE",
        [(CLAIMED, "claimed savings follow the claims")],
    ),
]  # fmt: skip
FILLS = (
    "INSERT INTO saving_cell (measure_version, area, month, claimed_bp)"
    " VALUES (NEW.measure_version, NEW.area, NEW.month, NEW.share_bp)"
    " ON CONFLICT (measure_version, area, month)"
    " DO UPDATE SET claimed_bp = saving_cell.claimed_bp + NEW.share_bp;"
)


def _refusals() -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    made = [(name, table, when, list(checks)) for name, table, when, checks in REFUSALS]
    edits = [
        (f"{table}_no_update", table, "UPDATE", [("1 = 1", f"{table} rows are never edited")])
        for table in UNTOUCHABLE
    ]
    deletes = [
        (f"{table}_no_delete", table, "DELETE", [("1 = 1", f"{table} rows are never deleted")])
        for table in UNTOUCHABLE + UNDELETABLE
    ]
    return made + edits + deletes


def _sqlite() -> list[str]:
    made = []
    for name, table, when, checks in _refusals():
        body = " ".join(
            f"SELECT RAISE(ABORT, 'ledger: {words}') WHERE {refused};" for refused, words in checks
        )
        made.append(f"CREATE TRIGGER {name} BEFORE {when} ON {table} BEGIN {body} END")
    made.append(
        f"CREATE TRIGGER saving_claim_fills_cell AFTER INSERT ON saving_claim BEGIN {FILLS} END"
    )
    return made


def _postgresql() -> list[str]:
    made = []
    for name, table, when, checks in _refusals():
        body = " ".join(
            f"IF {refused} THEN RAISE EXCEPTION 'ledger: {words}'"
            " USING ERRCODE = 'integrity_constraint_violation'; END IF;"
            for refused, words in checks
        )
        made += _trigger(name, f"BEFORE {when}", table, body)
    return made + _trigger("saving_claim_fills_cell", "AFTER INSERT", "saving_claim", FILLS)


def _trigger(name: str, when: str, table: str, body: str) -> list[str]:
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}"
        " RETURN NEW; END $$",
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _guards() -> list[str]:
    return _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()


def _without_guards() -> list[str]:
    sqlite = op.get_bind().dialect.name == "sqlite"
    named = [(name, table) for name, table, _, _ in _refusals()]
    named.append(("saving_claim_fills_cell", "saving_claim"))
    dropped = []
    for name, table in named:
        dropped.append(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
        if not sqlite:
            dropped.append(f"DROP FUNCTION {name}()")
    return dropped


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "agreement",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("measure_version", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("accountable_body", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("odds", sa.Text(), nullable=False),
        sa.Column("legal_power", sa.Text(), nullable=False),
        sa.Column("drafted_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'BROKERED', 'POWER_CHECKED', 'SIGNED', 'FUNDED', 'ACTIVE', 'CLOSED', 'TERMINATED', 'SUSPENDED')",
            name=op.f("ck_agreement_state"),
        ),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_agreement_digest")),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 200", name=op.f("ck_agreement_title")),
        sa.ForeignKeyConstraint(
            ["accountable_body"], ["organisation.id"], name=op.f("fk_agreement_accountable_body")
        ),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_agreement_area")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_agreement_book")),
        sa.ForeignKeyConstraint(
            ["measure_version"], ["measure_version.id"], name=op.f("fk_agreement_measure_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index(op.f("ix_agreement_area"), "agreement", ["area"], unique=False)
    op.create_index(
        op.f("ix_agreement_measure_version"), "agreement", ["measure_version"], unique=False
    )
    op.create_table(
        "saving_cell",
        sa.Column("measure_version", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("claimed_bp", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("claimed_bp BETWEEN 0 AND 10000", name=op.f("ck_saving_cell_once")),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_saving_cell_area")),
        sa.ForeignKeyConstraint(
            ["measure_version"], ["measure_version.id"], name=op.f("fk_saving_cell_measure_version")
        ),
        sa.PrimaryKeyConstraint("measure_version", "area", "month", name=op.f("pk_saving_cell")),
    )
    op.create_table(
        "agreement_party",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "part IN ('body', 'agency', 'payee')", name=op.f("ck_agreement_party_part")
        ),
        sa.ForeignKeyConstraint(
            ["agreement"], ["agreement.id"], name=op.f("fk_agreement_party_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_agreement_party_organisation")
        ),
        sa.PrimaryKeyConstraint(
            "agreement", "part", "organisation", name=op.f("pk_agreement_party")
        ),
    )
    op.create_index(
        op.f("ix_agreement_party_organisation"), "agreement_party", ["organisation"], unique=False
    )
    op.create_table(
        "agreement_period",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("freeze_on", sa.Date(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("baseline_months", sa.BigInteger(), nullable=False),
        sa.Column("threshold_bp", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "number >= 1 AND from_on < freeze_on", name=op.f("ck_agreement_period_order")
        ),
        sa.ForeignKeyConstraint(
            ["agreement"], ["agreement.id"], name=op.f("fk_agreement_period_agreement")
        ),
        sa.PrimaryKeyConstraint("agreement", "number", name=op.f("pk_agreement_period")),
        sa.UniqueConstraint("owner", name=op.f("uq_agreement_period_owner")),
    )
    op.create_index(
        op.f("ix_agreement_period_freeze_on"), "agreement_period", ["freeze_on"], unique=False
    )
    op.create_table(
        "agreement_signature",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("signed_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement"], ["agreement.id"], name=op.f("fk_agreement_signature_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_agreement_signature_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["person.id"], name=op.f("fk_agreement_signature_person")
        ),
        sa.PrimaryKeyConstraint("agreement", "organisation", name=op.f("pk_agreement_signature")),
    )
    op.create_index(
        op.f("ix_agreement_signature_organisation"),
        "agreement_signature",
        ["organisation"],
        unique=False,
    )
    op.create_table(
        "determination",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("award_pence", sa.BigInteger(), nullable=False),
        sa.Column("holdback_pence", sa.BigInteger(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tested_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("released_at", ledger.kernel.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "award_pence = 0 OR result IN ('MET_PROVISIONAL', 'MET_ASSURED')",
            name=op.f("ck_determination_proven"),
        ),
        sa.CheckConstraint(
            "result IN ('WORSE', 'NOT_MET', 'NOT_PROVEN', 'MET_PROVISIONAL', 'MET_ASSURED')",
            name=op.f("ck_determination_result"),
        ),
        sa.CheckConstraint(
            "state IN ('TESTED', 'VERIFIED', 'APPROVED', 'REFUSED', 'RELEASED', 'CONFIRMED')",
            name=op.f("ck_determination_state"),
        ),
        sa.CheckConstraint(
            "award_pence >= holdback_pence AND holdback_pence >= 0",
            name=op.f("ck_determination_amounts"),
        ),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_determination_revision")),
        sa.ForeignKeyConstraint(
            ["agreement"], ["agreement.id"], name=op.f("fk_determination_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["proposal"], ["proposal.id"], name=op.f("fk_determination_proposal")
        ),
        sa.ForeignKeyConstraint(
            ["snapshot"], ["reading_snapshot.id"], name=op.f("fk_determination_snapshot")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_determination")),
        sa.UniqueConstraint(
            "agreement",
            "period",
            "revision",
            name=op.f("uq_determination_agreement_period_revision"),
        ),
    )
    op.create_index(op.f("ix_determination_proposal"), "determination", ["proposal"], unique=False)
    op.create_index(op.f("ix_determination_snapshot"), "determination", ["snapshot"], unique=False)
    op.create_index(op.f("ix_determination_state"), "determination", ["state"], unique=False)
    op.create_table(
        "saving_claim",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("measure_version", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("share_bp", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("share_bp BETWEEN 1 AND 10000", name=op.f("ck_saving_claim_share")),
        sa.ForeignKeyConstraint(
            ["agreement"], ["agreement.id"], name=op.f("fk_saving_claim_agreement")
        ),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_saving_claim_area")),
        sa.ForeignKeyConstraint(
            ["measure_version"],
            ["measure_version.id"],
            name=op.f("fk_saving_claim_measure_version"),
        ),
        sa.PrimaryKeyConstraint("agreement", "month", name=op.f("pk_saving_claim")),
    )
    for statement in _guards():
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Take them away again."""
    for statement in _without_guards():
        op.execute(statement)

    op.drop_table("saving_claim")
    op.drop_table("determination")
    op.drop_table("agreement_signature")
    op.drop_table("agreement_period")
    op.drop_table("agreement_party")
    op.drop_table("saving_cell")
    op.drop_table("agreement")
