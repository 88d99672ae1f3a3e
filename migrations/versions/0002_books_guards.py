"""Books: what the database itself refuses, in the words of each engine.

The refusals are the same on both: see docs/rules.md, B1 to B8. ``seal`` is what makes a
journal whole: the deferred foreign key refuses, at COMMIT, any journal without one, and
no seal can be made unless the journal balances.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KINDS = {
    "opening": 0, "adjustment": 1, "reversal": 1, "hold": 0, "hold.post": 0, "hold.void": 0,
    "hold.expire": 0, "receipt": 0, "fund.contribution": 0, "fund.receipt": 0,
    "pledge.promise": 0, "pledge.promise.end": 0, "pledge.settle": 0, "pledge.collect": 0,
    "pledge.match.reserve": 0, "pledge.match.earn": 0, "pledge.match.return": 0,
    "pledge.release": 1, "pledge.pay": 1, "pledge.refund": 0, "pledge.refund.pay": 1,
    "pledge.default": 0, "pledge.excuse": 0, "pledge.hours": 0, "booking.confirm": 0,
    "booking.use": 0, "booking.no_show": 0, "booking.cancel": 0, "booking.month": 0,
    "dividend.commit": 0, "dividend.receipt": 0, "dividend.reserve": 0, "dividend.award": 1,
    "dividend.return": 0, "dividend.pay": 1, "dividend.confirm": 0, "dividend.revise": 1,
    "dividend.recover": 0, "saving.recognise": 0,
}  # fmt: skip

# Each guard: name, table, when, the condition that is refused, and the words of the refusal.
REFUSALS = [
    (
        "head_starts_at_one", "head", "BEFORE INSERT",
        "NEW.next_seq <> 1 OR NEW.last_us <> 0"
        " OR EXISTS (SELECT 1 FROM head h WHERE h.book = NEW.book)",
        "a book begins at entry one, once",
    ),
    (
        "book_keeps_code", "book", "BEFORE UPDATE", "NEW.id <> OLD.id OR NEW.code <> OLD.code",
        "the code of a book never changes",
    ),
    (
        "head_moves_with_journal", "head", "BEFORE UPDATE",
        "NEW.book <> OLD.book OR NEW.next_seq <> OLD.next_seq + 1 OR NEW.last_us <= OLD.last_us"
        " OR NOT EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.seq = OLD.next_seq"
        " AND j.chain = NEW.chain AND j.recorded_us = NEW.last_us)",
        "the head of a book moves only with a journal",
    ),
    (
        "balance_starts_at_zero", "balance", "BEFORE INSERT",
        "NEW.dr <> 0 OR NEW.cr <> 0 OR NEW.held_dr <> 0 OR NEW.held_cr <> 0 OR NEW.version <> 0"
        " OR EXISTS (SELECT 1 FROM balance b WHERE b.account = NEW.account)",
        "an account begins at zero, once",
    ),
    (
        "balance_follows_entry", "balance", "BEFORE UPDATE",
        "NEW.account <> OLD.account OR NEW.guard <> OLD.guard OR NEW.version <> OLD.version + 1"
        " OR NOT EXISTS (SELECT 1 FROM entry e WHERE e.account = NEW.account"
        " AND e.acct_version = NEW.version"
        " AND NEW.dr = OLD.dr + CASE WHEN e.layer = 'P' AND e.side = 'D' THEN e.amount ELSE 0 END"
        " AND NEW.cr = OLD.cr + CASE WHEN e.layer = 'P' AND e.side = 'C' THEN e.amount ELSE 0 END"
        " AND NEW.held_dr = OLD.held_dr"
        " + CASE WHEN e.layer = 'H' AND e.side = 'D' THEN e.amount ELSE 0 END"
        " AND NEW.held_cr = OLD.held_cr"
        " + CASE WHEN e.layer = 'H' AND e.side = 'C' THEN e.amount ELSE 0 END)",
        "a balance moves only with an entry",
    ),
    (
        "journal_checks", "journal", "BEFORE INSERT",
        [
            ("EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.seq = NEW.seq)"
             " OR EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.id = NEW.id)",
             "a journal is never replaced"),
            ("NOT EXISTS (SELECT 1 FROM head h WHERE h.book = NEW.book"
             " AND h.next_seq = NEW.seq AND h.last_us < NEW.recorded_us)",
             "a journal takes the next number and a later time"),
            ("EXISTS (SELECT 1 FROM period p WHERE p.book = NEW.book AND p.status = 'CLOSED'"
             " AND NEW.effective_on BETWEEN p.starts_on AND p.ends_on)",
             "the period is closed"),
            ("EXISTS (SELECT 1 FROM period p WHERE p.book = NEW.book AND p.status = 'ADJUSTING'"
             " AND NEW.checker IS NULL AND NEW.effective_on BETWEEN p.starts_on AND p.ends_on)",
             "a period being closed takes only entries that a second person checked"),
            ("NEW.checker IS NULL AND EXISTS (SELECT 1 FROM journal_kind k"
             " WHERE k.code = NEW.kind AND k.needs_checker = 1)",
             "this kind of journal needs a second person"),
            ("trim(NEW.id) = '' OR trim(NEW.maker) = '' OR trim(COALESCE(NEW.checker, '-')) = ''",
             "a journal names itself and its people"),
            ("NEW.resolves IS NOT NULL AND EXISTS (SELECT 1 FROM journal h"
             " WHERE h.book = NEW.book AND h.seq = NEW.resolves AND h.resolves IS NOT NULL)",
             "the release of a hold is not a hold"),
            ("length(NEW.leaf_hash) <> 32 OR length(NEW.chain) <> 32 OR length(NEW.leaf) < 2",
             "a journal keeps its leaf and hashes"),
        ],
        "",
    ),
    (
        "entry_checks", "entry", "BEFORE INSERT",
        [
            ("EXISTS (SELECT 1 FROM seal s WHERE s.book = NEW.book AND s.seq = NEW.seq)",
             "a sealed journal takes no more lines"),
            ("EXISTS (SELECT 1 FROM entry e WHERE e.book = NEW.book AND e.seq = NEW.seq"
             " AND e.line = NEW.line)",
             "an entry is never replaced"),
            ("NOT EXISTS (SELECT 1 FROM balance b WHERE b.account = NEW.account"
             " AND b.version + 1 = NEW.acct_version AND NEW.balance_after ="
             " CASE NEW.layer WHEN 'P' THEN b.dr - b.cr ELSE b.held_dr - b.held_cr END"
             " + CASE NEW.side WHEN 'D' THEN NEW.amount ELSE -NEW.amount END)",
             "an entry takes the next version and the true balance of its account"),
            ("NEW.amount < 0 AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book"
             " AND j.seq = NEW.seq AND j.resolves IS NOT NULL)",
             "only the release of a hold may be below zero"),
            ("EXISTS (SELECT 1 FROM fund f JOIN account a ON a.fund = f.id"
             " JOIN journal j ON j.book = NEW.book AND j.seq = NEW.seq"
             " WHERE a.id = NEW.account AND f.class = 'restricted' AND a.type = 'E'"
             " AND j.purpose <> f.purpose)",
             "restricted money is spent only on its purpose"),
        ],
        "",
    ),
    (
        "seal_checks", "seal", "BEFORE INSERT",
        [
            ("EXISTS (SELECT 1 FROM seal s WHERE s.book = NEW.book AND s.seq = NEW.seq)",
             "a seal is never replaced"),
            ("NEW.lines < 2 OR NEW.lines <> (SELECT COUNT(*) FROM entry e WHERE e.book = NEW.book"
             " AND e.seq = NEW.seq) OR NEW.lines <> (SELECT MAX(e.line) FROM entry e"
             " WHERE e.book = NEW.book AND e.seq = NEW.seq)",
             "a seal counts every line of its journal"),
            ("EXISTS (SELECT 1 FROM entry e WHERE e.book = NEW.book AND e.seq = NEW.seq"
             " GROUP BY e.unit, e.fund, e.layer"
             " HAVING SUM(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) <> 0)",
             "a journal balances in every unit, fund and layer"),
            ("EXISTS (SELECT 1 FROM journal j JOIN entry e ON e.book = j.book"
             " AND e.seq IN (j.seq, j.resolves) AND e.layer = 'H'"
             " WHERE j.book = NEW.book AND j.seq = NEW.seq AND j.resolves IS NOT NULL"
             " GROUP BY e.account, e.side HAVING SUM(e.amount) <> 0)",
             "a hold is released exactly"),
            ("EXISTS (SELECT 1 FROM journal j JOIN entry e ON e.book = j.book"
             " AND e.seq IN (j.seq, j.reverses) AND e.layer = 'P'"
             " WHERE j.book = NEW.book AND j.seq = NEW.seq AND j.reverses IS NOT NULL"
             " GROUP BY e.account HAVING"
             " SUM(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) <> 0)",
             "a reversal mirrors its journal exactly"),
            ("EXISTS (SELECT 1 FROM journal j JOIN entry e ON e.book = j.book AND e.seq = j.seq"
             " AND e.layer = 'P' JOIN account a ON a.id = e.account JOIN fund f ON f.id = a.fund"
             " WHERE j.book = NEW.book AND j.seq = NEW.seq AND f.class = 'restricted'"
             " AND f.purpose <> j.purpose AND a.type IN ('E', 'I', 'Q') GROUP BY f.id, e.unit"
             " HAVING SUM(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) > 0)",
             "restricted money leaves its fund only for its purpose"),
            ("EXISTS (SELECT 1 FROM journal j JOIN journal h ON h.book = j.book"
             " AND h.seq = j.resolves JOIN entry e ON e.book = j.book AND e.seq = j.seq"
             " WHERE j.book = NEW.book AND j.seq = NEW.seq AND e.layer = 'P'"
             " AND h.deadline_us IS NOT NULL AND j.recorded_us > h.deadline_us)",
             "a hold cannot be posted past its deadline"),
        ],
        "",
    ),
    (
        "period_checks", "period", "BEFORE INSERT",
        "NEW.status <> 'OPEN' OR EXISTS (SELECT 1 FROM period p WHERE p.book = NEW.book"
        " AND p.starts_on <= NEW.ends_on AND NEW.starts_on <= p.ends_on)",
        "a period begins open and overlaps no other",
    ),
    (
        "period_moves", "period", "BEFORE UPDATE",
        "NEW.id <> OLD.id OR NEW.book <> OLD.book OR NEW.starts_on <> OLD.starts_on"
        " OR NEW.ends_on <> OLD.ends_on"
        " OR (OLD.status = 'OPEN' AND NEW.status NOT IN ('OPEN', 'ADJUSTING'))"
        " OR (OLD.status = 'ADJUSTING' AND NEW.status NOT IN ('ADJUSTING', 'CLOSED'))"
        " OR (OLD.status = 'CLOSED' AND (NEW.status <> 'ADJUSTING' OR NEW.reason = OLD.reason"
        " OR NEW.reason = '' OR NEW.signed_by IS NULL OR NEW.countersigned_by IS NULL))",
        "a period goes open, adjusting, closed; opening it again takes two people and a reason",
    ),
    (
        "period_balance_checks", "period_balance", "BEFORE INSERT",
        "EXISTS (SELECT 1 FROM period p WHERE p.id = NEW.period AND p.status = 'CLOSED')"
        " OR EXISTS (SELECT 1 FROM period_balance b WHERE b.period = NEW.period"
        " AND b.account = NEW.account)",
        "the sums of a closed period stand",
    ),
    (
        "period_balance_stands", "period_balance", "BEFORE DELETE",
        "EXISTS (SELECT 1 FROM period p WHERE p.id = OLD.period AND p.status = 'CLOSED')",
        "the sums of a closed period stand",
    ),
]  # fmt: skip
UNTOUCHABLE = ["journal", "entry", "seal", "unit", "fund", "account", "journal_kind"]
UNEDITABLE = ["period_balance"]
UNDELETABLE = ["head", "balance", "period", "book"]
TRUNCATED = ["journal", "entry", "seal", "balance", "head", "period", "period_balance"]

WHOLE = {
    "entry": ["amount", "acct_version", "balance_after", "line", "seq"],
    "journal": ["seq", "recorded_us"],
    "balance": ["dr", "cr", "held_dr", "held_cr", "version"],
}
"""SQLite keeps whatever it is given: there, these columns are refused unless whole numbers."""
STRICT = {
    "journal": [
        ("date(NEW.effective_on) IS NOT NEW.effective_on", "a day is written as 2026-01-31"),
        ("typeof(COALESCE(NEW.deadline_us, 0)) <> 'integer'",
         "value is kept in whole numbers"),
        ("typeof(NEW.leaf) <> 'blob' OR typeof(NEW.leaf_hash) <> 'blob'"
         " OR typeof(NEW.chain) <> 'blob'", "a journal keeps its leaf and hashes"),
    ],
    "period": [
        ("date(NEW.starts_on) IS NOT NEW.starts_on OR date(NEW.ends_on) IS NOT NEW.ends_on",
         "a day is written as 2026-01-31"),
    ],
}  # fmt: skip
"""What the types of PostgreSQL refuse by themselves, said to SQLite."""
ENTRY_MOVES = (
    "UPDATE balance SET"
    " dr = dr + CASE WHEN NEW.layer = 'P' AND NEW.side = 'D' THEN NEW.amount ELSE 0 END,"
    " cr = cr + CASE WHEN NEW.layer = 'P' AND NEW.side = 'C' THEN NEW.amount ELSE 0 END,"
    " held_dr = held_dr + CASE WHEN NEW.layer = 'H' AND NEW.side = 'D' THEN NEW.amount ELSE 0 END,"
    " held_cr = held_cr + CASE WHEN NEW.layer = 'H' AND NEW.side = 'C' THEN NEW.amount ELSE 0 END,"
    " version = NEW.acct_version WHERE account = NEW.account"
)
JOURNAL_MOVES = (
    "UPDATE head SET next_seq = next_seq + 1, chain = NEW.chain, last_us = NEW.recorded_us"
    " WHERE book = NEW.book"
)


HOT = {
    "journal_checks": """
        DECLARE at record; state text; BEGIN
        SELECT h.next_seq, h.last_us INTO at FROM head h WHERE h.book = NEW.book FOR UPDATE;
        IF EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.id = NEW.id)
            OR (at.next_seq IS DISTINCT FROM NEW.seq AND EXISTS
            (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.seq = NEW.seq))
            THEN RAISE[a journal is never replaced] END IF;
        IF (at.next_seq = NEW.seq AND at.last_us < NEW.recorded_us) IS NOT TRUE
            THEN RAISE[a journal takes the next number and a later time] END IF;
        SELECT p.status INTO state FROM period p WHERE p.book = NEW.book AND p.status <> 'OPEN'
            AND NEW.effective_on BETWEEN p.starts_on AND p.ends_on ORDER BY p.status DESC LIMIT 1;
        IF state = 'CLOSED' THEN RAISE[the period is closed] END IF;
        IF state = 'ADJUSTING' AND NEW.checker IS NULL THEN
            RAISE[a period being closed takes only entries that a second person checked] END IF;
        IF NEW.checker IS NULL THEN
            IF EXISTS (SELECT 1 FROM journal_kind k WHERE k.code = NEW.kind
                AND k.needs_checker = 1)
                THEN RAISE[this kind of journal needs a second person] END IF;
        END IF;
        IF trim(NEW.id) = '' OR trim(NEW.maker) = '' OR trim(COALESCE(NEW.checker, '-')) = ''
            THEN RAISE[a journal names itself and its people] END IF;
        IF NEW.resolves IS NOT NULL THEN
            IF EXISTS (SELECT 1 FROM journal h WHERE h.book = NEW.book AND h.seq = NEW.resolves
                AND h.resolves IS NOT NULL)
                THEN RAISE[the release of a hold is not a hold] END IF;
        END IF;
        IF length(NEW.leaf_hash) <> 32 OR length(NEW.chain) <> 32 OR length(NEW.leaf) < 2
            THEN RAISE[a journal keeps its leaf and hashes] END IF;
        RETURN NEW; END""",
    "entry_checks": """
        DECLARE at record; BEGIN
        SELECT b.version, b.dr, b.cr, b.held_dr, b.held_cr,
            EXISTS (SELECT 1 FROM seal s WHERE s.book = NEW.book AND s.seq = NEW.seq) AS sealed
            INTO at FROM balance b WHERE b.account = NEW.account;
        IF at.sealed THEN RAISE[a sealed journal takes no more lines] END IF;
        IF (at.version + 1 = NEW.acct_version AND NEW.balance_after =
            CASE NEW.layer WHEN 'P' THEN at.dr - at.cr ELSE at.held_dr - at.held_cr END
            + CASE NEW.side WHEN 'D' THEN NEW.amount ELSE -NEW.amount END) IS NOT TRUE
            THEN RAISE[an entry takes the next version and the true balance of its account]
            END IF;
        IF NEW.amount < 0 THEN
            IF NOT EXISTS (SELECT 1 FROM journal j WHERE j.book = NEW.book AND j.seq = NEW.seq
                AND j.resolves IS NOT NULL)
                THEN RAISE[only the release of a hold may be below zero] END IF;
        END IF;
        RETURN NEW; END""",
    "balance_follows_entry": """
        DECLARE e record; BEGIN
        SELECT n.layer, n.side, n.amount INTO e FROM entry n WHERE n.account = NEW.account
            AND n.acct_version = NEW.version;
        IF NOT FOUND OR (NEW.account = OLD.account AND NEW.guard = OLD.guard
            AND NEW.version = OLD.version + 1
            AND NEW.dr = OLD.dr + CASE WHEN e.layer = 'P' AND e.side = 'D' THEN e.amount ELSE 0 END
            AND NEW.cr = OLD.cr + CASE WHEN e.layer = 'P' AND e.side = 'C' THEN e.amount ELSE 0 END
            AND NEW.held_dr = OLD.held_dr
            + CASE WHEN e.layer = 'H' AND e.side = 'D' THEN e.amount ELSE 0 END
            AND NEW.held_cr = OLD.held_cr
            + CASE WHEN e.layer = 'H' AND e.side = 'C' THEN e.amount ELSE 0 END) IS NOT TRUE
            THEN RAISE[a balance moves only with an entry] END IF;
        RETURN NEW; END""",
    "seal_checks": """
        DECLARE it record; sums record; BEGIN
        SELECT n.resolves, n.reverses, n.purpose, n.recorded_us INTO it FROM journal n
            WHERE n.book = NEW.book AND n.seq = NEW.seq;
        SELECT EXISTS (SELECT 1 FROM seal s WHERE s.book = NEW.book AND s.seq = NEW.seq) AS sealed,
            COALESCE(sum(t.lines), 0) AS lines, COALESCE(max(t.line), 0) AS line,
            bool_or(t.total <> 0) AS out, bool_or(t.elsewhere) AS elsewhere INTO sums
            FROM (SELECT count(*) AS lines, max(e.line) AS line,
            sum(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) AS total,
            bool_or(f.class = 'restricted' AND f.purpose <> it.purpose) AS elsewhere
            FROM entry e JOIN fund f ON f.id = e.fund
            WHERE e.book = NEW.book AND e.seq = NEW.seq GROUP BY e.unit, e.fund, e.layer) t;
        IF sums.sealed THEN RAISE[a seal is never replaced] END IF;
        IF NEW.lines < 2 OR NEW.lines <> sums.lines OR NEW.lines <> sums.line
            THEN RAISE[a seal counts every line of its journal] END IF;
        IF sums.out THEN RAISE[a journal balances in every unit, fund and layer] END IF;
        IF it.resolves IS NOT NULL THEN SEAL[a hold] END IF;
        IF it.reverses IS NOT NULL THEN SEAL[a reversal] END IF;
        IF sums.elsewhere THEN
            IF EXISTS (SELECT 1 FROM entry e JOIN account a ON a.id = e.account
                JOIN fund f ON f.id = a.fund WHERE e.book = NEW.book AND e.seq = NEW.seq
                AND f.class = 'restricted' AND a.type = 'E' AND f.purpose <> it.purpose)
                THEN RAISE[restricted money is spent only on its purpose] END IF;
            SEAL[restricted]
        END IF;
        RETURN NEW; END""",
}
"""The hot path of PostgreSQL by hand: one look for several refusals, and none that cannot apply.

