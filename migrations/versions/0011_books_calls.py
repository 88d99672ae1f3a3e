"""Books: two functions with which PostgreSQL posts in two calls. SQLite needs none.

They hold no rule: what they write goes through the same triggers as any other insert.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LOOK = """
CREATE FUNCTION books_look(the_book bigint, ids text[], paths text[])
RETURNS TABLE (next_seq bigint, chain bytea, last_us bigint, code text, known boolean,
    account bigint, path text, unit text, fund text, guard text, dr bigint, cr bigint,
    held_dr bigint, held_cr bigint, version bigint, fund_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    -- The lock is a statement of its own, so that what is read next is what the last holder left.
    PERFORM 1 FROM head h WHERE h.book = the_book FOR UPDATE;
    RETURN QUERY
    SELECT h.next_seq, h.chain, h.last_us, k.code,
        EXISTS (SELECT 1 FROM journal j WHERE j.book = the_book AND j.id = ANY (ids)),
        a.id, a.path, a.unit, f.code, b.guard, b.dr, b.cr, b.held_dr, b.held_cr, b.version, a.fund
    FROM head h JOIN book k ON k.id = h.book
    LEFT JOIN (account a JOIN balance b ON b.account = a.id JOIN fund f ON f.id = a.fund)
        ON a.book = the_book AND a.path = ANY (paths)
    WHERE h.book = the_book;
END $$
"""
WRITE = """
CREATE FUNCTION books_write(the_book bigint, journals json) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    j record;
    e record;
    counted bigint;
BEGIN
    FOR j IN SELECT * FROM json_to_recordset(journals) AS r(
        seq bigint, id text, kind text, effective_on date, recorded_us bigint, deadline_us bigint,
        group_id text, reason text, purpose text, maker text, checker text, resolves bigint,
        reverses bigint, req_hash text, leaf text, leaf_hash text, chain text, entries json)
    LOOP
        INSERT INTO journal (book, seq, id, kind, effective_on, recorded_us, deadline_us, group_id,
            reason, purpose, maker, checker, resolves, reverses, req_hash, leaf, leaf_hash, chain)
        VALUES (the_book, j.seq, j.id, j.kind, j.effective_on, j.recorded_us, j.deadline_us,
            j.group_id, j.reason, j.purpose, j.maker, j.checker, j.resolves, j.reverses,
            decode(j.req_hash, 'hex'), convert_to(j.leaf, 'UTF8'), decode(j.leaf_hash, 'hex'),
            decode(j.chain, 'hex'));
        counted := 0;
        FOR e IN SELECT * FROM json_to_recordset(j.entries) AS r(
            line bigint, account bigint, side text, amount bigint, layer text, unit text,
            fund bigint, acct_version bigint, balance_after bigint)
        LOOP
            INSERT INTO entry (book, seq, line, account, side, amount, layer, unit, fund,
                acct_version, balance_after)
            VALUES (the_book, j.seq, e.line, e.account, e.side, e.amount, e.layer, e.unit, e.fund,
                e.acct_version, e.balance_after);
            counted := counted + 1;
        END LOOP;
        INSERT INTO seal (book, seq, lines) VALUES (the_book, j.seq, counted);
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Make the two functions."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in (LOOK, WRITE):
            op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """Take them away."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION books_write(bigint, json)")
        op.execute("DROP FUNCTION books_look(bigint, text[], text[])")
