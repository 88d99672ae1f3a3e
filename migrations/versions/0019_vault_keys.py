"""The vault under keys: what is known of people is sealed, each under a key that is not in the book.

Rows that are there are sealed on the way up and opened on the way down, with the key store that the
settings name. What was freed in the file is overwritten by SQLite (secure_delete).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

from ledger.kernel import keys
from ledger.kernel.db import UtcDateTime
from ledger.parties import rules

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ROWS = sa.text(
    "SELECT person, name, email, email_key, phone, address, born_on, changed_at FROM vault"
)


def upgrade() -> None:
    """Seal every row, under the same references."""
    bind = op.get_bind()
    rows = bind.execute(ROWS).all()
    op.drop_table("vault")
    op.create_table(
        "vault",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_mark", sa.Text(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(sealed) BETWEEN 30 AND 8000", name=op.f("ck_vault_sealed")),
        sa.CheckConstraint("length(email_mark) = 64", name=op.f("ck_vault_email_mark")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_vault_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_vault")),
        sa.UniqueConstraint("key_id", name=op.f("uq_vault_key_id")),
        sa.UniqueConstraint("email_mark", name=op.f("uq_vault_email_mark")),
    )
    op.create_table(
        "vault_store",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False,
            nullable=False,
        ),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_vault_store_one")),
        sa.CheckConstraint("length(fingerprint) = 64", name=op.f("ck_vault_store_fingerprint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_store")),
    )  # fmt: skip
    for row in rows:
        _seal(bind, row)
    if rows:
        bind.execute(
            sa.text("INSERT INTO vault_store (id, fingerprint) VALUES (1, :fingerprint)"),
            {"fingerprint": keys.store().fingerprint()},
        )


def _seal(bind: sa.Connection, row: Any) -> None:
    born_on = date.fromisoformat(row.born_on) if isinstance(row.born_on, str) else row.born_on
    known = rules.Known(row.name, row.email, row.phone, row.address, born_on)
    key_id, key = keys.store().new_key()
    mark = None
    if row.email_key:
        mark = rules.mark_of(row.email_key, key=keys.store().secret("contact"))
    bind.execute(
        sa.text(
            "INSERT INTO vault (person, key_id, sealed, email_mark, changed_at)"
            " VALUES (:person, :key_id, :sealed, :mark, :changed_at)"
        ),
        {
            "person": row.person, "key_id": key_id, "mark": mark, "changed_at": row.changed_at,
            "sealed": rules.sealed(known, person=row.person, key=key),
        },
    )  # fmt: skip


def downgrade() -> None:
    """Open every row that can be opened; the keys stay in their store."""
    bind = op.get_bind()
    rows = bind.execute(
        sa.text("SELECT person, key_id, sealed, email_mark, changed_at FROM vault")
    ).all()
    op.drop_table("vault_store")
    op.drop_table("vault")
    op.create_table(
        "vault",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "length(address) <= 300 AND length(phone) <= 300", name=op.f("ck_vault_lines")
        ),
        sa.CheckConstraint("length(email) <= 254", name=op.f("ck_vault_email")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name=op.f("ck_vault_name")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_vault_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_vault")),
        sa.UniqueConstraint("email_key", name=op.f("uq_vault_email_key")),
    )
    for row in rows:
        _open(bind, row)


def _open(bind: sa.Connection, row: Any) -> None:
    key = keys.store().key(row.key_id)
    known = rules.unsealed(bytes(row.sealed), person=row.person, key=key) if key else None
    if known is None:
        return
    bind.execute(
        sa.text(
            "INSERT INTO vault (person, name, email, email_key, phone, address, born_on, changed_at)"
            " VALUES (:person, :name, :email, :key, :phone, :address, :born_on, :changed_at)"
        ),
        {
            "person": row.person, "name": known.name, "email": known.email, "phone": known.phone,
            "address": known.address, "changed_at": row.changed_at,
            "born_on": known.born_on.isoformat() if known.born_on else None,
            "key": rules.contact_key(known.email) if row.email_mark else None,
        },
    )  # fmt: skip