Each look from PL/pgSQL costs as much as an insert. A second seal, line or number that slips
past a look here is still refused by its primary key.
"""


def _checks(condition: object, words: str) -> list[tuple[str, str]]:
    checks = condition if isinstance(condition, list) else [(condition, words)]
    return list(checks)


def _sqlite() -> list[str]:
    made = []
    for name, table, when, condition, words in REFUSALS:
        checks = _checks(condition, words)
        if when == "BEFORE INSERT":
            checks = [*STRICT.get(table, []), *checks]
        if when == "BEFORE INSERT" and table in WHOLE:
            kinds = " OR ".join(f"typeof(NEW.{column}) <> 'integer'" for column in WHOLE[table])
            checks = [(kinds, "value is kept in whole numbers"), *checks]
        body = " ".join(
            f"SELECT RAISE(ABORT, 'ledger: {text}') WHERE {refused};" for refused, text in checks
        )
        made.append(f"CREATE TRIGGER {name} {when} ON {table} BEGIN {body} END")
    made += [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: {table} rows are never edited'); END"
        for table in UNTOUCHABLE + UNEDITABLE
    ]
    made += [
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: {table} rows are never deleted'); END"
        for table in UNTOUCHABLE + UNDELETABLE
    ]
    made.append(
        f"CREATE TRIGGER entry_moves_balance AFTER INSERT ON entry BEGIN {ENTRY_MOVES}; END"
    )
    made.append(
        f"CREATE TRIGGER journal_moves_head AFTER INSERT ON journal BEGIN {JOURNAL_MOVES}; END"
    )
    return made


def _function(name: str, body: str, result: str = "NEW") -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} RETURN {result}; END $$"
    )


def _trigger(name: str, when: str, table: str, each: str = "ROW") -> str:
    return f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()"


def _raise(words: str) -> str:
    return f"RAISE EXCEPTION 'ledger: {words}' USING ERRCODE = 'integrity_constraint_violation';"


def _rare(first_words: str) -> str:
    """The refusals of a seal that begin with these words, as they stand in the list above."""
    checks = next(refused for name, _, _, refused, _ in REFUSALS if name == "seal_checks")
    return " ".join(
        f"IF {refused} THEN {_raise(words)} END IF;"
        for refused, words in checks
        if words.startswith(first_words)
    )


def _hot(name: str) -> str:
    body = re.sub(r"SEAL\[(.*?)\]", lambda first: _rare(first[1]), HOT[name])
    body = re.sub(r"RAISE\[(.*?)\]", lambda words: _raise(words[1]), body)
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body} $$"


def _postgresql() -> list[str]:
    made = []
    for name, table, when, condition, words in REFUSALS:
        if name in HOT:
            made += [_hot(name), _trigger(name, when, table)]
            continue
        body = " ".join(
            f"IF {refused} THEN {_raise(text)} END IF;"
            for refused, text in _checks(condition, words)
        )
        result = "OLD" if when.endswith("DELETE") else "NEW"
        made += [_function(name, body, result), _trigger(name, when, table)]
    for table in UNTOUCHABLE + UNEDITABLE:
        name = f"{table}_no_update"
        made.append(_function(name, _raise(f"{table} rows are never edited")))
        made.append(_trigger(name, "BEFORE UPDATE", table))
    for table in UNTOUCHABLE + UNDELETABLE:
        name = f"{table}_no_delete"
        made.append(_function(name, _raise(f"{table} rows are never deleted"), "OLD"))
        made.append(_trigger(name, "BEFORE DELETE", table))
    for table in TRUNCATED:
        name = f"{table}_no_truncate"
        made.append(_function(name, _raise(f"{table} rows are never deleted"), "NULL"))
        made.append(_trigger(name, "BEFORE TRUNCATE", table, "STATEMENT"))
    for name, table, body in (
        ("entry_moves_balance", "entry", ENTRY_MOVES),
        ("journal_moves_head", "journal", JOURNAL_MOVES),
    ):
        made += [_function(name, body + ";"), _trigger(name, "AFTER INSERT", table)]
    return made


def _names() -> list[tuple[str, str]]:
    named = [(name, table) for name, table, *_ in REFUSALS]
    named += [(f"{table}_no_update", table) for table in UNTOUCHABLE + UNEDITABLE]
    named += [(f"{table}_no_delete", table) for table in UNTOUCHABLE + UNDELETABLE]
    return [*named, ("entry_moves_balance", "entry"), ("journal_moves_head", "journal")]


def upgrade() -> None:
    """Make the guards, the kinds of journal and the units that every book has."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(sa.text(statement.replace(":", r"\:")))
    kinds = sa.table("journal_kind", sa.column("code"), sa.column("needs_checker"))
    op.bulk_insert(kinds, [{"code": code, "needs_checker": two} for code, two in KINDS.items()])
    units = sa.table("unit", sa.column("code"), sa.column("scale"), sa.column("name"))
    op.bulk_insert(
        units,
        [
            {"code": "GBP", "scale": 2, "name": "pounds, kept in pence"},
            {"code": "HOUR", "scale": 0, "name": "hours given, kept in minutes"},
            {"code": "MIN", "scale": 0, "name": "space minutes"},
            {"code": "SAVING", "scale": 2, "name": "claimable savings, kept in pence"},
        ],
    )


def downgrade() -> None:
    """Take the guards away."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table in _names():
        op.execute(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
        if not sqlite:
            op.execute(f"DROP FUNCTION {name}()")
    if not sqlite:
        for table in TRUNCATED:
            op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
            op.execute(f"DROP FUNCTION {table}_no_truncate()")
    op.execute("DELETE FROM unit")
    op.execute("DELETE FROM journal_kind")
