"""Books: a period closes and opens again only with a leaf in the chain that says so.

The sums that a close keeps must be what the entries say, and balance in every fund; the journal
that closes is made by the one signer, checked by the other, and carries the hash (B11). What is
held is found by its deadline, and no restricted fund falls below zero (B12).
"""

from __future__ import annotations

import runpy
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KINDS = ("period.close", "period.reopen", "fund.lend", "fund.settle")
FIXED = (
    "NEW.id <> OLD.id OR NEW.book <> OLD.book OR NEW.starts_on <> OLD.starts_on"
    " OR NEW.ends_on <> OLD.ends_on"
    " OR (OLD.status = 'OPEN' AND NEW.status NOT IN ('OPEN', 'ADJUSTING'))"
    " OR (OLD.status = 'ADJUSTING' AND NEW.status NOT IN ('ADJUSTING', 'CLOSED'))"
)
GOES = "a period goes open, adjusting, closed; opening it again takes two people and a reason"
BEFORE = [
    (
        FIXED + " OR (OLD.status = 'CLOSED' AND (NEW.status <> 'ADJUSTING'"
        " OR NEW.reason = OLD.reason OR NEW.reason = '' OR NEW.signed_by IS NULL"
        " OR NEW.countersigned_by IS NULL))",
        GOES,
    )
]
LEAF = (
    "EXISTS (SELECT 1 FROM journal j JOIN head h ON h.book = j.book AND h.next_seq = j.seq + 1"
    " JOIN seal s ON s.book = j.book AND s.seq = j.seq WHERE j.book = NEW.book"
    " AND j.kind = '{kind}' AND j.group_id = 'PERIOD-' || @DAY@ AND j.maker = NEW.signed_by"
    " AND j.checker = NEW.countersigned_by AND j.reason = NEW.reason"
    " AND j.purpose = @HASH@{more})"
)
MOVED = (
    "SELECT e.account, SUM(CASE e.side WHEN 'D' THEN e.amount ELSE 0 END) AS dr,"
    " SUM(CASE e.side WHEN 'C' THEN e.amount ELSE 0 END) AS cr FROM journal j"
    " JOIN entry e ON e.book = j.book AND e.seq = j.seq AND e.layer = 'P'"
    " WHERE j.book = NEW.book AND j.effective_on BETWEEN NEW.starts_on AND NEW.ends_on"
    " GROUP BY e.account"
)
CLOSES = "OLD.status = 'ADJUSTING' AND NEW.status = 'CLOSED'"
NOW = [
    (
        FIXED + " OR (OLD.status = 'CLOSED' AND (NEW.status <> 'ADJUSTING' OR NEW.reason = ''"
        " OR NEW.signed_by IS NULL OR NEW.countersigned_by IS NULL))",
        GOES,
    ),
    (
        f"{CLOSES} AND EXISTS (SELECT 1 FROM period_balance b JOIN account a ON a.id = b.account"
        " WHERE b.period = NEW.id GROUP BY a.unit, a.fund HAVING SUM(b.dr) <> SUM(b.cr))",
        "a closed period balances in every unit and fund",
    ),
    (
        f"{CLOSES} AND (EXISTS (SELECT 1 FROM ({MOVED}) m LEFT JOIN period_balance b"
        " ON b.period = NEW.id AND b.account = m.account"
        " WHERE b.account IS NULL OR b.dr <> m.dr OR b.cr <> m.cr)"
        " OR (SELECT COUNT(*) FROM period_balance b WHERE b.period = NEW.id)"
        f" <> (SELECT COUNT(*) FROM ({MOVED}) m))",
        "the sums of a closed period are those of its entries",
    ),
    (
        f"{CLOSES} AND NOT "
        + LEAF.format(kind="period.close", more=" AND j.seq = NEW.seq_at_close"),
        "a period is closed by a journal that both signers made",
    ),
    (
        "OLD.status = 'CLOSED' AND NEW.status = 'ADJUSTING' AND NOT "
        + LEAF.format(kind="period.reopen", more=""),
        "a period is opened again by a journal that both signers made",
    ),
]
HOLDS = (
    "(SELECT SUM(b.dr - b.cr) FROM account o JOIN balance b ON b.account = o.id"
    " WHERE o.book = e.book AND o.fund = e.fund AND o.unit = e.unit AND o.type IN ('A', 'L'))"
)
LESS = (
    "EXISTS (SELECT 1 FROM {seal} JOIN account a ON a.id = e.account"
    " AND a.type IN ('E', 'I', 'Q') JOIN fund f ON f.id = e.fund AND f.class = 'restricted'"
    " WHERE e.layer = 'P'{this} GROUP BY e.book, e.seq, e.fund, e.unit"
    " HAVING SUM(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) > 0"
    f" AND {HOLDS} < 0)"
)
EMPTY = "a restricted fund does not fall below zero"


