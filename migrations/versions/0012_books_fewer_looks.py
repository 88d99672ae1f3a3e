"""Books: the same refusals on PostgreSQL, asked once for a statement instead of once for a row.

Every look from PL/pgSQL costs as much as an insert, and a row that moves a hundred times in one
transaction is found through a hundred dead copies of itself. So a statement's journals move the
head once, its entries move each balance once, and the locks and comparisons ride on those moves:
the head moves only from the number and time that the journals follow, a balance only from the
version and sum that its entries follow. They are asked when the rows are in, so that several
journals can be written by one statement. What a head or a balance may become is still decided
from the journals and entries that are there, whoever moves it.
SQLite keeps its triggers: it has no call to save, and no dead copies.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE_ROW = {
    # What can be seen in the row, and the words for a number or an id that is taken.
    "journal_checks": """
        BEGIN
        IF EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.id = NEW.id)
            OR EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.seq = NEW.seq)
            THEN RAISE[a journal is never replaced] END IF;
        IF (NEW.seq >= 1) IS NOT TRUE
            THEN RAISE[a journal takes the next number and a later time] END IF;
        IF trim(NEW.id) = '' OR trim(NEW.maker) = '' OR trim(COALESCE(NEW.checker, '-')) = ''
            THEN RAISE[a journal names itself and its people] END IF;
        IF length(NEW.leaf_hash) <> 32 OR length(NEW.chain) <> 32 OR length(NEW.leaf) < 2
            THEN RAISE[a journal keeps its leaf and hashes] END IF;
        RETURN NEW; END""",
    "head_moves_with_journal": """
        DECLARE at record; BEGIN
        SELECT count(*) AS journals, bool_or(j.seq = NEW.next_seq - 1 AND j.chain = NEW.chain
            AND j.recorded_us = NEW.last_us) AS last INTO at FROM journal j
            WHERE j.book = OLD.book AND j.seq >= OLD.next_seq AND j.seq < NEW.next_seq;
        IF (NEW.book = OLD.book AND NEW.next_seq > OLD.next_seq AND NEW.last_us > OLD.last_us
            AND at.journals = NEW.next_seq - OLD.next_seq AND at.last) IS NOT TRUE
            THEN RAISE[the head of a book moves only with a journal] END IF;
        RETURN NEW; END""",
    "balance_follows_entry": """
        DECLARE at record; BEGIN
        SELECT count(*) AS entries,
            sum(e.amount) FILTER (WHERE e.layer = 'P' AND e.side = 'D') AS dr,
            sum(e.amount) FILTER (WHERE e.layer = 'P' AND e.side = 'C') AS cr,
            sum(e.amount) FILTER (WHERE e.layer = 'H' AND e.side = 'D') AS held_dr,
            sum(e.amount) FILTER (WHERE e.layer = 'H' AND e.side = 'C') AS held_cr
            INTO at FROM entry e WHERE e.account = OLD.account
            AND e.acct_version > OLD.version AND e.acct_version <= NEW.version;
        IF (NEW.account = OLD.account AND NEW.guard = OLD.guard AND NEW.version > OLD.version
            AND at.entries = NEW.version - OLD.version
            AND NEW.dr = OLD.dr + COALESCE(at.dr, 0) AND NEW.cr = OLD.cr + COALESCE(at.cr, 0)
            AND NEW.held_dr = OLD.held_dr + COALESCE(at.held_dr, 0)
            AND NEW.held_cr = OLD.held_cr + COALESCE(at.held_cr, 0)) IS NOT TRUE
            THEN RAISE[a balance moves only with an entry] END IF;
        RETURN NEW; END""",
    "entry_checks": """
        BEGIN
        IF NEW.amount < 0 THEN
            IF NOT EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.seq = NEW.seq
                AND j.resolves IS NOT NULL)
                THEN RAISE[only the release of a hold may be below zero] END IF;
        END IF;
        RETURN NEW; END""",
}
AFTER_STATEMENT = {
    # The head is locked by being moved; only then is the period read, so that nobody can close
    # it in between.
    "journal_moves_head": """
        DECLARE at record; BEGIN
        WITH runs AS (
            SELECT f.book, min(f.seq) AS first, max(f.seq) AS last, count(*) AS journals,
                min(f.recorded_us) AS first_us, max(f.recorded_us) AS last_us,
                bool_and(f.later) AS rising, max(f.chain) FILTER (WHERE f.final) AS chain
            FROM (SELECT n.book, n.seq, n.recorded_us, n.chain,
                COALESCE(n.recorded_us > lag(n.recorded_us) OVER by_seq, true) AS later,
                lead(n.seq) OVER by_seq IS NULL AS final
                FROM fresh n WINDOW by_seq AS (PARTITION BY n.book ORDER BY n.seq)) f
            GROUP BY f.book),
        moved AS (
            UPDATE head h SET next_seq = r.last + 1, chain = r.chain, last_us = r.last_us
            FROM runs r WHERE h.book = r.book AND h.next_seq = r.first AND h.last_us < r.first_us
                AND r.rising AND r.last - r.first + 1 = r.journals
            RETURNING 1)
        SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM runs) AS books INTO at;
        IF at.moved <> at.books
            THEN RAISE[a journal takes the next number and a later time] END IF;
        SELECT bool_or(p.status = 'CLOSED') AS closed,
            bool_or(p.status = 'ADJUSTING' AND f.checker IS NULL) AS closing,
            bool_or(f.checker IS NULL AND k.needs_checker = 1) AS alone,
            bool_or(h.resolves IS NOT NULL) AS release INTO at
            FROM fresh f JOIN journal_kind k ON k.code = f.kind
            LEFT JOIN period p ON p.book = f.book AND p.status <> 'OPEN'
                AND f.effective_on BETWEEN p.starts_on AND p.ends_on
            LEFT JOIN journal h ON h.book = f.book AND h.seq = f.resolves;
        IF at.closed THEN RAISE[the period is closed] END IF;
        IF at.closing THEN
            RAISE[a period being closed takes only entries that a second person checked] END IF;
        IF at.alone THEN RAISE[this kind of journal needs a second person] END IF;
        IF at.release THEN RAISE[the release of a hold is not a hold] END IF;
        RETURN NULL; END""",
    "entry_moves_balance": """
        DECLARE at record; BEGIN
        WITH lines AS (
            SELECT e.account, e.acct_version, CASE e.layer WHEN 'P' THEN d.amount ELSE 0 END AS dr,
                CASE e.layer WHEN 'P' THEN e.amount - d.amount ELSE 0 END AS cr,
                CASE e.layer WHEN 'H' THEN d.amount ELSE 0 END AS held_dr,
                CASE e.layer WHEN 'H' THEN e.amount - d.amount ELSE 0 END AS held_cr,
                e.layer, e.balance_after - sum(2 * d.amount - e.amount)
                OVER (PARTITION BY e.account, e.layer ORDER BY e.acct_version) AS before
            FROM fresh e, LATERAL (SELECT CASE e.side WHEN 'D' THEN e.amount ELSE 0 END AS amount) d),
        runs AS (
            SELECT l.account, min(l.acct_version) AS first, max(l.acct_version) AS last,
                count(*) AS entries, sum(l.dr)::bigint AS dr, sum(l.cr)::bigint AS cr,
                sum(l.held_dr)::bigint AS held_dr, sum(l.held_cr)::bigint AS held_cr,
                min(l.before) FILTER (WHERE l.layer = 'P') AS low,
                max(l.before) FILTER (WHERE l.layer = 'P') AS high,
                min(l.before) FILTER (WHERE l.layer = 'H') AS held_low,
                max(l.before) FILTER (WHERE l.layer = 'H') AS held_high
            FROM lines l GROUP BY l.account),
        moved AS (
            UPDATE balance b SET dr = b.dr + r.dr, cr = b.cr + r.cr,
                held_dr = b.held_dr + r.held_dr, held_cr = b.held_cr + r.held_cr,
                version = r.last
            FROM runs r WHERE b.account = r.account AND b.version = r.first - 1
                AND r.last - r.first + 1 = r.entries
                AND COALESCE(r.low = b.dr - b.cr AND r.high = r.low, r.low IS NULL)
                AND COALESCE(r.held_low = b.held_dr - b.held_cr AND r.held_high = r.held_low,
                r.held_low IS NULL)
            RETURNING 1)
        SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM runs) AS accounts,
            EXISTS (SELECT 1 FROM fresh f JOIN seal s ON s.book = f.book AND s.seq = f.seq)
            AS sealed INTO at;
        IF at.sealed THEN RAISE[a sealed journal takes no more lines] END IF;
        IF at.moved <> at.accounts
            THEN RAISE[an entry takes the next version and the true balance of its account]
            END IF;
        RETURN NULL; END""",
    "seal_checks": """
        DECLARE at record; it record; BEGIN
        SELECT bool_and(s.lines >= 2 AND s.lines = t.lines AND s.lines = t.line) AS counted,
            bool_or(t.out) AS out, bool_or(n.resolves IS NOT NULL) AS resolves,
            bool_or(n.reverses IS NOT NULL) AS reverses, bool_or(t.restricted) AS restricted INTO at
            FROM fresh s LEFT JOIN journal n ON n.book = s.book AND n.seq = s.seq
            CROSS JOIN LATERAL (SELECT COALESCE(sum(g.lines), 0) AS lines, max(g.line) AS line,
                bool_or(g.total <> 0) AS out, bool_or(f.class = 'restricted') AS restricted
                FROM (SELECT e.fund, count(*) AS lines, max(e.line) AS line,
                    sum(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) AS total
                    FROM entry e WHERE e.book = s.book AND e.seq = s.seq
                    GROUP BY e.unit, e.fund, e.layer) g JOIN fund f ON f.id = g.fund) t;
        IF at.counted IS NOT TRUE THEN RAISE[a seal counts every line of its journal] END IF;
        IF at.out THEN RAISE[a journal balances in every unit, fund and layer] END IF;
        IF at.resolves OR at.reverses OR at.restricted THEN
            FOR it IN SELECT s.book, s.seq FROM fresh s LOOP
                SEAL[a hold] SEAL[a reversal]
                IF EXISTS (SELECT 1 FROM entry e JOIN account a ON a.id = e.account
                    JOIN fund f ON f.id = a.fund
                    JOIN journal n ON n.book = e.book AND n.seq = e.seq
                    WHERE e.book = it.book AND e.seq = it.seq AND f.class = 'restricted'
                    AND a.type = 'E' AND f.purpose <> n.purpose)
                    THEN RAISE[restricted money is spent only on its purpose] END IF;
                SEAL[restricted]
            END LOOP;
        END IF;
        RETURN NULL; END""",
}
TABLES = {"journal_moves_head": "journal", "entry_moves_balance": "entry", "seal_checks": "seal"}

WRITE = """
CREATE OR REPLACE FUNCTION books_write(the_book bigint, journals json) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO journal (book, seq, id, kind, effective_on, recorded_us, deadline_us, group_id,
        reason, purpose, maker, checker, resolves, reverses, req_hash, leaf, leaf_hash, chain)
    SELECT the_book, j.seq, j.id, j.kind, j.effective_on, j.recorded_us, j.deadline_us, j.group_id,
        j.reason, j.purpose, j.maker, j.checker, j.resolves, j.reverses, decode(j.req_hash, 'hex'),
        convert_to(j.leaf, 'UTF8'), decode(j.leaf_hash, 'hex'), decode(j.chain, 'hex')
    FROM json_to_recordset(journals -> 'journals') AS j(
        seq bigint, id text, kind text, effective_on date, recorded_us bigint, deadline_us bigint,
        group_id text, reason text, purpose text, maker text, checker text, resolves bigint,
        reverses bigint, req_hash text, leaf text, leaf_hash text, chain text);
    INSERT INTO entry (book, seq, line, account, side, amount, layer, unit, fund, acct_version,
        balance_after)
    SELECT the_book, e.seq, e.line, e.account, e.side, e.amount, e.layer, e.unit, e.fund,
        e.acct_version, e.balance_after
    FROM json_to_recordset(journals -> 'entries') AS e(
        seq bigint, line bigint, account bigint, side text, amount bigint, layer text, unit text,
        fund bigint, acct_version bigint, balance_after bigint);
    INSERT INTO seal (book, seq, lines)
    SELECT the_book, j.seq, j.lines
    FROM json_to_recordset(journals -> 'journals') AS j(seq bigint, lines bigint);
