"""People, approvals, messages and audit events: the tables, and what the database refuses.

The refusals are the same on both engines: see docs/rules.md, P and A.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

from ledger.kernel.db import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COUNCIL = "'officer', 'head', 's151'"
MONEY = COUNCIL + ", 'organiser', 'treasurer', 'broker', 'analyst'"
OPEN_GRANT = "EXISTS (SELECT 1 FROM role_grant g WHERE g.person = NEW.person AND g.ended_at IS NULL"
THIS = "EXISTS (SELECT 1 FROM proposal p WHERE p.id = NEW.proposal"
VERDICT = (
    "EXISTS (SELECT 1 FROM proposal_decision d WHERE d.proposal = NEW.id AND d.stage = '{}'"
    " AND d.verdict = 'yes' AND d.digest = NEW.digest)"
)
APPROVED_BEFORE = (
    "COALESCE((SELECT SUM(q.quantity_pence) FROM proposal q JOIN proposal_decision d"
    " ON d.proposal = q.id AND d.stage = 'approve' AND d.verdict = 'yes'"
    " WHERE q.bucket = p.bucket AND q.state IN ('APPROVED', 'USED')"
    " AND d.financial_year = NEW.financial_year), 0)"
)

LATER_LIMIT = (
    "SELECT 1 FROM delegated_limit n WHERE n.role = l.role AND n.starts_on <= NEW.decided_at"
    " AND (n.kind = l.kind AND n.starts_on > l.starts_on OR l.kind = '*' AND n.kind = p.kind"
    " AND p.kind <> '*')"
)
# The financial year begins on 1 April in London, where it is then one hour past UTC.
YEAR = {
    "sqlite": "CAST(strftime('%Y', NEW.decided_at, '+1 hour', '-3 months') AS INTEGER)",
    "postgresql": "EXTRACT(YEAR FROM (NEW.decided_at AT TIME ZONE 'UTC')"
    " + INTERVAL '1 hour' - INTERVAL '3 months')::integer",
}

# Each guard: name, table, when, and (condition that is refused, words of the refusal).
REFUSALS = [
    (
        "role_grant_apart", "role_grant", "BEFORE INSERT",
        [
            ("EXISTS (SELECT 1 FROM role_grant g WHERE g.id = NEW.id)",
             "a grant is never replaced"),
            (f"NEW.ended_at IS NULL AND {OPEN_GRANT} AND (NEW.role = 'auditor'"
             " AND g.role NOT IN ('auditor', 'resident') OR g.role = 'auditor'"
             " AND NEW.role NOT IN ('auditor', 'resident') OR NEW.role = 'administrator'"
             f" AND g.role IN ({MONEY}) OR g.role = 'administrator' AND NEW.role IN ({MONEY})"
             f" OR NEW.role = 'analyst' AND g.role IN ({COUNCIL})"
             f" OR g.role = 'analyst' AND NEW.role IN ({COUNCIL})))",
             "these roles are held by different people"),
        ],
    ),
    (
        "role_grant_moves", "role_grant", "BEFORE UPDATE",
        [
            ("OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR NEW.ended_by IS NULL"
             " OR NEW.id <> OLD.id OR NEW.person <> OLD.person OR NEW.role <> OLD.role"
             " OR COALESCE(NEW.organisation, '') <> COALESCE(OLD.organisation, '')"
             " OR NEW.granted_by <> OLD.granted_by OR NEW.granted_at <> OLD.granted_at",
             "a grant is ended once and never edited"),
        ],
    ),
    (
        "proposal_starts", "proposal", "BEFORE INSERT",
        [
            ("EXISTS (SELECT 1 FROM proposal p WHERE p.id = NEW.id)",
             "a proposal is never replaced"),
            ("NEW.state <> 'PROPOSED' OR NEW.stages NOT IN ('verify,approve', 'approve')",
             "a proposal begins undecided"),
        ],
    ),
    (
        "proposal_moves", "proposal", "BEFORE UPDATE",
        [
            ("NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.subject <> OLD.subject"
             " OR NEW.facts <> OLD.facts OR NEW.digest <> OLD.digest"
             " OR NEW.quantity_pence <> OLD.quantity_pence OR NEW.bucket <> OLD.bucket"
             " OR NEW.maker <> OLD.maker OR NEW.stages <> OLD.stages"
             " OR NEW.proposed_at <> OLD.proposed_at",
             "a proposal is never edited"),
            ("NOT (OLD.state = 'PROPOSED' AND NEW.state IN ('VERIFIED', 'REFUSED', 'VOID')"
             " OR OLD.state = 'PROPOSED' AND NEW.state = 'APPROVED' AND NEW.stages = 'approve'"
             " OR OLD.state = 'VERIFIED' AND NEW.state IN ('APPROVED', 'REFUSED', 'VOID')"
             " OR OLD.state = 'APPROVED' AND NEW.state IN ('USED', 'VOID'))",
             "a proposal goes verified, approved, used, in that order"),
            (f"NEW.state = 'VERIFIED' AND NOT {VERDICT.format('verify')}"
             f" OR NEW.state IN ('APPROVED', 'USED') AND NOT {VERDICT.format('approve')}"
             " OR NEW.state IN ('APPROVED', 'USED') AND NEW.stages = 'verify,approve'"
             f" AND NOT {VERDICT.format('verify')}",
             "a proposal moves only with a decision"),
        ],
    ),
    (
        "proposal_barred_checks", "proposal_barred", "BEFORE INSERT",
        [
            (f"NOT {THIS} AND p.state = 'PROPOSED') OR EXISTS (SELECT 1 FROM proposal_decision d"
             " WHERE d.proposal = NEW.proposal)",
             "who is barred is said before anybody decides"),
        ],
    ),
    (
        "proposal_decision_checks", "proposal_decision", "BEFORE INSERT",
        [
            ("EXISTS (SELECT 1 FROM proposal_decision d WHERE d.proposal = NEW.proposal"
             " AND d.stage = NEW.stage)",
             "a decision is never replaced"),
            (f"NOT {THIS} AND p.digest = NEW.digest)",
             "a decision is about exactly what was proposed"),
            (f"{THIS} AND p.maker = NEW.person)",
             "nobody decides about their own proposal"),
            ("EXISTS (SELECT 1 FROM proposal_barred b WHERE b.proposal = NEW.proposal"
             " AND b.person = NEW.person)",
             "nobody decides about what they gain from"),
            ("EXISTS (SELECT 1 FROM proposal_decision d WHERE d.proposal = NEW.proposal"
             " AND d.person = NEW.person)",
             "verifier and approver are two people"),
            (f"NOT {THIS} AND (p.stages = 'approve' AND p.state = 'PROPOSED'"
             " AND NEW.stage = 'approve' OR p.stages = 'verify,approve'"
             " AND (p.state = 'PROPOSED' AND NEW.stage = 'verify'"
             " OR p.state = 'VERIFIED' AND NEW.stage = 'approve')))",
             "a proposal is verified, then approved, once each"),
            ("NEW.financial_year <> @YEAR@",
             "a decision counts in the financial year in which it is made"),
            (f"NEW.stage = 'approve' AND NEW.verdict = 'yes' AND {THIS} AND p.quantity_pence > 0)"
             " AND NOT EXISTS (SELECT 1 FROM proposal p JOIN delegated_limit l"
             " ON l.id = NEW.authority AND l.kind IN ('*', p.kind) AND l.starts_on <= NEW.decided_at"
             " JOIN role_grant g ON g.role = l.role AND g.person = NEW.person"
             " AND g.ended_at IS NULL WHERE p.id = NEW.proposal"
             f" AND NOT EXISTS ({LATER_LIMIT})"
             f" AND l.pence_max >= p.quantity_pence + {APPROVED_BEFORE})",
             "an approval stays within the limit delegated to the approver"),
        ],
    ),
    (
        "request_answer_moves", "request_answer", "BEFORE UPDATE",
        [
            ("NEW.caller <> OLD.caller OR NEW.route <> OLD.route OR NEW.key <> OLD.key"
             " OR NEW.fingerprint <> OLD.fingerprint OR NEW.status <> OLD.status"
             " OR NEW.location <> OLD.location OR NEW.content_type <> OLD.content_type"
             " OR NEW.answered_at <> OLD.answered_at OR NEW.body IS NOT NULL",
             "an answer is kept as it was given, or without its body"),
        ],
    ),
]  # fmt: skip
WHOLE = {
    "proposal_starts": [
        ("typeof(NEW.quantity_pence) <> 'integer'", "value is kept in whole numbers"),
    ],
}
"""SQLite keeps any type in any column, so it is told what a whole number is."""
UNTOUCHABLE = ["audit_event", "delegated_limit", "proposal_barred", "proposal_decision"]
UNDELETABLE = ["person", "role_grant", "proposal", "request_answer"]
TRUNCATED = ["audit_event", "proposal", "proposal_decision", "role_grant"]


def _sqlite() -> list[str]:
    made = []
    for name, table, when, checks in REFUSALS:
        body = " ".join(
            f"SELECT RAISE(ABORT, 'ledger: {words}') WHERE {refused.replace('@YEAR@', YEAR['sqlite'])};"
            for refused, words in [*WHOLE.get(name, []), *checks]
        )
        made.append(f"CREATE TRIGGER {name} {when} ON {table} BEGIN {body} END")
    for name, table, when, words in _plain():
        made.append(
            f"CREATE TRIGGER {name} {when} ON {table} BEGIN"
            f" SELECT RAISE(ABORT, 'ledger: {words}'); END"
        )
    return made


def _plain() -> list[tuple[str, str, str, str]]:
    made = [
        (f"{table}_no_update", table, "BEFORE UPDATE", f"{table} rows are never edited")
        for table in UNTOUCHABLE
    ]
    return made + [
        (f"{table}_no_delete", table, "BEFORE DELETE", f"{table} rows are never deleted")
        for table in UNTOUCHABLE + UNDELETABLE
    ]


def _postgresql() -> list[str]:
    made = []
    for name, table, when, checks in REFUSALS:
        body = " ".join(
            f"IF {refused.replace('@YEAR@', YEAR['postgresql'])} THEN {_raise(words)} END IF;"
            for refused, words in checks
        )
        made += _trigger(name, table, when, body, "NEW")
    for name, table, when, words in _plain():
        made += _trigger(name, table, when, _raise(words), "OLD")
    for table in TRUNCATED:
        words = _raise(f"{table} rows are never deleted")
        made += _trigger(f"{table}_no_truncate", table, "BEFORE TRUNCATE", words, "NULL")
    return made


def _trigger(name: str, table: str, when: str, body: str, result: str) -> list[str]:
    each = "STATEMENT" if "TRUNCATE" in when else "ROW"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} RETURN {result}; END $$",
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()",
    ]


def _raise(words: str) -> str:
    return f"RAISE EXCEPTION 'ledger: {words}' USING ERRCODE = 'integrity_constraint_violation';"


def _seed_limits() -> None:
    limits = sa.table(
        "delegated_limit",
        *(sa.column(name) for name in ("id", "role", "kind", "pence_max", "set_by", "agreed_by")),
        sa.column("starts_on", sa.Date()),
        sa.column("set_at", UtcDateTime()),
    )
    for role, pence_max in (("officer", 100_000), ("head", 500_000), ("s151", 5_000_000)):
        op.execute(
            limits.insert().values(
                id=f"LIM-{role.upper()}",
                role=role,
                kind="*",
                pence_max=pence_max,
                starts_on=date(2000, 4, 1),
                set_by="scheme of delegation",
                agreed_by="full council",
                set_at=datetime(2000, 4, 1, tzinfo=UTC),
            )
        )


def upgrade() -> None:
    """Make the tables, their guards and the first delegated limits."""
    _tables()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(sa.text(statement.replace(":", r"\:")))
    _seed_limits()


def _tables() -> None:
    op.create_table(
        "approval_bucket",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_approval_bucket")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.CheckConstraint("length(facts) <= 20000", name=op.f("ck_audit_event_facts")),
        sa.CheckConstraint("length(reason) <= 5000", name=op.f("ck_audit_event_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_actor", "audit_event", ["actor", "id"], unique=False)
    op.create_index("ix_audit_event_at", "audit_event", ["at"], unique=False)
    op.create_index("ix_audit_event_subject", "audit_event", ["subject", "id"], unique=False)
    op.create_table(
        "delegated_limit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pence_max", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("agreed_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("pence_max >= 0", name=op.f("ck_delegated_limit_pence_max")),
        sa.CheckConstraint("set_by <> agreed_by", name=op.f("ck_delegated_limit_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegated_limit")),
        sa.UniqueConstraint(
            "role", "kind", "starts_on", name=op.f("uq_delegated_limit_role_kind_starts_on")
        ),
    )
    op.create_table(
        "neighbourhood",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name=op.f("ck_neighbourhood_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_neighbourhood")),
        sa.UniqueConstraint("name", name=op.f("uq_neighbourhood_name")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('council', 'agency', 'group', 'provider')", name=op.f("ck_organisation_kind")
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name=op.f("ck_organisation_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("show_name", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("contact_proved_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('active', 'disabled', 'erased')", name=op.f("ck_person_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("quantity_pence", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("stages", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'VERIFIED', 'APPROVED', 'USED', 'REFUSED', 'VOID')",
            name=op.f("ck_proposal_state"),
        ),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_proposal_digest")),
        sa.CheckConstraint("length(facts) <= 20000", name=op.f("ck_proposal_facts")),
        sa.CheckConstraint(
            "quantity_pence BETWEEN 0 AND 9000000000000", name=op.f("ck_proposal_quantity_pence")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index("ix_proposal_bucket", "proposal", ["bucket"], unique=False)
    op.create_index("ix_proposal_state", "proposal", ["state", "proposed_at"], unique=False)
    op.create_index("ix_proposal_subject", "proposal", ["subject"], unique=False)
    op.create_table(
        "request_answer",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(key) BETWEEN 16 AND 255", name=op.f("ck_request_answer_key")),
        sa.CheckConstraint("status BETWEEN 200 AND 399", name=op.f("ck_request_answer_status")),
        sa.PrimaryKeyConstraint("caller", "route", "key", name=op.f("pk_request_answer")),
    )
    op.create_index(
        "ix_request_answer_answered_at", "request_answer", ["answered_at"], unique=False
    )
    op.create_table(
        "sign_in_guard",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("guesses", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_sign_in_guard")),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=False),
        sa.CheckConstraint("how IN ('password', 'link')", name=op.f("ck_web_session_how")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_web_session_secret_hash")),
    )
    op.create_index("ix_web_session_person", "web_session", ["person"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "scopes IN ('read', 'write', 'read write')", name=op.f("ck_api_token_scopes")
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name=op.f("ck_api_token_name")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_api_token_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_token_secret_hash")),
    )
    op.create_index("ix_api_token_person", "api_token", ["person"], unique=False)
    op.create_table(
        "contact_proof",
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("next_path", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_contact_proof_person")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_contact_proof")),
    )
    op.create_index("ix_contact_proof_person", "contact_proof", ["person"], unique=False)
    op.create_table(
        "credential",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_credential_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_credential")),
    )
    op.create_table(
        "message",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("enqueued_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('WAITING', 'SENDING', 'SENT', 'FAILED', 'DROPPED')",
            name=op.f("ck_message_state"),
        ),
        sa.CheckConstraint("length(facts) <= 20000", name=op.f("ck_message_facts")),
        sa.ForeignKeyConstraint(["recipient"], ["person.id"], name=op.f("fk_message_recipient")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_message")),
        sa.UniqueConstraint("id", name=op.f("uq_message_id")),
    )
    op.create_index("ix_message_due", "message", ["state", "due_at"], unique=False)
    op.create_index("ix_message_recipient", "message", ["recipient"], unique=False)
    op.create_table(
        "proposal_barred",
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal"], ["proposal.id"], name=op.f("fk_proposal_barred_proposal")
        ),
        sa.PrimaryKeyConstraint("proposal", "person", name=op.f("pk_proposal_barred")),
    )
    op.create_table(
        "proposal_decision",
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("financial_year", sa.BigInteger(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "stage IN ('verify', 'approve')", name=op.f("ck_proposal_decision_stage")
        ),
        sa.CheckConstraint("verdict IN ('yes', 'no')", name=op.f("ck_proposal_decision_verdict")),
        sa.CheckConstraint(
            "length(reason) BETWEEN 3 AND 5000", name=op.f("ck_proposal_decision_reason")
        ),
        sa.ForeignKeyConstraint(
            ["authority"], ["delegated_limit.id"], name=op.f("fk_proposal_decision_authority")
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["person.id"], name=op.f("fk_proposal_decision_person")
        ),
        sa.ForeignKeyConstraint(
            ["proposal"], ["proposal.id"], name=op.f("fk_proposal_decision_proposal")
        ),
        sa.PrimaryKeyConstraint("proposal", "stage", name=op.f("pk_proposal_decision")),
        sa.UniqueConstraint(
            "proposal", "person", name=op.f("uq_proposal_decision_proposal_person")
        ),
    )
    op.create_index(
        "ix_proposal_decision_year",
        "proposal_decision",
        ["financial_year", "stage", "verdict"],
        unique=False,
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "role IN ('resident', 'organiser', 'treasurer', 'broker', 'analyst', 'officer', 'head', 's151', 'innovation_broker', 'auditor', 'administrator')",
            name=op.f("ck_role_grant_role"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_role_grant_organisation")
        ),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_role_grant_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index("ix_role_grant_organisation", "role_grant", ["organisation"], unique=False)
    op.create_index("ix_role_grant_person", "role_grant", ["person"], unique=False)
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


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("vault")
    op.drop_table("role_grant")
    op.drop_table("proposal_decision")
    op.drop_table("proposal_barred")
    op.drop_table("message")
    op.drop_table("credential")
    op.drop_table("contact_proof")
    op.drop_table("api_token")
    op.drop_table("web_session")
    op.drop_table("sign_in_guard")
    op.drop_table("request_answer")
    op.drop_table("proposal")
    op.drop_table("person")
    op.drop_table("organisation")
    op.drop_table("neighbourhood")
    op.drop_table("delegated_limit")
    op.drop_table("audit_event")
    op.drop_table("approval_bucket")
    if op.get_bind().dialect.name != "sqlite":
        names = [name for name, *_ in REFUSALS] + [name for name, *_ in _plain()]
        for name in names + [f"{table}_no_truncate" for table in TRUNCATED]:
            op.execute(f"DROP FUNCTION {name}()")