def _words(condition: str, dialect: str) -> str:
    sqlite = dialect == "sqlite"
    return condition.replace(
        "@DAY@", "NEW.starts_on" if sqlite else "to_char(NEW.starts_on, 'YYYY-MM-DD')"
    ).replace(
        "@HASH@",
        "lower(hex(NEW.trial_balance_hash))" if sqlite else "encode(NEW.trial_balance_hash, 'hex')",
    )


def _make(name: str, when: str, table: str, checks: list[tuple[str, str]]) -> list[str]:
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        body = " ".join(
            f"SELECT RAISE(ABORT, 'ledger: {words}') WHERE {_words(refused, dialect)};"
            for refused, words in checks
        )
        return [f"CREATE TRIGGER {name} {when} ON {table} BEGIN {body} END"]
    body = " ".join(
        f"IF {_words(refused, dialect)} THEN RAISE EXCEPTION 'ledger: {words}'"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        for refused, words in checks
    )
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} RETURN NEW; END $$",
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _fund_guard() -> list[str]:
    """SQLite asks of each seal, PostgreSQL once of all seals of a statement."""
    name = "seal_keeps_funds"
    if op.get_bind().dialect.name == "sqlite":
        this = " AND e.book = NEW.book AND e.seq = NEW.seq"
        return _make(
            name, "BEFORE INSERT", "seal", [(LESS.format(seal="entry e", this=this), EMPTY)]
        )
    seal = "fresh s JOIN entry e ON e.book = s.book AND e.seq = s.seq"
    made = _make(name, "AFTER INSERT", "seal", [(LESS.format(seal=seal, this=""), EMPTY)])
    made[1] = (
        f"CREATE TRIGGER {name} AFTER INSERT ON seal REFERENCING NEW TABLE AS fresh"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
    return made


def _drop(name: str, table: str) -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        return [f"DROP TRIGGER {name}"]
    return [f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"]


def _as_first_made(name: str) -> list[str]:
    """The statements that make a guard, word for word as the first migration has them."""
    first = runpy.run_path(str(Path(__file__).with_name("0002_books_guards.py")))
    sqlite = op.get_bind().dialect.name == "sqlite"
    made: list[str] = first["_sqlite"]() if sqlite else first["_postgresql"]()
    return [statement for statement in made if name in statement]


def _run(statements: list[str]) -> None:
    for statement in statements:
        op.execute(sa.text(statement.replace(":", r"\:")))


def upgrade() -> None:
    """Name the new kinds of journal, and make the guards."""
    kinds = sa.table("journal_kind", sa.column("code"), sa.column("needs_checker"))
    op.bulk_insert(kinds, [{"code": code, "needs_checker": 1} for code in KINDS])
    given = sa.text("deadline_us IS NOT NULL")
    op.create_index(
        "ix_journal_deadline", "journal", ["deadline_us", "book"],
        sqlite_where=given, postgresql_where=given,
    )  # fmt: skip
    _run(_drop("period_moves", "period"))
    _run(_make("period_moves", "BEFORE UPDATE", "period", NOW))
    _run(_fund_guard())


def downgrade() -> None:
    """Put the old guard back, and take the kinds away where nothing uses them."""
    _run(_drop("seal_keeps_funds", "seal"))
    _run(_drop("period_moves", "period"))
    _run(_make("period_moves", "BEFORE UPDATE", "period", BEFORE))
    op.drop_index("ix_journal_deadline", table_name="journal")
    named = ", ".join(f"'{code}'" for code in KINDS)
    _run(_drop("journal_kind_no_delete", "journal_kind"))
    op.execute(f"DELETE FROM journal_kind WHERE code IN ({named})")
    _run(_as_first_made("journal_kind_no_delete"))