END $$
"""


INDEXES = {"ix_journal_effective": "effective_on", "ix_journal_group": "group_id"}
UNIQUES = {"journal": "id", "account": "path"}


def _order(*, book_first: bool) -> None:
    """Let the book come first or second in what a journal or an account is found by.

    While PostgreSQL knows little of a young table it takes any index that begins with the book,
    and would read the whole book for one number. Unique keys stay as they are on SQLite, which
    takes the key that fits best.
    """
    for index, column in INDEXES.items():
        op.drop_index(index, "journal")
        op.create_index(index, "journal", ["book", column] if book_first else [column, "book"])
    if op.get_bind().dialect.name == "postgresql":
        for table, column in UNIQUES.items():
            name = f"uq_{table}_book_{column}"
            op.drop_constraint(name, table)
            pair = ["book", column] if book_first else [column, "book"]
            op.create_unique_constraint(name, table, pair)


def _before() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).with_name("0002_books_guards.py")))


def _function(name: str, body: str, earlier: dict[str, Any]) -> str:
    def rare(first: re.Match[str]) -> str:
        checks: str = earlier["_rare"](first[1])
        return checks.replace("NEW.", "it.")

    body = re.sub(r"SEAL\[(.*?)\]", rare, body)
    body = re.sub(r"RAISE\[(.*?)\]", lambda words: earlier["_raise"](words[1]), body)
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body} $$"


def _run(statements: list[str]) -> None:
    for statement in statements:
        op.execute(sa.text(statement.replace(":", r"\:")))


def upgrade() -> None:
    """Ask after each statement what was asked of each row."""
    _order(book_first=False)
    if op.get_bind().dialect.name != "postgresql":
        return
    earlier = _before()
    bodies = BEFORE_ROW | AFTER_STATEMENT
    _run([f"DROP TRIGGER {name} ON {table}" for name, table in TABLES.items()])
    _run([_function(name, body, earlier) for name, body in bodies.items()])
    _run(
        [
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            for name, table in TABLES.items()
        ]
    )
    _run([WRITE])


def downgrade() -> None:
    """Ask each row again."""
    _order(book_first=True)
    if op.get_bind().dialect.name != "postgresql":
        return
    made: dict[str, list[str]] = {}
    for statement in _before()["_postgresql"]():
        made.setdefault(statement.split("(")[0].split()[2], []).append(statement)
    _run([f"DROP TRIGGER {name} ON {table}" for name, table in TABLES.items()])
    for name in BEFORE_ROW | AFTER_STATEMENT:
        function, trigger = made[name]
        _run([function.replace("CREATE", "CREATE OR REPLACE", 1)])
        if name in TABLES:
            _run([trigger])
    write = runpy.run_path(str(Path(__file__).with_name("0011_books_calls.py")))["WRITE"]
    _run([write.replace("CREATE", "CREATE OR REPLACE", 1)])
