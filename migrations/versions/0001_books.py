"""Books: units, funds, accounts, balances, journals, entries, seals and periods."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "book",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book")),
        sa.UniqueConstraint("code", name=op.f("uq_book_code")),
    )
    op.create_table(
        "journal_kind",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("needs_checker", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_journal_kind")),
    )
    op.create_table(
        "seal",
        sa.Column("book", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("book", "seq", name=op.f("pk_seal")),
    )
    op.create_table(
        "unit",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scale", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit")),
    )
    op.create_table(
        "fund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "class IN ('general', 'designated', 'restricted', 'endowment')",
            name=op.f("ck_fund_class"),
        ),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_fund_book")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
        sa.UniqueConstraint("book", "code", name=op.f("uq_fund_book_code")),
    )
    op.create_table(
        "head",
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_head_book")),
        sa.PrimaryKeyConstraint("book", name=op.f("pk_head")),
    )
    op.create_table(
        "journal",
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_us", sa.BigInteger(), nullable=False),
        sa.Column("deadline_us", sa.BigInteger(), nullable=True),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("resolves", sa.BigInteger(), nullable=True),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("req_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "checker IS NULL OR checker <> maker", name=op.f("ck_journal_two_people")
        ),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_journal_seq")),
        sa.ForeignKeyConstraint(
            ["book", "resolves"],
            ["journal.book", "journal.seq"],
            name=op.f("fk_journal_book_resolves"),
        ),
        sa.ForeignKeyConstraint(
            ["book", "reverses"],
            ["journal.book", "journal.seq"],
            name=op.f("fk_journal_book_reverses"),
        ),
        sa.ForeignKeyConstraint(
            ["book", "seq"],
            ["seal.book", "seal.seq"],
            name="fk_journal_seal",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_journal_book")),
        sa.ForeignKeyConstraint(["kind"], ["journal_kind.code"], name=op.f("fk_journal_kind")),
        sa.PrimaryKeyConstraint("book", "seq", name=op.f("pk_journal")),
        sa.UniqueConstraint("book", "id", name=op.f("uq_journal_book_id")),
    )
    for column in ("resolves", "reverses"):
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"uq_journal_book_{column}", "journal", ["book", column], unique=True,
            sqlite_where=given, postgresql_where=given,
        )  # fmt: skip
    op.create_index("ix_journal_effective", "journal", ["book", "effective_on"], unique=False)
    op.create_index("ix_journal_group", "journal", ["book", "group_id"], unique=False)
    op.create_table(
        "period",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("countersigned_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seq_at_close", sa.BigInteger(), nullable=True),
        sa.Column("trial_balance_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "status <> 'CLOSED' OR (signed_by IS NOT NULL AND countersigned_by IS NOT NULL AND seq_at_close IS NOT NULL AND trial_balance_hash IS NOT NULL)",
            name=op.f("ck_period_closed_by_two"),
        ),
        sa.CheckConstraint(
            "status IN ('OPEN', 'ADJUSTING', 'CLOSED')", name=op.f("ck_period_status")
        ),
        sa.CheckConstraint(
            "signed_by IS NULL OR signed_by <> countersigned_by", name=op.f("ck_period_two_people")
        ),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_period_order")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_period_book")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period")),
        sa.UniqueConstraint("book", "starts_on", name=op.f("uq_period_book_starts_on")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("fund", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(type = 'A' AND path LIKE 'Assets:%') OR (type = 'L' AND path LIKE 'Liabilities:%') OR (type = 'Q' AND path LIKE 'Equity:%') OR (type = 'I' AND path LIKE 'Income:%') OR (type = 'E' AND path LIKE 'Expenses:%')",
            name=op.f("ck_account_root"),
        ),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_account_book")),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_account_fund")),
        sa.ForeignKeyConstraint(["unit"], ["unit.code"], name=op.f("fk_account_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint(
            "book", "id", "unit", "fund", name=op.f("uq_account_book_id_unit_fund")
        ),
        sa.UniqueConstraint("book", "path", name=op.f("uq_account_book_path")),
    )
    op.create_table(
        "journal_note",
        sa.Column("book", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "seq"], ["journal.book", "journal.seq"], name=op.f("fk_journal_note_book_seq")
        ),
        sa.PrimaryKeyConstraint("book", "seq", name=op.f("pk_journal_note")),
    )
    op.create_table(
        "balance",
        sa.Column(
            "account",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("dr", sa.BigInteger(), nullable=False),
        sa.Column("cr", sa.BigInteger(), nullable=False),
        sa.Column("held_dr", sa.BigInteger(), nullable=False),
        sa.Column("held_cr", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("guard", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "guard <> 'C' OR cr - dr - held_dr >= 0", name=op.f("ck_balance_credit_not_overdrawn")
        ),
        sa.CheckConstraint(
            "guard <> 'D' OR dr - cr - held_cr >= 0", name=op.f("ck_balance_debit_not_overdrawn")
        ),
        sa.CheckConstraint("guard IN ('N', 'C', 'D')", name=op.f("ck_balance_guard")),
        sa.CheckConstraint(
            "held_dr >= 0 AND held_cr >= 0 AND dr >= 0 AND cr >= 0", name=op.f("ck_balance_signs")
        ),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_balance_account")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_balance")),
    )
    op.create_table(
        "entry",
        sa.Column("book", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("fund", sa.BigInteger(), nullable=False),
        sa.Column("acct_version", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "amount <> 0 AND (layer = 'H' OR amount > 0)", name=op.f("ck_entry_amount")
        ),
        sa.CheckConstraint("layer IN ('P', 'H')", name=op.f("ck_entry_layer")),
        sa.CheckConstraint("side IN ('D', 'C')", name=op.f("ck_entry_side")),
        sa.CheckConstraint(
            "amount BETWEEN -9000000000000 AND 9000000000000", name=op.f("ck_entry_amount_range")
        ),
        sa.ForeignKeyConstraint(
            ["book", "account", "unit", "fund"],
            ["account.book", "account.id", "account.unit", "account.fund"],
            name=op.f("fk_entry_book_account_unit_fund"),
        ),
        sa.ForeignKeyConstraint(
            ["book", "seq"], ["journal.book", "journal.seq"], name=op.f("fk_entry_book_seq")
        ),
        sa.PrimaryKeyConstraint("book", "seq", "line", name=op.f("pk_entry")),
        sa.UniqueConstraint("account", "acct_version", name=op.f("uq_entry_account_acct_version")),
    )
    op.create_index(
        "ix_entry_account", "entry", ["account", "layer", "seq", "side", "amount"], unique=False
    )
    op.create_table(
        "period_balance",
        sa.Column("period", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dr", sa.BigInteger(), nullable=False),
        sa.Column("cr", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name=op.f("fk_period_balance_account")
        ),
        sa.ForeignKeyConstraint(["period"], ["period.id"], name=op.f("fk_period_balance_period")),
        sa.PrimaryKeyConstraint("period", "account", name=op.f("pk_period_balance")),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("period_balance")
    op.drop_table("entry")
    op.drop_table("balance")
    op.drop_table("journal_note")
    op.drop_table("account")
    op.drop_table("period")
    op.drop_table("journal")
    op.drop_table("head")
    op.drop_table("fund")
    op.drop_table("unit")
    op.drop_table("seal")
    op.drop_table("journal_kind")
    op.drop_table("book")
