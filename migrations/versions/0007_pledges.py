"""Pledges: tables of pledges, commitments, receipts and match offers, and their guards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Each guard: name, table, when, the condition that is refused, and the words of the refusal.
GUARDS = [
    (
        "commitment_checks", "commitment", "INSERT",
        "EXISTS (SELECT 1 FROM pledge p WHERE p.id = NEW.pledge AND p.organiser = NEW.person)",
        "the organiser of a pledge cannot sign it",
    ),
    (
        "commitment_keeps", "commitment", "UPDATE",
        "NEW.id <> OLD.id OR NEW.pledge <> OLD.pledge OR NEW.person <> OLD.person"
        " OR NEW.wording < OLD.wording OR NEW.received < OLD.received OR NEW.extra < OLD.extra"
        " OR (OLD.confirmed_at IS NOT NULL AND NEW.quantity <> OLD.quantity)",
        "a commitment keeps its pledge, person and promise",
    ),
    (
        "pledge_keeps", "pledge", "UPDATE",
        "NEW.id <> OLD.id OR NEW.book <> OLD.book OR NEW.unit <> OLD.unit"
        " OR NEW.group_id <> OLD.group_id OR NEW.organiser <> OLD.organiser"
        " OR NEW.wording < OLD.wording"
        " OR (OLD.reached_at IS NOT NULL AND (NEW.reached_at IS NULL"
        " OR NEW.reached_at <> OLD.reached_at))",
        "a pledge keeps its unit, its group and the moment it was reached",
    ),
    (
        "pledge_wording_keeps", "pledge_wording", "UPDATE",
        "EXISTS (SELECT 1 FROM commitment c WHERE c.pledge = OLD.pledge"
        " AND c.wording = OLD.version)",
        "a wording that people signed never changes",
    ),
    (
        "pledge_wording_stays", "pledge_wording", "DELETE", "1 = 1",
        "a wording is never deleted",
    ),
    ("receipt_no_update", "receipt", "UPDATE", "1 = 1", "receipt rows are never edited"),
    ("receipt_no_delete", "receipt", "DELETE", "1 = 1", "receipt rows are never deleted"),
    (
        "match_offer_terms", "match_offer", "UPDATE",
        "OLD.state <> 'PROPOSED' AND (NEW.pot_pence <> OLD.pot_pence"
        " OR NEW.rate_match <> OLD.rate_match OR NEW.rate_gift <> OLD.rate_gift"
        " OR NEW.donor_pence_max <> OLD.donor_pence_max"
        " OR NEW.pledge_pence_max <> OLD.pledge_pence_max)",
        "the terms of an approved offer never change",
    ),
    (
        "match_reservation_keeps", "match_reservation", "UPDATE",
        "NEW.offer <> OLD.offer OR NEW.pledge <> OLD.pledge"
        " OR NEW.reserved_pence <> OLD.reserved_pence",
        "what was set aside for a pledge is not taken back",
    ),
]  # fmt: skip


def _sqlite(name: str, table: str, when: str, refused: str, words: str) -> list[str]:
    return [
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, 'ledger: {words}') WHERE {refused}; END"
    ]


def _postgresql(name: str, table: str, when: str, refused: str, words: str) -> list[str]:
    row = "OLD" if when == "DELETE" else "NEW"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {refused} THEN RAISE EXCEPTION 'ledger: {words}'"
        f" USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$",
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def upgrade() -> None:
    """Make the tables and their guards."""
    _tables()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        for statement in _sqlite(*guard) if sqlite else _postgresql(*guard):
            op.execute(sa.text(statement.replace(":", r"\:")))


def _tables() -> None:
    op.create_table(
        "match_offer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("donor", sa.Text(), nullable=False),
        sa.Column("pot_pence", sa.BigInteger(), nullable=False),
        sa.Column("rate_match", sa.BigInteger(), nullable=False),
        sa.Column("rate_gift", sa.BigInteger(), nullable=False),
        sa.Column("donor_pence_max", sa.BigInteger(), nullable=False),
        sa.Column("pledge_pence_max", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reference", sa.Text(), nullable=False),
        sa.Column("receipt_reference", sa.Text(), nullable=True),
        sa.Column("funded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state <> 'FUNDED' OR (approved_by IS NOT NULL AND funded_at IS NOT NULL)",
            name=op.f("ck_match_offer_funded_after_approval"),
        ),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'APPROVED', 'FUNDED', 'CLOSED')",
            name=op.f("ck_match_offer_state"),
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> proposed_by",
            name=op.f("ck_match_offer_two_people"),
        ),
        sa.CheckConstraint(
            "donor_pence_max > 0 AND donor_pence_max <= pot_pence",
            name=op.f("ck_match_offer_donor_cap"),
        ),
        sa.CheckConstraint("length(title) BETWEEN 3 AND 300", name=op.f("ck_match_offer_title")),
        sa.CheckConstraint(
            "pledge_pence_max > 0 AND pledge_pence_max <= pot_pence",
            name=op.f("ck_match_offer_pledge_cap"),
        ),
        sa.CheckConstraint(
            "pot_pence > 0 AND pot_pence <= 9000000000000", name=op.f("ck_match_offer_pot")
        ),
        sa.CheckConstraint(
            "rate_match BETWEEN 1 AND 1000 AND rate_gift BETWEEN 1 AND 1000",
            name=op.f("ck_match_offer_rate"),
        ),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_match_offer_book")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_offer")),
        sa.UniqueConstraint(
            "book", "receipt_reference", name=op.f("uq_match_offer_book_receipt_reference")
        ),
    )
    op.create_index("ix_match_offer_donor", "match_offer", ["donor"], unique=False)
    op.create_table(
        "pledge",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("organiser", sa.Text(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("neighbourhood", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("optimum", sa.BigInteger(), nullable=False),
        sa.Column("maximum", sa.BigInteger(), nullable=False),
        sa.Column("deadline_on", sa.Date(), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("collect_days", sa.BigInteger(), nullable=False),
        sa.Column("match_counts", sa.Boolean(), nullable=False),
        sa.Column("wording", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_before", sa.Text(), nullable=True),
        sa.Column("confirmed", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_count", sa.BigInteger(), nullable=False),
        sa.Column("match_expected", sa.BigInteger(), nullable=False),
        sa.Column("match_reserved", sa.BigInteger(), nullable=False),
        sa.Column("moderated_by", sa.Text(), nullable=True),
        sa.Column("moderation_reason", sa.Text(), nullable=False),
        sa.Column("answer_due_on", sa.Date(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settles_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collect_until_on", sa.Date(), nullable=True),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("fell_short", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'SUBMITTED', 'CANCELLED') OR moderated_by IS NOT NULL",
            name=op.f("ck_pledge_moderated"),
        ),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'SUBMITTED', 'REJECTED', 'OPEN', 'REACHED', 'SETTLING', 'DELIVERING', 'SUSPENDED', 'DISSOLVING', 'COMPLETED', 'LAPSED', 'CANCELLED', 'DISSOLVED')",
            name=op.f("ck_pledge_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('REACHED', 'SETTLING', 'DELIVERING', 'COMPLETED', 'DISSOLVING', 'DISSOLVED') OR reached_at < deadline_at",
            name=op.f("ck_pledge_reached_in_time"),
        ),
        sa.CheckConstraint("unit IN ('GBP', 'HOUR')", name=op.f("ck_pledge_unit")),
        sa.CheckConstraint("collect_days BETWEEN 1 AND 366", name=op.f("ck_pledge_collect_days")),
        sa.CheckConstraint("confirmed <= maximum", name=op.f("ck_pledge_within_maximum")),
        sa.CheckConstraint(
            "confirmed >= 0 AND confirmed_count >= 0 AND match_expected >= 0 AND match_reserved >= 0",
            name=op.f("ck_pledge_tally"),
        ),
        sa.CheckConstraint(
            "minimum BETWEEN 1 AND 9000000000000 AND optimum >= minimum AND maximum BETWEEN 1 AND 9000000000000 AND maximum >= optimum",
            name=op.f("ck_pledge_figures"),
        ),
        sa.CheckConstraint(
            "moderated_by IS NULL OR moderated_by <> organiser", name=op.f("ck_pledge_two_people")
        ),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_pledge_book")),
        sa.ForeignKeyConstraint(["broker"], ["person.id"], name=op.f("fk_pledge_broker")),
        sa.ForeignKeyConstraint(["group_id"], ["organisation.id"], name=op.f("fk_pledge_group_id")),
        sa.ForeignKeyConstraint(
            ["neighbourhood"], ["neighbourhood.id"], name=op.f("fk_pledge_neighbourhood")
        ),
        sa.ForeignKeyConstraint(["organiser"], ["person.id"], name=op.f("fk_pledge_organiser")),
        sa.ForeignKeyConstraint(["unit"], ["unit.code"], name=op.f("fk_pledge_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
    )
    op.create_index("ix_pledge_broker", "pledge", ["broker"], unique=False)
    op.create_index("ix_pledge_group", "pledge", ["group_id"], unique=False)
    op.create_index("ix_pledge_neighbourhood", "pledge", ["neighbourhood"], unique=False)
    op.create_index("ix_pledge_organiser", "pledge", ["organiser"], unique=False)
    op.create_index("ix_pledge_state", "pledge", ["state", "deadline_at"], unique=False)
    op.create_table(
        "match_reservation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("offer", sa.Text(), nullable=False),
        sa.Column("pledge", sa.Text(), nullable=False),
        sa.Column("reserved_pence", sa.BigInteger(), nullable=False),
        sa.Column("earned_pence", sa.BigInteger(), nullable=False),
        sa.Column("returned_pence", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('RESERVED', 'EARNED', 'RETURNED')", name=op.f("ck_match_reservation_state")
        ),
        sa.CheckConstraint(
            "earned_pence >= 0 AND returned_pence >= 0 AND earned_pence + returned_pence <= reserved_pence",
            name=op.f("ck_match_reservation_within"),
        ),
        sa.CheckConstraint("reserved_pence > 0", name=op.f("ck_match_reservation_reserved")),
        sa.ForeignKeyConstraint(
            ["offer"], ["match_offer.id"], name=op.f("fk_match_reservation_offer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_reservation")),
        sa.UniqueConstraint("pledge", name=op.f("uq_match_reservation_pledge")),
    )
    op.create_index("ix_match_reservation_offer", "match_reservation", ["offer"], unique=False)
    op.create_table(
        "pledge_wording",
        sa.Column("pledge", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("optimum", sa.BigInteger(), nullable=False),
        sa.Column("maximum", sa.BigInteger(), nullable=False),
        sa.Column("deadline_on", sa.Date(), nullable=False),
        sa.Column("too_little", sa.Text(), nullable=False),
        sa.Column("too_much", sa.Text(), nullable=False),
        sa.Column("undeliverable", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "length(description) <= 5000 AND length(too_little) <= 5000 AND length(too_much) <= 5000 AND length(undeliverable) <= 5000",
            name=op.f("ck_pledge_wording_texts"),
        ),
        sa.CheckConstraint(
            "length(sentence) <= 300 AND length(place) <= 5000",
            name=op.f("ck_pledge_wording_lengths"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_pledge_wording_version")),
        sa.ForeignKeyConstraint(["pledge"], ["pledge.id"], name=op.f("fk_pledge_wording_pledge")),
        sa.PrimaryKeyConstraint("pledge", "version", name=op.f("pk_pledge_wording")),
    )
    op.create_table(
        "refund_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pledge", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("pence", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_reference", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'PAID', 'VOID')", name=op.f("ck_refund_run_state")
        ),
        sa.ForeignKeyConstraint(["pledge"], ["pledge.id"], name=op.f("fk_refund_run_pledge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_run")),
    )
    op.create_index("ix_refund_run_pledge", "refund_run", ["pledge"], unique=False)
    op.create_table(
        "release",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pledge", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("milestone", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("pence", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_reference", sa.Text(), nullable=True),
        sa.Column("refused_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("state <> 'PAID' OR paid_at IS NOT NULL", name=op.f("ck_release_paid")),
        sa.CheckConstraint(
            "state <> 'RELEASED' OR released_at IS NOT NULL", name=op.f("ck_release_released")
        ),
        sa.CheckConstraint(
            "state IN ('REQUESTED', 'PROPOSED', 'RELEASED', 'PAID', 'REFUSED')",
            name=op.f("ck_release_state"),
        ),
        sa.CheckConstraint("length(evidence) <= 5000", name=op.f("ck_release_evidence")),
        sa.CheckConstraint(
            "length(milestone) BETWEEN 3 AND 300", name=op.f("ck_release_milestone")
        ),
        sa.CheckConstraint("pence BETWEEN 1 AND 9000000000000", name=op.f("ck_release_pence")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_release_book")),
        sa.ForeignKeyConstraint(["payee"], ["organisation.id"], name=op.f("fk_release_payee")),
        sa.ForeignKeyConstraint(["pledge"], ["pledge.id"], name=op.f("fk_release_pledge")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["person.id"], name=op.f("fk_release_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint(
            "book", "payment_reference", name=op.f("uq_release_book_payment_reference")
        ),
    )
    op.create_index("ix_release_pledge", "release", ["pledge", "id"], unique=False)
    op.create_index("ix_release_state", "release", ["state"], unique=False)
    op.create_table(
        "commitment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pledge", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("wording", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("show_name", sa.Boolean(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("form_number", sa.Text(), nullable=False),
        sa.Column("proof_hash", sa.Text(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("match_expected", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("extra", sa.BigInteger(), nullable=False),
        sa.Column("earned_match", sa.BigInteger(), nullable=False),
        sa.Column("reminders", sa.BigInteger(), nullable=False),
        sa.Column("private_reason", sa.Text(), nullable=False),
        sa.Column("write_off", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'CONFIRMED' OR confirmed_at IS NOT NULL", name=op.f("ck_commitment_proved")
        ),
        sa.CheckConstraint(
            "state IN ('UNCONFIRMED', 'CONFIRMED', 'DUE', 'PART_MET', 'MET', 'OVERDUE', 'DEFAULTED', 'EXCUSED', 'WRITTEN_OFF', 'WITHDRAWN', 'LAPSED', 'REFUND_DUE', 'REFUNDED')",
            name=op.f("ck_commitment_state"),
        ),
        sa.CheckConstraint(
            "via <> 'paper' OR length(form_number) > 0", name=op.f("ck_commitment_paper")
        ),
        sa.CheckConstraint("via IN ('web', 'paper')", name=op.f("ck_commitment_via")),
        sa.CheckConstraint(
            "length(private_reason) <= 5000", name=op.f("ck_commitment_private_reason")
        ),
        sa.CheckConstraint(
            "quantity BETWEEN 1 AND 9000000000000", name=op.f("ck_commitment_quantity")
        ),
        sa.CheckConstraint("received <= quantity", name=op.f("ck_commitment_received")),
        sa.CheckConstraint(
            "received >= 0 AND extra >= 0 AND earned_match >= 0 AND match_expected >= 0",
            name=op.f("ck_commitment_sums"),
        ),
        sa.CheckConstraint("reminders BETWEEN 0 AND 3", name=op.f("ck_commitment_reminders")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_commitment_person")),
        sa.ForeignKeyConstraint(
            ["pledge", "wording"],
            ["pledge_wording.pledge", "pledge_wording.version"],
            name=op.f("fk_commitment_pledge_wording"),
        ),
        sa.ForeignKeyConstraint(["pledge"], ["pledge.id"], name=op.f("fk_commitment_pledge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint("proof_hash", name=op.f("uq_commitment_proof_hash")),
    )
    op.create_index("ix_commitment_due", "commitment", ["state", "due_on"], unique=False)
    op.create_index("ix_commitment_person", "commitment", ["person"], unique=False)
    op.create_index("ix_commitment_state", "commitment", ["pledge", "state", "id"], unique=False)
    op.create_index(
        "uq_commitment_person",
        "commitment",
        ["pledge", "person"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('WITHDRAWN', 'LAPSED', 'REFUND_DUE', 'REFUNDED')"),
        postgresql_where=sa.text("state NOT IN ('WITHDRAWN', 'LAPSED', 'REFUND_DUE', 'REFUNDED')"),
    )
    op.create_table(
        "hours_entry",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pledge", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("worked_on", sa.Date(), nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("logged_by", sa.Text(), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("giver_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organiser_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organiser_by", sa.Text(), nullable=True),
        sa.Column("refused_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state <> 'CONFIRMED' OR (giver_at IS NOT NULL AND organiser_at IS NOT NULL)",
            name=op.f("ck_hours_entry_both_sides"),
        ),
        sa.CheckConstraint(
            "state IN ('LOGGED', 'CONFIRMED', 'REFUSED')", name=op.f("ck_hours_entry_state")
        ),
        sa.CheckConstraint("length(work) <= 300", name=op.f("ck_hours_entry_work")),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name=op.f("ck_hours_entry_minutes")),
        sa.ForeignKeyConstraint(
            ["commitment"], ["commitment.id"], name=op.f("fk_hours_entry_commitment")
        ),
        sa.ForeignKeyConstraint(["pledge"], ["pledge.id"], name=op.f("fk_hours_entry_pledge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_entry")),
    )
    op.create_index("ix_hours_entry_commitment", "hours_entry", ["commitment"], unique=False)
    op.create_index("ix_hours_entry_pledge", "hours_entry", ["pledge", "state"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pledge", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("due_pence", sa.BigInteger(), nullable=False),
        sa.Column("extra_pence", sa.BigInteger(), nullable=False),
        sa.Column("match_pence", sa.BigInteger(), nullable=False),
        sa.Column("ahead", sa.Boolean(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "due_pence + extra_pence BETWEEN 1 AND 9000000000000", name=op.f("ck_receipt_quantity")
        ),
        sa.CheckConstraint("due_pence >= 0 AND extra_pence >= 0", name=op.f("ck_receipt_parts")),
        sa.CheckConstraint(
            "length(reference) BETWEEN 1 AND 300", name=op.f("ck_receipt_reference")
        ),
        sa.CheckConstraint("match_pence >= 0", name=op.f("ck_receipt_match")),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_receipt_book")),
        sa.ForeignKeyConstraint(
            ["commitment"], ["commitment.id"], name=op.f("fk_receipt_commitment")
        ),
        sa.ForeignKeyConstraint(["pledge"], ["pledge.id"], name=op.f("fk_receipt_pledge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("book", "reference", name=op.f("uq_receipt_book_reference")),
    )
    op.create_index("ix_receipt_commitment", "receipt", ["commitment"], unique=False)
    op.create_index("ix_receipt_pledge", "receipt", ["pledge", "id"], unique=False)
    op.create_table(
        "refund",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pledge", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("pence", sa.BigInteger(), nullable=False),
        sa.Column("match_pence", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payment_reference", sa.Text(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('DUE', 'PAID', 'UNCLAIMED')", name=op.f("ck_refund_state")),
        sa.CheckConstraint("pence BETWEEN 1 AND 9000000000000", name=op.f("ck_refund_pence")),
        sa.ForeignKeyConstraint(
            ["commitment"], ["commitment.id"], name=op.f("fk_refund_commitment")
        ),
        sa.ForeignKeyConstraint(["pledge"], ["pledge.id"], name=op.f("fk_refund_pledge")),
        sa.ForeignKeyConstraint(["run"], ["refund_run.id"], name=op.f("fk_refund_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("commitment", name=op.f("uq_refund_commitment")),
    )
    op.create_index("ix_refund_pledge", "refund", ["pledge", "state"], unique=False)
    op.create_index("ix_refund_run", "refund", ["run"], unique=False)


def downgrade() -> None:
    """Take the guards and the tables away."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table, *_ in GUARDS:
        op.execute(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
        if not sqlite:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("refund")
    op.drop_table("receipt")
    op.drop_table("hours_entry")
    op.drop_table("commitment")
    op.drop_table("release")
    op.drop_table("refund_run")
    op.drop_table("pledge_wording")
    op.drop_table("match_reservation")
    op.drop_table("pledge")
    op.drop_table("match_offer")
